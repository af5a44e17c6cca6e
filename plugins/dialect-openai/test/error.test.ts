import { CODES, type Code, type ErrorLike, GatewayError } from '@llm-proxy-auth/plugin';
import OpenAI, { APIError } from 'openai';
import { describe, expect, it } from 'vitest';
import { duration, error, rateHeaders } from '../src/error.ts';
import { readError, scrub } from '../src/read-error.ts';

const e = (code: Code, more: Partial<ErrorLike> = {}): ErrorLike => ({ code, status: CODES[code] || 422, message: 'why', ...more });
const headerOf = (headers: readonly string[], name: string): string | undefined => headers.find((_, i) => i % 2 === 1 && headers[i - 1] === name);
const reply = (status: number, body: unknown, headers: readonly string[] = []) => ({
  status,
  headers,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const canonical = { error: { message: 'Bad.', type: 'invalid_request_error', param: 'messages', code: 'invalid_value' } };

describe('an error of ours', () => {
  it.each([
    ['invalid_credentials', 401, 'invalid_request_error', 'invalid_api_key'],
    ['missing_credentials', 401, 'invalid_request_error', 'invalid_api_key'],
    ['unknown_route', 404, 'invalid_request_error', 'unknown_url'],
    ['method_not_allowed', 405, 'invalid_request_error', 'method_not_supported'],
    ['model_not_found', 404, 'invalid_request_error', 'model_not_found'],
    ['model_not_allowed', 403, 'permission_error', 'model_not_allowed'],
    ['body_too_large', 413, 'invalid_request_error', 'request_too_large'],
    ['budget_exceeded', 429, 'insufficient_quota', 'insufficient_quota'],
    ['rate_limit_exceeded', 429, 'requests', 'rate_limit_exceeded'],
    ['upstream_auth_failed', 502, 'upstream_auth_error', 'upstream_auth_failed'],
    ['upstream_overloaded', 503, 'server_error', 'server_is_overloaded'],
    ['upstream_timeout', 504, 'timeout_error', 'upstream_timeout'],
    ['content_filtered', 400, 'invalid_request_error', 'content_filter'],
  ] as const)('%s is %i %s %s', (code, status, type, word) => {
    const wire = error(e(code), 'chat');
    expect(wire.status).toBe(status);
    expect(JSON.parse(wire.body)).toEqual({ error: { message: 'why', type, param: null, code: word } });
    expect(headerOf(wire.headers, 'content-type')).toBe('application/json');
  });
  it('has the four keys and a code for every code of the table, and the SDK makes its class of it', () => {
    for (const code of Object.keys(CODES) as Code[]) {
      const wire = error(e(code, { param: 'p' }), undefined);
      const body = JSON.parse(wire.body) as { error: Record<string, unknown> };
      expect(Object.keys(body.error)).toEqual(['message', 'type', 'param', 'code']);
      expect(body.error.code).toMatch(/^[a-z_]+$/);
      const made = APIError.generate(wire.status, body, undefined, new Headers());
      expect([made.code, made.param, made.status]).toEqual([body.error.code, 'p', wire.status]);
    }
    expect(APIError.generate(401, JSON.parse(error(e('invalid_credentials'), 'chat').body), undefined, new Headers())).toBeInstanceOf(
      OpenAI.AuthenticationError,
    );
  });
  it.each([
    [1, '1', '1'],
    [50, '1', '50'],
    [1500, '2', '1500'],
    [0, '1', '1'],
  ])('asks for a wait of %i ms in both headers', (ms, seconds, millis) => {
    const { headers } = error(e('rate_limit_exceeded', { retryAfterMs: ms }), 'chat');
    expect([headerOf(headers, 'retry-after'), headerOf(headers, 'retry-after-ms')]).toEqual([seconds, millis]);
    expect(headerOf(headers, 'x-should-retry')).toBeUndefined();
  });
  it.each([
    ['a budget', e('budget_exceeded')],
    ['a wait above a minute', e('upstream_rate_limited', { retryAfterMs: 60_001 })],
    ['what was retried already', e('upstream_unreachable', { retry: false })],
    ['our own credential', e('upstream_auth_failed')],
  ])('tells clients not to repeat %s', (_what, error_) => expect(headerOf(error(error_, 'chat').headers, 'x-should-retry')).toBe('false'));
  it('names a wait for a gateway that is draining', () => expect(headerOf(error(e('draining'), 'chat').headers, 'retry-after')).toBe('1'));
});

describe('a provider error', () => {
  it('passes as it came', () => {
    const text = JSON.stringify(canonical, undefined, 2);
    const read = readError(reply(400, text));
    expect(read).toMatchObject({ code: 'upstream_rejected', status: 400, message: 'Bad.', param: 'messages' });
    expect(error(read, 'chat').body).toBe(text);
  });
  it('never shows another dialect nor what concerns our credential', () => {
    const vendor = { dialect: 'anthropic', status: 400, body: { json: '{"foreign":1}' } };
    expect(error(e('upstream_rejected', { vendor }), 'chat').body).not.toContain('foreign');
    const own = readError(reply(401, { error: { ...canonical.error, message: 'Incorrect API key provided: sk-abcd.' } }));
    expect(error(new GatewayError('upstream_auth_failed', 'Ours.', { vendor: own.vendor }), 'chat').body).not.toContain('Incorrect');
  });
  it.each([
    ['flat', { message: 'm', code: 'c' }, 'm', 'c'],
    ['detail', { detail: 'nope' }, 'nope', null],
    ['a list of details', { detail: [{ msg: 'x' }] }, '[{"msg":"x"}]', null],
    ['a string', { error: 'boom' }, 'boom', null],
    ['Azure API management', { statusCode: 401, message: 'Access denied' }, 'Access denied', null],
    ['an integer code', { error: { message: 'm', code: 400 } }, 'm', null],
    ['a code that is a status', { error: { message: 'm', code: '429' } }, 'm', null],
    ['a list', [{ error: { message: 'm', code: 'c' } }], 'm', 'c'],
    ['a type of null', { error: { message: 'm', type: null, code: 'content_filter', innererror: { code: 'x' } } }, 'm', 'content_filter'],
  ])('is put into the envelope: %s', (_what, body, message, code) => {
    const read = readError(reply(400, body));
    const wire = JSON.parse(error(read, 'chat').body) as { error: Record<string, unknown> };
    expect(wire.error).toMatchObject({ message, code, type: 'invalid_request_error', param: null });
  });
  it.each([['<html><body>502</body></html>'], [''], ['null'], ['[]'], ['upstream connect error']])(
    'without a body that says anything has our words: %j',
    (body) => {
      const read = readError(reply(502, body));
      expect(read).toMatchObject({ code: 'upstream_bad_response', status: 502, vendor: undefined });
      expect(JSON.parse(error(read, 'chat').body)).toMatchObject({ error: { code: 'upstream_bad_response', type: 'server_error' } });
    },
  );
  it.each([
    [400, { code: 'context_length_exceeded' }, 'context_length_exceeded', 400],
    [400, { message: "This model's maximum context length is 8192 tokens." }, 'context_length_exceeded', 400],
    [400, { code: 'content_filter' }, 'content_filtered', 400],
    [200, { code: 'content_filter' }, 'content_filtered', 400],
    [404, { code: 'model_not_found' }, 'model_not_found', 404],
    [404, { code: 'DeploymentNotFound' }, 'model_not_found', 404],
    [429, { code: 'rate_limit_exceeded' }, 'upstream_rate_limited', 429],
    [429, { code: 'slow_down' }, 'upstream_overloaded', 503],
    [503, {}, 'upstream_overloaded', 503],
    [529, {}, 'upstream_overloaded', 503],
    [500, {}, 'upstream_bad_response', 502],
    [504, {}, 'upstream_timeout', 504],
    [408, {}, 'upstream_timeout', 504],
    [422, {}, 'upstream_rejected', 422],
    [403, { code: 'unsupported_country_region_territory' }, 'upstream_rejected', 403],
  ] as const)('%i %j is %s', (status, body, code, shown) =>
    expect(readError(reply(status, { error: { message: 'm', ...body } }))).toMatchObject({ code, status: shown }),
  );
  it('is final when the quota is used up', () =>
    expect(readError(reply(429, { error: { message: 'm', type: 'insufficient_quota', code: 'credit_balance_exhausted' } })).retry).toBe(false));
  it.each([
    [['retry-after-ms', '50', 'retry-after', '1'], 1000],
    [['retry-after-ms', '0', 'retry-after', '1'], 1000],
    [['retry-after', '7'], 7000],
    [['retry-after', 'Wed, 21 Oct 2026 07:28:10 GMT', 'date', 'Wed, 21 Oct 2026 07:28:00 GMT'], 10_000],
    [['retry-after', 'soon'], undefined],
    [
      ['x-ratelimit-reset-tokens', '6m0s', 'x-ratelimit-remaining-tokens', '0', 'x-ratelimit-reset-requests', '20ms', 'x-ratelimit-remaining-requests', '5'],
      360_000,
    ],
    [['x-ratelimit-reset-tokens', '55'], 55_000],
    [[], undefined],
  ])('with headers %j asks to wait %s ms', (headers, wait) => expect(readError(reply(429, { error: { message: 'm' } }, headers)).retryAfterMs).toBe(wait));
  it('may say the wait in words alone', () =>
    expect(readError(reply(429, { error: { message: 'Please retry after 12 seconds.' } })).retryAfterMs).toBe(12_000));
  it.each([
    ['Incorrect API key provided: sk-proj-abc*****wxyz. You can find your key.', 'sk-proj'],
    ['Limit reached for gpt-4 in organization org-AbCdEf123456 on requests', 'org-AbC'],
    ['Project `proj_AbCdEf123456` has no access', 'proj_AbC'],
    ['Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig was rejected', 'eyJ'],
    ['see https://acme-prod.openai.azure.com/openai/deployments/x', 'acme-prod'],
    ['arn:aws:bedrock:us-east-1:123456789012:x', '123456789012'],
  ])('loses its secrets: %s', (message, secret) => {
    expect(scrub(message)).not.toContain(secret);
    const shown = error(readError(reply(400, { error: { ...canonical.error, message } })), 'chat').body;
    expect(shown).not.toContain(secret);
    expect(JSON.parse(shown)).toMatchObject({ error: { type: 'invalid_request_error' } });
  });
  it('keeps a help address of the vendor', () => expect(scrub('See https://platform.openai.com/docs.')).toBe('See https://platform.openai.com/docs.'));
});

describe('limits of ours', () => {
  it.each([
    [0, '0s'],
    [20, '20ms'],
    [1000, '1s'],
    [360_000, '6m0s'],
    [3_723_000, '1h2m3s'],
    [1500, '2s'],
  ])('say %i ms as %s', (ms, text) => expect(duration(ms)).toBe(text));
  it('have the names OpenAI clients read', () => {
    expect(rateHeaders({ requests: { limit: 600, remaining: -1, resetMs: 100 } })).toEqual([
      'x-ratelimit-limit-requests',
      '600',
      'x-ratelimit-remaining-requests',
      '0',
      'x-ratelimit-reset-requests',
      '100ms',
    ]);
  });
});
