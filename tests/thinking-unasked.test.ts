import Anthropic from '@anthropic-ai/sdk';
import { type Content, GoogleGenAI, type Part } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textOf, time } from './support/anthropic-client.ts';
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

describe('thoughts that are signed', () => {
  let signed: Bench;
  beforeAll(async () => {
    const plugins = ['@llm-proxy-auth/dialect-gemini'];
    signed = await openBench({ vendor: 'bedrock', plugins, main: { api: 'converse' }, sections: { retry: { attempts: 1 } } });
  });
  afterAll(() => signed.close());
  const claude = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
  const QUESTION = 'call get_time';
  interface Turns {
    /** Text of the thoughts that the client was shown, and whether something stands for them. */
    readonly shown: string;
    readonly kept: boolean;
    readonly answer: string;
  }
  const loops: Readonly<Record<string, (stream: boolean) => Promise<Turns>>> = {
    async anthropic(stream) {
      const { messages } = new Anthropic({ baseURL: `${signed.url}/anthropic/main`, apiKey: signed.key, maxRetries: 0 });
      const thinking = { type: 'enabled' as const, budget_tokens: 2000, display: 'omitted' as const };
      const ask = (conversation: Anthropic.MessageParam[]): Promise<Anthropic.Message> => {
        const body = { model: claude, max_tokens: 3000, messages: conversation, tools: [time], thinking };
        return stream ? messages.stream(body).finalMessage() : messages.create(body);
      };
      const asked: Anthropic.MessageParam[] = [{ role: 'user', content: QUESTION }];
      const { content } = await ask(asked);
      const results = content.flatMap((one) => (one.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: one.id, content: 'noon' }] : []));
      const last = await ask([...asked, { role: 'assistant', content }, { role: 'user', content: results }]);
      const thoughts = content.flatMap((one) => (one.type === 'thinking' ? [one] : []));
      return {
        shown: thoughts.map(({ thinking: text }) => text).join(''),
        kept: thoughts.some(({ signature }) => signature.startsWith('lpa1.')),
        answer: textOf(last),
      };
    },
    async responses(stream) {
      const client = new OpenAI({ baseURL: `${signed.url}/openai/main/v1`, apiKey: signed.key, maxRetries: 0 });
      const tools = [{ type: 'function' as const, name: 'get_time', parameters: { type: 'object', properties: {} }, strict: false }];
      const ask = async (input: OpenAI.Responses.ResponseInputItem[]): Promise<OpenAI.Responses.Response> => {
        const body = { model: claude, input, tools, store: false, reasoning: { effort: 'low' as const }, include: ['reasoning.encrypted_content' as const] };
        return stream ? client.responses.stream(body).finalResponse() : client.responses.create(body);
      };
      const asked: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: QUESTION }];
      const { output } = await ask(asked);
      const results = output.flatMap((one) =>
        one.type === 'function_call' ? [{ type: 'function_call_output' as const, call_id: one.call_id, output: 'noon' }] : [],
      );
      const last = await ask([...asked, ...(output as OpenAI.Responses.ResponseInputItem[]), ...results]);
      const thoughts = output.flatMap((one) => (one.type === 'reasoning' ? [one] : []));
      return {
        shown: thoughts.flatMap(({ summary }) => summary.map(({ text }) => text)).join(''),
        kept: thoughts.some(({ encrypted_content: sealed }) => sealed?.startsWith('lpa1.') === true),
        answer: last.output_text,
      };
    },
    async gemini(stream) {
      const { models } = new GoogleGenAI({ apiKey: signed.key, httpOptions: { baseUrl: `${signed.url}/gemini/main` } });
      const tools = [{ functionDeclarations: [{ name: 'get_time', parametersJsonSchema: { type: 'object', properties: {} } }] }];
      const ask = async (contents: Content[]): Promise<Part[]> => {
        const asking = { model: claude, contents, config: { tools, maxOutputTokens: 3000, thinkingConfig: { thinkingBudget: 2000 } } };
        const pieces = stream ? await models.generateContentStream(asking) : [await models.generateContent(asking)];
        const parts: Part[] = [];
        for await (const piece of pieces) parts.push(...(piece.candidates?.[0]?.content?.parts ?? []));
        return parts;
      };
      const asked: Content[] = [{ role: 'user', parts: [{ text: QUESTION }] }];
      const parts = await ask(asked);
      const results = parts.flatMap(({ functionCall: call }) =>
        call === undefined
          ? []
          : [{ functionResponse: { ...(call.id === undefined ? {} : { id: call.id }), name: call.name ?? '', response: { output: 'noon' } } }],
      );
      const last = await ask([...asked, { role: 'model', parts }, { role: 'user', parts: results }]);
      const thoughts = parts.filter(({ thought }) => thought === true);
      return {
        shown: thoughts.map(({ text }) => text ?? '').join(''),
        kept: thoughts.some(({ thoughtSignature }) => thoughtSignature !== undefined),
        answer: last.map(({ text, thought }) => (thought === true ? '' : (text ?? ''))).join(''),
      };
    },
  };
  test.each(Object.keys(loops).flatMap((client) => [false, true].map((stream) => [client, stream] as const)))(
    'go round through clients of %s that did not ask for them, out of sight (streamed: %s)',
    async (client, stream) => {
      signed.simulator.clear();
      expect(await loops[client]?.(stream)).toEqual({ shown: '', kept: true, answer: 'The tool said: noon' });
      // The provider has back what it thought, text and all.
      const said = signed.simulator.requests.map(({ body }) => JSON.parse(body.toString('utf8')) as { messages: { content: Fields[] }[] });
      const back = said[1]?.messages.flatMap(({ content }) =>
        content.flatMap(({ reasoningContent }) => (reasoningContent === undefined ? [] : [reasoningContent])),
      );
      expect(back).toEqual([{ reasoningText: { text: expect.stringMatching(/./), signature: expect.stringMatching(/./) } }]);
    },
  );
});
