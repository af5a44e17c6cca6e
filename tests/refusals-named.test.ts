import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { installed } from './support/installed.ts';

type Fields = Readonly<Record<string, unknown>>;
const house = installed('chat-only', '@acme/provider-chat-only');
let chatOnly: Bench;
let bedrock: Bench;
beforeAll(async () => {
  const sections = { retry: { attempts: 1 } };
  chatOnly = await openBench({ sections, plugins: ['@acme/provider-chat-only'], pluginRoots: [house.root], main: { provider: 'chat-only' } });
  bedrock = await openBench({ vendor: 'bedrock', sections, plugins: ['@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/dialect-converse'] });
});
beforeEach(() => chatOnly.simulator.clear());
afterAll(async () => {
  await chatOnly.close();
  await bedrock.close();
  house.remove();
});

interface Refused {
  readonly status: number;
  readonly code: string | null;
  readonly error: Fields;
  readonly fidelity: string | null;
}
const ask = async ({ url, key }: Bench, path: string, body: Fields): Promise<Refused> => {
  const answer = await fetch(`${url}/openai/main/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o-mini', ...body }),
  });
  const { error = {} } = (await answer.json()) as { readonly error?: Fields };
  return { status: answer.status, code: answer.headers.get('x-lpa-code'), error, fidelity: answer.headers.get('x-lpa-fidelity') };
};
const refuses = (param: string | null, code = 'invalid_value'): void =>
  void chatOnly.simulator.script({ status: 400, body: JSON.stringify({ error: { message: 'No.', type: 'invalid_request_error', param, code } }) });

describe('a refusal names what the client wrote', () => {
  test.each([
    ['messages[0].content', 'input'],
    ['messages', 'input'],
    ['max_completion_tokens', 'max_output_tokens'],
    ['tools[0].function.name', 'tools[].name'],
    ['response_format', 'text.format'],
    ['model', 'model'],
    ['stream_options', null],
    ['n', null],
    [null, null],
  ])('what a provider of chats calls %s is %s of Responses, and the rest of its error stays', async (param, mine) => {
    refuses(param);
    const body = { input: 'Hi', max_output_tokens: 5, tools: [{ type: 'function', name: 'f', parameters: {} }], text: { format: { type: 'json_object' } } };
    const { error, code } = await ask(chatOnly, '/responses', body);
    expect([error, code]).toEqual([{ message: 'No.', type: 'invalid_request_error', param: mine, code: 'invalid_value' }, 'upstream_rejected']);
  });
  test('a chat that passes keeps the name that the vendor gave', async () => {
    refuses('messages[0].content');
    expect((await ask(chatOnly, '/chat/completions', { messages: [] })).error.param).toBe('messages[0].content');
  });
  test.each([
    ['/responses', { input: 'Hi' }, 'input'],
    ['/chat/completions', { messages: [{ role: 'user', content: 'Hi' }] }, 'messages'],
    ['/completions', { prompt: 'Hi' }, 'prompt'],
  ])('%s: a conversation that is too long is named as it was written', async (path, body, mine) => {
    bedrock.simulator.script({
      status: 400,
      headers: { 'x-amzn-errortype': 'ValidationException' },
      body: JSON.stringify({ message: 'Input is too long for requested model.' }),
    });
    const { error, code } = await ask(bedrock, path, { model: 'anthropic.claude-haiku-4-5-20251001-v1:0', ...body });
    expect([code, error.param]).toEqual(['context_length_exceeded', mine]);
  });
});

describe('what is refused before anybody is asked', () => {
  const claude = { model: 'anthropic.claude-haiku-4-5-20251001-v1:0' };
  test.each([
    ['/responses', { input: 'Hi', include: ['message.output_text.logprobs'] }, 'include'],
    ['/responses', { input: 'Hi', top_logprobs: 2 }, 'top_logprobs'],
    ['/responses', { input: 'Hi', top_logprobs: 2, include: ['message.output_text.logprobs'] }, 'top_logprobs'],
    ['/chat/completions', { messages: [{ role: 'user', content: 'Hi' }], logprobs: true }, 'logprobs'],
    ['/chat/completions', { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 0 }, 'max_tokens'],
    ['/chat/completions', { messages: [{ role: 'user', content: 'Hi' }], max_completion_tokens: 0 }, 'max_completion_tokens'],
  ])('%s %j: %s', async (path, body, mine) => {
    const { status, error, code } = await ask(bedrock, path, { ...claude, ...body });
    expect([status, code, error.param]).toEqual([400, 'unsupported_parameter', mine]);
  });
});

test('probabilities that Responses asks for by include come from a provider of chats', async () => {
  const top_logprobs = [{ token: 'Hi', logprob: -0.1, bytes: [72, 105] }];
  chatOnly.simulator.script({
    status: 200,
    body: JSON.stringify({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-4o-mini',
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      choices: [
        {
          index: 0,
          finish_reason: 'stop',
          message: { role: 'assistant', content: 'Hi', refusal: null },
          logprobs: { content: [{ token: 'Hi', logprob: -0.1, bytes: [72, 105], top_logprobs }], refusal: null },
        },
      ],
    }),
  });
  const answer = await fetch(`${chatOnly.url}/openai/main/v1/responses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${chatOnly.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o-mini', input: 'Hi', include: ['message.output_text.logprobs'] }),
  });
  const { output } = (await answer.json()) as { readonly output: readonly { readonly content: readonly Fields[] }[] };
  expect(chatOnly.simulator.requests.at(-1)?.json()).toMatchObject({ logprobs: true });
  expect(answer.headers.get('x-lpa-fidelity')).toBeNull();
  expect(output[0]?.content[0]).toMatchObject({ text: 'Hi', logprobs: [{ token: 'Hi', logprob: -0.1, bytes: [72, 105], top_logprobs }] });
});

test.each([
  ['cache_control', { type: 'ephemeral' }],
  ['prompt_cache_breakpoint', { mode: 'explicit' }],
])('a mark for a cache that the model has not is told as the client wrote it: %s', async (name, mark) => {
  const body = { model: 'meta.llama3-8b-instruct-v1:0', messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi', [name]: mark }] }] };
  const { status, fidelity } = await ask(bedrock, '/chat/completions', body);
  expect([status, fidelity?.split(',')]).toEqual([200, expect.arrayContaining([`ignored=messages[].content[].${name}`])]);
});
