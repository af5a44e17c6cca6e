import { type Chat, GoogleGenAI } from '@google/genai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, type VENDORS } from './support/gateway.ts';

// Chats of the GenAI SDK keep the pieces of a stream as contents of their own, and forget an answer of which one piece had no part.
const TIME = { functionDeclarations: [{ name: 'get_time', parametersJsonSchema: { type: 'object', properties: {} } }] };
const tell = async (chat: Chat, message: Parameters<Chat['sendMessageStream']>[0]['message']) => {
  let text = '';
  const calls: { readonly id?: string }[] = [];
  for await (const piece of await chat.sendMessageStream({ message })) {
    text += piece.text ?? '';
    calls.push(...(piece.functionCalls ?? []));
  }
  return { text, calls };
};
const PLAIN: readonly (readonly [keyof typeof VENDORS, string, RegExp])[] = [
  ['openai', 'gpt-4o', /\{"role":"assistant","content":"You said: Hello"\},\{"role":"user","content":"Again"\}/],
  ['azure', 'gpt-4o', /\{"role":"assistant","content":"You said: Hello"\},\{"role":"user","content":"Again"\}/],
  ['anthropic', 'claude-sonnet-4-5', /"assistant","content":\[\{"type":"text","text":"You said: Hello"\}\]/],
  ['bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', /"assistant","content":\[\{"text":"You said: Hello"\}\]/],
  ['vertex', 'gemini-2.5-flash', /"parts":\[\{"text":"Hello"\}\].*"text":"Again"/],
  ['vertex', 'claude-sonnet-4-6', /"assistant","content":\[\{"type":"text","text":"You said: Hello"\}\]/],
  ['watsonx', 'ibm/granite-3-3-8b-instruct', /\{"role":"assistant","content":"You said: Hello"\}/],
  ['oci', 'cohere.command-a-03-2025', /\{"role":"CHATBOT","message":"You said: Hello"\}/],
];
describe.each(PLAIN)('a streamed chat of the GenAI SDK at %s (%s)', (vendor, model, history) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor, plugins: ['@llm-proxy-auth/dialect-gemini'] });
  });
  afterAll(() => bench.close());
  test('brings back what was said, as one answer', async () => {
    const chat = new GoogleGenAI({ apiKey: bench.key, httpOptions: { baseUrl: `${bench.url}/gemini/main` } }).chats.create({ model });
    expect((await tell(chat, 'Hello')).text).toBe('You said: Hello');
    expect((await tell(chat, 'Again')).text).toBe('You said: Again');
    const last = bench.simulator.requests.findLast(({ method }) => method === 'POST');
    expect(JSON.stringify(last?.json())).toMatch(history);
  });
});

const THINKING: readonly (readonly [keyof typeof VENDORS, string, RegExp])[] = [
  ['anthropic', 'claude-sonnet-4-6', /"type":"thinking","thinking":"[^"]+","signature":"[^"]+"\},\{"type":"tool_use"/],
  ['bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', /"reasoningText":\{"text":"[^"]+","signature":"[^"]+"\}\}\},\{"toolUse"/],
  ['vertex', 'gemini-3-flash-preview', /"functionCall":\{[^}]*"get_time"[^}]*\},"thoughtSignature":"[^"]+"/],
  ['openai', 'gpt-5', /"type":"reasoning","summary":\[[^\]]+\],"encrypted_content":"[^"]+"\},\{"type":"function_call"/],
];
test.each(THINKING)('a streamed chat with thoughts and a tool goes on at %s (%s)', async (vendor, model, proven) => {
  const bench = await openBench({ vendor, plugins: ['@llm-proxy-auth/dialect-gemini'] });
  try {
    const config = {
      maxOutputTokens: 9000,
      tools: [TIME],
      thinkingConfig: { includeThoughts: true, ...(vendor === 'vertex' ? {} : { thinkingBudget: 2000 }) },
    };
    const chat = new GoogleGenAI({ apiKey: bench.key, httpOptions: { baseUrl: `${bench.url}/gemini/main` } }).chats.create({ model, config });
    const [call] = (await tell(chat, 'call get_time')).calls;
    const result = { functionResponse: { ...(call?.id === undefined ? {} : { id: call.id }), name: 'get_time', response: { output: 'noon' } } };
    expect((await tell(chat, [result])).text).toBe('The tool said: noon');
    const last = bench.simulator.requests.findLast(({ method }) => method === 'POST');
    expect(JSON.stringify(last?.json())).toMatch(proven);
  } finally {
    await bench.close();
  }
});
