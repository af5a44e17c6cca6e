import { createHash } from 'node:crypto';
import Anthropic from '@anthropic-ai/sdk';
import { type Recording, recordedBytes, recordings } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readAnthropic } from '../packages/simulators/test/anthropic-read.ts';
import { type Bench, openBench } from './support/gateway.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const least = { model: 'claude-sonnet-4-6', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] };
const bodyOf = (one: Recording): object => ({
  ...(typeof one.request.body === 'object' && one.request.body !== null ? one.request.body : least),
  ...(one.stream ? { stream: true } : {}),
});

/** An SDK whose own bytes are noted on their way out and in. */
const watched = (baseURL: string, apiKey: string) => {
  const seen: { sent: Buffer; got: Promise<Buffer> }[] = [];
  const client = new Anthropic({
    baseURL,
    apiKey,
    maxRetries: 0,
    fetch: async (input, init) => {
      const answer = await fetch(input, init);
      const copy = answer.clone();
      seen.push({ sent: Buffer.from(String(init?.body ?? '')), got: copy.arrayBuffer().then((bytes) => Buffer.from(bytes)) });
      return answer;
    },
  });
  return { client, seen };
};

describe.each([
  ['transparent mode', 'transparent'],
  ['protocol mode', 'anthropic'],
])('bytes of the Anthropic SDK in %s', (_title, mode) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'anthropic', sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());

  test.each(
    recordings({ provider: 'anthropic' })
      .filter(({ response }) => response.status < 400 || mode === 'transparent')
      .filter(({ response }) => response.status !== 401) // concerns our own credential, so it does not pass
      .map((one) => [one.file, one] as const),
  )('%s: the same up and down', async (_file, recording) => {
    bench.simulator.replay(recording);
    const { client, seen } = watched(`${bench.url}/${mode}/main`, bench.key);
    await readAnthropic(client, recording.operation === 'messages' ? 'messages' : 'countTokens', bodyOf(recording));
    const [{ sent, got } = { sent: Buffer.alloc(0), got: Promise.resolve(Buffer.alloc(0)) }] = seen;
    const arrived = bench.simulator.requests.at(-1);
    expect([arrived?.body.length, arrived?.sha256]).toEqual([sent.length, sha256(sent)]);
    const expected = recordedBytes(recording);
    expect([(await got).length, sha256(await got)]).toEqual([expected.length, sha256(expected)]);
  });
});

describe('the head of a transparent call', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'anthropic', main: { betas: ['context-1m-2025-08-07'] } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const post = (mode: string, headers: Record<string, string>) =>
    fetch(`${bench.url}/${mode}/main/v1/messages?beta=true`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': bench.key, ...headers },
      body: JSON.stringify(least),
    });

  test('version and betas are the client’s; account and origin never go along; the query does', async () => {
    const answer = await post('transparent', {
      'anthropic-version': '2026-10-21',
      'anthropic-beta': 'interleaved-thinking-2025-05-14',
      'anthropic-workspace-id': 'wrkspc_other',
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-upstream-request-id')).toMatch(/^req_/);
    const sent = bench.simulator.requests.at(-1);
    expect(sent?.target).toBe('/v1/messages?beta=true');
    const names = ['anthropic-version', 'anthropic-beta', 'anthropic-workspace-id', 'authorization'];
    expect(names.map((name) => sent?.header(name))).toEqual(['2026-10-21', 'interleaved-thinking-2025-05-14', undefined, undefined]);
  });

  test('without a version the configured one goes', async () => {
    expect((await post('transparent', {})).status).toBe(200);
    expect(bench.simulator.requests.at(-1)?.header('anthropic-version')).toBe('2023-06-01');
  });

  test('protocol mode sends the betas of the instance beside those of the client, in one line', async () => {
    expect((await post('anthropic', { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'effort-2025-11-24' })).status).toBe(200);
    const lines = bench.simulator.requests.at(-1)?.headers.filter(([name]) => name === 'anthropic-beta');
    expect(lines).toEqual([['anthropic-beta', 'effort-2025-11-24,context-1m-2025-08-07']]);
  });

  test.each(['/v1/skills', '/v1/organizations/me', '/v1/complete', '/v1/chat/completions', '/v1/messages/..', '/v2/messages'])(
    '%s is not reached',
    async (path) => {
      const answer = await fetch(`${bench.url}/transparent/main${path.replace('..', '%2e%2e')}`, { headers: { 'x-api-key': bench.key } });
      expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([403, 'operation_not_allowed']);
      expect(await answer.json()).toMatchObject({ type: 'error', error: { type: 'permission_error' } });
      expect(bench.simulator.requests).toEqual([]);
    },
  );
});
