import { type FakeHost, fakeHost, secretOf } from '@llm-proxy-auth/contract-tests';
import type { Attempt, UpstreamReply, UpstreamRequest } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import type { Config } from '../src/config.ts';
import { createProvider, type Parts } from '../src/index.ts';
import type { AwsCredentials } from '../src/sigv4.ts';

const HOUR = 3_600_000;
const AT = Date.UTC(2026, 10, 23);
const ENDPOINTS = { fips: false, dualStack: false, mantle: false };
const settings = (more: Partial<Config> = {}): Config => ({ region: 'us-east-1', endpoints: ENDPOINTS, credentials: {}, ...more });
const STATIC = {
  type: 'static' as const,
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: secretOf('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', 'AWS_SECRET_ACCESS_KEY'),
};
const attempt = (fresh = false): Attempt => ({ number: fresh ? 2 : 1, signal: new AbortController().signal, now: AT, fresh });
const request = (): UpstreamRequest => ({
  method: 'POST',
  origin: 'https://bedrock-runtime.us-east-1.amazonaws.com',
  path: '/model/m/converse',
  headers: ['content-type', 'application/json'],
  body: [Buffer.from('{}')],
});
const header = (of: UpstreamRequest, name: string): string | undefined => {
  const at = of.headers.findIndex((text, i) => i % 2 === 0 && text === name);
  return at < 0 ? undefined : of.headers[at + 1];
};
const refusal = (type: string, message: string, headers: string[] = []): UpstreamReply => ({
  status: 403,
  headers: ['x-amzn-errortype', `${type}:http://internal.amazon.com/coral/com.amazon.coral.service/`, ...headers],
  body: Buffer.from(JSON.stringify({ message })),
});
const EXPIRED = refusal('ExpiredTokenException', 'The security token included in the request is expired');

/** A provider whose chain answers from a list. */
const chained = (answers: (AwsCredentials | Error)[], more: Partial<Config> = {}, host: FakeHost = fakeHost({ now: AT })) => {
  let asked = 0;
  const parts: Parts = {
    random: () => 0.5,
    chain: async () => {
      const answer = answers[Math.min(asked++, answers.length - 1)];
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error('none');
      return answer;
    },
  };
  return { host, provider: createProvider(settings(more), host, parts), asked: () => asked };
};
const keys = (accessKeyId: string, life = HOUR): AwsCredentials => ({
  accessKeyId,
  secretAccessKey: 's',
  sessionToken: `t-${accessKeyId}`,
  expiration: AT + life,
});
const keyOf = (of: UpstreamRequest): string | undefined => /Credential=([^/]+)\//.exec(header(of, 'authorization') ?? '')?.[1];

describe('credentials', () => {
  it('of the chain are asked for when a call needs them, once for a thousand of them, and then at hand', async () => {
    const { provider, asked } = chained([keys('ASIA1')]);
    expect(asked()).toBe(0);
    const requests = Array.from({ length: 1_000 }, request);
    await Promise.all(requests.map((each) => provider.sign(each, attempt())));
    expect(asked()).toBe(1);
    expect(new Set(requests.map(keyOf))).toEqual(new Set(['ASIA1']));
    expect(header(requests[0] ?? request(), 'x-amz-security-token')).toBe('t-ASIA1');
    expect(provider.sign(request(), attempt())).toBeUndefined();
    expect(provider.credentialExpires?.()).toBe(AT + HOUR);
  });
  it('that AWS calls expired are asked for anew by the next try', async () => {
    const { provider, asked } = chained([keys('ASIA1'), keys('ASIA2')]);
    await provider.sign(request(), attempt());
    expect(provider.rejected?.(EXPIRED)).toBe('refresh');
    const second = request();
    await provider.sign(second, attempt(true));
    expect([keyOf(second), asked()]).toEqual(['ASIA2', 2]);
  });
  it('that cannot be had are 503, and the log says why without a word to the client', async () => {
    const { provider, host } = chained([new Error('no role at 169.254.169.254')]);
    const failure: unknown = await Promise.resolve(provider.sign(request(), attempt())).catch((e: unknown) => e);
    expect(failure).toMatchObject({ code: 'upstream_credentials_unavailable', status: 503 });
    expect(String(failure)).not.toContain('169.254');
    expect(JSON.stringify(host.lines)).toContain('169.254');
  });
  it('of the configuration follow rotation', async () => {
    const secret = secretOf('first-0123456789abcdef', 'AWS_SECRET_ACCESS_KEY');
    const provider = createProvider(settings({ credentials: { ...STATIC, secretAccessKey: secret } }), fakeHost({ now: AT }));
    const [first, second] = [request(), request()];
    provider.sign(first, attempt());
    secret.rotate('second-0123456789abcdef');
    provider.sign(second, attempt());
    expect(header(second, 'authorization')).not.toBe(header(first, 'authorization'));
  });
  it('of the configuration that AWS refuses are for the operator to mend', () => {
    const provider = createProvider(settings({ credentials: STATIC }), fakeHost({ now: AT }));
    expect(provider.rejected?.(EXPIRED)).toBe('credential');
  });
});

