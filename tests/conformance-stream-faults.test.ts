import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream';
import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import { ChatCompletionStream as ChatCompletionStream6 } from 'openai6/lib/ChatCompletionStream';
import { expect } from 'vitest';
import { chunk, completion, payloads, role, spoken, sse, stream } from './support/answers.ts';
import { all, chat, conformance, counting, thrown, type Under } from './support/conformance.ts';
import { countTurns } from './support/turns.ts';

const line = conformance();
const turns = countTurns();
const WIRE = { wire: true } as const;

const textOf = (chunks: readonly ChatCompletionChunk[]): string => chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
const streaming = (content = 'x') => ({ ...chat(content), stream: true as const });
const bytesOf = async ({ post }: Under, body: object = {}): Promise<string> => (await post('/chat/completions', { ...streaming(), ...body })).text();
/** What a loop over a stream saw before it threw. */
const broken = async ({ client }: Under) => {
  const seen: ChatCompletionChunk[] = [];
  const error = await thrown(
    (async () => {
      for await (const one of await client().chat.completions.create(streaming())) seen.push(one);
    })(),
  );
  return { seen, error };
};

line('61', 'an error before the first byte is an HTTP status, and the SDK tries again', async ({ bench, client, Sdk }) => {
  const busy = { status: 503, headers: { 'retry-after-ms': '5' } };
  bench.simulator.script(busy);
  const error = await thrown(client().chat.completions.create(streaming()));
  expect(error).toBeInstanceOf(Sdk.InternalServerError);
  expect([error.status, error.headers?.get('x-lpa-code')]).toEqual([503, 'upstream_overloaded']);
  bench.simulator.script(busy);
  const { fetch, retryCounts } = counting();
  expect(textOf(await all(await client({ fetch, maxRetries: 1 }).chat.completions.create(streaming())))).toBe('You said: x');
  expect(retryCounts).toEqual(['0', '1']);
  stream(bench.simulator, sse({ error: { message: 'Too much', type: 'server_error', param: null, code: 'server_is_overloaded' } }));
  expect((await thrown(client().chat.completions.create(streaming()))).status).toBe(503);
});

line('62', 'an error after bytes is an error event without [DONE]', async (under) => {
  const begun = sse(role, chunk({ content: 'Hel' }));
  const failing = begun + sse({ error: { message: 'It broke', type: 'server_error', param: null, code: 'boom' } });
  const inPieces = { rechunk: { size: begun.length }, delayChunk: 20 };
  stream(under.bench.simulator, failing, inPieces);
  const { seen, error } = await broken(under);
  expect(textOf(seen)).toBe('Hel');
  expect(error).toBeInstanceOf(under.Sdk.APIError);
  expect([error.status, error.code, error.message]).toEqual([undefined, 'boom', 'It broke']);
  stream(under.bench.simulator, failing + sse('[DONE]'), inPieces);
  const bytes = await bytesOf(under);
  expect(bytes).not.toContain('[DONE]');
  if (!under.repaired) expect(bytes).toBe(failing);
});

line('63', 'a reset in the middle is an error event, never a clean end', async (under) => {
  const body = spoken('Hel', 'lo');
  const at = body.indexOf('"lo"');
  for (const how of ['rst', 'fin'] as const) {
    stream(under.bench.simulator, body, { cut: { at, how } });
    const { seen, error } = await broken(under);
    expect(textOf(seen)).toBe('Hel');
    expect([error.status, error.code]).toEqual([undefined, 'upstream_stream_truncated']);
    stream(under.bench.simulator, body, { cut: { at, how } });
    expect(await bytesOf(under)).not.toContain('[DONE]');
  }
});

