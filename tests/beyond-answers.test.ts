import { expect, test } from 'vitest';
import { openBench } from './support/gateway.ts';

const OCI = {
  modelId: 'meta.llama-3.3-70b-instruct',
  modelVersion: '1',
  chatResponse: {
    apiFormat: 'GENERIC',
    timeCreated: '2026-11-23T00:00:00.000Z',
    choices: [
      {
        index: 0,
        message: { role: 'ASSISTANT', content: [{ type: 'TEXT', text: 'a' }] },
        finishReason: 'a_new_reason',
        groundingMetadata: { webSearchQueries: ['q'] },
        usage: {},
      },
    ],
    usage: { promptTokens: 1, completionTokens: 1, totalTokens: 2 },
  },
};
const WATSONX = {
  id: 'c',
  model_id: 'ibm/granite-3-3-8b-instruct',
  model_version: '1',
  created: 1,
  choices: [{ index: 0, message: { role: 'assistant', content: 'a', audio: { id: 'x' } }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  moderations: { hap: [{ score: 0.9 }] },
};
const VERTEX = {
  candidates: [{ content: { role: 'model', parts: [{ text: 'a' }] }, finishReason: 'STOP', urlContextMetadata: { urlMetadata: [{}] }, avgLogprobs: -1 }],
  usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
  modelVersion: 'gemini-2.5-flash',
};

test.each([
  ['oci', 'meta.llama-3.3-70b-instruct', OCI, ['emulated=choices[].finish_reason', 'ignored=groundingMetadata']],
  ['watsonx', 'ibm/granite-3-3-8b-instruct', WATSONX, ['ignored=audio', 'ignored=moderations']],
  ['vertex', 'gemini-2.5-flash', VERTEX, ['ignored=urlContextMetadata']],
] as const)('what an answer of %s says beyond what its client has a place for is named', async (vendor, model, body, told) => {
  const bench = await openBench({ vendor, sections: { retry: { attempts: 1 } } });
  try {
    bench.simulator.script({ body });
    const answer = await fetch(`${bench.url}/openai/main/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }] }),
    });
    expect([answer.status, (answer.headers.get('x-lpa-fidelity') ?? '').split(',').toSorted()]).toEqual([200, [...told]]);
  } finally {
    await bench.close();
  }
});
