import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { SMALL } from './support/limited.ts';
import { ask, codeOf, FORM_TYPE, field, file, form, type Got, type Sent } from './support/raw.ts';

let bench: Bench;
let mine = '';
let theirs = '';
beforeAll(async () => {
  bench = await openBench({ sections: { policies: [{ match: {}, allow: { classes: ['inference', 'models', 'stateful'] } }] } });
  mine = await bench.makeKey({ name: 'mine' });
  theirs = await bench.makeKey({ name: 'theirs' });
});
afterAll(() => bench.close());

const answer = (got: Got): string => `${got.status} ${codeOf(got)}`;
const NOT_YOURS = '404 invalid_request';
const call = (key: string, method: string, path: string, body?: string | object, type = 'application/json'): Promise<Got> => {
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  const sent: Sent = { method, path, headers: { authorization: `Bearer ${key}`, ...(text === undefined ? {} : { 'content-type': type }) } };
  return ask(bench.url, text === undefined ? sent : { ...sent, body: text });
};
const made = async (got: Promise<Got>): Promise<string> => {
  const { status, text } = await got;
  expect(status, text).toBe(200);
  return (JSON.parse(text) as { id: string }).id;
};
const line = JSON.stringify({
  custom_id: 'a',
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model: SMALL, messages: [{ role: 'user', content: 'hi' }] },
});
const upload = (key: string, base: string): Promise<string> =>
  made(call(key, 'POST', `${base}/files`, form([field('purpose', 'batch'), file('file', `${line}\n`)]), FORM_TYPE));
const ids = (got: Got): string[] => (JSON.parse(got.text) as { data: { id: string }[] }).data.map((item) => item.id);

const BASES = ['/openai/main/v1', '/transparent/main/v1'] as const;
const PAIRS = BASES.flatMap((makes) => BASES.map((reads) => ({ makes, reads })));
describe.each(PAIRS)('made below $makes, asked for below $reads', ({ makes, reads }) => {
  test('a file belongs to who made it: read, content, list, delete', async () => {
    const id = await upload(mine, makes);
    const before = bench.simulator.requests.length;
    for (const path of [`/files/${id}`, `/files/${id}/content`]) expect(answer(await call(theirs, 'GET', reads + path))).toBe(NOT_YOURS);
    expect(answer(await call(theirs, 'DELETE', `${reads}/files/${id}`))).toBe(NOT_YOURS);
    expect(bench.simulator.requests).toHaveLength(before);
    const lists = [await call(theirs, 'GET', `${reads}/files`), await call(mine, 'GET', `${reads}/files`)];
    expect(lists.map((list) => ids(list).includes(id))).toEqual([false, true]);
    expect((await call(mine, 'GET', `${reads}/files/${id}/content`)).text).toBe(`${line}\n`);
    expect((await call(mine, 'DELETE', `${reads}/files/${id}`)).status).toBe(200);
  });
  test('an id that nobody made answers as one of somebody else', async () => {
    const id = await upload(mine, makes);
    const [others, nobodys] = [await call(theirs, 'GET', `${reads}/files/${id}`), await call(theirs, 'GET', `${reads}/files/file-nobodys`)];
    expect(others.text.replaceAll(id, '-')).toBe(nobodys.text.replaceAll('file-nobodys', '-'));
  });
  test('the id in another spelling is no way around', async () => {
    const id = await upload(mine, makes);
    for (const spelled of [id.replace('-', '%2d'), `${id}%20`, id.toUpperCase(), `${id}.`]) {
      expect(answer(await call(theirs, 'GET', `${reads}/files/${spelled}`)), spelled).toBe(NOT_YOURS);
    }
    expect((await call(mine, 'GET', `${reads}/files/${id.replace('-', '%2d')}`)).status).toBe(200);
  });
  test("a batch over another's file, and another's batch", async () => {
    const input_file_id = await upload(mine, makes);
    const batch = { input_file_id, endpoint: '/v1/chat/completions', completion_window: '24h' };
    const before = bench.simulator.requests.length;
    expect(answer(await call(theirs, 'POST', `${reads}/batches`, batch))).toBe(NOT_YOURS);
    expect(bench.simulator.requests).toHaveLength(before);
    const id = await made(call(mine, 'POST', `${makes}/batches`, batch));
    expect(answer(await call(theirs, 'GET', `${reads}/batches/${id}`))).toBe(NOT_YOURS);
    expect(answer(await call(theirs, 'POST', `${reads}/batches/${id}/cancel`))).toBe(NOT_YOURS);
    expect((await call(mine, 'GET', `${reads}/batches/${id}`)).status).toBe(200);
    const lists = [await call(theirs, 'GET', `${reads}/batches`), await call(mine, 'GET', `${reads}/batches`)];
    expect(lists.map((list) => ids(list).includes(id))).toEqual([false, true]);
  });
  test.each([false, true])('a stored response (stream: %s): read, delete, go on from', async (stream) => {
    const got = await call(mine, 'POST', `${makes}/responses`, { model: SMALL, input: 'hi', store: true, stream });
    const id = /"id": ?"(resp_[^"]+)"/.exec(got.text)?.[1] ?? '';
    expect(id).toMatch(/^resp_/);
    const before = bench.simulator.requests.length;
    const next = { model: SMALL, input: 'more', previous_response_id: id };
    expect(answer(await call(theirs, 'POST', `${reads}/responses`, next))).toBe(NOT_YOURS);
    expect(answer(await call(theirs, 'POST', `${reads}/responses/input_tokens`, next))).toBe(NOT_YOURS);
    expect(answer(await call(theirs, 'GET', `${reads}/responses/${id}`))).toBe(NOT_YOURS);
    expect(answer(await call(theirs, 'GET', `${reads}/responses/${id}/input_items`))).toBe(NOT_YOURS);
    expect(answer(await call(theirs, 'DELETE', `${reads}/responses/${id}`))).toBe(NOT_YOURS);
    expect(bench.simulator.requests).toHaveLength(before);
    expect((await call(mine, 'POST', `${reads}/responses`, next)).status).toBe(200);
    expect((await call(mine, 'GET', `${reads}/responses/${id}`)).status).toBe(200);
  });
  test('an upload and its parts', async () => {
    const id = await made(call(mine, 'POST', `${makes}/uploads`, { filename: 'a.jsonl', purpose: 'batch', bytes: 3, mime_type: 'application/jsonl' }));
    expect(answer(await call(theirs, 'POST', `${reads}/uploads/${id}/parts`, form([file('data', 'abc')]), FORM_TYPE))).toBe(NOT_YOURS);
    expect(answer(await call(theirs, 'POST', `${reads}/uploads/${id}/cancel`))).toBe(NOT_YOURS);
  });
  test('what a rotated key made stays its owner’s', async () => {
    const name = `turn-${BASES.indexOf(makes)}-${BASES.indexOf(reads)}`;
    const id = await upload(await bench.makeKey({ name }), makes);
    const fresh = String((await bench.operation('keys.rotate', { key: name, grace: '1h' })).key);
    expect((await call(fresh, 'GET', `${reads}/files/${id}`)).status).toBe(200);
  });
});

test('without the class nobody reaches stored objects, not even their owner', async () => {
  const closed = await openBench();
  try {
    for (const base of BASES) {
      const got = await ask(closed.url, { method: 'GET', path: `${base}/files`, headers: { authorization: `Bearer ${closed.key}` } });
      expect(answer(got)).toBe('403 operation_not_allowed');
    }
    expect(closed.simulator.requests).toEqual([]);
  } finally {
    await closed.close();
  }
});
