import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { chat, messages, SMALL } from './support/limited.ts';
import { type Oracle, oracle } from './support/oracle.ts';
import { answersIn, codeOf, FORM_TYPE, field, file, form, type Got, type Sent } from './support/raw.ts';
import { cpuTime } from './support/turns.ts';

const CHAT = '/openai/main/v1/chat/completions';
const NATIVE = '/transparent/main/v1/chat/completions';
const BOTH = [CHAT, NATIVE] as const;
const LIMIT = 1_048_576;
let bench: Bench;
let watch: Oracle;
beforeAll(async () => {
  bench = await openBench({ sections: { server: { port: 0, bodyLimit: '1MiB' }, retry: { attempts: 1 } } });
  watch = oracle(bench);
});
afterEach(() => watch.holds());
afterAll(() => bench.close());
const post = (path: string, body: string | Uint8Array, headers: Sent['headers'] = {}): Promise<Got> =>
  watch.ask({ path, headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', ...headers }, body });
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`;
const untouched = (): void => expect(bench.simulator.requests).toEqual([]);

describe('5.1 content types and codings', () => {
  test.each([
    ['a tab inside', 'application/json\ta'],
    ['more words', 'application/json garbage'],
    ['text', 'text/plain'],
    ['none', ''],
    ['UTF-7', 'application/json; charset=utf-7'],
    ['UTF-16', 'application/json; charset=utf-16'],
    ['latin1', 'application/json; charset=iso-8859-1'],
    ['another parameter', 'application/json; x=y'],
    ['a list', 'application/json, text/plain'],
    ['a form of fields', 'application/x-www-form-urlencoded'],
    ['no form of this operation', 'multipart/form-data; boundary=x'],
  ])('A091 %s is 415 in protocol mode', async (_name, type) => {
    expect(answer(await post(CHAT, chat(SMALL), { 'content-type': type }))).toBe('415 unsupported_media_type');
    untouched();
  });
  test.each(['application/json', 'application/json; charset=utf-8', 'application/json;charset="UTF-8"', 'APPLICATION/JSON', 'application/json;'])(
    'A091 %s is JSON',
    async (type) => {
      expect((await post(CHAT, chat(SMALL), { 'content-type': type })).status).toBe(200);
    },
  );
  test.each([
    ['said and plain', 'gzip', chat(SMALL)],
    ['real', 'gzip', gzipSync(chat(SMALL))],
    ['a bomb', 'gzip', gzipSync(Buffer.alloc(64 * LIMIT))],
    ['twice', 'gzip, gzip', gzipSync(gzipSync(chat(SMALL)))],
    ['brotli', 'br', chat(SMALL)],
    ['unknown', 'x', chat(SMALL)],
  ])('A095 a coding: %s is 415 in protocol mode', async (_name, coding, body) => {
    expect(answer(await post(CHAT, body, { 'content-encoding': coding }))).toBe('415 unsupported_media_type');
    untouched();
  });
  test('A095 transparent mode hands a coded body on as it is, without decoding it', async () => {
    const body = gzipSync(JSON.stringify({ model: 'text-embedding-3-small', input: 'hi' }));
    bench.simulator.script({ status: 400 });
    expect((await post('/transparent/main/v1/embeddings', body, { 'content-encoding': 'gzip' })).status).toBe(400);
    expect(bench.simulator.requests.map((r) => [r.header('content-encoding'), Buffer.compare(r.body, body)])).toEqual([['gzip', 0]]);
  });
});

const nest = (depth: number, open: string, close: string, inside = '1'): string => open.repeat(depth) + inside + close.repeat(depth);
describe('5.1 the text of a body', () => {
  const model = JSON.stringify(SMALL);
  const rest = `"messages":${JSON.stringify(messages)}`;
  const bodies: readonly (readonly [name: string, body: string | Uint8Array, wanted: string])[] = [
    ['A071 model twice', `{"model":${model},"model":"gpt-4o",${rest}}`, '400 invalid_request'],
    ['A071 stream twice', `{"model":${model},"stream":false,"stream":true,${rest}}`, '400 invalid_request'],
    ['A071 stream twice, escaped', `{"model":${model},"stream":false,"str\\u0065am":true,${rest}}`, '400 invalid_request'],
    ['A071 stream as text', `{"model":${model},"stream":"true",${rest}}`, '400 invalid_request'],
    ['A073 __proto__', `{"model":${model},"__proto__":{"polluted":1},${rest}}`, '400 invalid_request'],
    ['A073 __proto__ deep', `{"model":${model},"metadata":{"a":[{"__proto__":{"polluted":1}}]},${rest}}`, '400 invalid_request'],
    ['A073 __proto__ escaped', `{"model":${model},"\\u005f_proto__":{"polluted":1},${rest}}`, '400 invalid_request'],
    ['A073 constructor.prototype', `{"model":${model},"constructor":{"prototype":{"polluted":1}},${rest}}`, '400 invalid_request'],
    ['A073 constructor.prototype in a tool', `{"model":${model},"tools":[{"constructor":{"prototype":{"polluted":1}}}],${rest}}`, '400 invalid_request'],
    ['A074 65 levels of arrays', `{"model":${model},"x":${nest(64, '[', ']')},${rest}}`, '400 invalid_request'],
    ['A074 5,000 levels of arrays', `{"model":${model},"x":${nest(5_000, '[', ']')},${rest}}`, '400 invalid_request'],
    ['A074 5,000 levels of objects', `{"model":${model},"x":${nest(5_000, '{"a":', '}')},${rest}}`, '400 invalid_request'],
    ['A074 100,000 levels of objects', `{"model":${model},"x":${nest(100_000, '{"a":', '}')},${rest}}`, '400 invalid_request'],
    ['A074 100,000 levels that never close', `{"model":${model},"x":${'['.repeat(100_000)}`, '400 invalid_request'],
    ['invalid UTF-8', Buffer.concat([Buffer.from(`{"model":${model},"user":"`), Buffer.from([0xff, 0xfe]), Buffer.from(`",${rest}}`)]), '400 invalid_json'],
    [
      'half a surrogate in bytes',
      Buffer.concat([Buffer.from(`{"model":${model},"user":"`), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from(`",${rest}}`)]),
      '400 invalid_json',
    ],
    ['a byte order mark', `\ufeff{"model":${model},${rest}}`, '400 invalid_json'],
    ['NaN', `{"model":${model},"temperature":NaN,${rest}}`, '400 invalid_json'],
    ['a control character', `{"model":${model},"user":"a\u0001b",${rest}}`, '400 invalid_json'],
    ['empty', '', '400 invalid_json'],
    ['spaces', '   ', '400 invalid_json'],
    ['something behind it', `{"model":${model},${rest}} x`, '400 invalid_json'],
  ];
  test.each(bodies)('%s', async (_name, body, wanted) => {
    const spent = cpuTime();
    const got = await post(CHAT, body);
    expect(answer(got)).toMatch(new RegExp(`^${wanted}$`));
    expect(got.text).not.toMatch(/call stack|RangeError|position \d+|polluted/i);
    expect(spent()).toBeLessThan(50);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    untouched();
  });
  test.each(BOTH)('A074 63 levels and numbers that no double holds pass unchanged by %s', async (path) => {
    const body = `{"model":${model},"metadata":{"n":12345678901234567890},"seed":9007199254740993,"x":${nest(62, '[', ']', '1e400')},${rest}}`;
    bench.simulator.script({ status: 400 });
    await post(path, body);
    expect(bench.simulator.requests.map((r) => r.body.toString())).toEqual([body]);
  });
  test.each(BOTH)('A074 JSON inside a string may be as deep as it likes by %s', async (path) => {
    const args = nest(5_000, '[', ']');
    const body = JSON.stringify({
      model: SMALL,
      messages: [
        ...messages,
        { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: args } }] },
        { role: 'tool', tool_call_id: 'c', content: args },
      ],
    });
    bench.simulator.script({ status: 400 });
    await post(path, body);
    expect(bench.simulator.requests.map((r) => r.body.toString())).toEqual([body]);
  });
  test('A073 an answer of the provider pollutes nothing', async () => {
    bench.simulator.script({ body: `{"id":"x","__proto__":{"polluted":1},"choices":[]}`, headers: { 'content-type': 'application/json' } });
    await post(CHAT, chat(SMALL));
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
  test('A073 names of form fields pollute nothing', async () => {
    const path = '/openai/main/v1/audio/transcriptions';
    for (const name of ['__proto__', '__proto__[polluted]', 'constructor.prototype.polluted']) {
      const got = await post(path, form([field('model', 'whisper-1'), field(name, '1'), file('file', 'RIFF', 'a.wav')]), { 'content-type': FORM_TYPE });
      expect(answer(got), name).toBe('400 invalid_request');
    }
    untouched();
  });
});

describe('5.4 size (A092)', () => {
  const sized = (size: number): string => {
    const empty = chat(SMALL, { user: '' });
    return chat(SMALL, { user: 'u'.repeat(size - empty.length) });
  };
  test.each(BOTH)('exactly the limit passes by %s, one byte more is 413', async (path) => {
    bench.simulator.script({ status: 400 });
    expect((await post(path, sized(LIMIT))).status).toBe(400);
    expect(bench.simulator.requests.map((r) => r.body.length)).toEqual([LIMIT]);
    bench.simulator.clear();
    expect(answer(await post(path, sized(LIMIT + 1)))).toBe('413 body_too_large');
    untouched();
  });
  test.each(BOTH)('a length over the limit is refused before a byte of it, by %s', async (path) => {
    const text = await watch.wire(`POST ${path} HTTP/1.1\r\n${watch.head}Content-Type: application/json\r\nContent-Length: ${LIMIT + 1}\r\n\r\n`);
    expect(answersIn(text)).toMatchObject([{ status: 413, code: 'body_too_large', close: true }]);
    untouched();
  });
  test.each(BOTH)('what stands behind a refused body is not called, by %s', async (path) => {
    const begin = `POST ${path} HTTP/1.1\r\n${watch.head}Content-Type: application/json\r\nContent-Length: `;
    const [long, next] = [sized(LIMIT + 1), chat(SMALL)];
    const text = await watch.wire(`${begin}${long.length}\r\n\r\n${long}${begin}${next.length}\r\n\r\n${next}`);
    expect(answersIn(text)).toMatchObject([{ status: 413, code: 'body_too_large', close: true }]);
    untouched();
  });
  test.each(BOTH)('chunks over the limit end the request by %s', async (path) => {
    const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`;
    const text = await watch.wire(
      `POST ${path} HTTP/1.1\r\n${watch.head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(17)}`,
    );
    expect(answersIn(text)).toMatchObject([{ status: 413, code: 'body_too_large' }]);
    expect(bench.simulator.requests.filter((r) => r.complete)).toEqual([]);
  });
  test.each(BOTH)('chunks of one byte are a body by %s', async (path) => {
    const body = chat(SMALL);
    const chunks = [...body].map((c) => `1\r\n${c}\r\n`).join('');
    const text = await watch.wire(
      `POST ${path} HTTP/1.1\r\n${watch.head}Connection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`,
    );
    expect(answersIn(text)).toMatchObject([{ status: 200 }]);
    expect(bench.simulator.requests.map((r) => r.body.toString())).toEqual([body]);
  });
  test('a form of more than 64 parts is 400', async () => {
    const parts = [field('model', 'whisper-1'), ...Array.from({ length: 64 }, (_, i) => field(`f${i}`, 'x'))];
    expect(answer(await post('/openai/main/v1/audio/transcriptions', form(parts), { 'content-type': FORM_TYPE }))).toBe('400 invalid_request');
    untouched();
  });
});
