import Anthropic, { toFile } from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

const model = 'claude-sonnet-4-6';
const pdf = Buffer.from('%PDF-1.4\n%%EOF\n');
const ask = (content: Anthropic.MessageParam['content'], more: object = {}) => ({
  model,
  max_tokens: 50,
  messages: [{ role: 'user' as const, content }],
  ...more,
});
const thrown = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );

let bench: Bench;
let mine = '';
let theirs = '';
beforeAll(async () => {
  bench = await openBench({ vendor: 'anthropic', sections: { policies: [{ match: {}, allow: { classes: ['inference', 'models', 'stateful'] } }] } });
  mine = await bench.makeKey({ name: 'mine' });
  theirs = await bench.makeKey({ name: 'theirs' });
});
afterAll(() => bench.close());
const client = (apiKey: string, mode = 'transparent') => new Anthropic({ baseURL: `${bench.url}/${mode}/main`, apiKey, maxRetries: 0 });
const NOT_YOURS = { status: 404, error: { type: 'error', error: { type: 'not_found_error' } } };
/** The call is refused before the provider hears of it. */
const refused = async (call: () => Promise<unknown>): Promise<void> => {
  const before = bench.simulator.requests.length;
  expect(await thrown(call())).toMatchObject(NOT_YOURS);
  expect(bench.simulator.requests).toHaveLength(before);
};

describe('a file', () => {
  let id = '';
  beforeAll(async () => {
    id = (await client(mine).files.upload({ file: await toFile(pdf, 'a.pdf', { type: 'application/pdf' }) })).id;
  });
  test('is read, listed and removed by whom it belongs to alone', async () => {
    expect((await client(mine).files.retrieveMetadata(id)).filename).toBe('a.pdf');
    expect(Buffer.from(await (await client(mine).files.download(id)).arrayBuffer()).equals(pdf)).toBe(true);
    await refused(() => client(theirs).files.retrieveMetadata(id));
    await refused(() => client(theirs).files.download(id));
    await refused(() => client(theirs).files.delete(id));
    const lists = await Promise.all([mine, theirs].map(async (key) => (await client(key).files.list()).data.map((file) => file.id)));
    expect(lists).toEqual([[id], []]);
  });
  test.each(['transparent', 'anthropic'])('in a message or a count below /%s is for its owner alone', async (mode) => {
    const body = ask([{ type: 'document', source: { type: 'file', file_id: id } }]);
    const { max_tokens: _most, ...counted } = body;
    expect((await client(mine, mode).messages.create(body)).stop_reason).toBe('end_turn');
    expect((await client(mine, mode).messages.countTokens(counted)).input_tokens).toBeGreaterThan(0);
    await refused(() => client(theirs, mode).messages.create(body));
    await refused(() => client(theirs, mode).messages.countTokens(counted));
    await refused(() => client(theirs, mode).messages.create(ask([{ type: 'container_upload', file_id: id }])));
    const inside: Anthropic.DocumentBlockParam = {
      type: 'document',
      source: { type: 'content', content: [{ type: 'image', source: { type: 'file', file_id: id } }] },
    };
    await refused(() => client(theirs, mode).messages.create(ask([inside])));
  });
  test('in a batch too, and not as data of the client', async () => {
    const params = ask([{ type: 'document', source: { type: 'file', file_id: id } }]);
    await refused(() => client(theirs).messages.batches.create({ requests: [{ custom_id: 'a', params }] }));
    const tools: Anthropic.Tool[] = [{ name: 'read', input_schema: { type: 'object', properties: { file_id: { type: 'string', default: id } } } }];
    expect((await client(theirs).messages.create(ask('hi', { tools }))).stop_reason).toBe('end_turn');
  });
});

test('a batch and its results belong to who made it', async () => {
  const { id } = await client(mine).messages.batches.create({ requests: [{ custom_id: 'a', params: ask('one') }] });
  for (const call of [
    () => client(theirs).messages.batches.retrieve(id),
    () => client(theirs).messages.batches.cancel(id),
    () => client(theirs).messages.batches.delete(id),
    () => client(theirs).get(`/v1/messages/batches/${id}/results`),
  ])
    await refused(call);
  await client(mine).messages.batches.retrieve(id);
  const ended = await client(mine).messages.batches.retrieve(id);
  // Transparent bytes are the vendor's, whose own address stands in them.
  expect([ended.processing_status, ended.results_url]).toEqual(['ended', `${bench.simulator.origin}/v1/messages/batches/${id}/results`]);
  const results = await client(mine).get(`/v1/messages/batches/${id}/results`).asResponse();
  expect(await results.text()).toContain('"text":"You said: one"');
  expect((await client(theirs).messages.batches.list()).data).toEqual([]);
  expect((await client(mine).messages.batches.list()).data.map((batch) => batch.id)).toEqual([id]);
});

test('a key for certain models makes no batch, whose models stand elsewhere', async () => {
  const limited = await bench.makeKey({ models: [model] });
  const error = await thrown(client(limited).messages.batches.create({ requests: [{ custom_id: 'a', params: ask('one') }] }));
  expect(error).toMatchObject({ status: 403 });
  expect((error as { headers: Headers }).headers.get('x-lpa-code')).toBe('model_not_allowed');
});

describe.each(['transparent', 'anthropic'])('a container below /%s', (mode) => {
  const tools = [{ type: 'code_execution_20250825' as const, name: 'code_execution' as const }];
  test.each([false, true])('is used again by whom it ran for, streamed: %s', async (streaming) => {
    const body = ask('run', { tools });
    const made = streaming ? await client(mine, mode).messages.stream(body).finalMessage() : await client(mine, mode).messages.create(body);
    const id = made.container?.id ?? '';
    expect(id).toMatch(/^container_01/);
    expect((await client(mine, mode).messages.create(ask('run', { tools, container: id }))).container?.id).toBe(id);
    expect((await client(mine, mode).messages.create(ask('run', { tools, container: { id } }))).container?.id).toBe(id);
    await refused(() => client(theirs, mode).messages.create(ask('run', { tools, container: id })));
    await refused(() => client(theirs, mode).messages.create(ask('run', { tools, container: { id } })));
  });
  test('skills of the vendor are everybody’s', async () => {
    const builtIn = { type: 'anthropic', skill_id: 'pptx', version: 'latest' };
    await thrown(client(mine, mode).messages.create(ask('hi', { tools, container: { skills: [builtIn] } })));
    expect(bench.simulator.requests.at(-1)?.json()).toMatchObject({ container: { skills: [builtIn] } });
    await refused(() => client(mine, mode).messages.create(ask('hi', { container: { skills: [builtIn, { type: 'custom', skill_id: 'pptx' }] } })));
  });
  test('a thread goes on from nobody else’s message, and a skill is nobody’s', async () => {
    await refused(() => client(mine, mode).messages.create(ask('hi', { thread: { type: 'continue', previous_message_id: 'msg_01other' } })));
    await refused(() => client(mine, mode).messages.create(ask('hi', { container: { skills: [{ type: 'custom', skill_id: 'skill_01other' }] } })));
  });
});
