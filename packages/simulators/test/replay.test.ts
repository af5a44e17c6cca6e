import { readFileSync } from 'node:fs';
import { request as send } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { expectations, type Recording, recordedBytes, recordedPath, recording, recordings } from '../src/index.ts';
import { bodyOf, chunksOf, dial, post } from './socket.ts';
import { key, openaiWire, useSimulator } from './support.ts';

const simulator = useSimulator();
const all = recordings();
const named = openaiWire.map((one) => [one.file, one] as const);

type Answer = { status: number; headers: Record<string, string | string[] | undefined>; raw: Buffer };

const ask = (one: Recording, extra: Record<string, string> = {}): Promise<Answer> =>
  new Promise((done, fail) => {
    const { method, body } = one.request;
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...extra };
    const call = send(simulator().origin + recordedPath(one), { method, headers, agent: false }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => done({ status: answer.statusCode ?? 0, headers: answer.headers, raw: Buffer.concat(pieces) }));
      answer.on('error', fail);
    });
    call.on('error', fail);
    call.end(method === 'GET' ? undefined : JSON.stringify(body ?? {}));
  });

describe('the recordings of the package', () => {
  test('are 65 in OpenAI wire format, thirty of them of OpenAI, thirty of Anthropic, 38 of Bedrock and 24 of watsonx.ai; each is indexed with its licence and commit', () => {
    expect([
      openaiWire.length,
      recordings({ provider: 'openai' }).length,
      recordings({ provider: 'anthropic' }).length,
      recordings({ provider: 'bedrock' }).length,
      recordings({ provider: 'watsonx' }).length,
    ]).toEqual([65, 30, 30, 38, 24]);
    const [head = '', ...lines] = readFileSync(new URL('../recordings/INDEX.tsv', import.meta.url), 'utf8')
      .trimEnd()
      .split('\n');
    const column = (name: string) => head.split('\t').indexOf(name);
    const rows = new Map(lines.map((line) => [line.split('\t')[column('file')] ?? '', line.split('\t')]));
    expect([...rows.keys()].sort()).toEqual(all.map(({ file }) => file));
    const notice = readFileSync(new URL('../recordings/NOTICE.md', import.meta.url), 'utf8');
    for (const one of all) {
      const row = rows.get(one.file) ?? [];
      expect(row[column('license')]).toBe(one.license);
      expect(one.source.endsWith(`@${row[column('commit')]}`)).toBe(true);
      const line = notice.split('\n').find((text) => text.startsWith(`| ${one.file} |`)) ?? '';
      expect(line).toContain(row[column('commit')]);
      expect(line).toContain(`https://github.com/${row[column('repo')]} `);
      expect(line).toContain(one.license);
    }
  });

  test('are found by provider and operation', () => {
    const found = recordings({ provider: 'openai', operation: 'embeddings' });
    expect(found.map(({ response }) => response.status)).toEqual([404, 404]);
    expect(recordings({ operation: 'nothing' })).toEqual([]);
    expect(() => recording('openai/none.json')).toThrow('openai/none.json');
  });
});

