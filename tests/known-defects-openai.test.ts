import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { payloads } from './support/answers.ts';
import { type Bench, openBench } from './support/gateway.ts';

// Each test is named after a defect that users reported of other gateways.
type Fields = Record<string, unknown>;
const DIALECTS = ['@llm-proxy-auth/dialect-anthropic'];
const GRANITE = 'ibm/granite-3-3-8b-instruct';
const messages = [{ role: 'user', content: 'Hello' }];
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

let openai: Bench;
let watsonx: Bench;
beforeAll(async () => {
  const sections = { retry: { attempts: 1 } };
  openai = await openBench({ plugins: DIALECTS, sections });
  watsonx = await openBench({ vendor: 'watsonx', plugins: DIALECTS, sections });
});
afterEach(() => {
  openai.simulator.clear();
  watsonx.simulator.clear();
});
afterAll(() => Promise.all([openai.close(), watsonx.close()]));

const send = ({ url, key }: Bench, path: string, body: Fields, credential = key): Promise<Response> =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify(body),
  });
const eventsOf = async (answer: Promise<Response>): Promise<readonly Fields[]> => payloads(await (await answer).text()) as readonly Fields[];
const scripted = (text: string): void => void openai.simulator.script({ status: 200, body: text, headers: { 'content-type': 'text/event-stream' } });
const chunk = (choices: readonly object[], more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o', choices, ...more })}\n\n`;
const delta = (of: object, finish: string | null = null): string => chunk([{ index: 0, delta: of, finish_reason: finish }]);
const asked = (of: object): Fields => ({ model: 'gpt-4o', max_tokens: 50, messages, stream: true, ...of });
const sent = (bench: Bench): Fields => bench.simulator.requests.at(-1)?.json() as Fields;

describe('Responses by a provider of chats', () => {
  const tools = [{ type: 'function', name: 'get_weather', parameters }];
  const events = (more: Fields): Promise<readonly Fields[]> =>
    eventsOf(send(watsonx, '/openai/main/v1/responses', { model: GRANITE, input: 'Hello', stream: true, ...more }));
  test.each([
    ['text', {}, 'message'],
    ['a call and no text', { tools, tool_choice: 'required' }, 'function_call'],
  ])('LiteLLM: %s: created comes first, items open before their pieces, and what is closed was opened', async (_what, more, kind) => {
    const all = await events(more);
    expect(all[0]?.type).toBe('response.created');
    expect(all.map((event) => event.sequence_number)).toEqual(all.map((_, i) => i));
    const opened = new Map<unknown, unknown>();
    for (const event of all) {
      const item = (event.item ?? {}) as Fields;
      if (event.type === 'response.output_item.added') {
        expect(opened.has(item.id)).toBe(false);
        opened.set(item.id, item.type);
      } else if (event.type === 'response.output_item.done') expect(opened.has(item.id)).toBe(true);
      else if (event.item_id !== undefined) expect([event.type, opened.has(event.item_id)]).toEqual([event.type, true]);
    }
    expect([...opened.values()]).toEqual([kind]);
    expect([...opened.keys()].some((id) => String(id).startsWith('chatcmpl-'))).toBe(false);
    const { response } = all.at(-1) as { response: Fields };
    expect(response.text).toMatchObject({ format: { type: 'text' } });
    expect(response.usage).toMatchObject({
      input_tokens_details: { cached_tokens: expect.any(Number) },
      output_tokens_details: { reasoning_tokens: expect.any(Number) },
    });
  });
  test('LiteLLM: events of calls are there', async () => {
    const kinds = new Set((await events({ tools, tool_choice: 'required' })).map(({ type }) => type));
    for (const kind of ['response.function_call_arguments.delta', 'response.function_call_arguments.done'])
      expect([kind, kinds.has(kind)]).toEqual([kind, true]);
  });
  test('codex-proxy: what breaks in the middle is response.failed, not an event that clients pass over', async () => {
    const begun = { id: 'c', model_id: GRANITE, created: 1, choices: [{ index: 0, delta: { role: 'assistant', content: 'Hel' }, finish_reason: null }] };
    const failed = { errors: [{ code: 'downstream_request_failed', message: 'no' }], status_code: 500 };
    watsonx.simulator.script({
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      body: `id: 1\nevent: message\ndata: ${JSON.stringify(begun)}\n\nid: 2\nevent: error\ndata: ${JSON.stringify(failed)}\n\n`,
      delayChunk: 20,
      rechunk: { size: JSON.stringify(begun).length + 29 },
    });
    const kinds = (await events({})).map(({ type }) => type);
    expect([kinds.includes('response.failed'), kinds.includes('response.completed')]).toEqual([true, false]);
  });
  test('LiteLLM, Ollama: vectors come in base64 when they were asked for so, as long as they are', async () => {
    const ask = async (format: string): Promise<unknown> => {
      const answer = await send(watsonx, '/openai/main/v1/embeddings', { model: 'ibm/slate-125m-english-rtrvr-v2', input: 'a', encoding_format: format });
      return ((await answer.json()) as { data: Fields[] }).data[0]?.embedding;
    };
    const bytes = Buffer.from(String(await ask('base64')), 'base64');
    const floats = (await ask('float')) as number[];
    expect(floats.map((_, i) => bytes.readFloatLE(4 * i))).toEqual(floats);
    expect(bytes).toHaveLength(4 * floats.length);
  });
});

describe('servers that speak OpenAI’s API in their own way, for clients of another', () => {
  const stream = (): Promise<readonly Fields[]> => eventsOf(send(openai, '/anthropic/main/v1/messages', asked({})));
  const callsOf = (events: readonly Fields[]): readonly unknown[] =>
    events.flatMap((event) => {
      const block = event.content_block as Fields | undefined;
      return block?.type === 'tool_use' ? [[event.index, block.name]] : [];
    });
  const call = (name: string, index?: number) => ({
    ...(index === undefined ? {} : { index }),
    id: `call_${name}`,
    type: 'function',
    function: { name, arguments: '{}' },
  });
  test.each([
    ['ccproxy, openai-python: fragments without an index', [undefined, undefined]],
    ['AstrBot, maka: indexes that count from one', [1, 2]],
  ] as const)('%s are two calls', async (_what, [first, second]) => {
    scripted(
      `${delta({ role: 'assistant', content: null, tool_calls: [call('a', first)] })}${delta({ tool_calls: [call('b', second)] })}${delta({}, 'tool_calls')}data: [DONE]\n\n`,
    );
    const events = await stream();
    expect(callsOf(events)).toEqual([
      [0, 'a'],
      [1, 'b'],
    ]);
    expect(events.find(({ type }) => type === 'message_delta')).toMatchObject({ delta: { stop_reason: 'tool_use' } });
  });
  test('Vercel, xAI, LiteLLM, Gemini: calls that end in stop are calls', async () => {
    scripted(`${delta({ role: 'assistant', content: null, tool_calls: [call('a', 0)] })}${delta({}, 'stop')}data: [DONE]\n\n`);
    expect((await stream()).find(({ type }) => type === 'message_delta')).toMatchObject({ delta: { stop_reason: 'tool_use' } });
  });
  test('Portkey: a chunk that is usage alone breaks nothing', async () => {
    const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
    scripted(`${delta({ role: 'assistant', content: 'a' })}${delta({}, 'stop')}${chunk([], { usage })}data: [DONE]\n\n`);
    const events = await stream();
    expect(events.at(-1)?.type).toBe('message_stop');
    expect(events.find(({ type }) => type === 'message_delta')).toMatchObject({ usage: { input_tokens: 9, output_tokens: 2 } });
  });
});

describe('errors and keys', () => {
  test.each([[{ error: { message: 'Network connection lost.' } }], ['Network connection lost.']])('Portkey: %j under 200 is an error', async (body) => {
    openai.simulator.script({ status: 200, body, times: 2 });
    const answer = await send(openai, '/openai/main/v1/chat/completions', { model: 'gpt-4o', messages });
    expect([answer.ok, ((await answer.json()) as Fields).error]).toEqual([false, expect.objectContaining({ message: expect.any(String) })]);
  });
  test('otari: a key that nobody knows is 401 however often it is tried, also by the first calls', async () => {
    const bench = await openBench();
    try {
      const tried = await Promise.all(
        Array.from({ length: 12 }, () => send(bench, '/openai/main/v1/chat/completions', { model: 'gpt-4o', messages }, `lpa_unknown_${'x'.repeat(43)}`)),
      );
      expect(new Set(tried.map(({ status }) => status))).toEqual(new Set([401]));
    } finally {
      await bench.close();
    }
  });
  test('Vercel: a model that may reason keeps its temperature where it does not', async () => {
    await send(openai, '/anthropic/main/v1/messages', { model: 'gpt-5.1', max_tokens: 50, messages, temperature: 0.2, thinking: { type: 'disabled' } });
    expect(sent(openai)).toMatchObject({ reasoning_effort: 'none', temperature: 0.2 });
    await send(openai, '/anthropic/main/v1/messages', { model: 'gpt-5.1', max_tokens: 5000, messages, temperature: 0.2, output_config: { effort: 'high' } });
    expect(sent(openai)).not.toHaveProperty('temperature');
  });
});
