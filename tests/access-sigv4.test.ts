import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import {
  BedrockRuntimeClient,
  type BedrockRuntimeClientConfig,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { exampleCredential } from '@llm-proxy-auth/simulators';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { authorization, sha256, stamp } from '../plugins/auth-sigv4/test/sign.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { installed } from './support/installed.ts';
import { ask, ask2, codeOf, type Got, type Sent } from './support/raw.ts';
import { openSigning, type SigningBench } from './support/signing.ts';

const MODEL = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
let bench: SigningBench['bench'];
let pair: SigningBench['pair'];
beforeAll(async () => {
  ({ bench, pair } = await openSigning());
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());

const caller = (): unknown => bench.lines.findLast((line) => line.msg === 'request')?.principal;
/** The SDK as it comes, but for address and credentials. */
const sdk = (mode: string, more: BedrockRuntimeClientConfig = {}): BedrockRuntimeClient =>
  new BedrockRuntimeClient({ region: 'us-east-1', endpoint: `${bench.url}/${mode}`, credentials: pair, ...more });
const messages = [{ role: 'user' as const, content: [{ text: 'Hello' }] }];
const handlers: readonly (readonly [string, () => BedrockRuntimeClientConfig])[] = [
  ['HTTP/2, its default', () => ({})],
  ['HTTP/1.1', () => ({ requestHandler: new NodeHttpHandler() })],
];

describe.each(handlers)('an unmodified AWS SDK over %s', (_name, handler) => {
  test.each(['transparent/main', 'converse/main'])('below /%s: whole answers and streams', async (mode) => {
    const client = sdk(mode, handler());
    const whole = await client.send(new ConverseCommand({ modelId: MODEL, messages }));
    expect(whole.output?.message?.content?.[0]?.text).toBeTypeOf('string');
    expect(caller()).toBe('awskey:ci');
    const { stream } = await client.send(new ConverseStreamCommand({ modelId: MODEL, messages }));
    const kinds: string[] = [];
    for await (const event of stream ?? []) kinds.push(...Object.keys(event));
    expect(kinds).toContain('messageStop');
    client.destroy();
  });
  test('below /transparent/main: InvokeModel, whole and streamed', async () => {
    const client = sdk('transparent/main', handler());
    const body = JSON.stringify({ anthropic_version: 'bedrock-2023-05-31', max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }] });
    const whole = await client.send(new InvokeModelCommand({ modelId: MODEL, body, contentType: 'application/json' }));
    expect(JSON.parse(whole.body.transformToString())).toMatchObject({ role: 'assistant' });
    const { body: stream } = await client.send(new InvokeModelWithResponseStreamCommand({ modelId: MODEL, body, contentType: 'application/json' }));
    let pieces = 0;
    for await (const _ of stream ?? []) pieces++;
    expect(pieces).toBeGreaterThan(1);
    client.destroy();
  });
  test('with a wrong secret, a wrong id, or another service is 401', async () => {
    for (const credentials of [
      { ...pair, secretAccessKey: `${pair.secretAccessKey.slice(0, -1)}!` },
      { ...pair, accessKeyId: 'LPAKAAAAAAAAAAAAAAAA' },
      { ...pair, sessionToken: 'token' },
      exampleCredential,
    ]) {
      const client = sdk('transparent/main', { ...handler(), credentials });
      await expect(client.send(new ConverseCommand({ modelId: MODEL, messages }))).rejects.toMatchObject({ $metadata: { httpStatusCode: 401 } });
      client.destroy();
    }
    expect(bench.simulator.requests).toEqual([]);
  });
  test('whose clock is an hour off is 401', async () => {
    const client = sdk('transparent/main', { ...handler(), systemClockOffset: -3_600_000, maxAttempts: 1 });
    await expect(client.send(new ConverseCommand({ modelId: MODEL, messages }))).rejects.toMatchObject({ $metadata: { httpStatusCode: 401 } });
    client.destroy();
  });
});

test('A051 nothing of the signature reaches the provider, which gets one of its own', async () => {
  for (const mode of ['transparent/main', 'converse/main']) {
    bench.simulator.clear();
    await sdk(mode).send(new ConverseCommand({ modelId: MODEL, messages }));
    const [captured] = bench.simulator.requests;
    const authorizations = captured?.headers.filter(([name]) => name.toLowerCase() === 'authorization').map(([, value]) => value);
    expect(authorizations).toEqual([expect.stringContaining(`Credential=${exampleCredential.accessKeyId}/`)]);
    expect(JSON.stringify(captured?.headers)).not.toContain('LPAK');
  }
  expect(bench.logText()).not.toContain(pair.secretAccessKey);
});

