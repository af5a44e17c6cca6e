import { type Recording, recording, vertexErrorEvent } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { payloads } from './support/answers.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { HOME } from './support/vertex.ts';

// Each test is named after a defect that users reported of other gateways; the numbers are those of the collected facts.
type Fields = Record<string, unknown>;
const THIRD = 'gemini-3-flash-preview';
const SECOND = 'gemini-2.5-flash';
const CLAUDE = 'claude-sonnet-4-6';
const LLAMA = 'meta/llama-4-maverick-17b-128e-instruct-maas';
const tool = (name: string, parameters: object = { type: 'object', properties: {} }) => ({ type: 'function', function: { name, parameters } });
const call = (id: string, name: string, input = '{}') => ({ id, type: 'function', function: { name, arguments: input } });
const user = (content: unknown) => ({ role: 'user', content });

let bench: Bench;
beforeAll(async () => {
  const targets = [SECOND, LLAMA].map((model) => ({ instance: 'main', model }));
  const models = [{ name: 'either', targets, fallback: { on: ['5xx'], attempts: 2 } }];
  bench = await openBench({ vendor: 'vertex', sections: { retry: { attempts: 1 }, models } });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());
const post = (path: string, body: Fields, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${bench.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01', ...headers },
    body: JSON.stringify(body),
  });
const last = () => bench.simulator.requests.findLast(({ method }) => method === 'POST');
const sent = (): Fields => last()?.json() as Fields;
const verb = (): string => last()?.path.replace(/^.*\//, '') ?? '';
const chat = (body: Fields): Promise<Response> => post('/openai/main/v1/chat/completions', { model: SECOND, messages: [user('Hello')], ...body });
const ask = async (body: Fields): Promise<{ readonly status: number; readonly json: Fields }> => {
  const answer = await chat(body);
  return { status: answer.status, json: (await answer.json()) as Fields };
};
const choice = (json: Fields): Fields => (json.choices as Fields[])[0] ?? {};
const messageOf = (json: Fields): Fields => choice(json).message as Fields;
const calls = (json: Fields) => messageOf(json).tool_calls as { id: string; function: { name: string; arguments: string } }[];
const events = async (answer: Response): Promise<Fields[]> => payloads(await answer.text()) as Fields[];
const stored = (file: string): Recording => recording(`vertex/${file}.json`);
const replay = (one: Recording, model: string): void =>
  void bench.simulator.replay(one, { path: `/v1/${HOME}/publishers/google/models/${model}:${one.operation}` });
const parts = (): Fields[] => (sent().contents as { parts: Fields[] }[]).flatMap((content) => content.parts);
/** A loop over one tool, with the ids that the gateway gave. */
const loop = async (model: string, reorder = false): Promise<{ readonly status: number; readonly json: Fields; readonly asked: Fields }> => {
  const tools = [tool('one'), tool('two')];
  const { json: asked } = await ask({ model, tools, messages: [user('call one and two')] });
  const results = calls(asked).map(({ id, function: { name } }) => ({ role: 'tool', tool_call_id: id, content: `of ${name}` }));
  const messages = [user('call one and two'), messageOf(asked), ...(reorder ? results.toReversed() : results)];
  return { ...(await ask({ model, tools, messages })), asked };
};

describe('OpenAI clients to Gemini on Vertex', () => {
  test('2. ids that Gemini 3 issued come back, so that its answer is not empty', async () => {
    const { status, json } = await loop(THIRD);
    expect([status, messageOf(json).content]).toEqual([200, 'The tool said: of one\nof two']);
    const ids = parts()
      .flatMap((part) => [part.functionCall, part.functionResponse])
      .flatMap((one) => (one === undefined ? [] : [(one as Fields).id]));
    expect(new Set(ids.filter((id) => id !== undefined)).size).toBe(2);
  });
  test('3. Gemini 2 gets no ids, which it refuses', async () => {
    const { status } = await loop(SECOND);
    expect(status).toBe(200);
    expect(JSON.stringify(parts())).not.toContain('"id"');
  });
  test('4, 6. a signature comes back on the call that it came with, by the id of the call alone', async () => {
    const tools = [tool('one')];
    const { json: asked } = await ask({ model: THIRD, tools, messages: [user('call one')] });
    const [{ id = '' } = {}] = calls(asked);
    // A typed client keeps no member but those that it knows.
    const plain = { role: 'assistant', content: null, tool_calls: [call(id, 'one')] };
    const { status } = await ask({ model: THIRD, tools, messages: [user('call one'), plain, { role: 'tool', tool_call_id: id, content: 'x' }] });
    expect(status).toBe(200);
    expect(parts().find((part) => part.functionCall !== undefined)?.thoughtSignature).toMatch(/^[A-Za-z0-9+/=_-]{40,}$/);
  });
  test('4. history of another vendor is taken, with the word that stands for a signature', async () => {
    const messages = [
      user('go'),
      { role: 'assistant', content: null, tool_calls: [call('call_foreign', 'one')] },
      { role: 'tool', tool_call_id: 'call_foreign', content: 'x' },
    ];
    expect((await ask({ model: THIRD, tools: [tool('one')], messages })).status).toBe(200);
    expect(parts().find((part) => part.functionCall !== undefined)?.thoughtSignature).toBe('skip_thought_signature_validator');
  });
  test('5. a signature that comes last, on a text that is empty, goes back on the text that it signs', async () => {
    const event = (part: Fields, more: Fields = {}): string =>
      `data: ${JSON.stringify({ candidates: [{ content: { role: 'model', parts: [part] }, ...more }], modelVersion: THIRD, responseId: 'R' })}\r\n\r\n`;
    const body = event({ text: 'Hel' }) + event({ text: 'lo' }) + event({ text: '', thoughtSignature: 'U0lHTg==' }, { finishReason: 'STOP' });
    bench.simulator.script({ body, headers: { 'content-type': 'text/event-stream' } });
    const chunks = await events(await chat({ model: THIRD, stream: true }));
    const blocks = chunks.flatMap((one) => ((choice(one)?.delta as Fields | undefined)?.thinking_blocks as Fields[] | undefined) ?? []);
    await ask({ model: THIRD, messages: [user('Hello'), { role: 'assistant', content: 'Hello', thinking_blocks: blocks }, user('Again')] });
    expect((sent().contents as Fields[])[1]).toEqual({ role: 'model', parts: [{ text: 'Hello', thoughtSignature: 'U0lHTg==' }] });
  });
  test('7. STOP in a chunk of its own after a call is tool_calls', async () => {
    const chunks = await events(await chat({ model: THIRD, stream: true, tools: [tool('one')], messages: [user('call one')] }));
    expect(chunks.map((one) => choice(one)?.finish_reason).filter((reason) => typeof reason === 'string')).toEqual(['tool_calls']);
  });
  test('8. tokens of thoughts are completion tokens, once', async () => {
    const { json } = await ask({ model: SECOND });
    const {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: total,
      completion_tokens_details: details,
    } = json.usage as Record<string, number> & {
      completion_tokens_details: Fields;
    };
    expect([details.reasoning_tokens, total]).toEqual([16, (prompt ?? 0) + (completion ?? 0)]);
    expect(completion).toBe(19);
  });
  test('9. a stream has one chunk with usage, and only when it was asked for', async () => {
    const body = { stream: true, messages: [user('write 9 words')] };
    const usages = (all: Fields[]) => all.filter((one) => one.usage !== undefined && one.usage !== null);
    expect(usages(await events(await chat(body)))).toHaveLength(0);
    expect(usages(await events(await chat({ ...body, stream_options: { include_usage: true } })))).toHaveLength(1);
  });
  test('10. events in single bytes are read alike', async () => {
    bench.simulator.script({ rechunk: { size: 1 } });
    const chunks = await events(await chat({ stream: true, messages: [user('write 9 words')] }));
    expect(chunks.map((one) => (choice(one).delta as Fields | undefined)?.content ?? '').join('')).toBe(
      'word1 word2 word3 word4 word5 word6 word7 word8 word9',
    );
  });
  test('11. results come in the order of the calls, under their names', async () => {
    const { status } = await loop(SECOND, true);
    expect(status).toBe(200);
    expect(parts().flatMap((part) => (part.functionResponse === undefined ? [] : [(part.functionResponse as Fields).name]))).toEqual(['one', 'two']);
  });
  test('12. what was said before a call stays', async () => {
    const messages = [user('go'), { role: 'assistant', content: 'I look.', tool_calls: [call('a', 'one')] }, { role: 'tool', tool_call_id: 'a', content: 'x' }];
    expect((await ask({ tools: [tool('one')], messages })).status).toBe(200);
    expect(JSON.stringify(parts())).toContain('I look.');
  });
  test('13. every system message counts', async () => {
    await ask({ messages: [{ role: 'system', content: 'First.' }, { role: 'developer', content: 'Second.' }, user('Hello')] });
    expect(JSON.stringify(sent().systemInstruction)).toMatch(/First\..*Second\./s);
  });
  test.each([SECOND, 'gemini-2.0-flash', THIRD])('14. a JSON Schema with everything is taken by %s', async (model) => {
    const parameters = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      additionalProperties: false,
      properties: {
        a: { type: ['string', 'null'], description: 'text or nothing' },
        b: { oneOf: [{ type: 'integer' }, { type: 'string' }] },
        c: { const: 'x' },
        d: { $ref: '#/$defs/node' },
        type: { type: 'string' },
        additionalProperties: { type: 'boolean' },
      },
      required: ['a'],
      $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
    };
    const { status } = await ask({ model, tools: [tool('f', parameters)], messages: [user('Hello')] });
    expect(status).toBe(200);
    const [declared] = (sent().tools as { functionDeclarations: Fields[] }[])[0]?.functionDeclarations ?? [];
    expect(JSON.stringify(declared)).toContain('"additionalProperties":{"type"');
  });
  test('15. a schema that was converted for one target is the client’s own for the next', async () => {
    const node = { type: ['object', 'null'], properties: { next: { $ref: '#/$defs/node' }, kind: { const: 'x' } } };
    const parameters = { type: 'object', additionalProperties: false, properties: { first: { $ref: '#/$defs/node' } }, $defs: { node } };
    bench.simulator.script({ status: 503 });
    const answer = await post('/openai/v1/chat/completions', { model: 'either', tools: [tool('f', parameters)], messages: [user('Hello')] });
    expect([answer.status, answer.headers.get('x-lpa-upstream-model')]).toEqual([200, LLAMA]);
    const [converted, own] = bench.simulator.requests.filter(({ method }) => method === 'POST').map((request) => request.json() as Fields);
    expect(JSON.stringify(converted?.tools)).not.toContain(JSON.stringify(parameters));
    expect(own?.tools).toEqual([tool('f', parameters)]);
  });
  test('16. empty arguments are {}, and broken ones are the client’s 400', async () => {
    const history = (input: string) => [
      user('go'),
      { role: 'assistant', content: null, tool_calls: [call('a', 'one', input)] },
      { role: 'tool', tool_call_id: 'a', content: 'x' },
    ];
    expect((await ask({ tools: [tool('one')], messages: history('') })).status).toBe(200);
    expect((await ask({ tools: [tool('one')], messages: history('{"a":') })).status).toBe(400);
  });
  test('17. effort is a budget for Gemini 2.5 and a level for Gemini 3', async () => {
    for (const [model, member] of [
      [SECOND, 'thinkingBudget'],
      [THIRD, 'thinkingLevel'],
    ] as const) {
      expect((await ask({ model, reasoning_effort: 'high' })).status).toBe(200);
      expect(Object.keys((sent().generationConfig as Fields).thinkingConfig as Fields)).toContain(member);
    }
  });
  test('18. no word of Gemini’s is a finish reason', async () => {
    for (const text of ['Hello', 'trip the filter', 'please refuse', 'call one']) {
      const { json } = await ask({ tools: [tool('one')], messages: [user(text)] });
      expect(['stop', 'length', 'tool_calls', 'content_filter']).toContain(choice(json).finish_reason);
    }
  });
  test('19. a blocked prompt is content_filter, and not an empty list of choices', async () => {
    const { status, json } = await ask({ messages: [user('please refuse')] });
    expect([status, choice(json).finish_reason]).toEqual([200, 'content_filter']);
  });
  test('23. an error inside a stream, as an event or as a list without one, is an error', async () => {
    for (const frame of [vertexErrorEvent(503), Buffer.from('[{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}]')]) {
      bench.simulator.script({ endWith: { after: 3, frame }, delayChunk: 10 });
      const text = await (await chat({ stream: true, messages: [user('write 9 words')] })).text();
      expect(text).not.toContain('[DONE]');
      expect(payloads(text).at(-1)).toMatchObject({ error: { message: expect.any(String) } });
    }
  });
  test('a stream that breaks off before its reason is no success', async () => {
    bench.simulator.script({ cut: { at: 600, how: 'fin' }, delayChunk: 10 });
    const text = await (await chat({ stream: true, messages: [user('write 9 words')] })).text();
    expect(text).not.toContain('[DONE]');
    expect(text).toContain('upstream_stream_truncated');
  });
  test('a later reason for the end wins over an earlier STOP', async () => {
    replay(stored('streamgeneratecontent-blocked-model-3c79de'), SECOND);
    const chunks = await events(await chat({ stream: true }));
    expect(chunks.map((one) => choice(one)?.finish_reason).filter((reason) => typeof reason === 'string')).toEqual(['content_filter']);
  });
  test('a wait that only the body of a 429 tells reaches the client as a header', async () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.4s' }];
    bench.simulator.script({ status: 429, body: { error: { code: 429, message: 'x', status: 'RESOURCE_EXHAUSTED', details } } });
    const answer = await chat({});
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '35']);
  });
});

