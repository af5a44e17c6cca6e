import type { ChatCompletionChunk, ChatCompletionTool } from 'openai/resources/chat/completions';
import { describe, expect } from 'vitest';
import { chunk, completion, payloads, role, spoken, sse, stream, usageChunk } from './support/answers.ts';
import { all, chat, conformance, type Under, watching } from './support/conformance.ts';
import { countTurns } from './support/turns.ts';

const line = conformance();
const turns = countTurns();
const WIRE = { wire: true } as const;

const tools: ChatCompletionTool[] = [
  { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } } },
  { type: 'function', function: { name: 'get_time', parameters: { type: 'object', properties: {} } } },
];
const streamed = async ({ client }: Under, body: object): Promise<ChatCompletionChunk[]> =>
  all(await client().chat.completions.create({ ...chat('x'), ...body, stream: true }));
const textOf = (chunks: readonly ChatCompletionChunk[], index = 0): string =>
  chunks.flatMap(({ choices }) => choices.filter((c) => c.index === index).map((c) => c.delta.content ?? '')).join('');
/** The bytes a client gets for a chat stream. */
const bytesOf = async ({ post }: Under, body: object = {}): Promise<string> =>
  (await post('/chat/completions', { ...chat('x'), ...body, stream: true })).text();
/** Tool call deltas as they stand on the wire. */
const callDeltas = (text: string) =>
  payloads(text).flatMap((one) =>
    (one as unknown as ChatCompletionChunk).choices.flatMap(({ delta }) => delta.tool_calls ?? []).map((call) => call as unknown as Record<string, unknown>),
  );
const call = (index: number, fields: object) => chunk({ tool_calls: [{ index, ...fields }] });
const started = (index: number, name: string, input = '') => call(index, { id: `call_${name}`, type: 'function', function: { name, arguments: input } });
const input = (index: number, text: string) => call(index, { function: { arguments: text } });

line('48', 'the role comes first and every choice ends once', async (under) => {
  const chunks = await streamed(under, { n: 2 });
  for (const index of [0, 1]) {
    const own = chunks.flatMap(({ choices }) => choices.filter((c) => c.index === index));
    expect(own[0]?.delta.role).toBe('assistant');
    expect(own.filter((c) => c.finish_reason !== null)).toHaveLength(1);
  }
});

line('49', 'id, created, model and object stay the same', async (under) => {
  const chunks = await streamed(under, { stream_options: { include_usage: true } });
  expect(new Set(chunks.map(({ id, created, model, object }) => JSON.stringify([id, created, model, object]))).size).toBe(1);
  expect(chunks[0]).toMatchObject({ object: 'chat.completion.chunk', model: 'gpt-4o-mini', created: expect.any(Number) });
  expect(chunks[0]?.id).not.toBe('');
});

line('50', 'the pieces say what the whole answer says', async (under) => {
  const messages = [{ role: 'user', content: 'Grüße 👋 an alle' }];
  const whole = await under.client().chat.completions.create({ ...chat('Grüße 👋 an alle') });
  expect(textOf(await streamed(under, { messages }))).toBe(whole.choices[0]?.message.content);
});

line(
  '51',
  'the last bytes are [DONE] and the body ends at once, although the provider stays',
  async (under) => {
    const body = spoken('Hi');
    stream(under.bench.simulator, body, { rechunk: 'whole', stall: { at: Buffer.byteLength(body) } });
    const answer = await under.post('/chat/completions', { ...chat('x'), stream: true });
    let text = '';
    let doneAt = 0;
    for await (const piece of answer.body ?? []) {
      text += Buffer.from(piece).toString();
      if (text.includes('[DONE]')) doneAt = performance.now();
    }
    expect(await turns.between(doneAt, performance.now())).toBeLessThan(100);
    expect(text.endsWith('}\n\ndata: [DONE]\n\n')).toBe(true);
  },
  WIRE,
);

line(
  '52',
  'no BOM and no id, retry or event lines',
  async (under) => {
    const unwanted = /^\ufeff|^(?:id|retry|event):/m;
    expect(await bytesOf(under)).not.toMatch(unwanted);
    const odd = `id: 7\nretry: 3000\n${spoken('Hi')}`;
    stream(under.bench.simulator, odd);
    const got = await bytesOf(under);
    if (!under.repaired) return expect(got).toBe(odd);
    expect(got).not.toMatch(unwanted);
    expect(got).toContain('"content":"Hi"');
  },
  WIRE,
);

describe('with short waits', () => {
  const quick = conformance(['passing', 'translated'], { sections: { stream: { commitAfter: '100ms', keepAlive: '100ms' }, retry: { attempts: 1 } } });
  const line = quick;
  line('53', 'a silent provider brings comments, and the SDK finishes', async ({ bench, client }) => {
    for (const at of [sse(role).length, sse(role, chunk({ content: 'Hel' })).length]) {
      const { promise: until, resolve: go } = Promise.withResolvers<void>();
      let seen = '';
      const fetch = watching((text) => {
        seen += text;
        if (seen.includes(': ping\n\n')) go();
      });
      stream(bench.simulator, spoken('Hel', 'lo'), { stall: { at, until } });
      expect(textOf(await all(await client({ fetch }).chat.completions.create({ ...chat('x'), stream: true })))).toBe('Hello');
      expect(seen.split('\n\n').filter((event) => event !== '' && !event.startsWith('data: ') && event !== ': ping')).toEqual([]);
    }
  });
});

