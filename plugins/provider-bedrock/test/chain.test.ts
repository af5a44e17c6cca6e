import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http, { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { askChain } from '../src/chain.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
type Answer = (asked: Asked) => { readonly status: number; readonly body: string };
let server: Server;
let origin: string;
let folder: string;
let asked: Asked[];
let answer: Answer;
let before: NodeJS.ProcessEnv;

const EXPIRATION = '2036-11-23T01:00:00Z';
const json = (body: object) => ({ status: 200, body: JSON.stringify(body) });
const REMOTE = { AccessKeyId: 'ASIAREMOTE', SecretAccessKey: 'remote-secret', Token: 'remote-token', Expiration: EXPIRATION };
const GOT = { accessKeyId: 'ASIAREMOTE', secretAccessKey: 'remote-secret', sessionToken: 'remote-token', expiration: Date.parse(EXPIRATION) };

beforeEach(async () => {
  before = { ...process.env };
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  folder = mkdtempSync(join(tmpdir(), 'lpa-chain-'));
  asked = [];
  answer = () => ({ status: 404, body: '' });
  server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const seen = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: Buffer.concat(pieces).toString() };
      asked.push(seen);
      const { status, body } = answer(seen);
      response.writeHead(status, { 'content-type': body.startsWith('<') ? 'text/xml' : 'application/json' }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  Object.assign(process.env, {
    HOME: folder,
    AWS_CONFIG_FILE: join(folder, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
  });
});
afterEach(async () => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  rmSync(folder, { recursive: true, force: true });
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

describe('the chain of AWS finds', () => {
  it('the environment', async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: 'env-secret', AWS_SESSION_TOKEN: 'env-token' });
    expect(await askChain('us-east-1')).toEqual({ accessKeyId: 'AKIAENV', secretAccessKey: 'env-secret', sessionToken: 'env-token', expiration: undefined });
  });
  it('a web identity (IRSA), reading the token anew each time', async () => {
    const file = join(folder, 'token');
    Object.assign(process.env, {
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/pod',
      AWS_WEB_IDENTITY_TOKEN_FILE: file,
      AWS_ROLE_SESSION_NAME: 'pod-1',
      AWS_ENDPOINT_URL_STS: origin,
      AWS_REGION: 'us-east-1',
    });
    answer = () => ({
      status: 200,
      body: `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAREMOTE</AccessKeyId><SecretAccessKey>remote-secret</SecretAccessKey><SessionToken>remote-token</SessionToken><Expiration>${EXPIRATION}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    });
    for (const token of ['first-token', 'second-token']) {
      writeFileSync(file, token);
      expect(await askChain('us-east-1')).toEqual(GOT);
    }
    const forms = asked.map(({ body }) => new URLSearchParams(body));
    expect(forms.map((form) => form.get('WebIdentityToken'))).toEqual(['first-token', 'second-token']);
    expect(forms[0]?.get('RoleArn')).toBe('arn:aws:iam::123456789012:role/pod');
    expect(asked[0]?.headers.authorization).toBeUndefined();
  });
  it('EKS Pod Identity, reading the token anew each time', async () => {
    const file = join(folder, 'token');
    Object.assign(process.env, { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${origin}/v1/credentials`, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file });
    answer = () => json(REMOTE);
    for (const token of ['first', 'second']) {
      writeFileSync(file, token);
      expect(await askChain('us-east-1')).toEqual(GOT);
    }
    expect(asked.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/v1/credentials', 'first'],
      ['/v1/credentials', 'second'],
    ]);
  });
  it('IMDSv2, with a token', async () => {
    delete process.env.AWS_EC2_METADATA_DISABLED;
    Object.assign(process.env, { AWS_EC2_METADATA_SERVICE_ENDPOINT: origin });
    const roles = '/latest/meta-data/iam/security-credentials/';
    answer = ({ method, path }) => {
      if (method === 'PUT' && path === '/latest/api/token') return { status: 200, body: 'imds-token' };
      if (path === roles) return { status: 200, body: 'gateway-role' };
      return path === `${roles}gateway-role` ? json({ Code: 'Success', ...REMOTE }) : { status: 404, body: '' };
    };
    expect(await askChain('us-east-1')).toMatchObject(GOT);
    expect(asked.at(-1)?.headers['x-aws-ec2-metadata-token']).toBe('imds-token');
  });
  it('a profile of the shared files', async () => {
    writeFileSync(join(folder, 'credentials'), '[work]\naws_access_key_id = AKIAFILE\naws_secret_access_key = file-secret\n');
    process.env.AWS_PROFILE = 'work';
    expect(await askChain('us-east-1')).toMatchObject({ accessKeyId: 'AKIAFILE', secretAccessKey: 'file-secret' });
  });
  it('a process', async () => {
    const script = join(folder, 'print.mjs');
    writeFileSync(script, `process.stdout.write(JSON.stringify(${JSON.stringify({ Version: 1, ...REMOTE, SessionToken: 'remote-token' })}))`);
    writeFileSync(join(folder, 'config'), `[default]\ncredential_process = ${process.execPath} ${script}\n`);
    expect(await askChain('us-east-1')).toMatchObject(GOT);
  });
  it('a session of SSO', async () => {
    const cache = join(folder, '.aws/sso/cache');
    mkdirSync(cache, { recursive: true });
    writeFileSync(
      join(folder, 'config'),
      '[profile dev]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Dev\n[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.example/start\nsso_registration_scopes = sso:account:access\n',
    );
    // The file is named after the SHA-1 of the session's name.
    writeFileSync(
      join(cache, `${createHash('sha1').update('corp').digest('hex')}.json`),
      JSON.stringify({ accessToken: 'sso-access', expiresAt: EXPIRATION, region: 'us-east-1', startUrl: 'https://corp.example/start' }),
    );
    Object.assign(process.env, { AWS_PROFILE: 'dev', AWS_ENDPOINT_URL_SSO: origin });
    answer = () =>
      json({
        roleCredentials: { accessKeyId: 'ASIAREMOTE', secretAccessKey: 'remote-secret', sessionToken: 'remote-token', expiration: Date.parse(EXPIRATION) },
      });
    expect(await askChain('us-east-1')).toMatchObject(GOT);
    expect(asked[0]?.headers['x-amz-sso_bearer_token']).toBe('sso-access');
  });
  it('a role of a profile, asked for by the keys of its source profile, with its external id', async () => {
    writeFileSync(join(folder, 'credentials'), '[base]\naws_access_key_id = AKIAFILE\naws_secret_access_key = file-secret\n');
    writeFileSync(
      join(folder, 'config'),
      `[profile mid]\nrole_arn = arn:aws:iam::123456789012:role/mid\nsource_profile = base\n[profile end]\nrole_arn = arn:aws:iam::210987654321:role/end\nsource_profile = mid\nexternal_id = ext-1\nrole_session_name = gateway\nregion = us-east-1\n`,
    );
    Object.assign(process.env, { AWS_PROFILE: 'end', AWS_ENDPOINT_URL_STS: origin });
    let count = 0;
    answer = () => {
      count += 1;
      const id = count === 1 ? 'ASIAMID' : 'ASIAREMOTE';
      return {
        status: 200,
        body: `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>remote-secret</SecretAccessKey><SessionToken>remote-token</SessionToken><Expiration>${EXPIRATION}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
      };
    };
    expect(await askChain('us-east-1')).toMatchObject(GOT);
    const [first, second] = asked.map(({ body, headers }) => ({ form: new URLSearchParams(body), by: String(headers.authorization) }));
    expect([first?.form.get('RoleArn'), second?.form.get('RoleArn')]).toEqual(['arn:aws:iam::123456789012:role/mid', 'arn:aws:iam::210987654321:role/end']);
    expect([second?.form.get('ExternalId'), second?.form.get('RoleSessionName')]).toEqual(['ext-1', 'gateway']);
    expect([first?.by, second?.by]).toEqual([expect.stringContaining('Credential=AKIAFILE/'), expect.stringContaining('Credential=ASIAMID/')]);
  });
  it('the address of ECS below its own host, which no variable moves', async () => {
    process.env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI = '/v2/credentials/task';
    const places: unknown[] = [];
    const request = vi.spyOn(http, 'request').mockImplementation(((options: { host?: string; hostname?: string; path?: string }) => {
      places.push([options.hostname ?? options.host, options.path]);
      throw new Error('no such place here');
    }) as never);
    await expect(askChain('us-east-1')).rejects.toThrow();
    request.mockRestore();
    expect(places[0]).toEqual(['169.254.170.2', '/v2/credentials/task']);
  });
  it.each(['http://10.0.0.1/creds', 'http://169.254.169.254/latest/', 'http://metadata.example/creds', 'http://169.254.170.2.example.com/creds'])(
    'no container at %s, which is not asked and gets no token',
    async (place) => {
      Object.assign(process.env, { AWS_CONTAINER_CREDENTIALS_FULL_URI: place, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'pod-token' });
      const request = vi.spyOn(http, 'request');
      await expect(askChain('us-east-1')).rejects.toThrow(/address of container credentials must be https/);
      expect(request).not.toHaveBeenCalled();
      request.mockRestore();
    },
  );
  it('no container by a token with a line break in it', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, 'first\r\nx-evil: 1');
    Object.assign(process.env, { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${origin}/v1/credentials`, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file });
    await expect(askChain('us-east-1')).rejects.toThrow();
    expect(asked.filter(({ headers }) => headers.authorization !== undefined || headers['x-evil'] !== undefined)).toEqual([]);
  });
  it('no session of SSO that has ended, and says how to begin one', async () => {
    const cache = join(folder, '.aws/sso/cache');
    mkdirSync(cache, { recursive: true });
    writeFileSync(
      join(folder, 'config'),
      '[profile dev]\nsso_account_id = 123456789012\nsso_role_name = Dev\nsso_region = us-east-1\nsso_start_url = https://corp.example/start\n',
    );
    writeFileSync(
      join(cache, `${createHash('sha1').update('https://corp.example/start').digest('hex')}.json`),
      JSON.stringify({ accessToken: 'sso-access', expiresAt: '2020-01-01T00:00:00Z', region: 'us-east-1', startUrl: 'https://corp.example/start' }),
    );
    Object.assign(process.env, { AWS_PROFILE: 'dev', AWS_ENDPOINT_URL_SSO: origin });
    await expect(askChain('us-east-1')).rejects.toThrow(/expired.*aws sso login/is);
    expect(asked).toEqual([]);
  });
  it('an instance whose service is of version 1 alone only where that is allowed', async () => {
    delete process.env.AWS_EC2_METADATA_DISABLED;
    Object.assign(process.env, { AWS_EC2_METADATA_SERVICE_ENDPOINT: origin, AWS_EC2_METADATA_V1_DISABLED: 'true' });
    answer = () => ({ status: 403, body: '' });
    await expect(askChain('us-east-1')).rejects.toThrow();
    expect(asked.every(({ method }) => method === 'PUT')).toBe(true);
  });
  it('no instance whose token does not come, and names the limit of hops', async () => {
    delete process.env.AWS_EC2_METADATA_DISABLED;
    Object.assign(process.env, { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9' });
    await expect(askChain('us-east-1')).rejects.toThrow(/hop limit/);
  });
  it('nothing, and says so by an error', async () => {
    await expect(askChain('us-east-1')).rejects.toThrow();
    expect(asked).toEqual([]);
  });
});
