import { expectations, recordings } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import OpenAI6 from 'openai6';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { read } from '../packages/simulators/test/read.ts';
import { bodyOf, instanceOf, instances, pathOf } from './support/azure.ts';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';

const ours = recordings({ provider: 'azure_openai' });
/** What OpenAI says where Azure has words of its own. */
const WORDS: Readonly<Record<string, string | null>> = { RateLimitReached: 'rate_limit_exceeded', '404': null };

/** One of others' models says that more of the prompt was cached than there was. */
const sensible = (usage: Readonly<Record<string, unknown>> | undefined): unknown =>
  JSON.parse(JSON.stringify(usage ?? null), (key, value: unknown) =>
    key === 'cached_tokens' ? Math.min(Number(value), Number(usage?.prompt_tokens ?? usage?.input_tokens)) : value,
  ) ?? undefined;

describe.each([
  ['bytes pass', true],
  ['passing switched off', false],
])('every recording of Azure through the gateway, %s', (_title, pass) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'azure', pass, instances, sections: { retry: { attempts: 1 } } });
  });
  afterAll(() => bench.close());

  test.each(
    ours
      .flatMap((one) => [['openai 7', OpenAI, one] as const, ['openai 6', OpenAI6 as unknown as typeof OpenAI, one] as const])
      .map(([sdk, client, one]) => [`${one.file} by ${sdk}`, client, one] as const),
  )('%s', async (_name, Client, one) => {
    const expected = expectations(one);
    const client = new Client({ baseURL: `${bench.url}/openai/${instanceOf(one)}/v1`, apiKey: bench.key, maxRetries: 0 });
    bench.simulator.clear();
    bench.simulator.replay(one, { path: pathOf(one) });
    const seen = await read(client, expected.surface, bodyOf(one));
    if (expected.errorStatus === undefined && expected.error !== undefined) {
      // A filter's refusal that came with status 200: no client would see that it is one.
      return expect([seen.errorStatus, seen.errorCode]).toEqual([400, expected.error.code]);
    }
    if (expected.errorStatus !== undefined) {
      // A 401 concerns the gateway's own credential: never shown as the client's.
      expect(seen.errorStatus).toBe(expected.errorStatus === 401 ? 502 : expected.errorStatus);
      const word = String(expected.error?.code);
      if (expected.errorStatus !== 401) expect(seen.errorCode).toBe(word in WORDS ? WORDS[word] : word);
      return;
    }
    const { texts, toolCalls, transcript, outputTypes, finish, items } = expected;
    const usage = one.stream || !pass ? sensible(expected.usage) : expected.usage;
    expect(seen).toEqual({ texts, toolCalls, transcript, outputTypes, finish, usage, items });
  });

  test.each(ours.filter(({ request }) => request.body !== null).map((one) => [one.file, one] as const))(
    '%s was asked for where it was recorded',
    async (_file, one) => {
      bench.simulator.clear();
      bench.simulator.replay(one, { path: pathOf(one) });
      const client = new OpenAI({ baseURL: `${bench.url}/openai/${instanceOf(one)}/v1`, apiKey: bench.key, maxRetries: 0 });
      await read(client, expectations(one).surface, bodyOf(one));
      const sent = bench.simulator.requests.at(-1);
      const recorded = new URLSearchParams(one.request.url.split('?')[1]);
      expect(sent?.header('api-key')).toBe(PROVIDER_KEY);
      expect([...new URLSearchParams(sent?.target.split('?')[1])]).toEqual([...recorded]);
    },
  );
});
