import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BIG, chat, messages, modelAsked, openLimited, SMALL } from './support/limited.ts';
import { ask, ask2, codeOf, type Got, type Sent } from './support/raw.ts';

let bench: Awaited<ReturnType<typeof openLimited>>;
beforeAll(async () => {
  bench = await openLimited();
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());

const JSON_TYPE = { 'content-type': 'application/json' };
const signed = (sent: Sent): Sent => ({ ...sent, headers: { authorization: `Bearer ${bench.limited}`, ...JSON_TYPE, ...sent.headers } });
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`;
/** Nothing got through: the refusal is ours and the provider saw no request. */
const refused = async (sent: Sent, wanted: string, over: (url: string, sent: Sent) => Promise<Got> = ask): Promise<void> => {
  const got = await over(bench.url, signed(sent));
  expect(answer(got)).toBe(wanted);
  expect(bench.simulator.requests).toEqual([]);
};
const BOTH = ['/openai/main/v1', '/transparent/main/v1'] as const;
const NOT_ALLOWED = '403 model_not_allowed';

describe('the limited key works where it may', () => {
  test.each([
    ['protocol', '/openai/main/v1/chat/completions', chat(SMALL)],
    ['transparent', '/transparent/main/v1/chat/completions', chat(SMALL)],
    ['provider name', '/transparent/openai/v1/chat/completions', chat(SMALL)],
    ['deployments path', `/openai/main/deployments/${SMALL}/chat/completions`, chat(SMALL)],
    ['model chooses', '/v1/chat/completions', chat(SMALL)],
  ])('%s', async (_name, path, body) => {
    const got = await ask(bench.url, signed({ path, body }));
    expect(got.status, got.text).toBe(200);
    expect(bench.simulator.requests.map(modelAsked)).toEqual([SMALL]);
  });
});

const spellings: readonly (readonly [name: string, model: unknown, refusal?: '400 invalid_request'])[] = [
  ['the other model', BIG],
  ['upper case', SMALL.toUpperCase()],
  ['one capital', 'Gpt-4o-mini'],
  ['trailing space', `${SMALL} `],
  ['leading space', ` ${SMALL}`],
  ['trailing dot', `${SMALL}.`],
  ['trailing slash', `${SMALL}/`],
  ['trailing line break', `${SMALL}\n`],
  ['trailing NUL', `${SMALL}\u0000`],
  ['zero-width space', `${SMALL}\u200b`],
  ['byte order mark', `\ufeff${SMALL}`],
  ['Cyrillic o', SMALL.replace('o', '\u043e')],
  ['fullwidth g', SMALL.replace('g', '\uff47')],
  ['other hyphen', SMALL.replaceAll('-', '\u2010')],
  ['combining mark', `${SMALL}\u0301`],
  ['percent-encoded', 'gpt%2d4o%2dmini'],
  ['percent-encoded other', 'gpt-4%6f'],
  ['suffix after a colon', `${SMALL}:${BIG}`],
  ['colon suffix of a router', `${SMALL}:nitro`],
  ['fine-tuned', `ft:${SMALL}:acme::1`],
  ['dot segments', `${SMALL}/../${BIG}`],
  ['query', `${SMALL}?model=${BIG}`],
  ['fragment', `${BIG}#${SMALL}`],
  ['list in a string', `${SMALL},${BIG}`],
  ['glob', 'gpt-4o*'],
  ['star', '*'],
  ['empty', ''],
  ['name of models: with the other target', 'dear'],
  ['null', null],
  ['array', [SMALL], '400 invalid_request'],
  ['array of both', [SMALL, BIG], '400 invalid_request'],
  ['object', { name: SMALL }, '400 invalid_request'],
  ['number', 4, '400 invalid_request'],
  ['boolean', true, '400 invalid_request'],
  ['ten KiB', 'g'.repeat(10_240), '400 invalid_request'],
];
describe.each(BOTH)('spelling of the model below %s', (base) => {
  test.each(spellings.map(([name, model, refusal = NOT_ALLOWED]) => ({ name, model, refusal })))('$name', ({ model, refusal }) =>
    refused({ path: `${base}/chat/completions`, body: chat(model) }, refusal),
  );
});

