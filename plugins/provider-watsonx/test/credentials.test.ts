import { type FakeHost, fakeHost, secretOf } from '@llm-proxy-auth/contract-tests';
import type { UpstreamReply, UpstreamRequest } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import type { Config } from '../src/config.ts';
import { createProvider } from '../src/index.ts';
import { type AskToken, endOf } from '../src/tokens.ts';

const HOUR = 3_600_000;
const AT = Date.UTC(2026, 10, 23);
const IAM = { iamUrl: 'https://iam.cloud.ibm.com', source: 'container' as const };
const settings = (more: Partial<Config> = {}): Config => ({
  region: 'us-south',
  version: '2026-08-05',
  projectId: 'project-1',
  apiKey: secretOf('ibm-api-key-0123456789', 'WATSONX_AI_APIKEY'),
  credentials: IAM,
  ...more,
});
const jwt = (name: string, iat: number, life = HOUR): string =>
  `h.${Buffer.from(JSON.stringify({ sub: name, iat: iat / 1000, exp: (iat + life) / 1000 })).toString('base64url')}.s`;
const nameOf = (request: UpstreamRequest): string => {
  const at = request.headers.indexOf('authorization');
  const [, payload = ''] = (request.headers[at + 1] ?? '').replace('Bearer ', '').split('.');
  return (JSON.parse(Buffer.from(payload, 'base64url').toString() || '{}') as { readonly sub?: string }).sub ?? '';
};
const request = (): UpstreamRequest => ({
  method: 'POST',
  origin: 'https://us-south.ml.cloud.ibm.com',
  path: '/ml/v1/text/chat',
  headers: ['authorization', 'Bearer client'],
  body: [],
});

/** A provider whose token service answers when it is told to. */
const scene = (more: Partial<Config> = {}, host: FakeHost = fakeHost({ now: AT })) => {
  const asked: { readonly resolve: (token: string) => void; readonly reject: (cause: Error) => void; readonly signIn: Parameters<AskToken>[1] }[] = [];
  const ask: AskToken = (_kind, signIn) => new Promise((resolve, reject) => void asked.push({ resolve, reject, signIn }));
  const provider = createProvider(settings(more), host, { ask, random: () => 0.5 });
  const sign = async (fresh = false): Promise<string> => {
    const made = request();
    await provider.sign(made, { number: fresh ? 2 : 1, signal: new AbortController().signal, now: host.now(), fresh });
    return nameOf(made);
  };
  const settled = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  return { host, provider, asked, sign, settled };
};
/** A scene that holds a token issued now. */
const holding = async (name: string) => {
  const s = scene();
  const first = s.sign();
  await s.settled();
  s.asked[0]?.resolve(jwt(name, s.host.now()));
  await first;
  return s;
};
const refusal = (code: string, status = 401): UpstreamReply => ({
  status,
  headers: [],
  body: Buffer.from(JSON.stringify({ errors: [{ code, message: 'no' }], status_code: status })),
});

describe('a token of IBM Cloud', () => {
  it('is asked for when a call needs it, once for a thousand of them, and then at hand', async () => {
    const s = scene();
    expect(s.asked).toHaveLength(0);
    const all = Array.from({ length: 1_000 }, () => s.sign());
    await s.settled();
    expect(s.asked).toHaveLength(1);
    expect(s.asked[0]?.signIn.apiKey).toBe('ibm-api-key-0123456789');
    s.asked[0]?.resolve(jwt('one', AT));
    expect(new Set(await Promise.all(all))).toEqual(new Set(['one']));
    expect(s.provider.sign(request(), { number: 1, signal: new AbortController().signal, now: AT, fresh: false })).toBeUndefined();
    expect(s.provider.credentialExpires?.()).toBe(AT + HOUR - 10_000);
  });
  it('is renewed at 80 % of its life by one question, while the old one serves', async () => {
    const s = await holding('one');
    s.host.advance(0.79 * HOUR);
    expect([await s.sign(), s.asked.length]).toEqual(['one', 1]);
    s.host.advance(0.02 * HOUR);
    expect(await Promise.all([s.sign(), s.sign(), s.sign()])).toEqual(['one', 'one', 'one']);
    await s.settled();
    expect(s.asked).toHaveLength(2);
    s.asked[1]?.resolve(jwt('two', s.host.now()));
    await s.settled();
    expect([await s.sign(), s.asked.length]).toEqual(['two', 2]);
  });
  it('serves to its end while the token service is down, and then calls are 503 until it is back', async () => {
    const s = await holding('one');
    s.host.advance(0.85 * HOUR);
    expect(await s.sign()).toBe('one');
    await s.settled();
    s.asked[1]?.reject(new Error('connect ECONNREFUSED'));
    await s.settled();
    s.host.advance(0.1 * HOUR);
    expect(await s.sign()).toBe('one');
    await s.settled();
    s.asked[2]?.reject(new Error('connect ECONNREFUSED'));
    await s.settled();
    s.host.advance(0.06 * HOUR);
    const failing = s.sign();
    await s.settled();
    s.asked[3]?.reject(new Error('connect ECONNREFUSED'));
    await expect(failing).rejects.toMatchObject({ code: 'upstream_credentials_unavailable', status: 503, retryAfterMs: expect.any(Number) });
    s.host.advance(60_000);
    const back = s.sign();
    await s.settled();
    s.asked[4]?.resolve(jwt('back', s.host.now()));
    expect(await back).toBe('back');
    expect(s.host.lines.filter(({ message }) => message === 'an IBM token cannot be had')).toHaveLength(3);
  });
  it('that is refused is asked for anew by the refused call, whatever is left of its life', async () => {
    const s = await holding('revoked');
    expect(s.provider.rejected?.(refusal('authentication_token_expired'))).toBe('refresh');
    expect(s.provider.rejected?.(refusal('authentication_token_not_valid'))).toBe('refresh');
    const refused = Array.from({ length: 1_000 }, () => s.sign(true));
    await s.settled();
    expect(s.asked).toHaveLength(2);
    s.asked[1]?.resolve(jwt('new', s.host.now()));
    expect(new Set(await Promise.all(refused))).toEqual(new Set(['new']));
    expect(await s.sign()).toBe('new');
  });
  it('follows a key that was rotated', async () => {
    const apiKey = secretOf('ibm-api-key-old', 'WATSONX_AI_APIKEY');
    const s = scene({ apiKey });
    const first = s.sign();
    await s.settled();
    s.asked[0]?.resolve(jwt('old', AT));
    await first;
    apiKey.rotate('ibm-api-key-new');
    const fresh = s.sign(true);
    await s.settled();
    expect(s.asked[1]?.signIn.apiKey).toBe('ibm-api-key-new');
    s.asked[1]?.resolve(jwt('new', AT));
    expect(await fresh).toBe('new');
  });
  it('a failure tells the log without the key, and the client without a word of it', async () => {
    const s = scene();
    const failing = s.sign();
    await s.settled();
    s.asked[0]?.reject(Object.assign(new Error('Provided API key could not be found.'), { config: { form: { apikey: 'ibm-api-key-0123456789' } } }));
    const failure: unknown = await failing.catch((e: unknown) => e);
    expect(String(failure)).not.toContain('could not be found');
    const told = JSON.stringify(s.host.lines);
    expect(told).toContain('Provided API key could not be found.');
    expect(told).not.toContain('ibm-api-key-0123456789');
  });
});

