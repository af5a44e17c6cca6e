import { describe, expect, it } from 'vitest';
import { chatTap, completionsTap } from '../src/tap.ts';
import { jsonTap } from '../src/tap-json.ts';
import { chatEvents, dialect, payloads, piecesOf, recordedStreams } from './support.ts';

const chunk = (delta: object, more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'gpt-4.1', choices: [{ index: 0, delta, logprobs: null, finish_reason: null }], ...more })}\n\n`;
const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10, prompt_tokens_details: { cached_tokens: 9 } };
const DONE = 'data: [DONE]\n\n';
const FINISH = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n';
const watch = (pieces: readonly string[], asked = false, tap = chatTap('sse', asked)) => {
  const states = pieces.map((piece) => {
    tap.bytes(Buffer.from(piece));
    return tap.state;
  });
  return { tap, states };
};

describe('a stream that nobody asks about before its end', () => {
  const text = chunk({ role: 'assistant', content: '' }) + chunk({ content: 'x'.repeat(300) }).repeat(200);
  const last = FINISH + chunk({}, { usage }) + DONE;
  const verdict = (whole: string, size: number, each: boolean) => {
    const tap = chatTap('sse', false);
    for (const event of (whole.match(/[\s\S]*?\n\n/g) ?? []).reduce<string[]>((joined, one) => {
      const open = joined.at(-1);
      if (open !== undefined && open.length < size) joined[joined.length - 1] = open + one;
      else joined.push(one);
      return joined;
    }, [])) {
      tap.bytes(Buffer.from(event));
      if (each) tap.state;
    }
    return tap.end();
  };
  it.each([1, 1000, 5000, 30_000, 100_000])('is told the same as one that is watched, in pieces of %i bytes', (size) => {
    for (const whole of [text + last, text + FINISH, `${text}data: {"error":{"message":"boom","type":"server_error"}}\n\n`, last])
      expect(verdict(whole, size, false)).toEqual(verdict(whole, size, true));
    expect(verdict(text + last, size, false)).toMatchObject({ complete: true, usage: { input: 7, output: 3 }, model: 'gpt-4.1', id: 'c1' });
  });
  it('keeps the ids of answers that are spoken, wherever they begin', () => {
    const spoken = chunk({ audio: { id: 'audio_1', data: 'x' } }) + text + chunk({ audio: { id: 'audio_2', data: 'x' } }) + text + last;
    for (const size of [1000, 1_000_000]) expect(verdict(spoken, size, false).ids).toEqual(['audio_1', 'audio_2']);
  });
});

describe('the tap of a passing chat stream', () => {
  it.each(['\n', '\r', '\r\n'])('says where in the last piece the terminal event ends: %j', (line) => {
    const own = (chunk({ content: '€' }) + FINISH + DONE).replaceAll('\n', line);
    const { tap, states } = watch([chunk({ content: 'a [DONE]' }), own + (chunk({ content: 'b' }, { usage }) + DONE).replaceAll('\n', line)]);
    expect([states, tap.ended]).toEqual([['content', 'done'], Buffer.byteLength(own)]);
    expect(tap.end().usage).toBeUndefined();
  });
  it('says no end before there is one', () => {
    expect(watch([chunk({ content: '[DONE]' }), chunk({ content: 'b' })]).tap.ended).toBeUndefined();
  });
  it.each([
    ['a role', { role: 'assistant', content: '', refusal: null }, 'waiting'],
    ['nothing', {}, 'waiting'],
    ['text', { content: 'a' }, 'content'],
    ['text that begins with a quote', { content: '"' }, 'content'],
    ['a refusal', { refusal: 'no' }, 'content'],
    [
      'a tool call',
      { role: 'assistant', content: null, tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '' } }] },
      'content',
    ],
    ['a legacy call', { function_call: { name: 'f', arguments: '' } }, 'content'],
    ['audio', { audio: { id: 'a', transcript: 'hi' } }, 'content'],
    ['reasoning', { reasoning_content: 'so' }, 'content'],
  ])('sees %s as what it is', (_what, delta, state) => {
    expect(watch([chunk(delta)]).states).toEqual([state]);
  });
  it('is not misled by text that looks like the end, usage or an error', () => {
    const text = '\n\ndata: [DONE]\n\n","usage":{"prompt_tokens":99},"error":{"message":"x"},"x":"';
    const { tap, states } = watch([chunk({ content: text }), chunk({ content: '[DONE]' })]);
    expect(states).toEqual(['content', 'content']);
    expect(tap.end()).toMatchObject({ complete: false, usage: undefined, error: undefined, model: 'gpt-4.1' });
  });
  it('ends at the error event: no [DONE] behind it is forwarded, in the same piece or a later one', () => {
    const error = 'data: {"error":{"message":"boom","type":"server_error","param":null,"code":null}}\n\n';
    const { tap, states } = watch([chunk({ content: 'a' }), chunk({ content: 'b' }) + error + DONE]);
    expect([states.at(-1), tap.ended]).toEqual(['failed', Buffer.byteLength(chunk({ content: 'b' }) + error)]);
    tap.bytes(Buffer.from(DONE));
    expect([tap.state, tap.ended, tap.end().complete]).toEqual(['failed', 0, false]);
  });
  it.each(['\n', '\r\n'])('keeps a [DONE] back that comes without any finish: %j', (line) => {
    const own = chunk({ content: 'b' }).replaceAll('\n', line);
    const { tap, states } = watch([chunk({ content: '"finish_reason":"stop"' }), own + DONE.replaceAll('\n', line)]);
    expect([states.at(-1), tap.ended, tap.end().complete]).toEqual(['content', Buffer.byteLength(own), false]);
  });
  it('is complete only at [DONE]', () => {
    expect(watch([chunk({ content: 'a' }), FINISH]).tap.end().complete).toBe(false);
    expect(watch([chunk({ content: 'a' }), FINISH, DONE]).tap.end().complete).toBe(true);
  });
  it.each([['\r\n'], ['\r'], ['\n']])('ends with line ends %j', (eol) => {
    expect(watch([`${chunk({ content: 'a' })}${FINISH}${DONE}`.replaceAll('\n', eol)]).states).toEqual(['done']);
  });
  it('names the spoken answers, and only those', () => {
    const spoken = (id: string): string => chunk({ audio: { id, transcript: 'hi' } });
    expect(watch([chunk({ role: 'assistant' }), spoken('audio_1'), chunk({ audio: { data: 'AAAA' } }), spoken('audio_2'), DONE]).tap.end().ids).toEqual([
      'audio_1',
      'audio_2',
    ]);
    expect(watch([chunk({ content: '"audio":{"id":"audio_1"}' }), DONE]).tap.end().ids).toBeUndefined();
  });
  it('counts usage of a chunk with an empty delta, and clamps cached tokens', () => {
    const { tap } = watch([chunk({ content: 'a' }), chunk({}, { usage }), DONE]);
    expect(tap.end().usage).toMatchObject({ input: 7, output: 3, cacheRead: 7, estimated: false });
  });
  it('fails at an error event and does not recover', () => {
    const { tap, states } = watch([chunk({ content: 'a' }), 'data: {"error":{"message":"gone","type":"server_error","param":null,"code":null}}\n\n', DONE]);
    expect(states).toEqual(['content', 'failed', 'failed']);
    expect(tap.end()).toMatchObject({ complete: false, error: { code: 'upstream_bad_response', message: 'gone' } });
  });
  it('takes out exactly what the gateway asked for', () => {
    const events = [
      chunk({ content: 'a' }, { usage: null }),
      chunk({ content: 'b,"usage":null' }, { usage: null, obfuscation: 'x' }),
      chunk({}, { choices: [], usage }),
      DONE,
    ];
    const plain = [chunk({ content: 'a' }), chunk({ content: 'b,"usage":null' }, { obfuscation: 'x' }), DONE].join('');
    for (const pieces of [events, [events.join('')]]) {
      const tap = chatTap('sse', true);
      const out = pieces.map((piece) => {
        const bytes = Buffer.from(piece);
        tap.bytes(bytes);
        return Buffer.from(tap.cut?.(bytes) ?? bytes).toString();
      });
      expect(out.join('')).toBe(plain);
      expect(tap.end().usage?.input).toBe(7);
    }
  });
  it('keeps the content of a chunk that carries usage beside it', () => {
    const tap = chatTap('sse', true);
    const bytes = Buffer.from(chunk({ content: 'é' }, { usage, x: 1 }));
    tap.bytes(bytes);
    expect(Buffer.from(tap.cut?.(bytes) ?? '').toString()).toBe(chunk({ content: 'é' }, { x: 1 }));
  });
  it('cuts nothing when the client asked for usage itself', () => {
    const tap = chatTap('sse', false);
    const bytes = Buffer.from('data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}\n\n');
    tap.bytes(bytes);
    expect(tap.cut?.(bytes)).toBe(bytes);
  });
  it('writes an error event with our code and never [DONE]', () => {
    const text = String(chatTap('sse', false).fail({ code: 'upstream_stream_truncated', status: 502, message: 'cut' }));
    expect(text).toBe('data: {"error":{"message":"cut","type":"server_error","param":null,"code":"upstream_stream_truncated"}}\n\n');
    expect(chatTap('sse', false).idle?.()).toBe(': ping\n\n');
  });
});

describe.each(recordedStreams)('the recorded stream $name', ({ bytes }) => {
  const events = piecesOf(bytes);
  let length = 0;
  const ends = events.map((piece) => {
    length += piece.length;
    return length;
  });
  it('gives tap and reader the same verdict wherever it is cut', () => {
    const step = Math.max(1, Math.floor(bytes.length / 500));
    for (let at = 0; at <= bytes.length; at += at > bytes.length - 40 ? 1 : step) {
      const whole = ends.filter((end) => end <= at).length;
      const tail = bytes.subarray(ends[whole - 1] ?? 0, at);
      const tap = chatTap('sse', false);
      for (const piece of events.slice(0, whole)) tap.bytes(piece);
      // The core hands over a last event without its empty line as if it had one.
      if (tail.length > 0) tap.bytes(Buffer.concat([tail, Buffer.from('\n\n')]));
      const read = chatEvents(bytes.subarray(0, at));
      expect({ at, complete: tap.end().complete }).toEqual({ at, complete: read.some((e) => e.type === 'end') });
    }
  });
  it('has the usage and the model that reading it gives', () => {
    const tap = chatTap('sse', false);
    for (const piece of events) tap.bytes(piece);
    const read = chatEvents(bytes);
    const used = read.find((e) => e.type === 'usage');
    const start = read.find((e) => e.type === 'start');
    expect(tap.end().usage).toEqual(used?.type === 'usage' ? used.usage : undefined);
    expect(tap.end().model).toBe(start?.type === 'start' ? start.model : undefined);
  });
});

describe('the taps of other answers', () => {
  it('reads usage and model of a whole answer, in pieces cut anywhere', () => {
    const body = Buffer.from(JSON.stringify({ id: 'x', model: 'gpt-4.1', choices: [], usage }));
    for (let at = 0; at <= body.length; at++) {
      const tap = jsonTap();
      tap.bytes(body.subarray(0, at));
      expect(tap.end().complete).toBe(at === body.length);
      tap.bytes(body.subarray(at));
      expect(tap.end()).toMatchObject({ complete: true, model: 'gpt-4.1', usage: { input: 7, output: 3 } });
    }
  });
  it.each([
    ['a whole answer', '{"model":"gpt-é","usage":{"prompt_tokens":1},"choices":["€"],"usage":{"prompt_tokens":7,"x":"é}\\"€"},"after":"€"}', 7],
    ['one that is cut behind its usage', '{"choices":["€"],"usage":{"prompt_tokens":7},"after":"', 7],
    ['one that is cut in its usage', '{"choices":["€"],"usage":{"prompt_tokens":7,', undefined],
    ['one without usage', '{"choices":["€"]}', undefined],
    ['one whose usage is null', '{"choices":["€"],"usage":null}', undefined],
    ['nothing', '', undefined],
  ])('counts the same before and after the rest is asked for: %s', (_what, text, input) => {
    const answer = () => {
      const tap = jsonTap();
      tap.bytes(Buffer.from(text));
      return tap.end();
    };
    const late = answer();
    const { complete } = late;
    const early = answer();
    expect(early.usage).toEqual(late.usage);
    expect([early.usage?.input, early.complete, early.model]).toEqual([input, complete, late.model]);
  });
  it('finds usage at the end of an answer too large to keep', () => {
    const tap = jsonTap();
    tap.bytes(Buffer.from('{"object":"list","data":[{"embedding":"'));
    for (let i = 0; i < 40; i++) tap.bytes(Buffer.alloc(8192, 'A'));
    tap.bytes(Buffer.from('"}],"model":"e-1","usage":{"prompt_tokens":5,"total_tokens":5}}'));
    expect(tap.end()).toMatchObject({ complete: true, model: 'e-1', usage: { input: 5 } });
  });
  it('sees text of a completion', () => {
    const tap = completionsTap('sse', false);
    tap.bytes(Buffer.from('data: {"choices":[{"text":"","index":0}]}\n\n'));
    expect(tap.state).toBe('waiting');
    tap.bytes(Buffer.from('data: {"choices":[{"text":"a","index":0}]}\n\n'));
    expect(tap.state).toBe('content');
  });
  it('ends a stream of images at its own last event', () => {
    const tap = dialect.surfaces.find((s) => s.name === 'images')?.tap?.('sse', false);
    tap?.bytes(Buffer.from('event: image_generation.partial_image\ndata: {"type":"image_generation.partial_image","b64_json":"x"}\n\n'));
    expect(tap?.state).toBe('content');
    tap?.bytes(Buffer.from('event: image_generation.completed\ndata: {"type":"image_generation.completed","usage":{"input_tokens":4,"output_tokens":6}}\n\n'));
    expect(tap?.end()).toMatchObject({ complete: true, usage: { input: 4, output: 6 } });
  });
  it('reads payloads it wrote', () => expect(payloads(`data: {"a":1}\n\n${DONE}`)).toEqual([{ a: 1 }, '[DONE]']));
});
