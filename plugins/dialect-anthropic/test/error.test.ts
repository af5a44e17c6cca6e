import { CODES, type Code, type ErrorLike } from '@llm-proxy-auth/plugin';
import { recordings } from '@llm-proxy-auth/simulators';
import { describe, expect, it } from 'vitest';
import { errorEvent } from '../src/error.ts';
import { bytesOf, dialect, type Fields, NOW } from './support.ts';

const readError = (status: number, body: unknown, headers: readonly string[] = []): ErrorLike =>
  dialect.readError({ status, headers, body: bytesOf(typeof body === 'string' ? body : JSON.stringify(body)) });
const envelope = (type: string, message: string, details?: Fields): Fields => ({
  type: 'error',
  error: { type, message, ...(details === undefined ? {} : { details }) },
  request_id: 'req_1',
});
/** Types that clients are typed to know, and one that the service sends for large bodies. */
const TYPES = new Set(
  'invalid_request_error authentication_error billing_error permission_error not_found_error rate_limit_error timeout_error api_error overloaded_error conflict_error request_too_large'.split(
    ' ',
  ),
);

describe('an error of ours', () => {
  it.each(Object.keys(CODES) as Code[])('%s has an envelope that clients know', (code) => {
    const wire = dialect.error({ code, status: CODES[code] || 422, message: 'what happened', param: 'x' }, 'chat');
    const body = JSON.parse(wire.body) as { readonly error: Fields };
    expect(body).toMatchObject({ type: 'error', error: { message: 'what happened', details: { error_code: code, param: 'x' } }, request_id: null });
    expect(TYPES).toContain(body.error.type);
  });
  it('says when to come back, and when not to', () => {
    expect(dialect.error({ code: 'overloaded', status: 503, message: 'x' }, 'chat').headers).toEqual(expect.arrayContaining(['retry-after', '1']));
    expect(dialect.error({ code: 'budget_exceeded', status: 429, message: 'x' }, 'chat').headers).toEqual(expect.arrayContaining(['x-should-retry', 'false']));
  });
  it('of our credential is never the vendor’s', () => {
    const e = readError(401, envelope('authentication_error', 'invalid x-api-key'));
    const wire = dialect.error({ ...e, code: 'upstream_auth_failed', status: 502, message: 'ours' }, 'chat');
    expect(JSON.parse(wire.body)).toMatchObject({ error: { type: 'api_error', message: 'ours' } });
  });
  it('is one line in a stream, with the id of the call', () => {
    const event = errorEvent({ code: 'upstream_timeout', status: 504, message: 'two\nlines' }, 'req_9');
    expect(event).toMatch(/^event: error\ndata: \{.*"request_id":"req_9"\}\n\n$/);
  });
});
describe('an error of a provider', () => {
  it.each([
    [400, 'invalid_request_error', 'upstream_rejected', 400],
    [401, 'authentication_error', 'upstream_rejected', 401],
    [402, 'billing_error', 'upstream_rate_limited', 429],
    [403, 'permission_error', 'upstream_rejected', 403],
    [404, 'not_found_error', 'upstream_rejected', 404],
    [409, 'conflict_error', 'upstream_rejected', 409],
    [413, 'request_too_large', 'upstream_rejected', 413],
    [429, 'rate_limit_error', 'upstream_rate_limited', 429],
    [500, 'api_error', 'upstream_bad_response', 502],
    [503, 'api_error', 'upstream_overloaded', 503],
    [504, 'timeout_error', 'upstream_timeout', 504],
    [529, 'overloaded_error', 'upstream_overloaded', 503],
  ] as const)('%i %s is %s', (status, type, code, shown) => {
    const body = envelope(type, 'Sorry');
    expect(readError(status, body)).toMatchObject({ code, status: shown, message: 'Sorry', vendor: { dialect: 'anthropic', status } });
    expect(JSON.parse(dialect.error(readError(status, body), 'chat').body)).toEqual(body);
  });
  it.each([
    ['a prompt that is too long', 400, 'prompt is too long: 210000 tokens > 200000 maximum', 'context_length_exceeded'],
    ['an input that is too long at Bedrock', 400, 'Input is too long for requested model.', 'context_length_exceeded'],
    ['a limit that is too high', 400, 'input length and `max_tokens` exceed context limit: 1 + 2 > 2', 'context_length_exceeded'],
    ['a model that is not there', 404, 'model: claude-9', 'model_not_found'],
  ])('%s has a code of its own', (_name, status, message, code) => {
    expect(readError(status, envelope('invalid_request_error', message)).code).toBe(code);
  });
  it('of a limit of spending is not for repeating', () => {
    expect(readError(429, envelope('rate_limit_error', 'x', { error_code: 'enforced_spend_limit_reached' }))).toMatchObject({
      code: 'upstream_rate_limited',
      retry: false,
    });
    expect(readError(429, envelope('rate_limit_error', 'x', { error_code: 'ramp_limit_exceeded' }), ['retry-after', '7'])).toMatchObject({
      retry: undefined,
      retryAfterMs: 7000,
    });
  });
  it('keeps the id of its header where the body has none', () => {
    const e = readError(404, { error: { type: 'not_found_error', message: 'x' } }, ['request-id', 'req_2']);
    expect(JSON.parse(e.vendor?.body.json ?? '')).toEqual({ type: 'error', error: { type: 'not_found_error', message: 'x' }, request_id: 'req_2' });
  });
  it.each([
    ['of its own keeps it', { request_id: 'req_1' }, 'req_1'],
    ['of null is told ours', { request_id: null }, 'req_9'],
    ['that is left out is told ours', {}, 'req_9'],
  ])('with an id %s', (_which, named, shown) => {
    const e = readError(400, { type: 'error', error: { type: 'invalid_request_error', message: 'x' }, ...named });
    for (const body of [dialect.error(e, 'chat', 'req_9').body, errorEvent(e, 'req_9').split('data: ')[1] ?? ''])
      expect(JSON.parse(body)).toEqual({ type: 'error', error: { type: 'invalid_request_error', message: 'x' }, request_id: shown });
  });
  it('shows no secrets', () => {
    const e = readError(401, envelope('authentication_error', 'invalid key sk-ant-api03-abcdef in arn:aws:iam::123456789012:role/x'));
    expect(`${e.message}${e.vendor?.body.json}`).not.toMatch(/sk-ant|arn:aws/);
  });
  it.each(['{"message":"flat"}', '{"Message":"flat"}', '[{"error":{"code":400,"message":"flat"}}]', '{"detail":"flat"}'])('in the form %s is read', (body) => {
    expect(readError(400, body)).toMatchObject({ code: 'upstream_rejected', message: 'flat' });
  });
  it.each(recordings({ provider: 'anthropic' }).filter(({ response }) => response.status >= 400))(
    'recorded as $file is written again as it came',
    ({ response }) => {
      const e = readError(response.status, response.body ?? '', Object.entries(response.headers).flat());
      const shown = JSON.parse(dialect.error(e, 'chat').body) as Fields;
      const came = JSON.parse(response.body ?? '') as Fields;
      expect(shown).toMatchObject({ type: 'error', error: came.error });
      expect(e.status).toBe(response.status);
    },
  );
});
describe('limits of ours', () => {
  it('are told in the vendor’s names, the reset as a time', () => {
    expect(dialect.rateHeaders?.({ requests: { limit: 10, remaining: 3, resetMs: 1500 } })).toEqual([
      'anthropic-ratelimit-requests-limit',
      '10',
      'anthropic-ratelimit-requests-remaining',
      '3',
      'anthropic-ratelimit-requests-reset',
      new Date(NOW + 2000).toISOString().replace('.000Z', 'Z'),
    ]);
  });
});
describe('headers', () => {
  it('of the client that choose a behaviour pass, and none that is an account’s', () => {
    expect(dialect.requestHeaders).toEqual(expect.arrayContaining(['anthropic-version', 'anthropic-beta', 'anthropic-user-profile-id']));
    for (const name of ['x-api-key', 'authorization', 'anthropic-workspace-id', 'anthropic-dangerous-direct-browser-access', 'origin'])
      expect(dialect.requestHeaders).not.toContain(name);
  });
  it('of the provider that name our account do not', () => {
    expect(dialect.replyHeaders).toEqual(expect.arrayContaining(['request-id', 'anthropic-ratelimit-*', 'retry-after']));
    for (const name of dialect.replyHeaders ?? [])
      expect(['anthropic-organization-id', 'anthropic-workspace-id'].some((one) => one.startsWith(name.replace('*', '')))).toBe(false);
  });
});
