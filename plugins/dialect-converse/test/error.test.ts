import { CODES, type Code } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { dialect, replyOf } from './support.ts';

const header = (headers: readonly string[], name: string): string | undefined => headers[headers.indexOf(name) + 1];
const read = (status: number, type: string | undefined, body: object | string = { message: 'Too bad.' }) =>
  dialect.readError(replyOf(body, status, type === undefined ? [] : ['x-amzn-ErrorType', `${type}:http://internal.amazon.com/coral/`]));
/** Exceptions with their status, our code and the status that a client sees. */
const TABLE: readonly (readonly [string, number, Code, number])[] = [
  ['ValidationException', 400, 'upstream_rejected', 400],
  ['AccessDeniedException', 403, 'upstream_rejected', 403],
  ['ResourceNotFoundException', 404, 'model_not_found', 404],
  ['FTUFormNotFilled', 404, 'model_not_found', 404],
  ['ConflictException', 400, 'upstream_rejected', 400],
  ['ServiceQuotaExceededException', 400, 'upstream_rate_limited', 429],
  ['ModelTimeoutException', 408, 'upstream_timeout', 504],
  ['ModelErrorException', 424, 'upstream_bad_response', 502],
  ['ModelStreamErrorException', 424, 'upstream_bad_response', 502],
  ['ThrottlingException', 429, 'upstream_rate_limited', 429],
  ['ModelNotReadyException', 429, 'upstream_overloaded', 503],
  ['InternalServerException', 500, 'upstream_bad_response', 502],
  ['ServiceUnavailableException', 503, 'upstream_overloaded', 503],
];

describe('an error of Bedrock', () => {
  it.each(TABLE)('%s of status %i is %s, and a client of the same dialect gets the exception back', (type, status, code, shown) => {
    const e = read(status, type);
    expect([e.code, e.status, e.message]).toEqual([code, shown, 'Too bad.']);
    const wire = dialect.error(e, 'chat');
    expect([wire.status, header(wire.headers, 'x-amzn-errortype')]).toEqual([shown, type]);
    expect(JSON.parse(wire.body)).toMatchObject({ message: 'Too bad.' });
  });
  it.each([
    'UnrecognizedClientException',
    'InvalidSignatureException',
    'ExpiredTokenException',
    'IncompleteSignatureException',
    'MissingAuthenticationTokenException',
  ])('%s is about the credential of the gateway: nothing of it reaches a client', (type) => {
    const e = read(403, type, { message: 'The request signature we calculated does not match. The canonical string: POST x-amz-security-token:SECRET' });
    expect([e.code, e.status, e.retry]).toEqual(['upstream_auth_failed', 502, false]);
    expect(dialect.error(e, 'chat').body).not.toContain('SECRET');
  });
  it('names its type in the body too, with or without a namespace', () => {
    expect(read(429, undefined, { __type: 'com.amazon.coral.service#ThrottlingException', message: 'Slow.' }).code).toBe('upstream_rate_limited');
    expect(read(404, undefined, { Output: { __type: 'com.amazon.coral.service#UnknownOperationException' }, Version: '1.0' })).toMatchObject({
      code: 'operation_not_supported',
      status: 404,
    });
    expect(read(400, undefined, { Message: 'Capital.' }).message).toBe('Capital.');
  });
  it.each([
    'Input is too long for requested model.',
    'The model returned the following errors: Input Tokens Exceeded: Number of input tokens exceeds maximum length.',
    'prompt exceeds the context window',
  ])('about length is one: %s', (message) => expect(read(400, 'ValidationException', { message }).code).toBe('context_length_exceeded'));
  it('about an unknown model is one, and tokens per day are not asked for again', () => {
    expect(read(400, 'ValidationException', { message: 'The provided model identifier is invalid.' })).toMatchObject({ code: 'model_not_found', status: 404 });
    expect(read(429, 'ThrottlingException', { message: 'Too many tokens per day, please wait.' }).retry).toBe(false);
    expect(read(429, 'ThrottlingException', { message: 'Too many tokens, please wait.' }).retry).toBeUndefined();
  });
  it('tells no account', () => {
    const message = 'User: arn:aws:sts::123456789012:assumed-role/llm/x is not authorized to perform: bedrock:InvokeModel';
    const e = read(403, 'AccessDeniedException', { message });
    expect(e.message).not.toContain('123456789012');
    expect(dialect.error(e, 'chat').body).not.toContain('123456789012');
  });
  it('is read from HTML, nothing and garbage', () => {
    for (const body of ['', '<html></html>', '[]', '7', '{"message":{}}'])
      expect(read(503, undefined, body)).toMatchObject({ code: 'upstream_overloaded', status: 503 });
  });
});
describe('an error of the gateway', () => {
  it.each(Object.keys(CODES) as Code[])('%s is an exception with its message', (code) => {
    const wire = dialect.error({ code, status: CODES[code] || 422, message: 'Said.', retryAfterMs: 1500 }, 'chat');
    expect(header(wire.headers, 'x-amzn-errortype')).toMatch(/^[A-Z][A-Za-z]+Exception$/);
    expect(header(wire.headers, 'retry-after')).toBe('2');
    expect(JSON.parse(wire.body)).toEqual({ message: 'Said.' });
  });
});
