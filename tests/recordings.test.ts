import { expectations, recordings } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import OpenAI6 from 'openai6';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { read } from '../packages/simulators/test/read.ts';
import { type Bench, openBench } from './support/gateway.ts';

/** A recording without a request body (a bare answer) is asked for with the least its path takes. */
const least: Readonly<Record<string, object>> = {
  chat: { model: 'm', messages: [{ role: 'user', content: 'hi' }] },
  completions: { model: 'm', prompt: 'hi' },
  responses: { model: 'm', input: 'hi' },
  embeddings: { model: 'm', input: 'hi' },
  models: {},
};
const ours = recordings({ provider: 'openai' });

describe.each([
  ['bytes pass', true],
  ['passing switched off', false],
])('every OpenAI recording through the gateway, %s', (_title, pass) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ pass, sections: { retry: { attempts: 1 } } });
  });
  afterAll(() => bench.close());

  test.each(
    ours
      .flatMap((one) => [['openai 7', OpenAI, one] as const, ['openai 6', OpenAI6 as unknown as typeof OpenAI, one] as const])
      .map(([sdk, client, one]) => [`${one.file} by ${sdk}`, client, one] as const),
  )('%s', async (_name, Client, recording) => {
    const expected = expectations(recording);
    const client = new Client({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
    bench.simulator.clear();
    bench.simulator.replay(recording);
    const body = typeof recording.request.body === 'object' && recording.request.body !== null ? recording.request.body : least[expected.surface];
    // Files that a recording names were its caller's.
    for (const [, id] of JSON.stringify(body).matchAll(/"file_id":"([^"]+)"/g)) await bench.own(String(id));
    const seen = await read(client, expected.surface, { ...body, ...(recording.stream ? { stream: true } : {}) });
    if (expected.errorStatus !== undefined) {
      // A 401 concerns the gateway's own credential: never shown as the client's.
      expect(seen.errorStatus).toBe(expected.errorStatus === 401 ? 502 : expected.errorStatus);
      if (expected.errorStatus !== 401) expect(seen.errorCode).toBe(expected.error?.code ?? undefined);
      return;
    }
    expect(seen).toEqual({
      texts: expected.texts,
      toolCalls: expected.toolCalls,
      transcript: expected.transcript,
      outputTypes: expected.outputTypes,
      finish: expected.finish,
      usage: expected.usage,
      items: expected.items,
    });
  });
});
