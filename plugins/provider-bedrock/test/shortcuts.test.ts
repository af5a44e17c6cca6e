import { describe, expect, it } from 'vitest';
import plugin from '../src/index.ts';

const opened = (pattern: string, body: unknown, params: Readonly<Record<string, string>> = {}) => {
  const shortcut = plugin.shortcuts?.find((s) => s.pattern === pattern);
  if (shortcut === undefined) throw new Error(`no shortcut ${pattern}`);
  const result = shortcut.open(params, body);
  return 'refuse' in result ? result : { ...result, body: result.body === undefined ? undefined : Buffer.from(result.body).toString() };
};
const INNER = '{"inputText":"Hello  World", "n":1.0}';

describe.each(['/v1/bedrock/invoke-model', '/bedrock/invoke-model'])('the envelope of %s', (pattern) => {
  it('becomes InvokeModel with the inner text as it was written', () =>
    expect(opened(pattern, { modelId: 'amazon.titan-text-express-v1:0', contentType: 'application/json', accept: '*/*', body: INNER })).toEqual({
      path: '/model/amazon.titan-text-express-v1%3A0/invoke',
      headers: ['content-type', 'application/json', 'accept', '*/*'],
      body: INNER,
    }));
  it('has JSON as the default of both types, and takes the body as object', () =>
    expect(opened(pattern, { modelId: 'm.x', body: { a: [1, 'ü'] } })).toEqual({
      path: '/model/m.x/invoke',
      headers: ['content-type', 'application/json', 'accept', 'application/json'],
      body: '{"a":[1,"ü"]}',
    }));
  it('takes the body in base64', () =>
    expect(opened(pattern, { modelId: 'm.x', bodyEncoding: 'base64', body: Buffer.from(INNER).toString('base64') })).toMatchObject({ body: INNER }));
  it('carries what InvokeModel has as headers', () =>
    expect(
      opened(pattern, {
        modelId: 'm.x',
        body: '{}',
        trace: 'ENABLED',
        guardrailIdentifier: 'gr-1',
        guardrailVersion: 'DRAFT',
        performanceConfigLatency: 'optimized',
        serviceTier: 'flex',
        requestMetadata: { team: 'a' },
      }),
    ).toMatchObject({
      headers: [
        ...['content-type', 'application/json', 'accept', 'application/json', 'x-amzn-bedrock-trace', 'ENABLED'],
        ...['x-amzn-bedrock-guardrailidentifier', 'gr-1', 'x-amzn-bedrock-guardrailversion', 'DRAFT'],
        ...['x-amzn-bedrock-performanceconfig-latency', 'optimized', 'x-amzn-bedrock-service-tier', 'flex'],
        ...['x-amzn-bedrock-request-metadata', '{"team":"a"}'],
      ],
    }));
  it.each([
    ['no object', [], 'invalid_request', undefined],
    ['no model', { body: '{}' }, 'invalid_request', 'modelId'],
    ['a model that leaves its place', { modelId: '../x', body: '{}' }, 'model_not_found', 'modelId'],
    ['no body', { modelId: 'm.x' }, 'invalid_request', 'body'],
    ['a body of another kind', { modelId: 'm.x', body: 5 }, 'invalid_request', 'body'],
    ['a body that is no base64', { modelId: 'm.x', body: '{}', bodyEncoding: 'base64' }, 'invalid_request', 'body'],
    ['another encoding', { modelId: 'm.x', body: '{}', bodyEncoding: 'hex' }, 'invalid_request', 'bodyEncoding'],
    ['a header with a line break', { modelId: 'm.x', body: '{}', accept: 'a\r\nx: 1' }, 'invalid_request', 'accept'],
    ['a member nobody knows', { modelId: 'm.x', body: '{}', modelid: 'y' }, 'invalid_request', 'modelid'],
  ])('is refused with %s', (_name, body, refuse, param) => expect(opened(pattern, body)).toMatchObject(param === undefined ? { refuse } : { refuse, param }));
});

describe('a path of the earlier gateway', () => {
  it('is the native path, as it was sent', () =>
    expect(opened('/model/{id}/{operation}', undefined, { id: 'amazon.nova-lite-v1%3A0', operation: 'converse' })).toEqual({
      path: '/model/amazon.nova-lite-v1%3A0/converse',
      headers: [],
      body: undefined,
    }));
  it('does not read the body', () => expect(plugin.shortcuts?.find((s) => s.pattern.startsWith('/model'))?.reads).toBeUndefined());
});