line('64', 'an end without a finish is an error event', async (under) => {
  stream(under.bench.simulator, sse(role, chunk({ content: 'Hel' })));
  const { error } = await broken(under);
  expect(error.code).toBe('upstream_stream_truncated');
  // A proxy in between may close a stream that it lost like one that was whole.
  for (const rechunk of ['whole', { size: 40 }] as const) {
    stream(under.bench.simulator, sse(role, chunk({ content: 'Hel' }), '[DONE]'), { rechunk });
    const bytes = await bytesOf(under);
    expect(bytes).toContain('"code":"upstream_');
    expect(bytes).not.toContain('[DONE]');
  }
});

line('65', 'a last event without its blank line is delivered', async ({ bench, client }) => {
  stream(bench.simulator, spoken('Hi').slice(0, -2));
  const final = await client().chat.completions.stream(chat('x')).finalChatCompletion();
  expect([final.choices[0]?.message.content, final.choices[0]?.finish_reason]).toEqual(['Hi', 'stop']);
});

line(
  '66',
  'line ends and pieces of any size read the same',
  async (under) => {
    const body = sse(role, chunk({ content: '👩‍👧 é' }), chunk({}, 'stop'), '[DONE]');
    const contents = (text: string): string =>
      payloads(text.replace(/\r\n?/g, '\n'))
        .map((one) => (one as unknown as ChatCompletionChunk).choices[0]?.delta.content ?? '')
        .join('');
    const ends = ['\n', '\r\n', '\r'];
    for (const [index, end] of ends.entries()) {
      const bytes = Buffer.from(body.replaceAll('\n', end));
      for (let size = 1; size <= bytes.length; size += index === 0 ? 1 : 7) {
        stream(under.bench.simulator, bytes, { rechunk: { size } });
        const got = await bytesOf(under);
        expect(contents(got), `${JSON.stringify(end)} in pieces of ${size}`).toBe('👩‍👧 é');
        expect(got.trimEnd().endsWith('data: [DONE]')).toBe(true);
        if (!under.repaired) expect(got).toBe(bytes.toString());
      }
    }
  },
  WIRE,
);

line('67', 'a client that leaves ends the upstream request', async ({ bench, client }) => {
  const body = spoken('Hel', 'lo');
  const stall = { stall: { at: body.indexOf(sse(chunk({ content: 'lo' }))) } };
  const left = async (): Promise<number> => {
    const leftAt = performance.now();
    const request = await bench.simulator.waitForAbort();
    return turns.between(leftAt, request.abortedAt ?? leftAt);
  };
  stream(bench.simulator, body, stall);
  for await (const _ of await client().chat.completions.create(streaming())) break;
  expect(await left()).toBeLessThan(1_000);
  stream(bench.simulator, body, stall);
  const aborting = await client().chat.completions.create(streaming());
  for await (const _ of aborting) aborting.controller.abort();
  expect(await left()).toBeLessThan(1_000);
  const hold = new AbortController();
  bench.simulator.script({ holdHead: new Promise(() => undefined) });
  const waiting = thrown(client().chat.completions.create(streaming('held'), { signal: hold.signal }));
  await bench.simulator.waitForRequest((request) => request.body.includes('held'));
  hold.abort();
  expect((await waiting).constructor.name).toBe('APIUserAbortError');
  expect(await left()).toBeLessThan(1_000);
});

line('68', 'a delta is not held back', async ({ bench, client }) => {
  const body = spoken('Hel', 'lo');
  const waits: number[] = [];
  for (let round = 0; round < 5; round++) {
    const { promise: until, resolve: go } = Promise.withResolvers<void>();
    stream(bench.simulator, body, { stall: { at: body.indexOf(sse(chunk({ content: 'lo' }))), until } });
    let text = '';
    for await (const one of await client().chat.completions.create(streaming())) {
      text += one.choices[0]?.delta.content ?? '';
      if (text !== 'Hel') continue;
      waits.push(await turns.between(bench.simulator.requests.at(-1)?.receivedAt ?? 0, performance.now()));
      go();
    }
    expect(text).toBe('Hello');
  }
  expect(Math.min(...waits)).toBeLessThan(50);
});

