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
const TRANSPARENT = BASES[1];

/** Refused to others without a word to the provider; its maker's call reaches the provider, whatever that makes of it. */
const onlyMine = async (path: string, body: string | object, type?: string): Promise<void> => {
  const before = bench.simulator.requests.length;
  expect(answer(await call(theirs, 'POST', path, body, type))).toBe(NOT_YOURS);
  expect(bench.simulator.requests).toHaveLength(before);
  await call(mine, 'POST', path, body, type);
  expect(bench.simulator.requests).toHaveLength(before + 1);
};
const nobodys = async (path: string, body: string | object): Promise<void> => {
  const before = bench.simulator.requests.length;
  expect(answer(await call(mine, 'POST', path, body))).toBe(NOT_YOURS);
  expect(bench.simulator.requests).toHaveLength(before);
};
const found = (got: Got, pattern: RegExp): string => {
  const id = pattern.exec(got.text)?.[1] ?? '';
  expect(id, got.text).not.toBe('');
  return id;
};
const PAIRS = BASES.flatMap((makes) => BASES.flatMap((reads) => [false, true].map((stream) => ({ makes, reads, stream }))));

describe.each(PAIRS)('made below $makes (stream: $stream), named below $reads', ({ makes, reads, stream }) => {
  test('an output item belongs to who asked for it', async () => {
    const id = found(await call(mine, 'POST', `${makes}/responses`, { model: SMALL, input: 'hi', stream }), /"(msg_[^"]+)"/);
    await onlyMine(`${reads}/responses`, { model: SMALL, input: [{ type: 'item_reference', id }] });
    await onlyMine(`${TRANSPARENT}/conversations`, { items: [{ type: 'item_reference', id }] });
  });
  test('thoughts without their content are those of who had them', async () => {
    const include = ['reasoning.encrypted_content'];
    const made = await call(mine, 'POST', `${makes}/responses`, { model: 'o4-mini', input: 'hi', include, stream });
    const id = found(made, /"(rs_[^"]+)"/);
    const thought = { type: 'reasoning', id, summary: [] };
    const next = [
      { role: 'assistant', content: 'said' },
      { role: 'user', content: 'more' },
    ];
    await onlyMine(`${reads}/responses`, { model: 'o4-mini', input: [thought, ...next] });
    await onlyMine(`${reads}/responses/input_tokens`, { model: 'o4-mini', input: [{ ...thought, encrypted_content: null }] });
    const whole = { model: 'o4-mini', input: [{ ...thought, encrypted_content: found(made, /"encrypted_content": ?"([^"]+)"/) }, ...next] };
    expect((await call(theirs, 'POST', `${reads}/responses`, whole)).status).toBe(200);
  });
  test('a container that a tool opened goes on with who opened it', async () => {
    const id = `cntr_${BASES.indexOf(makes)}${BASES.indexOf(reads)}${stream}`;
    const output = [{ id: `ci_${id}`, type: 'code_interpreter_call', code: '1', container_id: id, outputs: null, status: 'completed' }];
    const response = { id: `resp_${id}`, object: 'response', model: SMALL, status: 'completed', output, usage: null };
    const opened = JSON.stringify({ type: 'response.created', sequence_number: 0, response: { ...response, status: 'in_progress', output: [] } });
    const ended = JSON.stringify({ type: 'response.completed', sequence_number: 1, response });
    bench.simulator.script(
      stream
        ? {
            headers: { 'content-type': 'text/event-stream' },
            body: `event: response.created\ndata: ${opened}\n\nevent: response.completed\ndata: ${ended}\n\n`,
          }
        : { body: JSON.stringify(response) },
    );
    expect((await call(mine, 'POST', `${makes}/responses`, { model: SMALL, input: 'hi', stream })).text).toContain(id);
    await onlyMine(`${reads}/responses`, { model: SMALL, input: 'hi', tools: [{ type: 'code_interpreter', container: id }] });
  });
  test('an item is its maker’s however the answer is cut', async () => {
    bench.simulator.script({ rechunk: { size: 11 } });
    const id = found(await call(mine, 'POST', `${makes}/responses`, { model: SMALL, input: 'hi', stream }), /"(msg_[^"]+)"/);
    await onlyMine(`${reads}/responses`, { model: SMALL, input: [{ type: 'item_reference', id }] });
  });
  test('a spoken answer is gone on from by who heard it', async () => {
    const messages = [{ role: 'user', content: 'hi' }];
    const spoken = { model: 'gpt-audio', modalities: ['text', 'audio'], audio: { voice: 'alloy', format: stream ? 'pcm16' : 'wav' } };
    const id = found(await call(mine, 'POST', `${makes}/chat/completions`, { ...spoken, messages, stream }), /"audio":\s*\{\s*"id":\s*"([^"]+)"/);
    const next = { ...spoken, messages: [...messages, { role: 'assistant', audio: { id } }, { role: 'user', content: 'more' }] };
    await onlyMine(`${reads}/chat/completions`, next);
  });
});

