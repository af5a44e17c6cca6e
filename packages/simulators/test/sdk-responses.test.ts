import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { bodyOf, chunksOf, dial, post } from './socket.ts';
import { sseData, sseNames } from './sse.ts';
import { key, sdks, useSimulator } from './support.ts';

const simulator = useSimulator();
const model = 'gpt-4o-mini';
const tools = [
  {
    type: 'function' as const,
    name: 'get_weather',
    strict: true,
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
  },
];

describe.each(sdks)('responses with %s', (_name, Sdk) => {
  const client = () => new Sdk({ baseURL: simulator().url, apiKey: key, maxRetries: 0 });

  test('a string is answered, with every usage detail', async () => {
    const answer = await client().responses.create({ model, input: 'Hello' });
    expect([answer.output_text, answer.status]).toEqual(['You said: Hello', 'completed']);
    expect(answer).toMatchObject({ store: true, text: { format: { type: 'text' } }, truncation: 'disabled', error: null, incomplete_details: null });
    expect(answer.usage).toMatchObject({ input_tokens_details: { cached_tokens: 0 }, output_tokens_details: { reasoning_tokens: 0 } });
    expect(answer.usage?.total_tokens).toBe((answer.usage?.input_tokens ?? 0) + (answer.usage?.output_tokens ?? 0));
  });

  test.each([
    ['text', { model, input: 'Hello' }],
    ['a refusal', { model, input: 'please refuse' }],
    ['a call', { model, input: 'call get_weather', tools }],
    ['a cut text', { model, input: 'write 40 words', max_output_tokens: 16 }],
    ['filtered text', { model, input: 'trip the filter' }],
    ['reasoning with a summary', { model: 'gpt-5', input: 'x', reasoning: { summary: 'auto' as const } }],
  ])('the streaming helper ends in the whole answer: %s', async (_what, body) => {
    const whole = await client().responses.create({ ...body, stream: false });
    const final = await client().responses.stream(body).finalResponse();
    const shape = (response: { status?: string; output_text: string; output: readonly { type: string }[]; usage?: unknown; incomplete_details: unknown }) => [
      response.status,
      response.output_text,
      response.output.map(({ type }) => type),
      response.usage,
      response.incomplete_details,
    ];
    expect(shape(final)).toEqual(shape(whole));
  });

  test('a function call and its output make a turn, with full input and with the previous id', async () => {
    const first = await client().responses.create({ model, input: 'call get_weather', tools });
    const call = first.output[0];
    if (call?.type !== 'function_call') throw new Error('No call came');
    expect([call.name, call.arguments]).toEqual(['get_weather', '{"city":"text"}']);
    const output = { type: 'function_call_output' as const, call_id: call.call_id, output: 'sunny' };
    const { call_id, name, arguments: input } = call;
    const full = await client().responses.create({
      model,
      tools,
      input: [{ role: 'user', content: 'call get_weather' }, { type: 'function_call', call_id, name, arguments: input }, output],
    });
    const short = await client().responses.create({ model, tools, previous_response_id: first.id, input: [output] });
    expect([full.output_text, short.output_text]).toEqual(['The tool said: sunny', 'The tool said: sunny']);
    expect(short.previous_response_id).toBe(first.id);
    expect(short.usage?.input_tokens).toBeGreaterThan(20);
  });

  test('stored answers are retrieved, listed by input and deleted; others are not found', async () => {
    const stored = await client().responses.create({ model, input: 'keep me' });
    expect((await client().responses.retrieve(stored.id)).output_text).toBe('You said: keep me');
    const items: unknown[] = [];
    for await (const item of client().responses.inputItems.list(stored.id)) items.push(item);
    expect(items).toMatchObject([{ type: 'message', role: 'user' }]);
    await client().responses.delete(stored.id);
    await expect(client().responses.retrieve(stored.id)).rejects.toMatchObject({ status: 404 });
    const kept = await client().responses.create({ model, input: 'forget me', store: false });
    await expect(client().responses.retrieve(kept.id)).rejects.toMatchObject({ status: 404 });
  });

  test('a background answer is queued, then done; it can be cancelled, others cannot', async () => {
    const queued = await client().responses.create({ model, input: 'later', background: true });
    expect([queued.status, queued.output]).toEqual(['queued', []]);
    expect((await client().responses.retrieve(queued.id)).output_text).toBe('You said: later');
    expect((await client().responses.cancel(queued.id)).status).toBe('cancelled');
    const direct = await client().responses.create({ model, input: 'now' });
    await expect(client().responses.cancel(direct.id)).rejects.toMatchObject({ status: 400 });
  });

  test('parse reads an instance of the schema', async () => {
    const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
    const answer = await client().responses.parse({ model, input: 'a place', text: { format: { type: 'json_schema', name: 'place', strict: true, schema } } });
    expect(JSON.parse(answer.output_text)).toEqual({ city: 'text' });
  });

  test('encrypted reasoning comes when it is asked for', async () => {
    const answer = await client().responses.create({ model: 'gpt-5', input: 'x', store: false, include: ['reasoning.encrypted_content'] });
    expect(answer.output[0]).toMatchObject({ type: 'reasoning', summary: [], encrypted_content: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/) });
  });
});

describe('the events of a responses stream', () => {
  const streamed = async (extra: object): Promise<string> => {
    const { text } = await dial(simulator().origin, post('/v1/responses', { model, stream: true, ...extra })).done;
    return chunksOf(bodyOf(text)).chunks.join('');
  };

  test('text: the order of the service, named and numbered from zero, no [DONE]', async () => {
    const body = await streamed({ input: 'hi' });
    const names = sseNames(body);
    expect(names.filter((name, at) => name !== names[at - 1])).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    const data = sseData(body);
    expect(data.map(({ type }) => type)).toEqual(names);
    expect(data.map(({ sequence_number }) => sequence_number)).toEqual(data.map((_, index) => index));
    expect(body).not.toContain('[DONE]');
    expect(body).toMatch(/^(event: [^\n]+\ndata: [^\n]+\n\n)+$/);
  });

  test('a call: opened before its deltas, closed with the whole arguments, one id throughout', async () => {
    const data = sseData(await streamed({ input: 'call get_weather', tools }));
    const added = data.find(({ type }) => type === 'response.output_item.added') as { item: { id: string; arguments: string } };
    const deltas = data.filter(({ type }) => type === 'response.function_call_arguments.delta');
    const done = data.find(({ type }) => type === 'response.function_call_arguments.done');
    expect(added.item.arguments).toBe('');
    expect(deltas.map(({ delta }) => delta).join('')).toBe('{"city":"text"}');
    expect(done).toMatchObject({ name: 'get_weather', arguments: '{"city":"text"}', item_id: added.item.id });
    expect(new Set(deltas.map(({ item_id }) => item_id))).toEqual(new Set([added.item.id]));
  });

  test('obfuscation is there unless it is switched off', async () => {
    expect(await streamed({ input: 'hi' })).toContain('"obfuscation"');
    expect(await streamed({ input: 'hi', stream_options: { include_obfuscation: false } })).not.toContain('"obfuscation"');
  });
});

test('the official client is what these tests use', () => {
  expect(sdks.map(([, Sdk]) => Sdk.name)).toEqual(['OpenAI', 'OpenAI']);
  expect(sdks[0][1]).toBe(OpenAI);
  expect(sdks[1][1]).not.toBe(OpenAI);
});
