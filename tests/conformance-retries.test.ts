import { describe, expect } from 'vitest';
import { chat, conformance, counting, thrown } from './support/conformance.ts';
import { openBench } from './support/gateway.ts';

const line = conformance();
const all = { times: Number.POSITIVE_INFINITY } as const;

const limited = (requests: string, now: () => number = Date.now) =>
  conformance(['passing', 'translated'], { now, sections: { policies: [{ allow: {}, limits: [{ per: 'credential', requests }] }], retry: { attempts: 1 } } });

describe('with one request a second', () => {
  // It stands still until a call was refused, however long the calls take.
  let now = Date.now();
  const line = limited('1/s', () => now);
  line('75', 'the SDK waits as long as a limit of ours says, then succeeds', async ({ bench, client }) => {
    const apiKey = await bench.makeKey();
    const { fetch: count, retryCounts, answers } = counting();
    const fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const answer = await count(url, init);
      now += Number(answer.headers.get('retry-after-ms') ?? 0);
      return answer;
    };
    const sdk = client({ apiKey, fetch, maxRetries: 1 });
    await sdk.chat.completions.create(chat('first'));
    const answer = await sdk.chat.completions.create(chat('second'));
    expect(answer.choices[0]?.message.content).toBe('You said: second');
    expect(retryCounts).toEqual(['0', '0', '1']);
    const refused = answers[1]?.headers;
    expect([answers[1]?.status, refused?.get('x-lpa-code'), refused?.get('x-should-retry')]).toEqual([429, 'rate_limit_exceeded', null]);
    expect(Number(refused?.get('retry-after-ms'))).toBeGreaterThan(0);
    expect(Number(refused?.get('retry-after'))).toBe(Math.ceil(Number(refused?.get('retry-after-ms')) / 1000));
    expect(bench.simulator.requests).toHaveLength(2);
  });
});

line('76', 'an exhausted quota is asked for once', async ({ bench, client, Sdk }) => {
  const error = { message: 'You exceeded your current quota', type: 'insufficient_quota', param: null, code: 'insufficient_quota' };
  bench.simulator.script({ status: 429, body: { error }, ...all });
  const { fetch, retryCounts } = counting();
  const seen = await thrown(client({ fetch, maxRetries: 2 }).chat.completions.create(chat('x')));
  expect(seen).toBeInstanceOf(Sdk.RateLimitError);
  expect([seen.code, seen.type, seen.headers?.get('x-should-retry'), retryCounts]).toEqual(['insufficient_quota', 'insufficient_quota', 'false', ['0']]);
});

line('77', 'a wait of more than a minute says that trying again is useless', async ({ bench, client }) => {
  bench.simulator.script({ status: 429, headers: { 'retry-after': '130' }, ...all });
  const { fetch, retryCounts } = counting();
  const seen = await thrown(client({ fetch, maxRetries: 2 }).chat.completions.create(chat('x')));
  expect([seen.status, seen.headers?.get('retry-after'), seen.headers?.get('x-should-retry'), retryCounts]).toEqual([429, '130', 'false', ['0']]);
});

line(
  '78',
  'a replica that stops answers 503, and the SDK succeeds at the next',
  async ({ bench, client }) => {
    const leaving = await openBench();
    leaving.simulator.script({ holdHead: new Promise(() => undefined) });
    const { fetch: count, retryCounts, answers } = counting();
    // What a load balancer does: the second attempt goes elsewhere, with a key that is known there.
    const fetch = (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const first = retryCounts.length === 0;
      const headers = new Headers(init?.headers);
      headers.set('authorization', `Bearer ${first ? leaving.key : bench.key}`);
      return count(String(url).replace(bench.url, first ? leaving.url : bench.url), { ...init, headers });
    };
    const answer = client({ fetch, maxRetries: 1 }).chat.completions.create(chat('Hello'));
    await leaving.simulator.waitForRequest();
    await leaving.close();
    expect((await answer).choices[0]?.message.content).toBe('You said: Hello');
    expect(retryCounts).toEqual(['0', '1']);
    const { status, headers } = answers[0] ?? new Response();
    expect([status, headers.get('x-lpa-code'), headers.get('retry-after'), headers.get('connection')]).toEqual([503, 'draining', '1', 'close']);
  },
  { on: ['passing'] },
);

describe('with two attempts of the gateway', () => {
  const line = conformance(['passing', 'translated'], { sections: { retry: { attempts: 2 } }, random: () => 0 });
  line('79', 'attempts of gateway and SDK do not multiply', async ({ bench, client }) => {
    bench.simulator.script({ status: 503, ...all });
    const { fetch, retryCounts } = counting();
    const seen = await thrown(client({ fetch, maxRetries: 2 }).chat.completions.create(chat('x')));
    expect([seen.status, seen.headers?.get('x-should-retry'), seen.headers?.get('x-lpa-attempts')]).toEqual([503, 'false', '2']);
    expect(retryCounts).toEqual(['0']);
    expect(bench.simulator.requests).toHaveLength(2);
  });
});

const DURATION = /^(?=\d)(\d+h)?(\d+m)?(\d+(\.\d+)?s)?(\d+ms)?$/;
const limitsOf = (headers: Headers, name: string) => ['limit', 'remaining', 'reset'].map((what) => headers.get(`x-ratelimit-${what}-${name}`) ?? '');
line('80', 'rate-limit headers are there and can be read', async ({ client }) => {
  const { response } = await client().chat.completions.create(chat('x')).withResponse();
  for (const name of ['requests', 'tokens']) {
    const [limit, remaining, reset] = limitsOf(response.headers, name);
    expect([limit, remaining].every((n) => /^\d+$/.test(n ?? ''))).toBe(true);
    expect(reset).toMatch(DURATION);
  }
});
describe('with a limit of ours', () => {
  const line = limited('1000/min');
  line('80', 'rate-limit headers name the limit of the caller, not of the account', async ({ bench, client }) => {
    const { response } = await client({ apiKey: await bench.makeKey() })
      .chat.completions.create(chat('x'))
      .withResponse();
    const [limit, remaining, reset] = limitsOf(response.headers, 'requests');
    expect([limit, remaining, response.headers.get('x-ratelimit-limit-tokens')]).toEqual(['1000', '999', null]);
    expect(reset).toMatch(DURATION);
  });
});

line('81', 'without retries the first status is what the SDK throws', async ({ bench, client, Sdk }) => {
  const classes = [
    [400, 400, Sdk.BadRequestError],
    [404, 404, Sdk.NotFoundError],
    [422, 422, Sdk.UnprocessableEntityError],
    [429, 429, Sdk.RateLimitError],
    [500, 502, Sdk.InternalServerError],
    [503, 503, Sdk.InternalServerError],
  ] as const;
  for (const [status, shown, Class] of classes) {
    bench.simulator.clear();
    bench.simulator.script({ status });
    const seen = await thrown(client().chat.completions.create(chat('x')));
    expect([seen.status, seen.constructor]).toEqual([shown, Class]);
    expect(bench.simulator.requests).toHaveLength(1);
  }
});