/** A request signed by hand, changed on the way where a test says so. */
const PATH = '/transparent/main/model/amazon.nova-lite-v1:0/converse';
const BODY = JSON.stringify({ messages });
interface Signing {
  readonly at?: number;
  readonly says?: boolean;
  readonly method?: string;
  readonly path?: string;
  readonly body?: string;
  readonly by?: { readonly id: string; readonly secret: string };
}
/** A second of its own for each, as the same request signed in the same second is the same. */
let second = Date.now() - 200_000;
const nextSecond = (): number => {
  second += 1000;
  return second;
};
const signed = ({ at = nextSecond(), says = true, method = 'POST', path = PATH, body = BODY, by }: Signing = {}): Sent => {
  const payload = sha256(body);
  const headers: [string, string][] = [
    ['host', new URL(bench.url).host],
    ...(says ? [['x-amz-content-sha256', payload] as [string, string]] : []),
    ['x-amz-date', stamp(at)],
  ];
  const signer = by ?? { id: pair.accessKeyId, secret: pair.secretAccessKey };
  const value = authorization(signer, { method, url: path.replaceAll(':', '%3A'), headers, at, payload });
  return {
    method,
    path,
    headers: {
      ...Object.fromEntries(headers),
      authorization: `AWS4-HMAC-SHA256 ${value}`,
      ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
    },
    ...(method === 'GET' ? {} : { body }),
  };
};
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`.trim();

describe('a request signed by hand', () => {
  test('passes with and without the hash of its body in a header', async () => {
    for (const says of [true, false]) {
      expect(answer(await ask(bench.url, signed({ says })))).toBe('200');
      const { host: _, ...headers } = signed({ says }).headers as Record<string, string>;
      // Over HTTP/2 the host stands in `:authority`.
      expect(answer(await ask2(bench.url, { path: PATH, headers, body: BODY }))).toBe('200');
    }
  });
  test('changed on the way is 401: body, path, query', async () => {
    for (const says of [true, false]) {
      expect(answer(await ask(bench.url, { ...signed({ says }), body: BODY.replace('Hello', 'Hallo') }))).toBe('401 invalid_credentials');
      expect(answer(await ask(bench.url, { ...signed({ says }), path: PATH.replace('lite', 'pro') }))).toBe('401 invalid_credentials');
      expect(answer(await ask(bench.url, { ...signed({ says }), path: `${PATH}?a=1` }))).toBe('401 invalid_credentials');
    }
    expect(bench.simulator.requests).toEqual([]);
  });
  test('learns what exists only with the right secret, whether the hash of its body stands in a header or not', async () => {
    const places = ['/transparent/nowhere/model/x/converse', '/converse/nowhere/model/x/converse', '/transparent/main/nowhere', '/openai/main/v1/nowhere'];
    for (const path of places) {
      for (const says of [true, false]) {
        const good = await ask(bench.url, signed({ path, says }));
        expect([path, says, good.status === 401]).toEqual([path, says, false]);
        const changed = { ...signed({ path, says }), body: BODY.replace('Hello', 'Hallo') };
        expect([path, says, answer(await ask(bench.url, changed))]).toEqual([path, says, '401 invalid_credentials']);
      }
    }
  });
  test('sent twice, or long ago, is 401', async () => {
    const once = signed();
    expect(answer(await ask(bench.url, once))).toBe('200');
    expect(answer(await ask(bench.url, once))).toBe('401 invalid_credentials');
    expect(answer(await ask(bench.url, signed({ at: Date.now() - 400_000 })))).toBe('401 invalid_credentials');
    expect(bench.simulator.requests).toHaveLength(1);
  });
  test('A018 beside a key is ambiguous, a vendor SDK’s own signature beside it is none', async () => {
    const one = signed();
    expect(answer(await ask(bench.url, { ...one, headers: { ...one.headers, 'x-api-key': bench.key } }))).toBe('400 ambiguous_credentials');
    const dummy = String(one.headers?.authorization).replace(pair.accessKeyId, 'AKIAIOSFODNN7EXAMPLE');
    expect(answer(await ask(bench.url, { ...one, headers: { ...one.headers, authorization: dummy, 'x-api-key': bench.key } }))).toBe('200');
    expect(caller()).toBe('key:k1');
  });
  test('the pair in any other slot is no credential', async () => {
    for (const value of [pair.accessKeyId, pair.secretAccessKey, `${pair.accessKeyId}:${pair.secretAccessKey}`]) {
      for (const headers of [{ 'x-api-key': value }, { authorization: `Bearer ${value}` }, { authorization: `Basic ${Buffer.from(value).toString('base64')}` }])
        expect((await ask(bench.url, { path: PATH, headers: { ...headers, 'content-type': 'application/json' }, body: BODY })).status).toBe(401);
    }
    expect(bench.simulator.requests).toEqual([]);
  });
  test('without a body is checked as well, in both modes and where there is no call', async () => {
    const paths = ['/transparent/main/foundation-models', '/openai/main/v1/models', '/metrics'];
    for (const path of paths) {
      for (const says of [true, false]) {
        const got = await ask(bench.url, signed({ method: 'GET', path, body: '', says }));
        expect([path, got.status === 401]).toEqual([path, false]);
        const changed = signed({ method: 'GET', path, body: 'a body that was signed', says });
        expect([path, answer(await ask(bench.url, changed))]).toEqual([path, '401 invalid_credentials']);
      }
    }
  });
  test('of a revoked pair is 401 at once', async () => {
    const made = await bench.operation('signing-keys.create', { name: 'short' });
    const client = sdk('transparent/main', { credentials: { accessKeyId: String(made.id), secretAccessKey: String(made.secret) } });
    await client.send(new ConverseCommand({ modelId: MODEL, messages }));
    await bench.operation('signing-keys.revoke', { key: 'short' });
    await expect(client.send(new ConverseCommand({ modelId: MODEL, messages }))).rejects.toMatchObject({ $metadata: { httpStatusCode: 401 } });
    client.destroy();
  });
  test('of a pair that is revoked while the body is awaited is 401', async () => {
    const made = await bench.operation('signing-keys.create', { name: 'slow' });
    const { path, headers = {} } = signed({ by: { id: String(made.id), secret: String(made.secret) } });
    const { hostname, port } = new URL(bench.url);
    const sent = request({ hostname, port, method: 'POST', path, headers: { ...headers, 'content-length': BODY.length, expect: '100-continue' } });
    const answered = once(sent, 'response');
    // The gateway asks for the body once it has read the head.
    const asked = once(sent, 'continue');
    sent.flushHeaders();
    await asked;
    await bench.operation('signing-keys.revoke', { key: 'slow' });
    sent.end(BODY);
    const [reply] = (await answered) as [IncomingMessage];
    expect([reply.statusCode, reply.headers['x-lpa-code']]).toEqual([401, 'invalid_credentials']);
    expect(bench.simulator.requests).toEqual([]);
  });
});

describe('whoever signs without the secret', () => {
  const gate = installed('gate', '@acme/auth-gate');
  let at: Bench;
  /** The log has ten refusals a second of one address. */
  let later = 0;
  let victim: { readonly id: string; readonly secret: string };
  const UNKNOWN = { id: 'LPAKAAAAAAAAAAAAAAAA', secret: 'another' };
  beforeAll(async () => {
    at = await openBench({
      vendor: 'bedrock',
      now: () => Date.now() + later,
      pluginRoots: [gate.root],
      plugins: ['@llm-proxy-auth/auth-sigv4', '@acme/auth-gate'],
      sections: {
        keyEncryption: { current: 'k1', keys: { k1: '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff' } },
        auth: [{ use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef' }, { use: 'sigv4' }],
        factor: { use: 'gate', require: 'always' },
        admin: { port: 0 },
        retry: { attempts: 1 },
      },
    });
    const made = await at.operation('signing-keys.create', { name: 'victim', scopes: ['metrics', 'admin'], cidr: ['10.0.0.0/8', '127.0.0.0/8'] });
    victim = { id: String(made.id), secret: String(made.secret) };
  });
  afterEach(() => at.simulator.clear());
  afterAll(async () => {
    await at.close();
    gate.remove();
  });
  const by = (signer: { readonly id: string; readonly secret: string }, { at: when = nextSecond(), ...wanted }: Signing, code: string, url = at.url): Sent => {
    const { method = 'POST', path = PATH, body = BODY, says = false } = wanted;
    const payload = sha256(body);
    const headers: [string, string][] = [
      ['host', new URL(url).host],
      ...(says ? [['x-amz-content-sha256', payload] as [string, string]] : []),
      ['x-amz-date', stamp(when)],
    ];
    const value = authorization(signer, { method, url: path.replaceAll(':', '%3A'), headers, at: when, payload });
    const own = { authorization: `AWS4-HMAC-SHA256 ${value}`, 'x-totp-code': code, 'content-type': 'application/json' };
    return { method, path, headers: { ...Object.fromEntries(headers), ...own }, ...(body === '' ? {} : { body }) };
  };
  /** What an answer tells, but for ids and times. */
  const told = ({ status, headers, text }: Got) => {
    const { date: _, 'x-request-id': id, ...others } = headers;
    return { status, headers: Object.keys(others).sort(), text: text.replaceAll(String(id), 'id') };
  };
  const counted = async (result: string): Promise<number> => {
    const text = await at.gateway.metrics.text();
    return Number(new RegExp(`^llm_proxy_auth_total\\{strategy="sigv4",result="${result}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  };
  const PLACES: readonly Signing[] = [
    {},
    { path: '/converse/main/model/amazon.nova-lite-v1:0/converse' },
    { path: '/transparent/nowhere/model/x/converse' },
    { path: '/auth/refresh' },
    { method: 'DELETE', path: '/auth/sessions/x', body: '' },
    { method: 'GET', path: '/transparent/main/foundation-models', body: '' },
    { method: 'GET', path: '/metrics', body: '' },
  ];
  test('is asked for no code and is nobody: the same answer as for an unknown id, and nothing of the holder in log and counts', async () => {
    for (const place of PLACES) {
      const where = `${place.method ?? 'POST'} ${place.path ?? PATH}`;
      later += 2_000;
      const seen = at.lines.length;
      const before = [await counted('ok'), await counted('denied')] as const;
      const got = await ask(at.url, by({ ...victim, secret: 'guessed' }, place, 'locked'));
      expect(answer(got), where).toBe('401 invalid_credentials');
      expect(got.headers['retry-after'], where).toBeUndefined();
      expect([await counted('ok'), await counted('denied')], where).toEqual([before[0], before[1] + 1]);
      expect(told(got), where).toEqual(told(await ask(at.url, by(UNKNOWN, place, 'locked'))));
      const line = at.lines.slice(seen).find(({ msg }) => msg === 'a credential was refused');
      expect(line, where).toMatchObject({
        address: '127.0.0.1',
        code: 'invalid_credentials',
        strategy: 'sigv4',
        reason: place.body === '' ? 'wrong_signature' : 'unproven',
      });
      expect(at.logText(), where).not.toContain('awskey:victim');
      expect(at.logText(), where).not.toContain('factor_');
    }
    expect(at.simulator.requests).toEqual([]);
  });
  test('with the hash of another body in a header is nobody either', async () => {
    const changed = { ...by(victim, { says: true }, 'locked'), body: BODY.replace('Hello', 'Hallo') };
    const got = await ask(at.url, changed);
    expect(told(got)).toEqual(told(await ask(at.url, by(UNKNOWN, { says: true }, 'locked'))));
    expect(at.logText()).not.toContain('awskey:victim');
  });
  test('where nobody reads a body, one that came all the same was not signed', async () => {
    const got = await ask(at.gateway.urls.admin ?? '', {
      ...by(victim, { path: '/admin/v1/keys.list', body: '', says: true }, 'right', at.gateway.urls.admin),
      body: '{}',
    });
    expect(answer(got)).toBe('401 invalid_credentials');
  });
  test('who has the secret is asked for a code, and served with it', async () => {
    for (const says of [true, false]) {
      const got = await ask(at.url, by(victim, { says }, 'locked'));
      expect([answer(got), got.headers['retry-after']]).toEqual(['401 invalid_credentials', '30']);
      expect(answer(await ask(at.url, by(victim, { says }, 'right')))).toBe('200');
      expect(at.lines.findLast((line) => line.msg === 'request')?.principal).toBe('awskey:victim');
    }
  });
});
