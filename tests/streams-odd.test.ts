import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { chunk, completion, payloads, role, spoken, sse } from './support/answers.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { type Received, type Wire, wireHttp1 } from './support/wires.ts';

const SSE = { 'content-type': 'text/event-stream; charset=utf-8' };
const JSON_TYPE = { 'content-type': 'application/json' };
const PATH = '/v1/chat/completions';
const LIMIT = 1024 * 1024;
const zeros = gzipSync(Buffer.alloc(200 * LIMIT));
const bodyOf = (stream: boolean): string => JSON.stringify({ model: 'gpt-4o-mini', stream, messages: [{ role: 'user', content: 'hi' }] });
const textOf = ({ body }: Received): string => body.toString();
const codeIn = (got: Received): unknown => (payloads(textOf(got)).at(-1)?.error as { code?: string } | undefined)?.code;
const codes = ({ status, headers, cut }: Received): unknown[] => [status, headers['x-lpa-code'], cut];

describe.each([
  ['passing', true],
  ['translated', false],
])('strange providers, %s', (_title, pass) => {
  let bench: Bench;
  let wire: Wire;
  beforeAll(async () => {
    bench = await openBench({ pass, sections: { retry: { attempts: 1 } }, main: { timeouts: { idle: '5s' } } });
    wire = wireHttp1(bench.url);
  });
  afterEach(() => bench.simulator.clear());
  afterAll(async () => {
    await wire.close();
    await bench.close();
  });
  const post = (prefix: string, stream: boolean): Promise<Received> =>
    wire.ask({ path: prefix + PATH, headers: { authorization: `Bearer ${bench.key}`, ...JSON_TYPE }, body: bodyOf(stream) });

  test.each(['/openai/main', '/transparent/main'])('%s: bytes after the end of an answer are never the next answer', async (prefix) => {
    const planted = JSON.stringify(completion({ message: { role: 'assistant', content: 'PLANTED', refusal: null } }));
    for (let i = 0; i < 20; i++) {
      bench.simulator.script({ extraAfterEnd: `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${planted.length}\r\n\r\n${planted}` });
      const answers = [await post(prefix, false), await post(prefix, false)];
      for (const got of answers) {
        expect(codes(got)).toEqual([200, undefined, false]);
        expect(textOf(got)).not.toContain('PLANTED');
      }
    }
  });

  test.each([
    ['line feeds', '\n'],
    ['carriage returns', '\r'],
    ['both', '\r\n'],
  ])("what stands behind [DONE] in the same read is nobody's: %s", async (_name, line) => {
    const whole = sse(role, chunk({ content: 'Hello' }), chunk({}, 'stop'), '[DONE]').replaceAll('\n', line);
    const behind = sse(chunk({ content: 'PLANTED' }), '[DONE]').replaceAll('\n', line);
    bench.simulator.script({ status: 200, headers: SSE, body: whole + behind });
    const got = await post('/openai/main', true);
    expect([got.status, got.cut]).toEqual([200, false]);
    expect(textOf(got)).not.toContain('PLANTED');
    expect(textOf(got).match(/\[DONE\]/g)).toHaveLength(1);
    if (pass) expect(textOf(got)).toBe(whole);
    else expect(textOf(got).endsWith('data: [DONE]\n\n')).toBe(true);
  });

  test.each([
    ['not JSON', 'data: {oops\n\n'],
    ['not an object', 'data: 7\n\n'],
    ['no field', 'garbage\n\n'],
    ['a lonely colon', ':\n\n'],
    ['a NUL', 'data: {"choices":[{"index":0,"delta":{"content":"\u0000"}}]}\n\n'],
    ['choices that are no list', 'data: {"choices":{}}\n\n'],
    ['another type', 'data: {"object":"list","data":[]}\n\n'],
  ])('a malformed frame in a stream, %s: the same bytes or an error, never half a truth', async (_name, frame) => {
    const body = sse(role, chunk({ content: 'Hel' })) + frame + sse(chunk({ content: 'lo' }), chunk({}, 'stop'), '[DONE]');
    bench.simulator.script({ status: 200, headers: SSE, body, rechunk: { size: 100 } });
    const got = await post('/openai/main', true);
    // Before content was sent, it can still be a status.
    if (!pass && got.status === 502) return expect(codes(got)).toEqual([502, 'upstream_bad_response', false]);
    expect([got.status, got.cut]).toEqual([200, false]);
    const text = textOf(got);
    if (text.includes('[DONE]')) {
      const said = payloads(text.replace(frame, '')).map(
        (event) => (event.choices as { delta?: { content?: string } }[] | undefined)?.[0]?.delta?.content ?? '',
      );
      expect(said.join('').replace('\u0000', '')).toBe('Hello');
      if (pass) expect(text).toBe(body);
    } else expect(codeIn(got)).toBe('upstream_bad_response');
  });

  test('F13: a stream that ends with its connection: whole with its terminal event, an error without', async () => {
    bench.simulator.script({ status: 200, headers: SSE, body: spoken('Hello'), closeDelimited: true });
    const whole = await post('/openai/main', true);
    expect([whole.status, whole.cut, textOf(whole).endsWith('data: [DONE]\n\n')]).toEqual([200, false, true]);
    bench.simulator.script({ status: 200, headers: SSE, body: spoken('Hello').slice(0, -20), closeDelimited: true });
    const half = await post('/openai/main', true);
    expect([half.status, half.cut, textOf(half).includes('[DONE]')]).toEqual([200, false, false]);
    // A reader of events takes the torn one for a bad one.
    expect(['upstream_stream_truncated', 'upstream_bad_response']).toContain(codeIn(half));
  });
  test('an answer in one piece that ends with its connection is whole or an error', async () => {
    const body = JSON.stringify(completion({}));
    bench.simulator.script({ status: 200, headers: JSON_TYPE, body, closeDelimited: true });
    expect(codes(await post('/openai/main', false))).toEqual([200, undefined, false]);
    bench.simulator.script({ status: 200, headers: JSON_TYPE, body: body.slice(0, -30), closeDelimited: true });
    const half = await post('/openai/main', false);
    expect(half.status).toBe(502);
    expect(['upstream_bad_response', 'upstream_stream_truncated']).toContain(half.headers['x-lpa-code']);
  });

  test.each([true, false])('F27: an answer that unfolds to 200 MB is refused unopened (stream: %s)', async (stream) => {
    const before = process.memoryUsage.rss();
    bench.simulator.script({ status: 200, headers: { ...(stream ? SSE : JSON_TYPE), 'content-encoding': 'gzip' }, body: zeros });
    expect(codes(await post('/openai/main', stream))).toEqual([502, 'upstream_bad_response', false]);
    bench.simulator.script({ status: 400, headers: { ...JSON_TYPE, 'content-encoding': 'gzip' }, body: zeros });
    expect((await post('/openai/main', stream)).status).toBe(400);
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * LIMIT);
  });
  test('transparent mode hands it on folded, success and error', async () => {
    for (const status of [200, 400, 403]) {
      bench.simulator.script({ status, headers: { ...JSON_TYPE, 'content-encoding': 'gzip' }, body: zeros });
      const got = await post('/transparent/main', false);
      expect([got.status, got.headers['content-encoding'], got.body.equals(zeros)], String(status)).toEqual([status, 'gzip', true]);
    }
  });

  test('informational answers are passed over, a switch of protocols is refused', async () => {
    const body = JSON.stringify(completion({}));
    const final = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    for (const prefix of ['/openai/main', '/transparent/main']) {
      bench.simulator.script({ raw: `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${final}` });
      const got = await post(prefix, false);
      expect([...codes(got), got.headers.link]).toEqual([200, undefined, false, undefined]);
      bench.simulator.script({ raw: 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nxyz' });
      expect((await post(prefix, false)).status).toBe(502);
      bench.simulator.script({ raw: 'not HTTP at all\r\n\r\n' });
      expect((await post(prefix, false)).status).toBe(502);
    }
  });
});

describe('a piped body that is refused on its way', () => {
  let bench: Bench;
  let wire: Wire;
  beforeAll(async () => {
    bench = await openBench({ sections: { server: { port: 0, bodyLimit: '1MiB' }, retry: { attempts: 1 } } });
    wire = wireHttp1(bench.url);
  });
  afterAll(async () => {
    await wire.close();
    await bench.close();
  });
  const upload = (path: string, pieces: readonly Buffer[], type = 'application/json'): Promise<Received> =>
    wire.ask({ path: `/transparent/main${path}`, headers: { authorization: `Bearer ${bench.key}`, 'content-type': type }, body: pieces });

  test('larger than the limit: 413, and the provider never has it whole', async () => {
    const got = await upload(
      '/v1/audio/translations',
      Array.from({ length: 30 }, () => Buffer.alloc(60_000, 1)),
      'application/octet-stream',
    );
    expect(codes(got)).toEqual([413, 'body_too_large', false]);
    expect((await bench.simulator.waitForAbort()).complete).toBe(false);
  });
  test('a governed key written twice: 400, and the provider never has it whole', async () => {
    const pieces = [`{"model":"gpt-4o-mini","input":"${'x'.repeat(200_000)}",`, `"y":"${'z'.repeat(200_000)}","mod\\u0065l":"gpt-4o"}`].map((text) =>
      Buffer.from(text),
    );
    const got = await upload('/v1/embeddings', pieces);
    expect(codes(got)).toEqual([400, 'invalid_request', false]);
    expect((await bench.simulator.waitForAbort()).complete).toBe(false);
  });
});