describe.each(BASES)('below %s', (base) => {
  test('what a response made in the background belongs to who looks at it and may', async () => {
    const made = await call(mine, 'POST', `${base}/responses`, { model: SMALL, input: 'hi', background: true });
    const response = found(made, /"id": ?"(resp_[^"]+)"/);
    expect(made.text).not.toMatch(/"msg_/);
    const id = found(await call(mine, 'GET', `${base}/responses/${response}`), /"(msg_[^"]+)"/);
    await onlyMine(`${base}/responses`, { model: SMALL, input: [{ type: 'item_reference', id }] });
  });
  test('a picture without its bytes is a reference, one with them is not', async () => {
    const drawn = { type: 'image_generation_call', id: 'ig_1', status: 'completed' };
    await nobodys(`${base}/responses`, { model: SMALL, input: [drawn, { role: 'user', content: 'more' }] });
    const before = bench.simulator.requests.length;
    await call(mine, 'POST', `${base}/responses`, {
      model: SMALL,
      input: [
        { ...drawn, result: 'iVBORw0KGgo=' },
        { role: 'user', content: 'more' },
      ],
    });
    expect(bench.simulator.requests).toHaveLength(before + 1);
  });
  test('a spoken answer that nobody heard', async () => {
    await nobodys(`${base}/chat/completions`, { model: 'gpt-audio', messages: [{ role: 'assistant', audio: { id: 'audio_nobodys' } }] });
  });
  test('a stored answer that is read as a stream still streams', async () => {
    const response = found(await call(mine, 'POST', `${base}/responses`, { model: SMALL, input: 'hi' }), /"id": ?"(resp_[^"]+)"/);
    const got = await call(mine, 'GET', `${base}/responses/${response}?stream=true`);
    expect(got.headers['content-type']).toContain('text/event-stream');
    expect(got.text).toContain('response.completed');
  });
});

describe('items of a conversation', () => {
  const conversation = async (): Promise<string> => found(await call(mine, 'POST', `${TRANSPARENT}/conversations`, {}), /"id": ?"(conv_[^"]+)"/);
  test.each(BASES)('belong to who put them in, named below %s', async (base) => {
    const items = [{ type: 'message', role: 'user', content: 'hi' }];
    const added = await call(mine, 'POST', `${TRANSPARENT}/conversations/${await conversation()}/items`, { items });
    await onlyMine(`${base}/responses`, { model: SMALL, input: [{ type: 'item_reference', id: found(added, /"id": ?"(msg_[^"]+)"/) }] });
  });
  test('do not become the caller’s by a name of its choice', async () => {
    const items = [{ type: 'message', id: 'file-of-the-operator', role: 'user', content: 'hi' }];
    const added = await call(mine, 'POST', `${TRANSPARENT}/conversations/${await conversation()}/items`, { items });
    expect(added.text).toContain('file-of-the-operator');
    expect(answer(await call(mine, 'GET', `${TRANSPARENT}/files/file-of-the-operator`))).toBe(NOT_YOURS);
  });
});

describe('a form that names a file', () => {
  let id = '';
  beforeAll(async () => {
    const got = await call(mine, 'POST', `${TRANSPARENT}/files`, form([field('purpose', 'user_data'), file('file', 'text', 'a.txt')]), FORM_TYPE);
    id = found(got, /"id": ?"([^"]+)"/);
  });
  test.each(['input_reference[file_id]', 'input_reference.file_id', 'references[0][file_id]', 'file_id'])('videos: %s', async (name) => {
    await onlyMine(`${TRANSPARENT}/videos`, form([field('model', 'sora-2'), field('prompt', 'a cat'), field(name, id)]), FORM_TYPE);
  });
  test.each(BASES)('images below %s, behind a large picture', async (base) => {
    const picture = 'p'.repeat(200_000);
    await onlyMine(
      `${base}/images/edits`,
      form([field('model', 'gpt-image-1'), field('prompt', 'a cat'), file('image', picture, 'a.png'), field('mask[file_id]', id)]),
      FORM_TYPE,
    );
  });
  test('in a coding that nobody here reads', async () => {
    const before = bench.simulator.requests.length;
    const got = await call(theirs, 'POST', `${TRANSPARENT}/videos`, `prompt=a+cat&input_reference%5Bfile_id%5D=${id}`, 'application/x-www-form-urlencoded');
    expect(answer(got)).toBe('415 unsupported_media_type');
    expect(bench.simulator.requests).toHaveLength(before);
  });
});
