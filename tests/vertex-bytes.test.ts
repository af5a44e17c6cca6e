import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { recordedBytes, recordings, vertexErrorEvent } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { claudeAt, genaiAt, HOME, pathOf } from './support/vertex.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const all = [...recordings({ provider: 'vertex' }), ...recordings({ provider: 'vertex_claude' })];
/** A 401 is about the gateway's own token, and so is a right that its account lacks: both are the gateway's to tell. */
const ours = (status: number): boolean => status === 401 || status === 403;
const contents = [{ role: 'user', parts: [{ text: 'write 40 words' }] }];

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ vendor: 'vertex', sections: { retry: { attempts: 1 } } });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());

const ask = (path: string, body: Uint8Array<ArrayBuffer>): Promise<Response> =>
  fetch(`${bench.url}/transparent/main${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
    body,
  });

describe('bytes of Vertex AI in transparent mode', () => {
  test.each(all.map((one) => [one.file, one] as const))('%s: the same up and down', async (_file, one) => {
    const path = pathOf(one);
    bench.simulator.replay(one, { path });
    // Odd spacing, so that anything written anew would differ.
    const body = new Uint8Array(
      Buffer.from(JSON.stringify(one.request.body ?? { contents }, undefined, 3).replace(/projects\/[^/"]+\/locations\/[^/"]+/g, HOME)),
    );
    const answer = await ask(`${path}${one.stream && one.provider === 'vertex' ? '?alt=sse' : ''}`, body);
    const got = Buffer.from(await answer.arrayBuffer());
    expect(bench.simulator.requests.at(-1)?.sha256).toBe(sha256(body));
    if (ours(one.response.status)) return expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([502, 'upstream_auth_failed']);
    const expected = recordedBytes(one);
    expect([answer.status, got.length, sha256(got)]).toEqual([one.response.status, expected.length, sha256(expected)]);
  });
  test('a stream as one list passes as it grows', async () => {
    const path = `/v1/${HOME}/publishers/google/models/gemini-2.5-flash:streamGenerateContent`;
    const answer = await ask(path, new Uint8Array(Buffer.from(JSON.stringify({ contents }))));
    const list = (await answer.json()) as { candidates: { content: { parts: { text: string }[] } }[] }[];
    expect(list.length).toBeGreaterThan(5);
    expect(list.map(({ candidates }) => candidates[0]?.content.parts[0]?.text ?? '').join('')).toContain('word40');
  });
});

/** Records what an SDK sends and gets, between it and another place. */
const between = async (target: () => string) => {
  const seen: { sent: Buffer; path: string; got: Buffer }[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', async () => {
      const sent = Buffer.concat(pieces);
      const headers = Object.entries(request.headers).flatMap(([name, value]) =>
        typeof value === 'string' && !/^(host|connection|content-length|transfer-encoding)$/.test(name) ? [[name, value] as [string, string]] : [],
      );
      const answer = await fetch(target() + request.url, { method: request.method ?? 'GET', headers, body: sent.length === 0 ? null : new Uint8Array(sent) });
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
      const got: Buffer[] = [];
      for await (const piece of Readable.fromWeb(answer.body as never)) {
        got.push(piece as Buffer);
        response.write(piece);
      }
      response.end();
      seen.push({ sent, path: request.url ?? '', got: Buffer.concat(got) });
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  return { seen, url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, close: () => new Promise((done) => server.close(done)) };
};

describe('the vendor’s own SDKs in transparent mode', () => {
  let relay: Awaited<ReturnType<typeof between>>;
  beforeAll(async () => {
    relay = await between(() => bench.url);
  });
  afterAll(() => relay.close());
  const through = () => ({ url: relay.url, key: bench.key });
  /** What the SDK sent is what arrived, at the path that it meant. */
  const same = (): void => {
    const last = relay.seen.at(-1);
    const arrived = bench.simulator.requests.at(-1);
    expect([arrived?.sha256, `/transparent/main${arrived?.target}`]).toEqual([sha256(last?.sent ?? Buffer.alloc(0)), last?.path]);
    expect(JSON.stringify(arrived?.headers)).not.toContain(bench.key);
  };

  test('Google GenAI: whole, streamed, counted, embedded both ways', async () => {
    const { models } = genaiAt(through());
    expect((await models.generateContent({ model: 'gemini-2.5-flash', contents: 'Hello' })).text).toBe('You said: Hello');
    same();
    const texts: string[] = [];
    for await (const { text } of await models.generateContentStream({ model: 'gemini-3-flash-preview', contents: 'write 40 words' })) texts.push(text ?? '');
    expect(texts.join('')).toContain('word40');
    same();
    expect((await models.countTokens({ model: 'gemini-2.5-flash', contents: 'Hello' })).totalTokens).toBeGreaterThan(0);
    same();
    expect((await models.embedContent({ model: 'text-embedding-005', contents: ['a', 'b'] })).embeddings).toHaveLength(2);
    same();
    expect((await models.embedContent({ model: 'gemini-embedding-2', contents: ['a'] })).embeddings).toHaveLength(1);
    same();
  });
  test('Google GenAI: a tool loop of Gemini 3, whose signatures are its own', async () => {
    const { models } = genaiAt(through());
    const config = { tools: [{ functionDeclarations: [{ name: 'get_time', parametersJsonSchema: { type: 'object', properties: {} } }] }] };
    const asked = await models.generateContent({ model: 'gemini-3-pro-preview', contents: 'call get_time', config });
    const parts = asked.candidates?.[0]?.content?.parts ?? [];
    expect(parts[0]?.thoughtSignature).toBeDefined();
    const functionResponse = { id: parts[0]?.functionCall?.id ?? '', name: 'get_time', response: { output: 'noon' } };
    const answer = await models.generateContent({
      model: 'gemini-3-pro-preview',
      contents: [
        { role: 'user', parts: [{ text: 'call get_time' }] },
        { role: 'model', parts },
        { role: 'user', parts: [{ functionResponse }] },
      ],
      config,
    });
    expect(answer.text).toBe('The tool said: noon');
    same();
  });
  test('Anthropic Vertex: whole, streamed, counted', async () => {
    const { messages } = claudeAt(through());
    const question = { max_tokens: 300, messages: [{ role: 'user' as const, content: 'write 40 words' }] };
    expect((await messages.create({ ...question, model: 'claude-sonnet-4-6' })).content[0]).toMatchObject({ text: expect.stringContaining('word40') });
    same();
    const streamed = await messages.stream({ ...question, model: 'claude-haiku-4-5@20251001' }).finalMessage();
    expect(streamed.content[0]).toMatchObject({ text: expect.stringContaining('word40') });
    same();
    expect((await messages.countTokens({ model: 'claude-sonnet-4-6', messages: question.messages })).input_tokens).toBe(streamed.usage.input_tokens);
    same();
  });
  test('errors arrive as the vendor’s own', async () => {
    const failure: unknown = await genaiAt(through())
      .models.generateContent({ model: 'gemini-99', contents: 'x' })
      .catch((cause: unknown) => cause);
    expect(failure).toMatchObject({ status: 404, message: expect.stringContaining('Publisher Model') });
    await expect(
      claudeAt(through()).messages.create({ model: 'claude-sonnet-4-6', max_tokens: -1, messages: [{ role: 'user', content: 'x' }] }),
    ).rejects.toMatchObject({
      status: 400,
      error: { type: 'error' },
    });
  });
  test('an error inside a stream, and a stream that is cut', async () => {
    const reading = async (): Promise<string> => {
      let text = '';
      for await (const one of await genaiAt(bench).models.generateContentStream({ model: 'gemini-2.5-flash', contents: 'write 40 words' }))
        text += one.text ?? '';
      return text;
    };
    bench.simulator.script({ endWith: { after: 3, frame: vertexErrorEvent(503) } });
    await expect(reading()).rejects.toMatchObject({ status: 503 });
    bench.simulator.script({ cut: { at: 700, how: 'rst' } });
    await expect(reading()).rejects.toThrow();
    bench.simulator.script({ rechunk: { size: 1 } });
    expect(await reading()).toContain('word40');
  });
});
