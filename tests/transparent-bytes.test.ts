import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Rule } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { spoken } from './support/answers.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { FORM_TYPE, field, file, form } from './support/raw.ts';
import { type Wire, wireHttp1, wireHttp2 } from './support/wires.ts';

const MIB = 1024 * 1024;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const split = (bytes: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));

const spaced = Buffer.from(
  '\t{ "messages" :[{"role":"user","content":"h\\u00e9 \u{1f600} 1e400 12345678901234567890"}],\r\n"model"\n:"gpt-4o-mini" , "seed":1.50e+1}\n',
);
const large = (size: number): Buffer =>
  Buffer.from(JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: randomBytes(size / 2).toString('hex') }] }));
const recording = form([field('model', 'whisper-1'), file('file', randomBytes(MIB).toString('latin1'), 'a.wav')]);
const multipart = Buffer.from(recording, 'latin1');
const chat = '/v1/chat/completions';

/** Request bodies: path, content type, further headers, bytes. */
const uploads: Readonly<Record<string, readonly [path: string, type: string, headers: Readonly<Record<string, string>>, bytes: Buffer]>> = {
  'JSON with odd spacing, escapes and numbers': [chat, 'application/json', {}, spaced],
  'JSON that is not UTF-8': [chat, 'application/json', {}, Buffer.from('{"model":"gpt-4o-mini","user":"\xff\xfe"}', 'latin1')],
  gzip: ['/v1/embeddings', 'application/json', { 'content-encoding': 'gzip' }, gzipSync(large(300_000))],
  'gzip that is short': ['/v1/moderations', 'application/json', { 'content-encoding': 'gzip' }, gzipSync('{"input":"x"}')],
  '8 MiB of JSON': ['/v1/embeddings', 'application/json; charset=utf-8', {}, large(8 * MIB)],
  multipart: ['/v1/audio/transcriptions', FORM_TYPE, {}, multipart],
  '8 MiB of bytes without a known type': ['/v1/audio/translations', 'application/x-unknown', {}, randomBytes(8 * MIB)],
  'an empty body': ['/v1/moderations', 'application/json', {}, Buffer.alloc(0)],
};
const audio = randomBytes(700_000);
const json = { 'content-type': 'application/json' };
/** Answers: the path asked, and what the provider sends. */
const answers: Readonly<Record<string, readonly [path: string, Rule & { readonly body: Uint8Array | string }]>> = {
  'JSON with odd spacing': [chat, { headers: json, body: ' {"id" : "x",\n"choices":[ ]}\r\n' }],
  'gzip that nobody asked for': [chat, { headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync('{"id":"x","choices":[]}') }],
  'gzip on a path that is not read': ['/v1/moderations', { headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync('{"id":"x"}') }],
  '8 MiB in one piece': ['/v1/embeddings', { headers: json, body: randomBytes(8 * MIB) }],
  '8 MiB in chunks': ['/v1/embeddings', { headers: json, body: randomBytes(8 * MIB), rechunk: { seed: 7, most: 100_000 } }],
  audio: ['/v1/audio/speech', { headers: { 'content-type': 'audio/mpeg' }, body: audio, rechunk: { size: 4_096 } }],
  'a stream in single bytes': [chat, { headers: { 'content-type': 'text/event-stream' }, body: spoken('Hel', 'lo'), rechunk: { size: 1 } }],
  'a stream with strange events': [
    chat,
    { headers: { 'content-type': 'text/event-stream' }, body: ': hi\r\n\r\nevent: x\ndata: {oops\n\ndata: [DONE]', rechunk: { size: 5 } },
  ],
  'a body without length': ['/v1/audio/speech', { headers: { 'content-type': 'audio/mpeg' }, body: audio, closeDelimited: true }],
  'an answer whose id is noted': ['/v1/responses', { headers: json, body: '{ "id":"resp_1" , "object":"response","n":1.0}' }],
  'an error': [chat, { status: 400, headers: json, body: '{"error": {"message":"No \u{1f600}","type":"x","param":null,"code":null} }\n' }],
  'an error in gzip': [
    '/v1/moderations',
    { status: 403, headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync('{"error":{"code":"model_not_found"}}') },
  ],
  'an error that is no JSON': ['/v1/embeddings', { status: 503, headers: { 'content-type': 'text/html' }, body: '<html>\n' }],
  'an error where ids are noted': [
    '/v1/responses',
    { status: 429, headers: { ...json, 'retry-after': '7', 'x-ratelimit-remaining-requests': '0' }, body: '{"error": {}}' },
  ],
  'an error in gzip where ids are noted': ['/v1/responses', { status: 500, headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync('{"error": {}}') }],
};

describe.each([
  ['HTTP/1.1', wireHttp1],
  ['HTTP/2', wireHttp2],
] as const)('bodies are the same bytes on both sides, %s', (_title, open) => {
  let bench: Bench;
  let wire: Wire;
  beforeAll(async () => {
    bench = await openBench({ sections: { retry: { attempts: 1 } } });
    wire = open(bench.url);
  });
  afterEach(() => bench.simulator.clear());
  afterAll(async () => {
    await wire.close();
    await bench.close();
  });
  const key = () => ({ authorization: `Bearer ${bench.key}` });
  const plain = JSON.stringify({ model: 'gpt-4o-mini', input: 'x' });

  test.each(Object.entries(uploads))('up: %s, with its length and in chunks', async (_name, [path, type, more, bytes]) => {
    for (const body of [bytes, split(bytes, 60_000)]) {
      bench.simulator.clear();
      bench.simulator.script({ body: '{"ok":true}', status: 200 });
      const { status } = await wire.ask({ path: `/transparent/main${path}`, headers: { ...key(), 'content-type': type, ...more }, body });
      const [sent] = bench.simulator.requests;
      expect([status, sent?.method, sent?.target]).toEqual([200, 'POST', path]);
      expect([sent?.body.length, sent?.sha256]).toEqual([bytes.length, sha256(bytes)]);
      expect([sent?.header('content-type'), sent?.header('content-encoding')]).toEqual([type, more['content-encoding']]);
    }
  });

  test.each(Object.entries(answers))('down: %s', async (_name, [path, rule]) => {
    bench.simulator.script({ status: 200, ...rule });
    const sent = Buffer.from(rule.body);
    const got = await wire.ask({ path: `/transparent/main${path}`, headers: { ...key(), ...json, 'accept-encoding': 'gzip' }, body: plain });
    expect([got.status, got.cut, got.headers['x-lpa-code']]).toEqual([rule.status ?? 200, false, undefined]);
    expect([got.body.length, sha256(got.body)]).toEqual([sent.length, sha256(sent)]);
    for (const [name, value] of Object.entries(rule.headers ?? {})) expect(got.headers[name], name).toBe(value);
  });
});
