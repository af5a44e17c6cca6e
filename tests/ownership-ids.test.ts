import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bench } from './support/gateway.ts';
import { SMALL } from './support/limited.ts';
import { FORM_TYPE, field, file, form, type Got } from './support/raw.ts';
import { answer, BASES, callAs, NOT_YOURS, openTwoCallers } from './support/two-callers.ts';

let bench: Bench;
let mine = '';
let theirs = '';
beforeAll(async () => {
  ({ bench, mine, theirs } = await openTwoCallers());
});
afterAll(() => bench.close());
const call = (key: string, method: string, path: string, body?: string | object, type?: string): Promise<Got> =>
  callAs(bench.url, key, method, path, body, type);
const messages = [{ role: 'user', content: 'hi' }];

/** `ID` stands for the id of somebody else's object. */
const responses: readonly (readonly [name: string, body: object])[] = [
  ['an item', { input: [{ type: 'item_reference', id: 'ID' }] }],
  ['an item without a type', { input: [{ id: 'ID' }] }],
  ['an item whose type is null', { input: [{ type: null, id: 'ID' }] }],
  ['an item between messages', { input: [...messages, { id: 'ID', role: null, content: null }] }],
  ["a container's files", { tools: [{ type: 'code_interpreter', container: { type: 'auto', file_ids: ['ID'] } }] }],
  ['a container', { tools: [{ type: 'code_interpreter', container: 'ID' }] }],
  ["a shell's container", { tools: [{ type: 'shell', environment: { type: 'container_reference', container_id: 'ID' } }] }],
  ["a call's container", { input: [{ type: 'code_interpreter_call', id: 'ci_1', container_id: 'ID', code: '', outputs: [], status: 'completed' }] }],
  ['vector stores', { tools: [{ type: 'file_search', vector_store_ids: ['ID'] }] }],
  ["an image tool's mask", { tools: [{ type: 'image_generation', input_image_mask: { file_id: 'ID' } }] }],
  ['a response to compare with', { prompt_cache_options: { comparison_response_id: 'ID' } }],
  ['a screenshot', { input: [{ type: 'computer_call_output', call_id: 'c', output: { type: 'computer_screenshot', file_id: 'ID' } }] }],
  ['a file in a message', { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'ID' }] }] }],
  ["a file in a function's output", { input: [{ type: 'function_call_output', call_id: 'c', output: [{ type: 'input_file', file_id: 'ID' }] }] }],
  ['a tool among the input', { input: [{ type: 'additional_tools', tools: [{ type: 'file_search', vector_store_ids: ['ID'] }] }] }],
  ["a prompt's variable", { prompt: { id: 'pmpt_1', variables: { metadata: { type: 'input_file', file_id: 'ID' } } } }],
];
const others: readonly (readonly [path: string, name: string, body: object])[] = [
  ['chat/completions', 'a file', { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'ID' } }] }] }],
  ['images/edits', 'an image', { prompt: 'a cat', images: [{ file_id: 'ID' }] }],
  ['images/edits', 'a mask', { prompt: 'a cat', images: [{ image_url: 'https://example.com/a.png' }], mask: { file_id: 'ID' } }],
];
const transparentOnly: readonly (readonly [path: string, name: string, body: object])[] = [
  ['videos', 'a picture', { prompt: 'a cat', input_reference: { file_id: 'ID' } }],
  ['conversations', 'an item', { items: [{ id: 'ID' }] }],
  ['conversations', 'a file', { items: [{ type: 'message', role: 'user', content: [{ type: 'input_file', file_id: 'ID' }] }] }],
];
const named = BASES.flatMap((base) => [
  ...['responses', 'responses/input_tokens', 'responses/compact'].flatMap((path) =>
    responses.map(([name, body]) => ({ path: `${base}/${path}`, name, body: { input: 'hi', ...body } })),
  ),
  ...[...others, ...(base === '/transparent/main/v1' ? transparentOnly : [])].map(([path, name, body]) => ({ path: `${base}/${path}`, name, body })),
]);
describe("a body that names another's", () => {
  let id = '';
  beforeAll(async () => {
    const got = await call(mine, 'POST', `${BASES[0]}/files`, form([field('purpose', 'user_data'), file('file', 'text', 'a.txt')]), FORM_TYPE);
    id = (JSON.parse(got.text) as { id: string }).id;
  });
  test.each(named)('$path: $name', async ({ path, body }) => {
    const text = JSON.stringify({ model: SMALL, ...body }).replaceAll('"ID"', JSON.stringify(id));
    const before = bench.simulator.requests.length;
    expect(answer(await call(theirs, 'POST', path, text))).toBe(NOT_YOURS);
    expect(bench.simulator.requests).toHaveLength(before);
    // Its maker's call reaches the provider, whatever that makes of it.
    await call(mine, 'POST', path, text);
    expect(bench.simulator.requests).toHaveLength(before + 1);
  });
  test.each(BASES)('twice, the harmless one last, below %s', async (base) => {
    const before = bench.simulator.requests.length;
    const item = JSON.stringify([{ type: 'item_reference', id }]);
    for (const text of [
      `{"model":"${SMALL}","input":${item},"input":"hi"}`,
      `{"model":"${SMALL}","input":[{"role":"user","content":[{"type":"input_file","file_id":"${id}"}],"content":"hi"}]}`,
      `{"model":"${SMALL}","input":"hi","previous_response_id":"${id}","previous_response_id":null}`,
    ])
      expect(answer(await call(theirs, 'POST', `${base}/responses`, text)), text).toBe('400 invalid_request');
    expect(bench.simulator.requests).toHaveLength(before);
  });
  test.each(BASES)('only as data of the client, below %s', async (base) => {
    const parameters = { type: 'object', properties: { file_id: { type: 'string', default: 'x' } }, examples: [{ file_id: id }] };
    const tools = [{ type: 'function', name: 'f', parameters, strict: false }];
    expect((await call(theirs, 'POST', `${base}/responses`, { model: SMALL, input: 'hi', metadata: { file_id: id }, tools })).status).toBe(200);
  });
});

