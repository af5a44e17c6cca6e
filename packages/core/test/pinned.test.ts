import type { NativeCall } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { checkJudged, checkPinned, withQuery } from '../src/call/pinned.ts';

const native = (pinned: NativeCall['pinned']): NativeCall => ({
  operation: 'chat',
  model: undefined,
  stream: false,
  modelIn: 'none',
  framing: 'json',
  reach: { class: 'inference' },
  pinned,
});
const check = (body: string, pinned: NativeCall['pinned'] = { '/project_id': 'p-1', '/space_id': undefined }): void =>
  checkPinned(native(pinned), [Buffer.from(body.slice(0, 3)), Buffer.from(body.slice(3))], 64);

describe('places of a body that choose an account', () => {
  it.each(['{"project_id":"p-1"}', '{"project_id":"p-1","space_id":null}', '{}', '{"inner":{"project_id":"p-2"}}', '[]', '"p-2"'])('pass in %s', (body) => {
    expect(() => check(body)).not.toThrow();
  });
  it.each([
    ['{"project_id":"p-2"}', 'project_id'],
    ['{"project_id":7}', 'project_id'],
    ['{"project_id":["p-1"]}', 'project_id'],
    ['{"\\u0070roject_id":"p-2"}', 'project_id'],
    ['{"project_id":"p-1","space_id":"s-1"}', 'space_id'],
  ])('refuse %s', (body, param) => {
    expect(() => check(body)).toThrow(expect.objectContaining({ code: 'operation_not_allowed', status: 403, param }));
  });
  it('are found below the top', () => {
    expect(() => check('{"a":{"b":"x"}}', { '/a/b': 'y' })).toThrow(expect.objectContaining({ code: 'operation_not_allowed', param: 'a.b' }));
  });
  it('that stand twice, or in what is no JSON, are refused whatever they say', () => {
    expect(() => check('{"project_id":"p-1","project_id":"p-1"}')).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    expect(() => check('{"project_id":')).toThrow(expect.objectContaining({ code: 'invalid_json' }));
  });
});

describe('query parameters that go along', () => {
  it.each([
    ['', 'version=2025-04-23'],
    ['limit=2', 'limit=2&version=2025-04-23'],
    ['version=2024-01-29&x=%20y', 'version=2024-01-29&x=%20y'],
    ['version=', 'version='],
    ['%76ersion=1', '%76ersion=1'],
  ])('"%s" becomes "%s"', (query, expected) => {
    expect(withQuery(query, { version: '2025-04-23' })).toBe(expected);
  });
  it('leave the query alone where there are none', () => {
    expect(withQuery('a=b&', undefined)).toBe('a=b&');
  });
});

describe('a body that the provider judges', () => {
  const judged = (pieces: readonly string[]): void =>
    checkJudged(
      { ...native(undefined), judge: (body) => (body === undefined ? { refuse: 'operation_not_allowed', message: 'No body.', param: 'x' } : undefined) },
      pieces.map((text) => Buffer.from(text)),
      64,
    );
  it('is given whole, and told apart from none', () => {
    expect(() => judged(['{"a"', ':1}'])).not.toThrow();
    for (const none of [[], ['']]) expect(() => judged(none)).toThrow(expect.objectContaining({ code: 'operation_not_allowed', status: 403, param: 'x' }));
  });
  it('that readers may read differently is refused before it is judged', () => {
    expect(() => judged(['{"a":1,"a":2}'])).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    expect(() => judged(['{'])).toThrow(expect.objectContaining({ code: 'invalid_json' }));
  });
});