describe('a Bedrock API key', () => {
  const bearer = (token = 'ABSKexample-0123456789') =>
    createProvider(settings({ credentials: { token: secretOf(token, 'AWS_BEARER_TOKEN_BEDROCK') } }), fakeHost({ now: AT }));
  it('is sent as it is, in place of any signature', () => {
    const signed = { ...request(), headers: ['authorization', 'Bearer lpa_client', 'x-amz-date', 'x', 'content-type', 'application/json'] };
    const provider = bearer();
    provider.sign(signed, attempt());
    expect(signed.headers).toEqual(['content-type', 'application/json', 'authorization', 'Bearer ABSKexample-0123456789']);
    expect([provider.signs, provider.credentialExpires]).toEqual(['head', undefined]);
  });
  it('of white space counts as none', () => expect(bearer('  \n').signs).toBe('body'));
  it('does not count where the type says otherwise', () => {
    const token = secretOf('ABSKexample-0123456789', 'AWS_BEARER_TOKEN_BEDROCK');
    for (const type of ['default', 'static'] as const)
      expect(createProvider(settings({ credentials: { ...STATIC, type, token } }), fakeHost({ now: AT })).signs).toBe('body');
  });
  it.each([
    [{ type: 'bearer' as const }],
    [{ type: 'static' as const, accessKeyId: 'AKIDEXAMPLE' }],
    [{ type: 'bearer' as const, token: secretOf('ABSKx', 'X'), assumeRole: { arn: 'arn:aws:iam::123456789012:role/r', sessionName: 's' } }],
  ])('or keys that are not whole fail the start: %#', (credentials) =>
    expect(() => createProvider(settings({ credentials }), fakeHost())).toThrow(/bearer|static|API key/),
  );
});

describe('the clock', () => {
  const skewed = (headers: string[], message = 'Signature expired: 20261123T000000Z is now earlier than 20261123T001000Z (20261123T001500Z - 5 min.)') =>
    refusal('InvalidSignatureException', message, headers);
  it.each([
    ['the Date of the refusal', skewed(['Date', 'Mon, 23 Nov 2026 00:20:00 GMT']), '20261123T002000Z'],
    ['its text, where there is no Date', skewed([]), '20261123T001500Z'],
    [
      'a clock that goes ahead',
      skewed(
        ['date', 'Sun, 22 Nov 2026 23:30:00 GMT'],
        'Signature not yet current: 20261123T000000Z is still later than 20261122T233500Z (20261122T233000Z + 5 min.)',
      ),
      '20261122T233000Z',
    ],
  ])('is set by %s, without another credential', async (_name, reply, want) => {
    const { provider, asked } = chained([keys('ASIA1', 10 * HOUR)]);
    const first = request();
    await provider.sign(first, attempt());
    expect(header(first, 'x-amz-date')).toBe('20261123T000000Z');
    expect(provider.rejected?.(reply)).toBe('clock');
    const second = request();
    await provider.sign(second, attempt(true));
    expect([header(second, 'x-amz-date'), keyOf(second), asked()]).toEqual([want, 'ASIA1', 1]);
  });
  it('that was set decides about the end of credentials too', async () => {
    const { provider, asked } = chained([keys('ASIA1', 600_000), keys('ASIA2', 10 * HOUR)]);
    await provider.sign(request(), attempt());
    provider.rejected?.(skewed(['date', 'Mon, 23 Nov 2026 00:20:00 GMT']));
    const second = request();
    await provider.sign(second, attempt(true));
    expect([keyOf(second), asked()]).toEqual(['ASIA2', 2]);
  });
});

