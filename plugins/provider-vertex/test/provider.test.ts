import { type FakeHost, fakeHost, secretOf } from '@llm-proxy-auth/contract-tests';
import type { Attempt, UpstreamReply, UpstreamRequest } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import type { AccessToken } from '../src/credentials/token.ts';
import { createProvider, type Parts } from '../src/index.ts';
import { readModelName } from '../src/model-name.ts';
import { refusal } from './facts.ts';
import { settings, TOKEN } from './support.ts';

const HOUR = 3_600_000;
const AT = Date.UTC(2026, 10, 23);
const attempt = (fresh = false): Attempt => ({ number: fresh ? 2 : 1, signal: new AbortController().signal, now: AT, fresh });
const request = (headers: string[] = ['content-type', 'application/json']): UpstreamRequest => ({
  method: 'POST',
  origin: 'https://us-central1-aiplatform.googleapis.com',
  path: '/v1/projects/my-project/locations/us-central1/publishers/google/models/m:generateContent',
  headers,
  body: [Buffer.from('{}')],
});
const header = (of: UpstreamRequest, name: string): string | undefined => {
  const at = of.headers.findIndex((text, i) => i % 2 === 0 && text === name);
  return at < 0 ? undefined : of.headers[at + 1];
};
/** A provider whose source answers from a list. */
const sourced = (answers: (AccessToken | Error)[], more: Parameters<typeof settings>[0] = {}, host: FakeHost = fakeHost({ now: AT })) => {
  let asked = 0;
  const parts: Parts = {
    random: () => 0.5,
    ask: async () => {
      const answer = answers[Math.min(asked++, answers.length - 1)];
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error('none');
      return answer;
    },
  };
  return { host, provider: createProvider(settings({ credentials: { type: 'default' }, ...more }), host, parts), asked: () => asked };
};
const token = (name: string, life = HOUR, more: Partial<AccessToken> = {}): AccessToken => ({ token: name, expiration: AT + life, ...more });