describe('a replay', () => {
  test.each(named)('%s: status and bytes are those recorded, framing is computed', async (_file, one) => {
    simulator().replay(one);
    const { status, headers, raw } = await ask(one);
    expect(status).toBe(one.response.status);
    expect(raw.equals(recordedBytes(one))).toBe(true);
    if (one.response.body !== undefined) expect(raw.toString('utf8')).toBe(one.response.body);
    const streamed = one.stream && status < 400;
    expect([headers['content-length'], headers['transfer-encoding']]).toEqual(streamed ? [undefined, 'chunked'] : [String(raw.length), undefined]);
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers['content-type']).toMatch(streamed ? /^text\/event-stream/ : /^application\/json/);
    expect(headers['x-request-id']).toMatch(/^[^<]/);
    for (const [name, value] of Object.entries(one.response.headers)) {
      if (/^(x-ratelimit-|openai-|apim-)/i.test(name)) expect(headers[name.toLowerCase()]).toBe(value);
    }
  });

  test.each(
    openaiWire
      .filter(({ response }) => Object.entries(response.headers).some(([name, value]) => /content-encoding/i.test(name) && value === 'gzip'))
      .map((one) => [one.file, one] as const),
  )('%s: recorded as gzip, coded for those who accept it', async (_file, one) => {
    simulator().replay(one);
    const { headers, raw } = await ask(one, { 'accept-encoding': 'gzip, deflate' });
    expect([headers['content-encoding'], headers['content-length']]).toEqual(['gzip', String(raw.length)]);
    expect(gunzipSync(raw).equals(recordedBytes(one))).toBe(true);
  });

  const plain = recording('openai/chat-completions-plain-gpt-4o-mini-bf8cb6.json');
  const stream = recording('openai/chat-completions-stream-plain-gpt-3.5-5af143.json');
  const path = '/v1/chat/completions';
  const sent = async (target: string, body: object, options = {}) => bodyOf((await dial(simulator().origin, post(target, body, options)).done).text);

  test('a stream arrives one event a chunk', async () => {
    simulator().replay(stream);
    const { chunks } = chunksOf(await sent(path, {}));
    expect(chunks.every((chunk) => /^data: [^\n]+\n\n$/.test(chunk))).toBe(true);
    expect(chunks.length).toBe((stream.response.body?.match(/\n\n/g) ?? []).length);
  });

  test('the newest answers, a counted one is spent, a taken-back one is gone', async () => {
    simulator().replay(plain);
    const takeBack = simulator().replay(stream, { times: 1 });
    expect(await sent(path, {})).toContain('data: [DONE]');
    expect(await sent(path, {})).toContain(expectations(plain).text.slice(0, 40));
    takeBack();
    simulator().replay(stream)();
    expect(await sent(path, {})).toContain('"object": "chat.completion"');
    simulator().clear();
    expect(JSON.parse(await sent(path, {})).error.message).toBe('you must provide a model parameter');
  });

  test('only the recorded method and path are met, or the path named instead; the query does not matter', async () => {
    simulator().replay(plain, { path: '/v1/elsewhere' });
    expect(JSON.parse(await sent(path, {})).error).toBeDefined();
    expect(JSON.parse(await sent('/v1/elsewhere?api-version=1', {})).object).toBe('chat.completion');
    const { text } = await dial(simulator().origin, `GET /v1/elsewhere HTTP/1.1\r\nhost: s\r\nconnection: close\r\n\r\n`).done;
    expect(text).toMatch(/^HTTP\/1.1 404 /);
  });

  test('the same body can be required, in any spelling of its JSON', async () => {
    simulator().replay(plain, { sameBody: true });
    const body = plain.request.body as object;
    const reversed = Object.fromEntries(Object.entries(body).reverse());
    expect(JSON.parse(await sent(path, reversed)).object).toBe('chat.completion');
    expect(await sent(path, { ...body, user: 'another' })).not.toContain(JSON.parse(plain.response.body ?? '').id);
    const { text } = await dial(
      simulator().origin,
      `POST ${path} HTTP/1.1\r\nhost: s\r\nconnection: close\r\nauthorization: Bearer ${key}\r\ncontent-length: 1\r\n\r\n{`,
    ).done;
    expect(text).toMatch(/^HTTP\/1.1 400 /);
  });

  test('the key is checked before anything is replayed; Azure recordings take theirs in api-key', async () => {
    simulator().replay(plain);
    expect(JSON.parse(await sent(path, {}, { key: 'sk-wrong' })).error.code).toBe('invalid_api_key');
    const azure = recording('azure_openai/chat-completions-plain-openllmetry-testing-78d81e.json');
    const byHeader = (name: string, value: string) =>
      dial(
        simulator().origin,
        `POST ${recordedPath(azure)}?api-version=1 HTTP/1.1\r\nhost: s\r\nconnection: close\r\n${name}: ${value}\r\ncontent-length: 2\r\n\r\n{}`,
      ).done;
    simulator().replay(azure);
    expect((await byHeader('api-key', key)).text).toMatch(/^HTTP\/1.1 200 /);
    expect((await byHeader('api-key', 'wrong')).text).toMatch(/^HTTP\/1.1 401 /);
    simulator().replay(plain);
    const { text } = await dial(simulator().origin, `POST ${path} HTTP/1.1\r\nhost: s\r\nconnection: close\r\napi-key: ${key}\r\ncontent-length: 2\r\n\r\n{}`)
      .done;
    expect(text).toMatch(/^HTTP\/1.1 401 /);
  });
});