const idIn = (got: Got): string => /"id": ?"(chatcmpl-[^"]+)"/.exec(got.text)?.[1] ?? '';
const listed = (got: Got): string[] => (JSON.parse(got.text) as { data: { id: string }[] }).data.map((item) => item.id);
const PAIRS = BASES.flatMap((makes) => BASES.flatMap((reads) => [false, true].map((stream) => ({ makes, reads, stream }))));
describe.each(PAIRS)('a chat completion stored below $makes (stream: $stream), asked for below $reads', ({ makes, reads, stream }) => {
  test('belongs to who made it: read, messages, list, change, delete', async () => {
    const made = await call(mine, 'POST', `${makes}/chat/completions`, { model: SMALL, messages, store: true, stream });
    const id = idIn(made);
    expect(id).not.toBe('');
    const path = `${reads}/chat/completions/${id}`;
    const before = bench.simulator.requests.length;
    for (const [method, at, body] of [
      ['GET', path, undefined],
      ['GET', `${path}/messages`, undefined],
      ['POST', path, { metadata: { a: 'b' } }],
      ['DELETE', path, undefined],
    ] as const)
      expect(answer(await call(theirs, method, at, body)), method).toBe(NOT_YOURS);
    expect(bench.simulator.requests).toHaveLength(before);
    expect((await call(mine, 'GET', path)).status).toBe(200);
    expect((await call(mine, 'GET', `${path}/messages`)).status).toBe(200);
    expect((await call(mine, 'POST', path, { metadata: { a: 'b' } })).status).toBe(200);
    const lists = [await call(theirs, 'GET', `${reads}/chat/completions`), await call(mine, 'GET', `${reads}/chat/completions`)];
    expect(lists.map((list) => listed(list).includes(id))).toEqual([false, true]);
    expect((await call(mine, 'DELETE', path)).status).toBe(200);
  });
  test('is nobody’s when it was not asked to be stored', async () => {
    const id = idIn(await call(mine, 'POST', `${makes}/chat/completions`, { model: SMALL, messages, store: false, stream }));
    expect(answer(await call(mine, 'GET', `${reads}/chat/completions/${id}`))).toBe(NOT_YOURS);
  });
});

describe.each(BASES)('a caller who may use certain models, below %s', (base) => {
  test.each([
    ['a stored prompt', '"prompt":{"id":"pmpt_1"}'],
    ['a stored prompt, then none', '"prompt":{"id":"pmpt_1"},"prompt":null'],
  ])('%s beside the allowed one', async (name, member) => {
    const limited = await bench.makeKey({ models: [SMALL] });
    const before = bench.simulator.requests.length;
    const got = await call(limited, 'POST', `${base}/responses`, `{"model":"${SMALL}","input":"hi",${member}}`);
    expect(answer(got)).toBe(name.endsWith('none') ? '400 invalid_request' : '403 model_not_allowed');
    expect(bench.simulator.requests).toHaveLength(before);
  });
});