line(
  '69',
  'a slow client does not fill the memory',
  async ({ bench, post }) => {
    const word = 'w'.repeat(65_536);
    const body = spoken(...Array.from({ length: 800 }, () => word));
    stream(bench.simulator, body, { rechunk: { size: 65_536 } });
    const answer = await post('/chat/completions', streaming());
    const reader = answer.body?.getReader();
    await reader?.read();
    const sent = () => bench.simulator.requests.at(-1)?.bytesSent ?? 0;
    // The provider is stopped once nothing more is taken from it for a while.
    for (let before = -1; sent() !== before; ) {
      before = sent();
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(sent()).toBeLessThan(24_000_000);
    let tail = '';
    for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read()) tail = Buffer.from(piece.value).toString().slice(-100);
    expect(sent()).toBe(Buffer.byteLength(body));
    expect(tail.endsWith('data: [DONE]\n\n')).toBe(true);
  },
  WIRE,
);

line('70', 'a whole answer to a stream request becomes a stream', async ({ bench, client }) => {
  bench.simulator.script({ body: completion({}), headers: { 'content-type': 'application/json' } });
  const final = await client().chat.completions.stream(chat('x')).finalChatCompletion();
  expect([final.choices[0]?.message.content, final.choices[0]?.finish_reason]).toEqual(['hi', 'stop']);
  bench.simulator.script({ body: '<html>', headers: { 'content-type': 'text/html' } });
  expect((await thrown(client().chat.completions.create(streaming()))).status).toBe(502);
});

line(
  '71',
  'obfuscation passes, and is gone when not wanted',
  async (under) => {
    const has = (text: string) => payloads(text).some((one) => Object.hasOwn(one, 'obfuscation'));
    expect(has(await bytesOf(under))).toBe(!under.repaired);
    expect(has(await bytesOf(under, { stream_options: { include_obfuscation: false } }))).toBe(false);
  },
  WIRE,
);

line(
  '72',
  'reasoning is no member of a chat delta',
  async (under) => {
    const body = sse(role, chunk({ reasoning_content: 'Hmm' })) + spoken('Hi');
    stream(under.bench.simulator, body);
    const got = await bytesOf(under);
    if (!under.repaired) return expect(got).toBe(body);
    expect(got).not.toContain('reasoning');
    expect(got).toContain('"content":"Hi"');
  },
  WIRE,
);

line('73', '.tee() and .toReadableStream() work', async ({ client, sdk }) => {
  const [left, right] = (await client().chat.completions.create(streaming())).tee();
  expect([textOf(await all(left)), textOf(await all(right))]).toEqual(['You said: x', 'You said: x']);
  const readable = (await client().chat.completions.create(streaming())).toReadableStream();
  const From = sdk === 'openai 7' ? ChatCompletionStream : (ChatCompletionStream6 as unknown as typeof ChatCompletionStream);
  expect(await From.fromReadableStream(readable).finalContent()).toBe('You said: x');
});

line(
  '74',
  'chunks without choices or deltas do not reach a client',
  async (under) => {
    const filters = { prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }] };
    const azure = { ...chunk({}), id: '', model: '', created: 0, choices: [], ...filters };
    const late = { ...chunk({}), id: '', choices: [{ index: 0, finish_reason: null, content_filter_offsets: { check_offset: 1 } }] };
    const body = sse(azure, role, chunk({ content: 'Hi' }), chunk({}, 'stop'), late, '[DONE]');
    stream(under.bench.simulator, body);
    const got = await bytesOf(under);
    if (!under.repaired) return expect(got).toBe(body);
    const chunks = payloads(got) as unknown as ChatCompletionChunk[];
    expect(chunks.every(({ id, choices }) => id !== '' && choices.length === 1 && choices[0]?.delta !== undefined)).toBe(true);
    expect(textOf(chunks)).toBe('Hi');
  },
  WIRE,
);
