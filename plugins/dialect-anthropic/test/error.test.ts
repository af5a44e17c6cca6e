import { describe, expect, it } from 'vitest';
import { error } from '../src/error.ts';

describe('the type of an error', () => {
  it.each([
    ['invalid_request', 400, 'invalid_request_error'],
    ['invalid_request', 404, 'not_found_error'],
    ['upstream_rejected', 409, 'conflict_error'],
    ['upstream_rejected', 422, 'invalid_request_error'],
    ['upstream_overloaded', 503, 'overloaded_error'],
    ['budget_exceeded', 429, 'rate_limit_error'],
  ] as const)('%s with status %i is %s', (code, status, type) => {
    const { body } = error({ code, status, message: 'No.' }, 'chat');
    expect(JSON.parse(String(body))).toEqual({ type: 'error', error: { type, message: 'No.', details: { error_code: code } }, request_id: null });
  });
});