describe('embeddings on Vertex', () => {
  const embed = async (model: string, more: Fields = {}): Promise<Fields> =>
    (await post('/openai/main/v1/embeddings', { model, input: ['a', 'b', 'c'], ...more })).json() as Promise<Fields>;
  const sizes = (json: Fields): unknown[] => (json.data as { index: number; embedding: unknown[] }[]).map(({ index, embedding }) => [index, embedding.length]);
  test.each([
    ['24. a newer model is asked by embedContent', 'gemini-embedding-2', 'gemini-embedding-2:embedContent', 3072],
    ['an older one by predict', 'text-embedding-005', 'text-embedding-005:predict', 768],
    ['gemini-embedding-001 by predict, one text at a time', 'gemini-embedding-001', 'gemini-embedding-001:predict', 3072],
  ])('%s', async (_name, model, place, size) => {
    expect(sizes(await embed(model))).toEqual([0, 1, 2].map((index) => [index, size]));
    expect(verb()).toBe(place);
  });
  test('25. no task is made up', async () => {
    await embed('text-embedding-005');
    expect(JSON.stringify(sent())).not.toMatch(/task_?type/i);
    await embed('gemini-embedding-2', { input: 'a' });
    expect(JSON.stringify(sent())).not.toMatch(/task_?type/i);
  });
});

