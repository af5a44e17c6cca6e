import { describe, expect, test } from 'vitest';
import { expectations, recordedPath } from '../src/index.ts';
import { read } from './read.ts';
import { key, openaiWire, sdks, useSimulator } from './support.ts';

const simulator = useSimulator();
// A recording without a request body (kept as a bare answer) is asked for with the least the path takes.
const least: Readonly<Record<string, object>> = {
  chat: { model: 'm', messages: [{ role: 'user', content: 'hi' }] },
  completions: { model: 'm', prompt: 'hi' },
  responses: { model: 'm', input: 'hi' },
  embeddings: { model: 'm', input: 'hi' },
  models: {},
};

describe.each(sdks)('every recording in OpenAI wire format, read by %s', (_name, OpenAI) => {
  test.each(openaiWire.map((one) => [one.file, one] as const))('%s', async (_file, recording) => {
    const expected = expectations(recording);
    const path = recordedPath(recording).replace(/\/(chat\/completions|completions|responses|embeddings|models)$/, '');
    const client = new OpenAI({ baseURL: simulator().origin + path, apiKey: key, maxRetries: 0 });
    simulator().replay(recording);
    const body = typeof recording.request.body === 'object' && recording.request.body !== null ? recording.request.body : least[expected.surface];
    const seen = await read(client, expected.surface, { ...body, ...(recording.stream ? { stream: true } : {}) });
    if (expected.errorStatus !== undefined) {
      expect(seen.errorStatus).toBe(expected.errorStatus);
      expect(seen.errorCode).toBe(expected.error?.code ?? undefined);
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
