import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { installed } from './support/installed.ts';

const CANONICAL = /^[a-z]+=(?:turns|sampling|rest|tools\.|choices\.|output\.)/;
const sse = (...events: readonly (string | object)[]): string => events.map((e) => `data: ${typeof e === 'string' ? e : JSON.stringify(e)}\n\n`).join('');
const chunk = (delta: object, finish: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_790_000_000,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, delta, finish_reason: finish }],
});

const begun = sse(chunk({ role: 'assistant' }), chunk({ content: 'Hel' }));

const house = installed('chat-only', '@acme/provider-chat-only');
let chatOnly: Bench;
let whole: Bench;
beforeAll(async () => {
  const sections = { retry: { attempts: 1 } };
  chatOnly = await openBench({ sections, plugins: ['@acme/provider-chat-only'], pluginRoots: [house.root], main: { provider: 'chat-only' } });
  whole = await openBench({ sections, pass: false });
});
beforeEach(() => {
  chatOnly.simulator.clear();
  whole.simulator.clear();
});
afterAll(async () => {
  await chatOnly.close();
  await whole.close();
  house.remove();
});

interface Answered {
  readonly status: number;
  readonly notes: readonly string[];
  readonly text: string;
  readonly error: { readonly code?: string; readonly param?: string } | undefined;
}
const parsed = (text: string): { readonly error?: Answered['error'] } => {
  try {
    return JSON.parse(text) as { readonly error?: Answered['error'] };
  } catch {
    return {};
  }
};
/** Bytes of a stream; the ones behind `first` come once the client has the head, and `first` with it. */
const inTwo = (bench: Bench, first: string, rest: string): (() => void) => {
  const { promise: until, resolve } = Promise.withResolvers<void>();
  bench.simulator.script({ headers: { 'content-type': 'text/event-stream' }, body: first + rest, stall: { at: first.length, until } });
  return resolve;
};
interface Asking {
  readonly headers?: Readonly<Record<string, string>>;
  readonly opened?: () => void;
}
const ask = async (bench: Bench, path: string, body: object, { headers, opened }: Asking = {}): Promise<Answered> => {
  const answer = await fetch(`${bench.url}/openai/main/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'gpt-4o-mini', ...body }),
  });
  opened?.();
  const text = await answer.text();
  const notes = answer.headers.get('x-lpa-fidelity')?.split(',') ?? [];
  return { status: answer.status, notes, text, error: parsed(text).error };
};
const sent = (bench: Bench): Readonly<Record<string, unknown>> => bench.simulator.requests.at(-1)?.json() as Readonly<Record<string, unknown>>;

describe('what a client learns of losses', () => {
  const image = { type: 'input_image', image_url: 'data:image/png;base64,AAAA' };
  const input = [
    { role: 'user', content: 'hi', foo: 1 },
    { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm.' }] },
    { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c1', output: [image] },
    {
      role: 'assistant',
      content: [
        { type: 'output_text', text: 'Seen.', annotations: [{ type: 'url_citation', start_index: 0, end_index: 4, url: 'https://example.com/', title: 't' }] },
      ],
    },
    { role: 'user', content: [{ type: 'input_text', text: 'and?', bar: 2 }] },
  ];
  it('is said in the names of responses, whatever has no place in chat', async () => {
    const { status, notes } = await ask(chatOnly, '/responses', { input, metadata: { a: 'b' }, text: { verbosity: 'low' }, max_tool_calls: 1 });
    expect(status).toBe(200);
    expect(notes).toEqual(expect.arrayContaining(['ignored=input[].foo', 'ignored=input[].summary', 'emulated=input[].output', 'ignored=max_tool_calls']));
    expect(notes.filter((note) => CANONICAL.test(note))).toEqual([]);
  });
  it('is said in the names of completions', async () => {
    const { status, notes } = await ask(chatOnly, '/completions', { prompt: 'x', stop: ['a', 'b', 'c', 'd', 'e'], best_of: 1, echo: false, other: 1 });
    expect(status).toBe(200);
    expect(notes).toEqual(expect.arrayContaining(['clamped=stop', 'ignored=other', 'defaulted=max_tokens']));
    expect(notes.filter((note) => CANONICAL.test(note))).toEqual([]);
    expect(sent(chatOnly)).toMatchObject({ stop: ['a', 'b', 'c', 'd'] });
    for (const name of ['best_of', 'echo', 'prompt', 'other']) expect(sent(chatOnly)).not.toHaveProperty(name);
  });
  it('is refused by the same name when nothing may be lost', async () => {
    const { status, error } = await ask(
      chatOnly,
      '/responses',
      { input: [{ role: 'user', content: 'hi', foo: 1 }] },
      { headers: { 'x-lpa-fidelity': 'reject' } },
    );
    expect([status, error]).toEqual([400, expect.objectContaining({ code: 'unsupported_parameter', param: 'input[].foo' })]);
  });
  it.each([
    [{ store: true }, 'ignored=store'],
    [{ include: ['reasoning.encrypted_content'] }, 'emulated=include'],
    [{ stream_options: { include_obfuscation: true }, stream: true }, 'ignored=stream_options.include_obfuscation'],
  ])('names what the gateway answers in its own way: %j', async (more, note) => {
    expect((await ask(chatOnly, '/responses', { input: 'hi', ...more })).notes).toContain(note);
    expect((await ask(whole, '/responses', { input: 'hi', ...more })).notes).not.toContain(note);
    expect((await ask(chatOnly, '/responses', { input: 'hi', store: false, include: [] })).notes).not.toContain(note);
  });
  it('names options of a stream of completions too', async () => {
    const { notes } = await ask(chatOnly, '/completions', { prompt: 'x', stream: true, stream_options: { include_usage: true, include_obfuscation: true } });
    expect(notes).toContain('ignored=stream_options.include_obfuscation');
    expect(notes.join()).not.toContain('include_usage');
  });
});

describe('what was lost after the head of a stream was sent', () => {
  const seen = async (bench: Bench, name: string): Promise<string | undefined> =>
    new RegExp(`^llm_proxy_fidelity_total\\{param="${name}"\\} (\\d+)$`, 'm').exec(await bench.gateway.metrics.text())?.[1];
  it('stands in the line of the request and in the metric, by names of a closed set', async () => {
    const url = 'https://cited.example/';
    const annotations = [{ type: 'url_citation', url_citation: { url, title: 't', start_index: 0, end_index: 2 } }];
    const opened = inTwo(chatOnly, begun, sse(chunk({ content: 'lo', annotations }), chunk({}, 'stop'), '[DONE]'));
    const [before, lines] = [await seen(chatOnly, 'choices'), chatOnly.lines.length];
    const { notes, text } = await ask(chatOnly, '/completions', { prompt: 'x', max_tokens: 9, stream: true }, { opened });
    expect([notes, text.includes('[DONE]')]).toEqual([[], true]);
    const line = await chatOnly.line((one) => one.msg === 'request' && chatOnly.lines.indexOf(one) >= lines);
    expect(line.fidelity).toBe('ignored=choices');
    expect(await seen(chatOnly, 'choices')).toBe(String(Number(before ?? 0) + 1));
    expect(chatOnly.logText()).not.toContain(url);
  });
  it('is nothing where nothing was lost', async () => {
    const lines = whole.lines.length;
    await ask(whole, '/chat/completions', { messages: [{ role: 'user', content: 'x' }], stream: true });
    const line = await whole.line((one) => one.msg === 'request' && whole.lines.indexOf(one) >= lines);
    expect(Object.keys(line)).not.toContain('fidelity');
  });
});

describe('a grammar of responses', () => {
  it('reaches chat as chat has it', async () => {
    const grammar = { syntax: 'lark', definition: 'start: "a"' };
    const { status } = await ask(chatOnly, '/responses', { input: 'hi', tools: [{ type: 'custom', name: 'sql', format: { type: 'grammar', ...grammar } }] });
    expect(status).toBe(200);
    expect(sent(chatOnly).tools).toEqual([{ type: 'custom', custom: { name: 'sql', format: { type: 'grammar', grammar } } }]);
  });
});

describe('a parameter of the wrong type', () => {
  const messages = [{ role: 'user', content: 'x' }];
  it.each([
    ...['temperature', 'top_p', 'max_output_tokens', 'top_logprobs', 'max_tool_calls'].map(
      (name) => ['/responses', { input: 'x', [name]: 'hot' }, name] as const,
    ),
    ...['user', 'service_tier', 'instructions', 'truncation', 'prompt_cache_key'].map((name) => ['/responses', { input: 'x', [name]: 7 }, name] as const),
    ...['parallel_tool_calls', 'store', 'background'].map((name) => ['/responses', { input: 'x', [name]: 'yes' }, name] as const),
    ...['text', 'reasoning', 'metadata'].map((name) => ['/responses', { input: 'x', [name]: 'x' }, name] as const),
    ['/responses', { input: 'x', reasoning: { effort: 3 } }, 'reasoning.effort'] as const,
    ['/responses', { input: 'x', text: { format: 'json' } }, 'text.format'] as const,
    ...['temperature', 'n', 'best_of', 'logprobs', 'max_tokens', 'seed'].map((name) => ['/completions', { prompt: 'x', [name]: 'hot' }, name] as const),
    ...['echo'].map((name) => ['/completions', { prompt: 'x', [name]: 'yes' }, name] as const),
    ...['suffix', 'user', 'stop', 'logit_bias'].map((name) => ['/completions', { prompt: 'x', [name]: 7 }, name] as const),
    ['/completions', { prompt: 'x', logit_bias: { 5: 'much' } }, 'logit_bias'] as const,
  ])('is refused on its way to chat: %s %j', async (path, body, param) => {
    const { status, error } = await ask(chatOnly, path, body);
    expect([status, error]).toEqual([400, expect.objectContaining({ code: 'invalid_request', param })]);
    expect(chatOnly.simulator.requests).toHaveLength(0);
  });
  it.each([
    ...['temperature', 'top_p', 'n', 'seed', 'max_tokens', 'max_completion_tokens', 'presence_penalty', 'frequency_penalty', 'top_logprobs'].map(
      (name) => ['/chat/completions', { messages, [name]: 'hot' }, name] as const,
    ),
    ...['user', 'service_tier', 'reasoning_effort', 'verbosity', 'stop', 'logit_bias', 'metadata'].map(
      (name) => ['/chat/completions', { messages, [name]: 7 }, name] as const,
    ),
    ...['logprobs', 'parallel_tool_calls', 'store'].map((name) => ['/chat/completions', { messages, [name]: 'yes' }, name] as const),
    ['/embeddings', { input: 'x', dimensions: 'many' }, 'dimensions'] as const,
    ['/embeddings', { input: 'x', user: 7 }, 'user'] as const,
    ['/embeddings', { input: 'x', encoding_format: 7 }, 'encoding_format'] as const,
  ])('is refused by a translated surface: %s %j', async (path, body, param) => {
    const { status, error } = await ask(whole, path, body);
    expect([status, error]).toEqual([400, expect.objectContaining({ code: 'invalid_request', param })]);
  });
  it('several answers of which the best counts are refused', async () => {
    const { status, error } = await ask(chatOnly, '/completions', { prompt: 'x', best_of: 2 });
    expect([status, error]).toEqual([400, expect.objectContaining({ code: 'unsupported_parameter', param: 'best_of' })]);
  });
});

describe('a stream without its finish', () => {
  it('is no completed response', async () => {
    const { text } = await ask(chatOnly, '/responses', { input: 'x', stream: true }, { opened: inTwo(chatOnly, begun, sse('[DONE]')) });
    expect(text).toContain('event: response.failed');
    expect(text).not.toContain('response.completed');
    expect(text).toContain('upstream_stream_truncated');
  });
  it.each([
    ['/chat/completions', { messages: [{ role: 'user', content: 'x' }] }, () => whole],
    ['/completions', { prompt: 'x' }, () => chatOnly],
  ])('ends %s with an error and without [DONE]', async (path, body, bench) => {
    const { text } = await ask(bench(), path, { ...body, stream: true }, { opened: inTwo(bench(), begun, sse('[DONE]')) });
    expect(text).toContain('Hel');
    expect(text).toContain('"code":"upstream_stream_truncated"');
    expect(text).not.toContain('[DONE]');
  });
});

describe('a whole answer without choices to a request for a stream', () => {
  it.each([
    ['/chat/completions', { messages: [{ role: 'user', content: 'x' }] }],
    ['/responses', { input: 'x' }],
  ])('is 502: %s', async (path, body) => {
    chatOnly.simulator.script({ body: { object: 'chat.completion', choices: [] } });
    const { status, error } = await ask(chatOnly, path, { ...body, stream: true });
    expect([status, error?.code]).toEqual([502, 'upstream_bad_response']);
  });
});