const small = JSON.stringify(SMALL);
const big = JSON.stringify(BIG);
const rest = `"messages":${JSON.stringify(messages)}`;
const documents: readonly (readonly [name: string, body: string | Uint8Array, refusal: string])[] = [
  ['key twice, allowed first', `{"model":${small},${rest},"model":${big}}`, '400 invalid_request'],
  ['key twice, allowed last', `{"model":${big},${rest},"model":${small}}`, '400 invalid_request'],
  ['key twice, one escaped', `{"model":${small},"\\u006dodel":${big},${rest}}`, '400 invalid_request'],
  ['key twice, both escaped', `{"m\\u006fdel":${small},"\\u006dodel":${big},${rest}}`, '400 invalid_request'],
  ['key twice, the same value', `{"model":${small},"model":${small},${rest}}`, '400 invalid_request'],
  ['key twice, one null', `{"model":${small},"model":null,${rest}}`, '400 invalid_request'],
  ['escaped key of the other', `{"\\u006d\\u006f\\u0064\\u0065\\u006c":${big},${rest}}`, NOT_ALLOWED],
  ['escaped value of the other', `{"model":"gpt-4\\u006f",${rest}}`, NOT_ALLOWED],
  ['missing', `{${rest}}`, NOT_ALLOWED],
  ['only nested', `{"metadata":{"model":${small}},${rest}}`, NOT_ALLOWED],
  ['key in another case', `{"Model":${small},${rest}}`, NOT_ALLOWED],
  ['key with a space', `{"model ":${small},${rest}}`, NOT_ALLOWED],
  ['array around the object', `[{"model":${small},${rest}}]`, NOT_ALLOWED],
  ['string around the object', JSON.stringify(`{"model":${small}}`), NOT_ALLOWED],
  ['two documents', `{"model":${small},${rest}}{"model":${big},${rest}}`, '400 invalid_json'],
  ['byte order mark in front', `\ufeff{"model":${small},${rest}}`, '400 invalid_json'],
  ['UTF-16', Buffer.from(`{"model":${small},${rest}}`, 'utf16le'), '400 invalid_json'],
  ['comment', `{/*"model":${small},*/"model":${small},${rest}}`, '400 invalid_json'],
  ['single quotes', `{'model':${small},${rest}}`, '400 invalid_json'],
  ['trailing comma', `{"model":${small},${rest},}`, '400 invalid_json'],
  ['unquoted second key', `{"model":${small},model:${big},${rest}}`, '400 invalid_json'],
  ['cut short', `{"model":${small},${rest}`, '400 invalid_json'],
  ['prototype', `{"model":${small},"__proto__":{"model":${big}},${rest}}`, '400 invalid_request'],
  ['invalid UTF-8', Buffer.concat([Buffer.from(`{"model":"${SMALL}`), Buffer.from([0xc0, 0xae]), Buffer.from(`",${rest}}`)]), '400 invalid_json'],
];
describe.each(BOTH)('shape of the body below %s', (base) => {
  test.each(documents)('%s', (_name, body, refusal) => refused({ path: `${base}/chat/completions`, body }, refusal));
});

describe.each(BOTH)('a nested second model below %s reaches nothing', (base) => {
  test.each([
    ['in an unknown member', `{"model":${small},"extra_body":{"model":${big}},${rest}}`],
    ['in metadata', `{"model":${small},"metadata":{"model":${big}},${rest}}`],
    ['by the query', `{"model":${small},${rest}}`, `?model=${BIG}`],
  ])('%s', async (_name, body, query = '') => {
    await ask(bench.url, signed({ path: `${base}/chat/completions${query}`, body }));
    expect(bench.simulator.requests.map(modelAsked).filter((model) => model !== SMALL)).toEqual([]);
  });
});

const body = chat(BIG);
const heads: readonly (readonly [name: string, headers: Record<string, string>, body: string | Uint8Array, refusal: string])[] = [
  ['x-lpa-model names the allowed one', { 'x-lpa-model': SMALL }, body, NOT_ALLOWED],
  ['x-lpa-model names the other', { 'x-lpa-model': BIG }, chat(undefined), NOT_ALLOWED],
  ['a query-like instance', { 'x-lpa-instance': 'main' }, body, NOT_ALLOWED],
  ['another method by header', { 'x-http-method-override': 'GET' }, body, NOT_ALLOWED],
  ['another path by header', { 'x-original-url': '/health', 'x-rewrite-url': '/health' }, body, NOT_ALLOWED],
  ['gzip', { 'content-encoding': 'gzip' }, gzipSync(chat(SMALL)), '415 unsupported_media_type'],
  ['said to be gzip', { 'content-encoding': 'gzip' }, chat(SMALL), '415 unsupported_media_type'],
  ['text/plain', { 'content-type': 'text/plain' }, chat(SMALL), '415 unsupported_media_type'],
  ['no content type', { 'content-type': '' }, chat(SMALL), '415 unsupported_media_type'],
  ['url-encoded', { 'content-type': 'application/x-www-form-urlencoded' }, `model=${SMALL}`, '415 unsupported_media_type'],
  ['UTF-7', { 'content-type': 'application/json; charset=utf-7' }, `{"model":${small},"+AG0-odel":${big},${rest}}`, '415 unsupported_media_type'],
  ['UTF-16', { 'content-type': 'application/json; charset=utf-16' }, chat(SMALL), '415 unsupported_media_type'],
  ['a type that only begins like JSON', { 'content-type': 'application/jsonx' }, chat(SMALL), '415 unsupported_media_type'],
];
describe.each(BOTH)('headers below %s', (base) => {
  test.each(heads)('%s', (_name, headers, sent, refusal) => refused({ path: `${base}/chat/completions`, headers, body: sent }, refusal));
  test('HTTP/2', () => refused({ path: `${base}/chat/completions`, body }, NOT_ALLOWED, ask2));
  test('HTTP/2 without a length, key twice', () =>
    refused({ path: `${base}/chat/completions`, body: `{"model":${small},"model":${big},${rest}}` }, '400 invalid_request', ask2));
  test('no body', () => refused({ path: `${base}/chat/completions` }, base.startsWith('/openai') ? '400 invalid_json' : NOT_ALLOWED));
});
test('transparent mode does not take the model from our header', () =>
  refused({ path: '/transparent/main/v1/chat/completions', headers: { 'x-lpa-model': SMALL }, body: chat(undefined) }, NOT_ALLOWED));
test('the model of our header is what the provider gets', async () => {
  const got = await ask(bench.url, signed({ path: '/openai/main/v1/chat/completions', headers: { 'x-lpa-model': SMALL }, body: chat(undefined) }));
  expect(got.status).toBe(200);
  expect(bench.simulator.requests.map(modelAsked)).toEqual([SMALL]);
});