describe('Claude on Vertex', () => {
  const messages = (body: Fields = {}, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    post('/anthropic/main/v1/messages', { model: CLAUDE, max_tokens: 50, messages: [user('Hello')], ...body }, headers);
  test('21. the body has the platform’s version and no model', async () => {
    expect((await messages()).status).toBe(200);
    expect([sent().anthropic_version, 'model' in sent(), verb()]).toEqual(['vertex-2023-10-16', false, `${CLAUDE}:rawPredict`]);
  });
  test('20. what the platform refuses does not reach it, and is told', async () => {
    const answer = await messages(
      { service_tier: 'auto', system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', scope: 'global' } }] },
      { 'anthropic-beta': 'context-1m-2025-08-07,some-beta-of-tomorrow' },
    );
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-lpa-fidelity')).toMatch(/service_tier|anthropic-beta|anthropic_beta/);
    expect(last()?.header('anthropic-beta')).toBe('context-1m-2025-08-07');
    expect(JSON.stringify(sent())).not.toMatch(/service_tier|"scope"/);
  });
  test('20. structured outputs go as output_config', async () => {
    const format = { type: 'json_schema', schema: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false } };
    expect((await messages({ output_config: { format } })).status).toBe(200);
    expect(sent().output_config).toEqual({ format });
  });
  test('22. an alias for the newest version is not asked to be counted', async () => {
    const answer = await post('/anthropic/main/v1/messages/count_tokens', { model: 'claude-sonnet-4-6@default', messages: [user('Hello')] });
    expect([answer.status, sent().model, verb()]).toEqual([200, CLAUDE, 'count-tokens:rawPredict']);
  });
  test('a date with a hyphen is the version with an @', async () => {
    expect((await messages({ model: 'claude-haiku-4-5-20251001', stream: true })).status).toBe(200);
    expect([verb(), sent().stream]).toEqual(['claude-haiku-4-5@20251001:streamRawPredict', true]);
  });
  test('an error of the platform is one in the client’s words', async () => {
    const answer = await messages({ model: 'claude-99' });
    expect([answer.status, (await answer.json()) as Fields]).toEqual([404, expect.objectContaining({ type: 'error' })]);
  });
});

describe('the OpenAI-compatible endpoint', () => {
  test.each([
    ['meta/llama-4-maverick-17b-128e-instruct-maas', 'completions', 'meta/llama-4-maverick-17b-128e-instruct-maas'],
    ['llama-4-maverick-17b-128e-instruct-maas', 'completions', 'meta/llama-4-maverick-17b-128e-instruct-maas'],
    ['mistral-medium-3', 'mistral-medium-3:rawPredict', 'mistral-medium-3'],
    ['mistralai/mistral-medium-3', 'mistral-medium-3:rawPredict', 'mistral-medium-3'],
  ])('%s is asked at …/%s', async (model, place, name) => {
    const { status, json } = await ask({ model });
    expect([status, messageOf(json).content, verb(), sent().model]).toEqual([200, 'You said: Hello', place, name]);
  });
});

test('1. hosts of us and eu are their own', async () => {
  const places = Object.fromEntries(
    ['us', 'eu', 'global', 'europe-west4'].map((location) => [
      location,
      { provider: 'vertex', project: 'my-project', location, credentials: { type: 'token', token: 'ya29.x' } },
    ]),
  );
  const other = await openBench({ vendor: 'vertex', instances: places });
  const origins = Object.keys(places).map((name) => other.gateway.graph.instances.get(name)?.provider.base.origin);
  await other.close();
  expect(origins).toEqual([
    'https://aiplatform.us.rep.googleapis.com',
    'https://aiplatform.eu.rep.googleapis.com',
    'https://aiplatform.googleapis.com',
    'https://europe-west4-aiplatform.googleapis.com',
  ]);
});