describe('a role to assume', () => {
  const ROLE = {
    arn: 'arn:aws:iam::123456789012:role/llm',
    sessionName: 'gw',
    externalId: secretOf('ext-0123456789', 'X'),
    tags: { team: 'search', stage: 'a&b' },
  };
  const xml = (key: string) =>
    `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>${key}</AccessKeyId><SecretAccessKey>sec&amp;ret</SecretAccessKey><SessionToken>tok</SessionToken><Expiration>2026-11-23T01:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;
  const sts = (answers: UpstreamReply[]) => {
    let count = 0;
    return fakeHost({
      now: AT,
      answer: () => answers[Math.min(count++, answers.length - 1)] ?? answers[0] ?? { status: 500, headers: [], body: Buffer.from('') },
    });
  };
  const good = (key: string): UpstreamReply => ({ status: 200, headers: ['content-type', 'text/xml'], body: Buffer.from(xml(key)) });
  const bad = (code: string, message = 'no'): UpstreamReply => ({
    status: 403,
    headers: ['date', 'Mon, 23 Nov 2026 00:20:00 GMT'],
    body: Buffer.from(`<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`),
  });
  it('is asked of STS of the region with id, name and tags, signed by the credential of the chain', async () => {
    const host = sts([good('ASIAROLE')]);
    const { provider } = chained([keys('ASIABASE')], { region: 'eu-west-1', credentials: { assumeRole: ROLE } }, host);
    const signed = request();
    await provider.sign(signed, attempt());
    expect([keyOf(signed), header(signed, 'x-amz-security-token')]).toEqual(['ASIAROLE', 'tok']);
    expect(provider.credentialExpires?.()).toBe(AT + HOUR);
    const asked = host.fetched[0]?.request;
    expect(asked?.origin).toBe('https://sts.eu-west-1.amazonaws.com');
    expect(header(asked ?? request(), 'authorization')).toContain('Credential=ASIABASE/20261123/eu-west-1/sts/aws4_request');
    expect(Object.fromEntries(new URLSearchParams(Buffer.concat(asked?.body ?? []).toString()))).toEqual({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: ROLE.arn,
      RoleSessionName: 'gw',
      ExternalId: 'ext-0123456789',
      'Tags.member.1.Key': 'team',
      'Tags.member.1.Value': 'search',
      'Tags.member.2.Key': 'stage',
      'Tags.member.2.Value': 'a&b',
    });
  });
  it.each([
    ['is refused when it is not that of the role', '999999999999', 'operation_not_allowed'],
    ['is signed when it is', '123456789012', undefined],
  ])('an account in an ARN %s', async (_name, account, code) => {
    const answer = xml('ASIAROLE').replace(
      '</Credentials>',
      '</Credentials><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/llm/gw</Arn></AssumedRoleUser>',
    );
    const host = sts([{ ...good('ASIAROLE'), body: Buffer.from(answer) }]);
    const { provider } = chained([keys('ASIABASE')], { credentials: { assumeRole: ROLE } }, host);
    const model = `arn:aws:bedrock:us-east-1:${account}:provisioned-model/abc`;
    const path = `/model/${encodeURIComponent(model)}/converse`;
    const signed = Promise.resolve(provider.sign({ ...request(), path }, attempt())).then(
      () => undefined,
      (e: { code: unknown }) => e.code,
    );
    expect(await signed).toBe(code);
    const known = provider.native({ method: 'POST', path, query: '', headers: [], bodyModel: undefined });
    expect('refuse' in known ? known.refuse : undefined).toBe(code);
    const asked = { operation: 'chat', surface: 'chat', dialect: 'openai', method: 'POST', route: '/chat/completions', model, stream: false } as const;
    if (code === undefined) expect(provider.endpoint(asked)).toBeDefined();
    else expect(() => provider.endpoint(asked)).toThrow(expect.objectContaining({ code, param: 'model' }));
  });
  it('an account that only the credential of the chain tells is kept to when a call is signed', async () => {
    const { provider } = chained([{ ...keys('ASIA1'), account: '123456789012' }]);
    const to = (account: string) => ({
      ...request(),
      path: `/model/${encodeURIComponent(`arn:aws:bedrock:us-east-1:${account}:provisioned-model/abc`)}/converse`,
    });
    await provider.sign(to('123456789012'), attempt());
    expect(() => provider.sign(to('999999999999'), attempt())).toThrow(expect.objectContaining({ code: 'operation_not_allowed', param: 'model' }));
  });
  it('is asked again with a new credential when ours has ended', async () => {
    const host = sts([bad('ExpiredToken'), good('ASIAROLE')]);
    const { provider, asked } = chained([keys('ASIA1'), keys('ASIA2')], { credentials: { assumeRole: ROLE } }, host);
    const signed = request();
    await provider.sign(signed, attempt());
    expect([keyOf(signed), asked(), host.fetched.length]).toEqual(['ASIAROLE', 2, 2]);
  });
  it('is asked again at the time of STS', async () => {
    const host = sts([bad('SignatureDoesNotMatch', 'Signature expired: 20261123T000000Z is now earlier than 20261123T001500Z'), good('ASIAROLE')]);
    const { provider } = chained([keys('ASIA1')], { credentials: { assumeRole: ROLE } }, host);
    await provider.sign(request(), attempt());
    expect(host.fetched.map(({ request: each }) => header(each, 'x-amz-date'))).toEqual(['20261123T000000Z', '20261123T002000Z']);
  });
  it.each([
    [bad('AccessDenied')],
    [{ status: 200, headers: [], body: Buffer.from('<AssumeRoleResponse/>') }],
    [{ status: 503, headers: [], body: Buffer.from('oops') }],
  ])('that is refused is 503: %#', async (answer) => {
    const { provider } = chained([keys('ASIA1')], { credentials: { assumeRole: ROLE } }, sts([answer]));
    await expect(Promise.resolve(provider.sign(request(), attempt()))).rejects.toMatchObject({ code: 'upstream_credentials_unavailable' });
  });
});

describe('a probe', () => {
  const probed = (status: number, body: string) => {
    const host = fakeHost({ now: AT, answer: () => ({ status, headers: [], body: Buffer.from(body) }) });
    return { host, done: createProvider(settings({ credentials: STATIC }), host).probe?.(AbortSignal.timeout(1_000)) };
  };
  it.each([
    [200, '{"data":[]}'],
    [404, '{"message":"unknown"}'],
    [403, '{"message":"User: x is not authorized to perform: bedrock:ListFoundationModels"}'],
  ])('of the data plane is content with %d %s', async (status, body) => {
    const { host, done } = probed(status, body);
    await done;
    expect(host.fetched[0]?.request.origin).toBe('https://bedrock-runtime.us-east-1.amazonaws.com');
    expect(header(host.fetched[0]?.request ?? request(), 'authorization')).toContain('AWS4-HMAC-SHA256');
  });
  it.each([
    [403, '{"message":"The security token included in the request is expired"}', 'upstream_auth_failed'],
    [503, '', 'upstream_bad_response'],
  ])('fails with %d %s', async (status, body, code) => expect(probed(status, body).done).rejects.toMatchObject({ code }));
});

describe('model lists', () => {
  const arn = (id: string) => `arn:aws:bedrock:us-east-1::foundation-model/${id}`;
  const foundation = {
    modelSummaries: [
      {
        modelId: 'amazon.nova-lite-v1:0',
        providerName: 'Amazon',
        inputModalities: ['TEXT', 'IMAGE'],
        outputModalities: ['TEXT'],
        modelLifecycle: {
          status: 'LEGACY',
          startOfLifeTime: '2024-12-02T00:00:00Z',
          legacyTime: '2026-09-01T00:00:00Z',
          endOfLifeTime: '2027-03-01T00:00:00Z',
        },
      },
      { modelId: 'x.gone', modelLifecycle: { status: 'RETIRED' } },
      { modelName: 'no id' },
    ],
  };
  const own = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc';
  const pages = [
    {
      inferenceProfileSummaries: [
        { inferenceProfileId: 'us.amazon.nova-lite-v1:0', type: 'SYSTEM_DEFINED', status: 'ACTIVE', models: [{ modelArn: arn('amazon.nova-lite-v1:0') }] },
      ],
      nextToken: 'a b',
    },
    { inferenceProfileSummaries: [{ inferenceProfileArn: own, type: 'APPLICATION', status: 'ACTIVE', createdAt: '2026-01-01T00:00:00Z', models: [] }] },
  ];
  it('hold the models that can be called and every page of profiles', async () => {
    const host = fakeHost({
      now: AT,
      answer: ({ path }) => {
        const body = path === '/foundation-models' ? foundation : pages[path.includes('nextToken=a%20b') ? 1 : 0];
        return { status: 200, headers: [], body: Buffer.from(JSON.stringify(body)) };
      },
    });
    const models = await createProvider(settings({ credentials: STATIC }), host).models?.(AbortSignal.timeout(1_000));
    const nova = { owner: 'amazon', created: 1_733_097_600, deprecated: '2026-09-01', retires: '2027-03-01', capabilities: { images: true } };
    expect(models).toEqual([
      { id: 'amazon.nova-lite-v1:0', ...nova },
      { id: 'us.amazon.nova-lite-v1:0', ...nova },
      { id: own, created: 1_767_225_600 },
    ]);
    expect(new Set(host.fetched.map((f) => f.request.origin))).toEqual(new Set(['https://bedrock.us-east-1.amazonaws.com']));
  });
  it('that AWS refuses are an error without a word of its own', async () => {
    const host = fakeHost({ now: AT, answer: () => refusal('AccessDeniedException', 'User: arn:aws:sts::1:assumed-role/secret-role/x is not authorized') });
    const failure: unknown = await createProvider(settings({ credentials: STATIC }), host)
      .models?.(AbortSignal.timeout(1_000))
      .catch((e: unknown) => e);
    expect(failure).toMatchObject({ code: 'upstream_auth_failed' });
    expect(String(failure)).not.toContain('secret-role');
  });
});

describe('refusals', () => {
  it.each([
    ['ExpiredTokenException', 'x', 'refresh'],
    ['UnrecognizedClientException', 'The security token included in the request is invalid.', 'refresh'],
    ['InvalidSignatureException', 'The request signature we calculated does not match the signature you provided.', 'refresh'],
    ['InvalidSignatureException', 'Signature expired: x', 'clock'],
    ['RequestTimeTooSkewed', 'x', 'clock'],
    ['MissingAuthenticationTokenException', 'Missing Authentication Token', 'credential'],
    ['AccessDeniedException', "Authorization header requires 'Credential' parameter.", 'credential'],
    ['AccessDeniedException', 'User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:InvokeModel', 'credential'],
    ['AccessDeniedException', "You don't have access to the model with the specified model ID.", undefined],
    [
      'AccessDeniedException',
      'Model access is denied due to IAM user or service role is not authorized to perform the required AWS Marketplace actions',
      'credential',
    ],
    ['ResourceNotFoundException', 'x', undefined],
  ])('%s %s', (type, message, verdict) => {
    const { provider } = chained([keys('ASIA1')]);
    expect(provider.rejected?.(refusal(type, message))).toBe(verdict);
  });
  it.each([
    ['{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"x"}', 'refresh'],
    ['{"Message":"The security token included in the request is expired"}', 'refresh'],
    ['<html>', undefined],
    ['', undefined],
  ])('are read from the body where no header says the type: %s', (body, verdict) => {
    const { provider } = chained([keys('ASIA1')]);
    expect(provider.rejected?.({ status: 403, headers: [], body: Buffer.from(body) })).toBe(verdict);
  });
});