describe('tokens', () => {
  it('are asked for when a call needs them, once for a thousand of them, and then at hand', async () => {
    const { provider, asked } = sourced([token('ya29.one')]);
    expect(asked()).toBe(0);
    const requests = Array.from({ length: 1_000 }, () => request());
    await Promise.all(requests.map((each) => provider.sign(each, attempt())));
    expect(asked()).toBe(1);
    expect(new Set(requests.map((each) => header(each, 'authorization')))).toEqual(new Set(['Bearer ya29.one']));
    expect(provider.sign(request(), attempt())).toBeUndefined();
    expect(provider.credentialExpires?.()).toBe(AT + HOUR);
  });
  it('are renewed ahead of their end, in the background', async () => {
    const { provider, host, asked } = sourced([token('ya29.one'), token('ya29.two', 2 * HOUR)]);
    await provider.sign(request(), attempt());
    host.advance(0.8 * HOUR);
    const old = request();
    expect(provider.sign(old, attempt())).toBeUndefined();
    expect([header(old, 'authorization'), asked()]).toEqual(['Bearer ya29.one', 2]);
    await Promise.resolve();
    await new Promise((done) => setImmediate(done));
    const next = request();
    provider.sign(next, attempt());
    expect(header(next, 'authorization')).toBe('Bearer ya29.two');
  });
  it('that Google calls invalid are asked for anew by the next try', async () => {
    const { provider, asked } = sourced([token('ya29.one'), token('ya29.two')]);
    await provider.sign(request(), attempt());
    expect(provider.rejected?.(refusal(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.', 'ACCESS_TOKEN_EXPIRED'))).toBe('refresh');
    const second = request();
    await provider.sign(second, attempt(true));
    expect([header(second, 'authorization'), asked()]).toEqual(['Bearer ya29.two', 2]);
  });
  it('serve through an outage until they end, and then the answer is 503 with a time to come back', async () => {
    const { provider, host } = sourced([token('ya29.one'), new Error('metadata.google.internal is away')]);
    await provider.sign(request(), attempt());
    host.advance(0.9 * HOUR);
    const still = request();
    await provider.sign(still, attempt());
    expect(header(still, 'authorization')).toBe('Bearer ya29.one');
    host.advance(0.1 * HOUR);
    const failure: unknown = await Promise.resolve(provider.sign(request(), attempt())).catch((e: unknown) => e);
    expect(failure).toMatchObject({ code: 'upstream_credentials_unavailable', status: 503 });
    expect(String(failure)).not.toContain('metadata');
    expect(JSON.stringify(host.lines)).toContain('metadata.google.internal is away');
  });
  it('of the configuration follow rotation, and are the operator’s to mend when they are refused', () => {
    const secret = secretOf(TOKEN);
    const provider = createProvider(settings({ credentials: { type: 'token', token: secret } }), fakeHost());
    const first = request();
    provider.sign(first, attempt());
    secret.rotate('ya29.second\n');
    const second = request();
    provider.sign(second, attempt());
    expect([header(first, 'authorization'), header(second, 'authorization')]).toEqual([`Bearer ${TOKEN}`, 'Bearer ya29.second']);
    expect(provider.credentialExpires).toBeUndefined();
    expect(provider.rejected?.(refusal(401, 'UNAUTHENTICATED', 'x'))).toBe('credential');
  });
  it('never stand in the log', async () => {
    const { provider, host } = sourced([token('ya29.canary-in-no-log')]);
    await provider.sign(request(), attempt());
    await provider.models?.(AbortSignal.timeout(1_000)).catch(() => undefined);
    expect(JSON.stringify(host.lines)).not.toContain('canary');
  });
});

describe('a request', () => {
  const planted = [
    'authorization',
    'Bearer lpa_client',
    'x-goog-api-key',
    'AIza',
    'x-goog-user-project',
    'theirs',
    'x-http-method-override',
    'DELETE',
    'x-goog-request-params',
    'a=b',
  ];
  it('carries nothing of the client’s that would choose who asks, who pays or what is done', async () => {
    const { provider } = sourced([token('ya29.one')]);
    const sent = request([...planted]);
    await provider.sign(sent, attempt());
    expect(sent.headers).toEqual(['x-goog-request-params', 'a=b', 'authorization', 'Bearer ya29.one']);
  });
  it.each([
    ['the configured quota project', 'ours', 'of-file', 'ours'],
    ['else that of the credential', undefined, 'of-file', 'of-file'],
    ['else none', undefined, undefined, undefined],
  ])('names %s', async (_name, configured, ofFile, sent) => {
    const { provider } = sourced([token('ya29.one', HOUR, { quotaProject: ofFile })], configured === undefined ? {} : { quotaProject: configured });
    const signed = request(['x-goog-user-project', 'theirs']);
    await provider.sign(signed, attempt());
    expect(header(signed, 'x-goog-user-project')).toBe(sent);
  });
});

describe('credentials that do not go together are refused at the start', () => {
  it.each([
    [{ type: 'token' }],
    [{ type: 'service-account' }],
    [{ type: 'impersonation' }],
    [{ type: 'workload-identity-federation', audience: '//iam.googleapis.com/x' }],
    [{ type: 'default', key: secretOf('{}') }],
  ] as const)('%j', (credentials) =>
    expect(() => createProvider(settings({ credentials }), fakeHost())).toThrow(expect.objectContaining({ code: 'invalid_request' })),
  );
});

describe('the list of models', () => {
  const answering = (pages: (path: string) => UpstreamReply) => {
    const host = fakeHost({ now: AT, answer: (r: UpstreamRequest) => pages(r.path) });
    return { host, provider: createProvider(settings(), host) };
  };
  const json = (body: object, status = 200): UpstreamReply => ({ status, headers: [], body: Buffer.from(JSON.stringify(body)) });
  it('has every page of every publisher, by the names that are called', async () => {
    const { provider, host } = answering((path) => {
      if (path.includes('/google/') && path.includes('pageToken')) return json({ publisherModels: [{ name: 'publishers/google/models/text-embedding-005' }] });
      if (path.includes('/google/'))
        return json({
          publisherModels: [{ name: 'publishers/google/models/gemini-2.5-pro' }, { name: 'publishers/google/models/timesfm' }],
          nextPageToken: 'a/b',
        });
      if (path.includes('/anthropic/')) return json({ publisherModels: [{ name: 'publishers/anthropic/models/claude-haiku-4-5', versionId: '20251001' }] });
      if (path.includes('/meta/'))
        return json({
          publisherModels: [{ name: 'publishers/meta/models/llama-4-maverick-17b-128e-instruct-maas' }, { name: 'publishers/meta/models/llama3' }],
        });
      return json({ error: {} }, 404);
    });
    const models = await provider.models?.(AbortSignal.timeout(1_000));
    expect(models?.map(({ id }) => id)).toEqual([
      'gemini-2.5-pro',
      'text-embedding-005',
      'claude-haiku-4-5@20251001',
      'meta/llama-4-maverick-17b-128e-instruct-maas',
    ]);
    expect(host.fetched.some(({ request: r }) => r.path.endsWith('pageToken=a%2Fb'))).toBe(true);
    // What is served by its bare name is also listed.
    const bare = 'gemini-x claude-x mistral-x jamba-x llama-x deepseek-x qwen-x gpt-oss-x kimi-x minimax-x glm-x'.split(' ');
    const asked = new Set(host.fetched.map(({ request: r }) => /publishers\/([^/]+)\//.exec(r.path)?.[1]));
    const home = { project: 'my-project', location: 'us-central1' };
    expect(bare.map((name) => readModelName(name, home).publisher).filter((publisher) => !asked.has(publisher))).toEqual([]);
  });
  it.each([
    [403, 'upstream_auth_failed'],
    [500, 'upstream_bad_response'],
  ])('that is answered with %d is %s, without a word of Google’s', async (status, code) => {
    const { provider } = answering(() => json({ error: { code: status, message: 'secret words' } }, status));
    const failure: unknown = await provider.models?.(AbortSignal.timeout(1_000)).catch((e: unknown) => e);
    expect(failure).toMatchObject({ code });
    expect(String(failure)).not.toContain('secret words');
  });
});

describe('the probe', () => {
  const probed = async (answer: UpstreamReply): Promise<unknown> => {
    const host = fakeHost({ answer: () => answer });
    return createProvider(settings(), host)
      .probe?.(AbortSignal.timeout(1_000))
      .then(
        () => 'reached',
        (e: { code?: string }) => e.code,
      );
  };
  it.each([
    [refusal(404, 'NOT_FOUND', 'x'), 'reached'],
    [refusal(403, 'PERMISSION_DENIED', "Permission 'aiplatform.publisherModels.get' denied", 'IAM_PERMISSION_DENIED'), 'reached'],
    [refusal(401, 'UNAUTHENTICATED', 'x'), 'upstream_auth_failed'],
    [refusal(403, 'PERMISSION_DENIED', 'x', 'SERVICE_DISABLED'), 'upstream_auth_failed'],
    [refusal(503, 'UNAVAILABLE', 'x'), 'upstream_bad_response'],
  ])('takes %j', async (answer, outcome) => expect(await probed(answer)).toBe(outcome));
});
