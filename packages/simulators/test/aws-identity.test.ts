import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { fromContainerMetadata, fromHttp, fromInstanceMetadata, fromSSO, fromTemporaryCredentials, fromTokenFile } from '@aws-sdk/credential-providers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type AwsCredentials,
  awsCredentials,
  bedrockSimulator,
  containerCredentials,
  exampleCredential,
  instanceMetadata,
  kubernetesCluster,
  podIdentity,
  ssoPortal,
  stsSimulator,
} from '../src/index.ts';
import { profileId, withClient } from './bedrock-support.ts';

const role = 'arn:aws:iam::123456789012:role/gateway';
const open: (() => unknown)[] = [];
let folder = '';
let clock = Date.now();
let credentials: AwsCredentials;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aws-identity-'));
  clock = Date.now();
  credentials = awsCredentials({ now: () => clock, known: [exampleCredential] });
  // Nothing of the machine that runs the tests is looked at.
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  vi.stubEnv('HOME', folder);
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'));
  vi.stubEnv('AWS_REGION', 'us-east-1');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of open.splice(0)) await close();
  rmSync(folder, { recursive: true, force: true });
});

const started = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
  const server = await starting;
  open.push(server.close);
  return server;
};

const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const failure = async (work: Promise<unknown>): Promise<Error | undefined> =>
  work.then(
    () => undefined,
    (error: Error) => error,
  );

type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

/** Whether Bedrock takes these credentials: the reason for them all. */
const useAtBedrock = async (keys: Keys): Promise<string> => {
  const bedrock = await started(bedrockSimulator({ credentials }));
  const send = withClient(
    bedrock,
    (client) => client.send(new ConverseCommand({ modelId: profileId, messages: [{ role: 'user', content: [{ text: 'Hello' }] }] })),
    {
      credentials: { ...keys },
      maxAttempts: 1,
      systemClockOffset: clock - Date.now(),
    },
  );
  return send.then(
    ({ stopReason }) => stopReason ?? '',
    (error: Error) => error.name,
  );
};

describe('STS, by the vendor client', () => {
  const sts = (roles = [{ arn: role, externalId: 'ext-1', maxSeconds: 7200 }] as Parameters<typeof stsSimulator>[0]['roles'] & object) =>
    started(stsSimulator({ credentials, roles }));
  const clientOf = (endpoint: string, keys: Keys = exampleCredential) => {
    const client = new STSClient({ region: 'us-east-1', endpoint, credentials: { ...keys }, maxAttempts: 1 });
    open.push(() => client.destroy());
    return client;
  };

  test('who signs is who it says', async () => {
    const { url } = await sts();
    expect(await clientOf(url).send(new GetCallerIdentityCommand())).toMatchObject({ Arn: 'arn:aws:iam::123456789012:user/example', Account: '123456789012' });
  });

  test('a role with an external id and tags gives credentials that Bedrock takes until they end', async () => {
    const { url } = await sts();
    const provider = fromTemporaryCredentials({
      masterCredentials: { ...exampleCredential },
      params: { RoleArn: role, RoleSessionName: 'user-1', ExternalId: 'ext-1', DurationSeconds: 900, Tags: [{ Key: 'team', Value: 'a + b/c=d' }] },
      clientConfig: { region: 'us-east-1', endpoint: url },
    });
    const keys = await provider();
    expect(keys.expiration?.getTime()).toBe(Math.floor((clock + 900_000) / 1000) * 1000);
    expect(credentials.find(keys.accessKeyId)).toMatchObject({ arn: 'arn:aws:sts::123456789012:assumed-role/gateway/user-1', tags: { team: 'a + b/c=d' } });
    expect(await useAtBedrock(keys)).toBe('end_turn');
    clock += 900_000;
    expect(await useAtBedrock(keys)).toBe('ExpiredTokenException');
  });

  test.each([
    ['a wrong external id', { ExternalId: 'other' }, exampleCredential, 'AccessDenied'],
    ['an unknown role', { RoleArn: 'arn:aws:iam::123456789012:role/nobody' }, exampleCredential, 'AccessDenied'],
    ['a session longer than the role allows', { DurationSeconds: 7201 }, exampleCredential, 'ValidationError'],
    ['a session shorter than fifteen minutes', { DurationSeconds: 899 }, exampleCredential, 'ValidationError'],
    ['a session name with a space', { RoleSessionName: 'a b' }, exampleCredential, 'ValidationError'],
    ['a wrong secret', {}, { ...exampleCredential, secretAccessKey: 'wrong' }, 'SignatureDoesNotMatch'],
    ['an unknown key', {}, { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' }, 'InvalidClientTokenId'],
  ])('%s is refused', async (_name, more, keys, code) => {
    const { url } = await sts();
    const input = { RoleArn: role, RoleSessionName: 'user-1', ExternalId: 'ext-1', ...more };
    expect((await failure(clientOf(url, keys).send(new AssumeRoleCommand(input))))?.name).toBe(code);
  });

  test('a role that trusts somebody else, and an hour at most for a role assumed by a role', async () => {
    const second = 'arn:aws:iam::123456789012:role/second';
    const { url } = await sts([{ arn: role }, { arn: second, trusts: ['arn:aws:sts::123456789012:assumed-role/gateway/s1'], maxSeconds: 7200 }]);
    const assume = (client: STSClient, RoleArn: string, DurationSeconds = 900) =>
      client.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 's1', DurationSeconds }));
    expect((await failure(assume(clientOf(url), second)))?.name).toBe('AccessDenied');
    const { Credentials } = await assume(clientOf(url), role);
    const chained = clientOf(url, {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    });
    expect((await assume(chained, second)).Credentials?.AccessKeyId).toMatch(/^ASIA/);
    expect((await failure(assume(chained, second, 3601)))?.name).toBe('ValidationError');
  });

  test('a web identity token from a file, without a signature', async () => {
    const server = await sts([{ arn: role, webIdentities: { 'token-1': clock + 60_000 } }]);
    const webIdentityTokenFile = file('token', 'token-1');
    const get = () =>
      fromTokenFile({
        webIdentityTokenFile,
        roleArn: role,
        roleSessionName: 'pod',
        clientConfig: { region: 'us-east-1', endpoint: server.url, maxAttempts: 1 },
      })();
    expect(await useAtBedrock(await get())).toBe('end_turn');
    expect(server.requests[0]?.header('authorization')).toBeUndefined();
    clock += 60_000;
    expect((await failure(get()))?.name).toBe('ExpiredTokenException');
    writeFileSync(webIdentityTokenFile, 'token-2');
    expect((await failure(get()))?.name).toBe('InvalidIdentityTokenException');
  });

  test('the default chain finds the role of a service account', async () => {
    const server = await sts([{ arn: role, webIdentities: { 'token-1': clock + 60_000 } }]);
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', file('token', 'token-1'));
    vi.stubEnv('AWS_ROLE_ARN', role);
    vi.stubEnv('AWS_ROLE_SESSION_NAME', 'irsa');
    vi.stubEnv('AWS_ENDPOINT_URL_STS', server.url);
    const keys = await defaultProvider()();
    expect(credentials.find(keys.accessKeyId)?.arn).toBe('arn:aws:sts::123456789012:assumed-role/gateway/irsa');
  });
});

