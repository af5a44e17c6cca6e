import { recordings } from '@llm-proxy-auth/simulators';
import { describe, expect, it } from 'vitest';
import { dialect } from './support.ts';

const readError = (status: number, body: unknown, headers: readonly string[] = []) =>
  dialect.readError({ status, headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) });
const detail = (type: string, more: object): object => ({ '@type': `type.googleapis.com/google.rpc.${type}`, ...more });

describe('an error of the vendor', () => {
  it('tells its wait in RetryInfo', () => {
    const e = readError(429, {
      error: { code: 429, message: 'slow', status: 'RESOURCE_EXHAUSTED', details: [detail('Help', {}), detail('RetryInfo', { retryDelay: '34.4s' })] },
    });
    expect([e.code, e.status, e.retryAfterMs]).toEqual(['upstream_rate_limited', 429, 34_400]);
  });
  it('names the field in BadRequest', () => {
    const e = readError(400, {
      error: {
        code: 400,
        message: 'bad',
        status: 'INVALID_ARGUMENT',
        details: [detail('BadRequest', { fieldViolations: [{ field: 'contents[1]', description: 'd' }] })],
      },
    });
    expect([e.code, e.param]).toEqual(['upstream_rejected', 'contents[1]']);
  });
  it.each([
    [400, 'The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).', 'context_length_exceeded'],
    [404, 'models/none is not found for API version v1beta', 'model_not_found'],
    [404, 'Requested entity was not found.', 'upstream_rejected'],
    [500, 'Internal error encountered.', 'upstream_bad_response'],
    [503, 'The model is overloaded.', 'upstream_overloaded'],
    [504, 'Deadline expired.', 'upstream_timeout'],
  ])('of status %d that says "%s" is %s', (status, message, code) => {
    expect(readError(status, { error: { code: status, message } }).code).toBe(code);
  });
  it('is read out of an array, and goes on as an object', () => {
    const e = readError(400, [{ error: { code: 400, message: 'in an array', status: 'INVALID_ARGUMENT' } }]);
    expect(e.message).toBe('in an array');
    expect(JSON.parse(dialect.error(e, 'chat').body)).toEqual({ error: { code: 400, message: 'in an array', status: 'INVALID_ARGUMENT' } });
  });
  it('names no account and no credential', () => {
    const secret = 'projects/12345/locations/x me@proj.iam.gserviceaccount.com AIzaSyA0123456789abcdef ya29.abc-def https://us-aiplatform.googleapis.com/v1/x';
    const e = readError(403, {
      error: { code: 403, message: secret, status: 'PERMISSION_DENIED', details: [detail('ErrorInfo', { metadata: { consumer: 'projects/12345' } })] },
    });
    for (const text of [e.message, dialect.error(e, 'chat').body]) expect(text).not.toMatch(/12345|me@proj|AIza|ya29|aiplatform/);
  });
  it('of every recording is read with its status and words', () => {
    const refused = ['gemini', 'vertex'].flatMap((provider) => recordings({ provider })).filter(({ response }) => response.status >= 400);
    expect(refused.length).toBeGreaterThan(5);
    for (const { response, file } of refused) {
      const e = readError(response.status, response.body ?? '');
      expect([file, e.status]).toEqual([file, response.status]);
      expect(e.message).not.toBe('');
    }
  });
});

describe('an error of ours', () => {
  it('has the vendor’s envelope, our code in its details, and the wait in both places', () => {
    const wire = dialect.error({ code: 'rate_limit_exceeded', status: 429, message: 'slow', param: 'model', retryAfterMs: 1500 }, 'chat');
    expect(JSON.parse(wire.body)).toEqual({
      error: {
        code: 429,
        message: 'slow',
        status: 'RESOURCE_EXHAUSTED',
        details: [
          detail('ErrorInfo', { reason: 'RATE_LIMIT_EXCEEDED', domain: 'llm-proxy-auth', metadata: { code: 'rate_limit_exceeded' } }),
          detail('BadRequest', { fieldViolations: [{ field: 'model', description: 'slow' }] }),
          detail('RetryInfo', { retryDelay: '1.5s' }),
        ],
      },
    });
    expect(wire.headers).toContain('retry-after');
  });
  it.each([
    ['invalid_credentials', 401, 'UNAUTHENTICATED'],
    ['model_not_allowed', 403, 'PERMISSION_DENIED'],
    ['model_not_found', 404, 'NOT_FOUND'],
    ['upstream_timeout', 504, 'DEADLINE_EXCEEDED'],
    ['upstream_rejected', 409, 'ABORTED'],
  ] as const)('%s is %d %s', (code, status, word) => {
    expect(JSON.parse(dialect.error({ code, status, message: 'm' }, 'chat').body)).toMatchObject({ error: { code: status, status: word } });
  });
  it('about our credential never shows what the provider said of it', () => {
    const e = {
      ...readError(401, { error: { code: 401, message: 'bad key', status: 'UNAUTHENTICATED' } }),
      code: 'upstream_auth_failed',
      status: 502,
      message: 'ours',
    } as const;
    expect(JSON.parse(dialect.error(e, 'chat').body)).toMatchObject({ error: { code: 502, message: 'ours' } });
  });
});