// Written down by hand from the recordings, so that the reader in expectations.ts is not its own witness.
describe('expectations', () => {
  const of = (file: string) => expectations(recording(file));

  test('text, finish and usage of whole and streamed chat', () => {
    expect(of('openai/chat-completions-stream-plain-gpt-3.5-5af143.json')).toMatchObject({ surface: 'chat', text: '1, 2, 3, 4, 5', finish: 'stop' });
    expect(of('openai/chat-completions-plain-gpt-4o-mini-bf8cb6.json')).toMatchObject({
      finish: 'stop',
      usage: { prompt_tokens: 13, completion_tokens: 197, total_tokens: 210 },
    });
    expect(of('openai/chat-completions-stream-logprobs-gpt-3.5-bfb560.json').texts.length).toBeGreaterThan(1);
  });

  test('tool calls of a stream', () => {
    expect(of('openai/chat-completions-stream-reasoning-o4-mini-953294.json')).toMatchObject({
      text: '',
      toolCalls: [{ name: 'weather', arguments: '{"location":"Florence, Italy"}' }],
      finish: 'tool_calls',
      usage: { completion_tokens_details: { reasoning_tokens: 64 } },
    });
  });

  test('responses: status with its reason, text of all messages', () => {
    expect(of('openai/responses-stream-length-gpt-4o-52a977.json').finish).toBe('incomplete:max_output_tokens');
    expect(of('openai/responses-tools-gpt-4o-666558.json')).toMatchObject({ text: '{"city":"Mexico City","country":"Mexico"}', finish: 'completed' });
  });

  test('errors, also one under status 200', () => {
    expect(of('openai/responses-error400-this-model-does-not-exis-c3aaaf.json')).toMatchObject({
      errorStatus: 400,
      error: { code: 'model_not_found', param: 'model' },
    });
    const hidden = of('azure_openai/chat-completions-blocked-openllmetry-testing-6dd46c.json');
    expect([hidden.errorStatus, hidden.error?.code, hidden.text]).toEqual([undefined, 'content_filter', '']);
  });

  test('lists: model ids and vector lengths', () => {
    expect(of('openai/models-servertool-b56fe8.json').items).toContain('gpt-3.5-turbo');
    expect(of('azure_openai/embeddings-embedding-cohere-embed-v3-english-b43d0b.json').items).toEqual([1024]);
  });

  test('an audio answer has its transcript, an older function call counts as a call, a response names its items', () => {
    expect(of('openai/chat-completions-multimodal-gpt-audio-6a95d4.json').transcript).toBe('Hi there!');
    expect(of('openai/chat-completions-tools-gpt-3.5-541e59.json').toolCalls.map(({ name }) => name)).toEqual(['extract_student_info']);
    expect(of('openai/responses-stream-plain-gpt-5.4-e5bd69.json').outputTypes).toEqual(['tool_search_call']);
  });

  test('no recording compares equal to nothing', () => {
    for (const one of all) {
      const { text, toolCalls, transcript, outputTypes, items, error, finish, errorStatus } = expectations(one);
      const found = [
        text !== '',
        toolCalls.length > 0,
        transcript !== undefined,
        outputTypes.length > 0,
        items.length > 0,
        error !== undefined,
        /^(?:refusal|NONE|SAFETY|RECITATION|PROHIBITED_CONTENT|MODEL_ARMOR|IMAGE_SAFETY|MAX_TOKENS)$/.test(finish ?? ''),
        errorStatus !== undefined,
      ];
      expect(found, one.file).toContain(true);
    }
  });
});
