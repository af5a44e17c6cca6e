import Anthropic from '@anthropic-ai/sdk';
import { expectations, recordings } from '@llm-proxy-auth/simulators';
import Anthropic0 from 'anthropic0';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAnthropic } from '../packages/simulators/test/anthropic-read.ts';
import { type Bench, openBench } from './support/gateway.ts';

/** A recording without a request body (a bare answer) is asked for with the least its path takes. */
const least = { model: 'claude-sonnet-4-6', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] };
const ours = recordings({ provider: 'anthropic' });

describe.each([
  ['bytes pass', true],
  ['passing switched off', false],
])('every Anthropic recording through the gateway, %s', (_title, pass) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'anthropic', pass, sections: { retry: { attempts: 1 } } });
  });
  afterAll(() => bench.close());

  test.each(
    ours
      .flatMap((one) => [['@anthropic-ai/sdk 1', Anthropic, one] as const, ['@anthropic-ai/sdk 0', Anthropic0 as unknown as typeof Anthropic, one] as const])
      .map(([sdk, client, one]) => [`${one.file} by ${sdk}`, client, one] as const),
  )('%s', async (_name, Client, recording) => {
    const expected = expectations(recording);
    const client = new Client({ baseURL: `${bench.url}/anthropic/main`, apiKey: bench.key, maxRetries: 0 });
    bench.simulator.clear();
    bench.simulator.replay(recording);
    const body = typeof recording.request.body === 'object' && recording.request.body !== null ? recording.request.body : least;
    const seen = await readAnthropic(client, expected.surface, { ...body, ...(recording.stream ? { stream: true } : {}) });
    if (expected.errorStatus !== undefined) {
      // A 401 concerns the gateway's own credential: never shown as the client's.
      if (expected.errorStatus === 401) return expect(seen.errorStatus).toBe(502);
      return expect(seen).toEqual({ errorStatus: expected.errorStatus, errorType: expected.error?.type, errorMessage: expected.error?.message });
    }
    const { texts, toolCalls, outputTypes, signatures, items } = expected;
    if (expected.surface === 'countTokens') return expect(seen.items).toEqual(items);
    expect(seen).toMatchObject({ texts, toolCalls, outputTypes, signatures, finish: expected.finish, usage: expected.usage });
  });
});
