import { SimpleAuthenticationDetailsProvider } from 'oci-common';
import { GenerativeAiInferenceClient } from 'oci-generativeaiinference';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { authorization, digest, httpDate, newKeys } from '../plugins/auth-oci-signature/test/sign.ts';
import { type Bench, COMPARTMENT, openBench } from './support/gateway.ts';
import { ask, codeOf, type Got, type Sent } from './support/raw.ts';

const MODEL = 'meta.llama-3.3-70b-instruct';
const keys = newKeys();
const others = newKeys();
let bench: Bench;
let id = '';
beforeAll(async () => {
  bench = await openBench({
    vendor: 'oci',
    plugins: ['@llm-proxy-auth/auth-oci-signature'],
    sections: {
      auth: [{ use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef' }, { use: 'oci-signature' }],
      retry: { attempts: 1 },
    },
  });
  id = String((await bench.operation('public-keys.create', { name: 'ci', publicKey: keys.publicKey, scopes: ['metrics'] })).id);
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());

const caller = (): unknown => bench.lines.findLast((line) => line.msg === 'request')?.principal;
/** The SDK as it comes, but for address, key and retries. */
const sdk = (tenancy: string, key = keys.key): GenerativeAiInferenceClient => {
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const provider = new SimpleAuthenticationDetailsProvider(tenancy, 'ocid1.user.oc1..any', '00:11:22', pem, null);
  const once = { retryConfiguration: { terminationStrategy: { shouldTerminate: () => true } } };
  const client = new GenerativeAiInferenceClient({ authenticationDetailsProvider: provider }, once as never);
  client.endpoint = `${bench.url}/transparent/main`;
  return client;
};
const details = (more: object = {}) => ({
  compartmentId: COMPARTMENT,
  servingMode: { servingType: 'ON_DEMAND', modelId: MODEL },
  chatRequest: { apiFormat: 'GENERIC', messages: [{ role: 'USER', content: [{ type: 'TEXT', text: 'Hello' }] }], maxTokens: 90, ...more },
});
const chat = (client: GenerativeAiInferenceClient, more: object = {}) => client.chat({ chatDetails: details(more) as never, retryConfiguration: {} as never });

describe('an unmodified OCI SDK', () => {
  test('chats and streams with a key id of ours in place of the tenancy', async () => {
    const whole = await chat(sdk(id));
    expect(JSON.stringify(whole)).toContain('"choices"');
    expect(caller()).toBe('ocikey:ci');
    const stream = (await chat(sdk(id), { isStream: true })) as unknown as ReadableStream<Uint8Array>;
    let text = '';
    for await (const piece of stream) text += Buffer.from(piece).toString();
    expect(text).toContain('data:');
    expect(caller()).toBe('ocikey:ci');
  });
  test('of another key, an unknown id, or its own tenancy is 401', async () => {
    for (const client of [sdk(id, others.key), sdk('LPAKAAAAAAAAAAAAAAAA'), sdk('ocid1.tenancy.oc1..any')])
      await expect(chat(client)).rejects.toMatchObject({ statusCode: 401 });
    expect(bench.simulator.requests).toEqual([]);
  });
  test('A051 nothing of the signature reaches the provider, which gets one of its own', async () => {
    await chat(sdk(id));
    const [captured] = bench.simulator.requests;
    const authorizations = captured?.headers.filter(([name]) => name.toLowerCase() === 'authorization');
    expect(authorizations).toHaveLength(1);
    expect(JSON.stringify(captured?.headers)).not.toContain('LPAK');
    for (const name of ['date', 'x-date', 'x-content-sha256'])
      expect(captured?.headers.filter(([n]) => n.toLowerCase() === name).length).toBeLessThanOrEqual(1);
  });
  test('of a revoked key is 401 at once', async () => {
    const made = await bench.operation('public-keys.create', { name: 'short', publicKey: keys.publicKey });
    await chat(sdk(String(made.id)));
    await bench.operation('public-keys.revoke', { key: 'short' });
    await expect(chat(sdk(String(made.id)))).rejects.toMatchObject({ statusCode: 401 });
  });
});

/** A request signed by hand, changed on the way where a test says so. */
const PATH = '/transparent/main/20231130/actions/chat';
const BODY = JSON.stringify(details());
let second = Date.now() - 200_000;
const nextSecond = (): number => {
  second += 1000;
  return second;
};
interface Signing {
  readonly at?: number;
  readonly method?: string;
  readonly path?: string;
  readonly signsBody?: string;
}
const signed = ({ at = nextSecond(), method = 'POST', path = PATH, signsBody }: Signing = {}): Sent => {
  const body = method === 'GET' ? undefined : BODY;
  const hashed = signsBody ?? body;
  const headers: [string, string][] = [
    ['date', httpDate(at)],
    ['host', new URL(bench.url).host],
    ...(body === undefined
      ? []
      : [['content-length', String(Buffer.byteLength(body))] as [string, string], ['content-type', 'application/json'] as [string, string]]),
    ...(hashed === undefined ? [] : [['x-content-sha256', digest(hashed)] as [string, string]]),
  ];
  const value = authorization({ id, key: keys.key }, { method, url: path, headers });
  return { method, path, headers: { ...Object.fromEntries(headers), authorization: `Signature ${value}` }, ...(body === undefined ? {} : { body }) };
};
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`.trim();

describe('a request signed by hand', () => {
  test('passes, and again within two seconds; long ago it is 401', async () => {
    const once = signed();
    expect(answer(await ask(bench.url, once))).toBe('200');
    expect(answer(await ask(bench.url, once))).toBe('200');
    expect(answer(await ask(bench.url, signed({ at: Date.now() - 400_000 })))).toBe('401 invalid_credentials');
  });
  test('changed on the way is 401: body, path, query, method', async () => {
    expect(answer(await ask(bench.url, { ...signed(), body: BODY.replace('Hello', 'Hallo') }))).toBe('401 invalid_credentials');
    expect(answer(await ask(bench.url, { ...signed(), path: `${PATH}?a=1` }))).toBe('401 invalid_credentials');
    expect(answer(await ask(bench.url, { ...signed(), path: PATH.replace('chat', 'embedText') }))).toBe('401 invalid_credentials');
    expect(answer(await ask(bench.url, { ...signed(), method: 'PUT' }))).toBe('401 invalid_credentials');
    expect(bench.simulator.requests).toEqual([]);
  });
  test('with another body is nobody: neither log nor answer nor counts have whose signature it was', async () => {
    const counted = async (): Promise<number[]> => {
      const text = await bench.gateway.metrics.text();
      return ['ok', 'denied'].map((result) =>
        Number(new RegExp(`^llm_proxy_auth_total\\{strategy="oci-signature",result="${result}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0),
      );
    };
    const [ok = 0, denied = 0] = await counted();
    const got = await ask(bench.url, { ...signed(), body: BODY.replace('Hello', 'Hallo') });
    expect(await counted()).toEqual([ok, denied + 1]);
    const request = got.headers['x-request-id'];
    const lines = bench.lines.filter((line) => line.request === request || line.id === request);
    expect(lines.find(({ msg }) => msg === 'a credential was refused')).toMatchObject({ strategy: 'oci-signature', reason: 'unproven' });
    expect(JSON.stringify(lines)).not.toContain('ocikey:ci');
    expect(Object.keys(got.headers).filter((name) => /^x-lpa-(?:instance|provider|region)$/.test(name))).toEqual([]);
  });
  test('without a body is checked as well, in both modes and where there is no call', async () => {
    for (const path of ['/transparent/main/20231130/models', '/openai/main/v1/models', '/metrics']) {
      expect([path, (await ask(bench.url, signed({ method: 'GET', path }))).status === 401]).toEqual([path, false]);
      const changed = signed({ method: 'GET', path, signsBody: 'a body that was signed' });
      expect([path, answer(await ask(bench.url, changed))]).toEqual([path, '401 invalid_credentials']);
    }
  });
  test('A018 beside a key is ambiguous; its key id in any other slot is no credential', async () => {
    const one = signed();
    expect(answer(await ask(bench.url, { ...one, headers: { ...one.headers, 'x-api-key': bench.key } }))).toBe('400 ambiguous_credentials');
    for (const headers of [{ 'x-api-key': id }, { authorization: `Bearer ${id}` }, { authorization: `Basic ${Buffer.from(`${id}:x`).toString('base64')}` }])
      expect((await ask(bench.url, { path: PATH, headers: { ...headers, 'content-type': 'application/json' }, body: BODY })).status).toBe(401);
  });
});