describe('instance metadata, by the vendor client', () => {
  test('a token is fetched by PUT and shown for role and credentials', async () => {
    const server = await started(instanceMetadata({ credentials }));
    vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', server.url);
    const keys = await fromInstanceMetadata()();
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'PUT /latest/api/token',
      'GET /latest/meta-data/iam/security-credentials/',
      'GET /latest/meta-data/iam/security-credentials/gateway',
    ]);
    expect(await useAtBedrock(keys)).toBe('end_turn');
    expect((await defaultProvider()()).accessKeyId).toBe(keys.accessKeyId);
  });

  test('without a token, with an unknown and with an ended one: 401', async () => {
    const server = await started(instanceMetadata({ credentials }));
    const get = async (token?: string) =>
      (await fetch(`${server.url}/latest/meta-data/iam/security-credentials/`, { headers: token === undefined ? {} : { 'x-aws-ec2-metadata-token': token } }))
        .status;
    const put = (seconds: string, more = {}) =>
      fetch(`${server.url}/latest/api/token`, { method: 'PUT', headers: { 'x-aws-ec2-metadata-token-ttl-seconds': seconds, ...more } });
    const token = await (await put('60')).text();
    expect([await get(), await get('made-up'), await get(token)]).toEqual([401, 401, 200]);
    clock += 60_000;
    expect(await get(token)).toBe(401);
    expect([(await put('21601')).status, (await put('60', { 'x-forwarded-for': '10.0.0.1' })).status]).toEqual([400, 403]);
  });

  test('behind a hop limit of 1 the client falls back and is refused', async () => {
    const server = await started(instanceMetadata({ credentials, reachable: false }));
    vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', server.url);
    expect(await failure(fromInstanceMetadata({ timeout: 50, maxRetries: 0 })())).toMatchObject({ statusCode: 401 });
  });

  test('version 1 is answered only where tokens are optional; an instance without a role has none', async () => {
    const server = await started(instanceMetadata({ credentials, tokens: 'optional' }));
    expect(await (await fetch(`${server.url}/latest/meta-data/iam/security-credentials/`)).text()).toBe('gateway');
    const bare = await started(instanceMetadata({ credentials, role: null, tokens: 'optional' }));
    expect((await fetch(`${bare.url}/latest/meta-data/iam/security-credentials/`)).status).toBe(404);
  });

  test('credentials are renewed ahead of their end', async () => {
    const server = await started(instanceMetadata({ credentials, tokens: 'optional' }));
    const key = async () =>
      ((await (await fetch(`${server.url}/latest/meta-data/iam/security-credentials/gateway`)).json()) as { AccessKeyId: string }).AccessKeyId;
    const first = await key();
    expect(await key()).toBe(first);
    clock += 5.5 * 3600_000;
    expect(await key()).not.toBe(first);
  });
});