line(
  '54',
  'usage is not sent when nobody asked',
  async (under) => {
    const texts = [await bytesOf(under), await bytesOf(under, { stream_options: { include_usage: false } }), await bytesOf(under, { stream_options: null })];
    for (const text of texts) {
      expect(text).not.toContain('"usage"');
      expect(payloads(text).every(({ choices }) => (choices as unknown[]).length > 0)).toBe(true);
    }
  },
  WIRE,
);

line('55', 'usage that was asked for comes last, with null before', async (under) => {
  const chunks = await streamed(under, { stream_options: { include_usage: true } });
  const last = chunks.at(-1);
  expect(last?.choices).toEqual([]);
  expect(last?.usage?.total_tokens).toBe((last?.usage?.prompt_tokens ?? 0) + (last?.usage?.completion_tokens ?? 0));
  expect(chunks.slice(0, -1).every((one) => one.usage === null)).toBe(true);
});

line('56', '.stream() ends in what the whole answer says', async ({ client }) => {
  for (const content of ['Hello', 'call get_weather with {"city":"Oslo"} and get_time']) {
    const whole = await client().chat.completions.create({ ...chat(content), tools });
    const final = await client()
      .chat.completions.stream({ ...chat(content), tools, stream_options: { include_usage: true } })
      .finalChatCompletion();
    const comparable = ({ choices, usage }: typeof whole) => ({
      usage,
      finish: choices[0]?.finish_reason,
      content: choices[0]?.message.content,
      calls: (choices[0]?.message.tool_calls ?? []).map((one) => (one.type === 'function' ? [one.function.name, one.function.arguments] : [])),
    });
    expect(comparable(final)).toEqual(comparable(whole));
  }
});

line('57', 'tool calls count from 0 even behind text, each begun once with contiguous indexes', async ({ bench, client, repaired, post }) => {
  const odd = sse(role, chunk({ content: 'Let me look.' }), started(1, 'get_weather'), input(1, '{"ci'), input(1, 'ty":"Oslo"}'), started(2, 'get_time', '{}'));
  const body = odd + sse(chunk({}, 'tool_calls'), '[DONE]');
  if (!repaired) {
    stream(bench.simulator, body);
    expect(await (await post('/chat/completions', { ...chat('x'), stream: true })).text()).toBe(body);
    return;
  }
  stream(bench.simulator, body);
  const final = await client()
    .chat.completions.stream({ ...chat('x'), tools })
    .finalChatCompletion();
  expect(final.choices[0]?.message.content).toBe('Let me look.');
  const calls = final.choices[0]?.message.tool_calls?.map((one) => [one.id, one.type === 'function' ? one.function.arguments : '']);
  expect(calls).toEqual([
    ['call_get_weather', '{"city":"Oslo"}'],
    ['call_get_time', '{}'],
  ]);
});

line(
  '58',
  'id, type and name of a call are sent once, so that no client doubles them',
  async (under) => {
    if (under.repaired) {
      const again = started(0, 'get_weather', '{"city":');
      stream(under.bench.simulator, sse(role, again, started(0, 'get_weather', '"Oslo"}'), chunk({}, 'tool_calls'), '[DONE]'));
    }
    const deltas = callDeltas(await bytesOf(under, { messages: chat('call get_weather').messages, tools }));
    expect(deltas.length).toBeGreaterThan(1);
    expect(deltas.filter(({ id }) => id !== undefined)).toHaveLength(1);
    expect(deltas.filter(({ type }) => type !== undefined)).toHaveLength(1);
    expect(deltas.filter((one) => Object.hasOwn(one.function as object, 'name'))).toHaveLength(1);
    expect(JSON.parse(deltas.map((one) => (one.function as { arguments?: string }).arguments ?? '').join(''))).toHaveProperty('city');
  },
  WIRE,
);

line('59', 'interleaved calls keep their indexes', async ({ bench, client }) => {
  const pieces = [started(0, 'get_weather'), started(1, 'get_time'), input(0, '{"city"'), input(1, '{"zone"'), input(0, ':"Oslo"}'), input(1, ':"UTC"}')];
  stream(bench.simulator, sse(role, ...pieces, chunk({}, 'tool_calls'), '[DONE]'));
  const final = await client()
    .chat.completions.stream({ ...chat('x'), tools })
    .finalChatCompletion();
  const calls = final.choices[0]?.message.tool_calls?.map((one) => (one.type === 'function' ? one.function : undefined));
  expect(calls).toMatchObject([
    { name: 'get_weather', arguments: '{"city":"Oslo"}' },
    { name: 'get_time', arguments: '{"zone":"UTC"}' },
  ]);
});

line(
  '60',
  'a call without arguments has {}',
  async (under) => {
    const body = sse(role, started(0, 'get_time'), chunk({}, 'tool_calls'), usageChunk, '[DONE]');
    stream(under.bench.simulator, body);
    const text = await bytesOf(under, { stream_options: { include_usage: true } });
    if (!under.repaired) return expect(text).toBe(body);
    expect(
      callDeltas(text)
        .map((one) => (one.function as { arguments?: string }).arguments ?? '')
        .join(''),
    ).toBe('{}');
    const calls = [{ id: 'call_1', type: 'function', function: { name: 'get_time', arguments: '' } }];
    under.bench.simulator.script({ body: completion({ finish_reason: 'tool_calls', message: { role: 'assistant', content: null, tool_calls: calls } }) });
    const whole = await under.client().chat.completions.create(chat('x'));
    expect(whole.choices[0]?.message.tool_calls).toMatchObject([{ function: { arguments: '{}' } }]);
  },
  WIRE,
);
