import type { Call, collect, Json, ModelInfo, Surface } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { completions } from '../src/completions/surface.ts';
import { embeddings } from '../src/embeddings/surface.ts';
import { models } from '../src/models/surface.ts';
import { callOf, dialect, inboundOf, ledger, payloads, recordedStreams } from './support.ts';

const usage = { input: 5, output: 3, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false };
const reply = (body: Json) => ({ status: 200, headers: [], body: Buffer.from(JSON.stringify(body)) });
const bodyOf = (written: { readonly body: string | Uint8Array } | undefined): Record<string, Json> => JSON.parse(String(written?.body));

describe('embeddings', () => {
  const vectors = [Float32Array.of(0.1, -2, 3e-5), Float32Array.of(1, 2, 3)];
  const answer = (body: Json) =>
    (bodyOf(embeddings.client?.write({ vectors, usage }, callOf(body))).data as readonly { index: number; embedding: Json }[]).map((d) => d.embedding);
  it('are base64 of little-endian floats when asked, and numbers when not', () => {
    const decoded = answer({ encoding_format: 'base64' }).map((text) => {
      const bytes = Buffer.from(String(text), 'base64');
      return [0, 4, 8].map((at) => bytes.readFloatLE(at));
    });
    expect(decoded).toEqual(vectors.map((v) => [...v]));
    expect(answer({})).toEqual(vectors.map((v) => [...v]));
    expect(answer({ encoding_format: 'float' })).toEqual(answer({}));
  });
  it('are read in the order of their indexes, in either form', () => {
    const [a, b] = vectors.map((v) => Buffer.from(v.buffer).toString('base64'));
    const read = embeddings.provider?.read(
      reply({
        object: 'list',
        model: 'm',
        data: [
          { index: 1, embedding: [1, 2, 3] },
          { index: 0, embedding: a },
        ],
        usage: { prompt_tokens: 5, total_tokens: 5 },
      }),
      callOf(),
      undefined,
    );
    expect(read?.vectors).toEqual(vectors);
    expect(read?.usage.input).toBe(5);
    expect(b).toBeDefined();
  });
  it.each([[''], [[]], [['a', '']], [[[1.5]]], [null], [Array.from({ length: 2049 }, () => 'a')]])('refuse an input of %j', (input) => {
    expect(() => embeddings.client?.read(inboundOf({ input }), ledger())).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'input' }));
  });
  it('refuse an encoding they do not have', () =>
    expect(() => embeddings.client?.read(inboundOf({ input: 'a', encoding_format: 'int8' }), ledger())).toThrow(
      expect.objectContaining({ param: 'encoding_format' }),
    ));
  it.each(['text', '@@@'])('that are neither are upstream_bad_response: %j', (embedding) => {
    expect(() => embeddings.provider?.read(reply({ data: [{ embedding: embedding === 'text' ? 'AAA' : {} }] }), callOf(), undefined)).toThrow(
      expect.objectContaining({ code: 'upstream_bad_response' }),
    );
  });
});

describe('models', () => {
  const list: readonly ModelInfo[] = [{ id: 'vendor/name:v1', created: 7, owner: 'acme' }, { id: 'plain' }];
  const ask = (model?: string): Call => callOf({}, { inbound: { ...inboundOf({}), model } });
  it('are a list with whole numbers, or the one of the path', () => {
    const plain = { id: 'plain', object: 'model', created: 0, owned_by: 'system' };
    expect(bodyOf(models.client?.write(list, ask()))).toEqual({
      object: 'list',
      data: [{ id: 'vendor/name:v1', object: 'model', created: 7, owned_by: 'acme' }, plain],
    });
    expect(bodyOf(models.client?.write(list, ask('plain')))).toEqual(plain);
  });
  it('that do not exist are 404', () =>
    expect(() => models.client?.write(list, ask('none'))).toThrow(expect.objectContaining({ code: 'model_not_found', status: 404 })));
});

