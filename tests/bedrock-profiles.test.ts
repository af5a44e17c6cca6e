import Anthropic from '@anthropic-ai/sdk';
import { type BedrockSimulator, bedrockSimulator } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

const CLAUDE = 'anthropic.claude-opus-5-5';
const TITAN = 'amazon.titan-embed-text-v2:0';
const RERANK = 'cohere.rerank-v3-5:0';
let simulator: BedrockSimulator;
const open = (): Promise<Bench> => openBench({ vendor: 'bedrock', main: { baseUrl: simulator.url }, sections: { retry: { attempts: 1 } } });
beforeAll(async () => {
  simulator = await bedrockSimulator({ applicationProfiles: { claude: CLAUDE, vectors: TITAN, ranks: RERANK, late: CLAUDE } });
});
afterAll(() => simulator.close());
const asked = (path: string): number => simulator.requests.filter(({ target }) => target.startsWith(path)).length;
const lastPath = (): string => simulator.requests.at(-1)?.path ?? '';
const ask = { max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello' }] };

describe('an application inference profile', () => {
  test('is reached as its model is, and asked about once', async () => {
    simulator.clear();
    const bench = await open();
    try {
      const [claude, vectors, ranks] = ['claude', 'vectors', 'ranks'].map((id) => simulator.profileArn(id));
      const model = claude ?? '';
      const anthropic = new Anthropic({ baseURL: `${bench.url}/anthropic/main`, apiKey: bench.key, maxRetries: 0 });
      const openai = new OpenAI({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
      const answers = await Promise.all(Array.from({ length: 5 }, () => anthropic.messages.create({ ...ask, model })));
      expect(answers.map(({ content }) => content.at(-1))).toEqual(answers.map(() => expect.objectContaining({ type: 'text', text: 'You said: Hello' })));
      expect([asked('/inference-profiles'), lastPath()]).toEqual([1, `/model/${encodeURIComponent(model)}/invoke`]);
      // The newest Claude refuses a temperature: that it is left out shows that the model is known.
      const warm = await openai.chat.completions.create({ model, max_completion_tokens: 50, temperature: 0.5, messages: ask.messages }).withResponse();
      expect([warm.response.headers.get('x-lpa-fidelity'), lastPath()]).toEqual(['ignored=temperature', `/model/${encodeURIComponent(model)}/converse`]);
      expect((await anthropic.messages.countTokens({ model, messages: ask.messages })).input_tokens).toBeGreaterThan(0);
      const embedded = await openai.embeddings.create({ model: vectors ?? '', input: ['a', 'b'], dimensions: 256 });
      expect(embedded.data.map(({ embedding }) => embedding.length)).toEqual([256, 256]);
      const ranked = await openai.post<{ results: { index: number }[] }>('/rerank', { body: { model: ranks, query: 'b', documents: ['a', 'b'] } });
      expect(ranked.results.map(({ index }) => index)).toEqual([1, 0]);
      expect(asked('/inference-profiles')).toBe(3);
    } finally {
      await bench.close();
    }
  });
  test('that AWS does not tell of is called all the same, through the API that has every model, until a list tells', async () => {
    simulator.clear();
    const bench = await open();
    try {
      const model = simulator.profileArn('late');
      const anthropic = new Anthropic({ baseURL: `${bench.url}/anthropic/main`, apiKey: bench.key, maxRetries: 0 });
      simulator.script({ status: 403 });
      for (let i = 0; i < 2; i++) {
        expect((await anthropic.messages.create({ ...ask, model })).stop_reason).toBe('end_turn');
        expect(lastPath()).toBe(`/model/${encodeURIComponent(model)}/converse`);
      }
      expect(asked('/inference-profiles')).toBe(1);
      await fetch(`${bench.url}/openai/main/v1/models`, { headers: { authorization: `Bearer ${bench.key}` } }).then((answer) => answer.text());
      expect((await anthropic.messages.create({ ...ask, model })).stop_reason).toBe('end_turn');
      expect(lastPath()).toBe(`/model/${encodeURIComponent(model)}/invoke`);
      await bench.line(({ msg }) => msg === 'what an application inference profile stands for cannot be learned');
    } finally {
      await bench.close();
    }
  });
});
