import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { SMALL } from './support/limited.ts';
import type { Got } from './support/raw.ts';
import { answer, callAs, NOT_YOURS } from './support/two-callers.ts';

/** Bodies that bring back what another vendor issued are translated into the surface they came in; the provider stores all the same. */
let bench: Bench;
let mine = '';
let theirs = '';
beforeAll(async () => {
  bench = await openBench({
    plugins: ['@llm-proxy-auth/dialect-anthropic'],
    sections: { retry: { attempts: 1 }, policies: [{ match: {}, allow: { classes: ['inference', 'models', 'stateful'] } }] },
  });
  mine = await bench.makeKey({ name: 'mine' });
  theirs = await bench.makeKey({ name: 'theirs' });
});
afterAll(() => bench.close());

const BASE = '/openai/main/v1';
const call = (key: string, method: string, path: string, body?: string | object): Promise<Got> => callAs(bench.url, key, method, `${BASE}${path}`, body);
const surfaces = {
  chat: { path: '/chat/completions', body: { model: SMALL, store: true, messages: [{ role: 'user', content: 'lpa1.of another' }] }, id: /"(chatcmpl-[^"]+)"/ },
  responses: { path: '/responses', body: { model: SMALL, store: true, input: 'lpa1.of another' }, id: /"(resp_[^"]+)"/ },
} as const;
const CASES = Object.entries(surfaces).flatMap(([name, surface]) => [false, true].map((stream) => ({ name, surface, stream })));

describe.each(CASES)('what a translated call stores at its own vendor: $name (stream: $stream)', ({ surface: { path, body, id }, stream }) => {
  const stored = async (): Promise<string> => {
    const spaced = JSON.stringify({ ...body, stream }, undefined, 1);
    const got = await call(mine, 'POST', path, spaced);
    expect(got.status, got.text).toBe(200);
    expect(bench.simulator.requests.at(-1)?.body.toString('utf8')).not.toContain('\n');
    return id.exec(got.text)?.[1] ?? '';
  };
  test('is its maker’s alone', async () => {
    const made = await stored();
    const read = await call(mine, 'GET', `${path}/${made}`);
    expect([read.status, id.exec(read.text)?.[1]]).toEqual([200, made]);
    const before = bench.simulator.requests.length;
    expect(answer(await call(theirs, 'GET', `${path}/${made}`))).toBe(NOT_YOURS);
    expect(answer(await call(theirs, 'DELETE', `${path}/${made}`))).toBe(NOT_YOURS);
    expect(bench.simulator.requests).toHaveLength(before);
    expect((await call(mine, 'DELETE', `${path}/${made}`)).status).toBe(200);
  });
});

describe.each([false, true])('a response of a translated call is gone on from (stream: %s)', (stream) => {
  test('by its maker alone', async () => {
    const { path, body, id } = surfaces.responses;
    const made = id.exec((await call(mine, 'POST', path, { ...body, stream })).text)?.[1] ?? '';
    const next = { model: SMALL, input: 'more', previous_response_id: made };
    expect((await call(mine, 'POST', path, next)).status).toBe(200);
    expect(answer(await call(theirs, 'POST', path, next))).toBe(NOT_YOURS);
  });
});