describe('when a token ends', () => {
  it.each([
    ['by a right clock', 0, HOUR],
    ['by a clock that is ten minutes behind', -600_000, HOUR],
    ['by a clock that is ten minutes ahead', 600_000, HOUR - 600_000],
    ['by a clock that is a day ahead', 24 * HOUR, HOUR],
  ])('%s', (_name, skew, left) => {
    const now = AT + skew;
    expect(endOf(jwt('x', AT), now)).toBe(now + left - 10_000);
  });
  it.each(['opaque', 'a.b.c', `h.${Buffer.from('{"exp":"soon"}').toString('base64url')}.s`, `h.${Buffer.from('{"iat":5,"exp":5}').toString('base64url')}.s`])(
    '%s does not say',
    (token) => {
      expect(endOf(token, AT)).toBeUndefined();
    },
  );
});

describe('other ways in', () => {
  const authorization = async (more: Partial<Config>): Promise<string> => {
    const made = request();
    await scene(more).provider.sign(made, { number: 1, signal: new AbortController().signal, now: AT, fresh: false });
    return made.headers[made.headers.indexOf('authorization') + 1] ?? '';
  };
  it('a bearer token as it is, and the API key of Cloud Pak for Data without an exchange', async () => {
    expect(await authorization({ credentials: { ...IAM, token: secretOf('tok\n') } })).toBe('Bearer tok');
    expect(await authorization({ credentials: { ...IAM, type: 'zen', username: 'u' }, apiKey: secretOf('k') })).toBe(
      `ZenApiKey ${Buffer.from('u:k').toString('base64')}`,
    );
  });
  it('nothing that was there before stays: credentials and names of accounts', async () => {
    const s = scene({ credentials: { ...IAM, token: secretOf('tok') } });
    const made = { ...request(), headers: ['authorization', 'Bearer a', 'x-ibm-project-id', 'p', 'x-ibm-space-id', 's', 'authorization', 'Bearer b'] };
    await s.provider.sign(made, { number: 1, signal: new AbortController().signal, now: AT, fresh: false });
    expect(made.headers).toEqual(['authorization', 'Bearer tok']);
  });
  it('that cannot be renewed are not asked for anew', () => {
    expect(scene({ credentials: { ...IAM, token: secretOf('tok') } }).provider.rejected?.(refusal('authentication_token_expired'))).toBe('credential');
  });
  it.each([
    ['no key at all', { apiKey: undefined }],
    ['a token that is not there', { credentials: { ...IAM, type: 'token' as const } }],
    ['a user without a name', { credentials: { ...IAM, type: 'cp4d' as const } }],
    ['a user with a key and a password', { credentials: { ...IAM, type: 'cp4d' as const, username: 'u', password: secretOf('p') } }],
    ['a container without a profile', { credentials: { ...IAM, type: 'trusted-profile' as const } }],
    [
      'a virtual server with two profiles',
      { credentials: { ...IAM, type: 'trusted-profile' as const, source: 'vpc' as const, profile: { id: 'a', name: 'b' } } },
    ],
    ['two accounts', { spaceId: 'space-1' }],
    ['no account and no deployment', { projectId: undefined }],
  ])('%s is no configuration', (_name, more) => {
    expect(() => scene(more as Partial<Config>)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });
});
