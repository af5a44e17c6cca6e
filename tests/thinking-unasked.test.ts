import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callsOf, textOf, time } from './support/anthropic-client.ts';
import { type Bench, openBench } from './support/gateway.ts';

type Fields = Record<string, unknown>;
let bench: Bench;
beforeAll(async () => {
  bench = await openBench({
    vendor: 'watsonx',
    plugins: ['@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/dialect-gemini'],
    sections: { retry: { attempts: 1 } },
  });
});
afterAll(() => bench.close());
const model = 'openai/gpt-oss-120b';
const post = async (path: string, body: object): Promise<string> => {
  const headers = { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' };
  const answer = await fetch(`${bench.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const said = await answer.text();
  expect([answer.status, said.includes('Hello')]).toEqual([200, true]);
  return said;
};
const asks: Readonly<Record<string, (more: Fields, stream: boolean) => Promise<string>>> = {
  anthropic: (more, stream) =>
    post('/anthropic/main/v1/messages', { model, max_tokens: 3000, messages: [{ role: 'user', content: 'Hello' }], stream, ...more }),
  gemini: (more, stream) =>
    post(`/gemini/main/v1beta/models/${encodeURIComponent(model)}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`, {
      contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
      generationConfig: more,
    }),
  responses: (more, stream) => post('/openai/main/v1/responses', { model, input: 'Hello', stream, ...more }),
};
const THOUGHT: Readonly<Record<string, string>> = { anthropic: '"type":"thinking"', gemini: '"thought":true', responses: '"summary_text"' };

test.each<[string, Fields, boolean]>([
  ['anthropic', {}, false],
  ['anthropic', { thinking: { type: 'disabled' } }, false],
  ['anthropic', { thinking: { type: 'adaptive', display: 'omitted' } }, false],
  ['anthropic', { thinking: { type: 'enabled', budget_tokens: 2000, display: 'omitted' } }, false],
  ['anthropic', { thinking: { type: 'adaptive' } }, true],
  ['anthropic', { thinking: { type: 'enabled', budget_tokens: 2000 } }, true],
  ['gemini', {}, false],
  ['gemini', { thinkingConfig: { includeThoughts: false } }, false],
  ['gemini', { thinking_config: { include_thoughts: true } }, true],
  ['gemini', { thinkingConfig: { includeThoughts: true } }, true],
  ['responses', {}, false],
  ['responses', { reasoning: { effort: 'low' } }, false],
  ['responses', { reasoning: { summary: 'auto' } }, true],
])('thoughts without a signature reach clients of %s with %j: %s', async (client, more, shown) => {
  for (const stream of [false, true]) {
    const said = (await asks[client]?.(more, stream)) ?? '';
    expect([stream, said.includes(THOUGHT[client] ?? '?')]).toEqual([stream, shown]);
  }
});

test('thoughts that are signed stay as they are, and a tool loop goes on with them', async () => {
  const signed = await openBench({ vendor: 'bedrock', main: { api: 'converse' }, sections: { retry: { attempts: 1 } } });
  try {
    const { messages } = new Anthropic({ baseURL: `${signed.url}/anthropic/main`, apiKey: signed.key, maxRetries: 0 });
    const asked: Anthropic.MessageParam[] = [{ role: 'user', content: 'call get_time' }];
    const ask = (conversation: Anthropic.MessageParam[]): Promise<Anthropic.Message> =>
      messages.create({
        model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
        max_tokens: 3000,
        messages: conversation,
        tools: [time],
        thinking: { type: 'enabled', budget_tokens: 2000, display: 'omitted' },
      });
    const first = await ask(asked);
    expect(first.content[0]).toMatchObject({ type: 'thinking', thinking: expect.stringMatching(/./), signature: expect.stringMatching(/^lpa1\./) });
    const results = callsOf(first).map(({ id }) => ({ type: 'tool_result' as const, tool_use_id: id, content: 'noon' }));
    const second = await ask([...asked, { role: 'assistant', content: first.content }, { role: 'user', content: results }]);
    expect(textOf(second)).toBe('The tool said: noon');
  } finally {
    await signed.close();
  }
});