describe('containers and pods, by the vendor client', () => {
  test('a task: full address and authorization', async () => {
    const server = await started(containerCredentials({ credentials, authorization: 'Basic abc' }));
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', server.url);
    vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN', 'Basic abc');
    expect(await useAtBedrock(await fromContainerMetadata()())).toBe('end_turn');
    expect((await defaultProvider()()).accessKeyId).toBe(credentials.issued[0]?.accessKeyId);
    const wrong = fromHttp({ awsContainerCredentialsFullUri: server.url, awsContainerAuthorizationToken: 'Basic other', maxRetries: 0 });
    expect((await failure(wrong()))?.message).toContain('401');
    const elsewhere = fromHttp({
      awsContainerCredentialsFullUri: `${server.origin}/v2/credentials/other`,
      awsContainerAuthorizationToken: 'Basic abc',
      maxRetries: 0,
    });
    expect((await failure(elsewhere()))?.message).toContain('400');
  });

  test('a pod: the token of its file is read at each use', async () => {
    const cluster = kubernetesCluster({ now: () => clock });
    const account = { namespace: 'default', serviceAccount: 'gateway', pod: 'gateway-0', audiences: ['pods.eks.amazonaws.com'] };
    const [first, second] = [cluster.issue({ ...account, seconds: 60 }), cluster.issue({ ...account, seconds: 120 })];
    const server = await started(podIdentity({ credentials, tokens: { [first]: clock + 60_000, [second]: clock + 120_000 } }));
    const path = file('pod-token', first);
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', server.url);
    vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', path);
    expect(await useAtBedrock(await defaultProvider()())).toBe('end_turn');
    clock += 60_000;
    const again = fromHttp({ maxRetries: 0 });
    expect((await failure(again()))?.message).toContain('400');
    writeFileSync(path, second);
    expect((await again()).accessKeyId).toBe(credentials.issued[0]?.accessKeyId);
  });
});

describe('the SSO portal, by the vendor client', () => {
  const startUrl = 'https://example.awsapps.com/start';
  const cached = (accessToken: string): void => {
    mkdirSync(join(folder, '.aws/sso/cache'), { recursive: true });
    file(
      `.aws/sso/cache/${createHash('sha1').update(startUrl).digest('hex')}.json`,
      JSON.stringify({ startUrl, region: 'us-east-1', accessToken, expiresAt: new Date(Date.now() + 3600_000).toISOString() }),
    );
  };
  const get = (endpoint: string, ssoRoleName = 'gateway') =>
    fromSSO({
      ssoStartUrl: startUrl,
      ssoAccountId: '123456789012',
      ssoRegion: 'us-east-1',
      ssoRoleName,
      clientConfig: { region: 'us-east-1', endpoint, maxAttempts: 1 },
    })();

  test('the cached token brings credentials of the role', async () => {
    const server = await started(ssoPortal({ credentials, tokens: { 'sso-1': clock + 3600_000 } }));
    cached('sso-1');
    expect(await useAtBedrock(await get(server.url))).toBe('end_turn');
    expect((await failure(get(server.url, 'admin')))?.message).toContain('No access');
    clock += 3600_000;
    expect((await failure(get(server.url)))?.message).toContain('Session token not found or invalid');
  });
});

test.each([-600_000, 600_000])('a client whose clock is off by %i ms learns the time from Bedrock and STS, and is let in', async (off) => {
  clock += off;
  const bedrock = await started(bedrockSimulator({ credentials }));
  const answer = await withClient(bedrock, (client) =>
    client.send(new ConverseCommand({ modelId: profileId, messages: [{ role: 'user', content: [{ text: 'Hello' }] }] })),
  );
  expect([answer.stopReason, answer.$metadata.attempts]).toEqual(['end_turn', 2]);
  // STS takes a date that is up to 15 minutes old.
  clock += off;
  const sts = await started(stsSimulator({ credentials }));
  const client = new STSClient({ region: 'us-east-1', endpoint: sts.url, credentials: { ...exampleCredential } });
  open.push(() => client.destroy());
  expect((await client.send(new GetCallerIdentityCommand())).$metadata.attempts).toBe(2);
});

test('a revoked credential is unknown to Bedrock', async () => {
  const keys = credentials.issue({ arn: role, seconds: 900 });
  expect(await useAtBedrock(keys)).toBe('end_turn');
  credentials.revoke(keys.accessKeyId);
  expect(await useAtBedrock(keys)).toBe('UnrecognizedClientException');
});