describe('completions', () => {
  const read = (body: Json) => completions.client?.read(inboundOf(body), ledger());
  it('are one message of a user, with the vendor’s default limit', () => {
    expect(read({ prompt: 'once', max_tokens: null })).toMatchObject({ turns: [{ role: 'user', parts: [{ kind: 'text', text: 'once' }] }], maxTokens: 16 });
  });
  it.each([
    [{ prompt: ['a', 'b'] }, 'prompt'],
    [{ prompt: [1, 2] }, 'prompt'],
    [{ prompt: [[1]] }, 'prompt'],
    [{ prompt: 'a', echo: true }, 'echo'],
    [{ prompt: 'a', best_of: 2 }, 'best_of'],
    [{ prompt: 'a', suffix: 'z' }, 'suffix'],
  ])('refuse what a chat cannot do: %j', (body, param) => expect(() => read(body)).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param })));
  it('stream text without deltas and usage only when asked', () => {
    const events = [
      { type: 'start', id: 'x', model: 'm', created: 1 },
      { type: 'part', choice: 0, index: 0, part: { kind: 'thinking', text: '', redacted: false } },
      { type: 'delta', choice: 0, index: 0, field: 'text', text: 'hidden' },
      { type: 'part', choice: 0, index: 1, part: { kind: 'text', text: '' } },
      { type: 'delta', choice: 0, index: 1, field: 'text', text: 'hi' },
      { type: 'finish', choice: 0, reason: 'length' },
      { type: 'usage', usage },
      { type: 'end' },
    ] as const;
    const writer = completions.client?.stream?.(callOf({ stream: true, stream_options: { include_usage: true } }));
    const text = events.map((e) => String(writer?.event(e))).join('') + String(writer?.end());
    const head = { id: 'x', object: 'text_completion', created: 1, model: 'asked' };
    expect(payloads(text)).toEqual([
      { ...head, choices: [{ text: 'hi', index: 0, logprobs: null, finish_reason: null }], usage: null },
      { ...head, choices: [{ text: '', index: 0, logprobs: null, finish_reason: 'length' }], usage: null },
      {
        ...head,
        choices: [],
        usage: {
          prompt_tokens: 5,
          completion_tokens: 3,
          total_tokens: 8,
          prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
        },
      },
      '[DONE]',
    ]);
  });
  it('end at [DONE] only, and with an error at an error', () => {
    const events = (text: readonly string[]) => {
      const seen: Parameters<typeof collect>[0][number][] = [];
      const reader = completions.provider?.stream?.(callOf(), undefined, (e) => seen.push(e));
      for (const data of text) reader?.event('message', data);
      reader?.end();
      return seen.map((e) => e.type);
    };
    const one = '{"id":"c","model":"m","choices":[{"index":0,"text":"a","finish_reason":"stop"}]}';
    expect(events([one, '[DONE]', one])).toEqual(['start', 'part', 'delta', 'part-end', 'finish', 'end']);
    expect(events([one])).toEqual(['start', 'part', 'delta', 'part-end', 'finish']);
    expect(events([one, '{"error":{"message":"x"}}', '[DONE]']).at(-1)).toBe('error');
  });
});

describe('the dialect', () => {
  const routes = dialect.surfaces.flatMap((s: Surface<never> | { routes: Surface<'chat'>['routes']; name: string; reach: Surface<'chat'>['reach'] }) =>
    s.routes.map((r) => ({ ...r, surface: s.name, reach: r.reach ?? s.reach })),
  );
  it('has each route with and without /v1', () => {
    const patterns = new Set(routes.map((r) => `${r.method} ${r.pattern}`));
    for (const { method, pattern } of routes) if (!pattern.startsWith('/v1/')) expect(patterns).toContain(`${method} /v1${pattern}`);
    expect(routes.filter((r) => r.pattern.startsWith('/v1/')).length * 2).toBe(routes.length);
  });
  it('serves whatever belongs to somebody only with the ids that must be owned, made or listed', () => {
    for (const r of routes.filter((one) => one.reach.class === 'stateful')) {
      const { request = [], reply: made = [], list } = r.reach.ids ?? {};
      expect({ route: `${r.method} ${r.pattern}`, governed: request.length + made.length > 0 || list !== undefined }).toEqual({
        route: `${r.method} ${r.pattern}`,
        governed: true,
      });
      if (r.pattern.includes('{id}')) expect(request).toContain('{id}');
    }
  });
  it('refuses callers restricted by models what runs models elsewhere', () => {
    const elsewhere = routes.filter((r) => r.reach.modelElsewhere === true && !r.pattern.startsWith('/v1/')).map((r) => `${r.method} ${r.pattern}`);
    expect(elsewhere).toEqual(['POST /files', 'POST /uploads', 'POST /batches']);
  });
  it('has recordings to test with', () => expect(recordedStreams.length).toBeGreaterThanOrEqual(8));
});
