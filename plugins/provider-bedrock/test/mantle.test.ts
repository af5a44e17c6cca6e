import { fakeHost, secretOf } from '@llm-proxy-auth/contract-tests';
import { type Ask, header, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import type { Config } from '../src/config.ts';
import { createProvider } from '../src/index.ts';
import { MANTLE } from '../src/mantle.ts';

const AT = Date.UTC(2026, 10, 23);
const open = (more: Partial<Config> = {}, endpoints: Partial<Config['endpoints']> = { mantle: true }, answer = '{"data":[]}') => {
  const host = fakeHost({ now: AT, answer: () => ({ status: 200, headers: [], body: Buffer.from(answer) }) });
  const credentials = { type: 'static' as const, accessKeyId: 'AKIDEXAMPLE', secretAccessKey: secretOf('secret-0123456789', 'S') };
  const settings: Config = { region: 'eu-west-1', endpoints: { fips: false, dualStack: false, mantle: false, ...endpoints }, credentials, ...more };
  return { host, provider: createProvider(settings, host) };
};
const ask = (more: Partial<Ask>): Ask => ({
  operation: 'chat',
  surface: 'chat',
  dialect: 'openai',
  method: 'POST',
  route: '/chat/completions',
  model: 'openai.gpt-oss-120b',
  stream: false,
  ...more,
});
const CLAUDE = 'anthropic.claude-haiku-4-5';

describe('bedrock-mantle', () => {
  it('is its own host and service, by the configuration or by the address', () => {
    const { provider } = open();
    expect([provider.base.origin, provider.errors]).toEqual(['https://bedrock-mantle.eu-west-1.api.aws', 'openai']);
    for (const [baseUrl, mantle] of [
      ['https://bedrock-mantle.eu-west-1.api.aws', false],
      ['http://127.0.0.1:9', true],
    ] as const) {
      const request: UpstreamRequest = { method: 'POST', origin: new URL(baseUrl).origin, path: '/v1/responses', headers: [], body: undefined };
      open({ baseUrl }, { mantle }).provider.sign(request, { number: 1, signal: new AbortController().signal, now: AT, fresh: false });
      expect(header(request.headers, 'authorization')).toContain('/eu-west-1/bedrock-mantle/aws4_request');
    }
    for (const wrong of [{ fips: true }, { dualStack: true }])
      expect(() => open({}, { mantle: true, ...wrong })).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });
  it.each([
    [{}, 'openai', 'chat', '/v1/chat/completions'],
    [{ surface: 'responses', route: '/responses' }, 'openai', 'responses', '/v1/responses'],
    [{ dialect: 'anthropic', surface: 'messages' }, 'openai', 'chat', '/v1/chat/completions'],
    [{ model: CLAUDE }, 'anthropic', 'messages', '/anthropic/v1/messages'],
    [{ model: CLAUDE, dialect: 'anthropic', surface: 'messages' }, 'anthropic', 'messages', '/anthropic/v1/messages'],
    [
      { model: CLAUDE, dialect: 'anthropic', surface: 'count_tokens', operation: 'countTokens' },
      'anthropic',
      'count_tokens',
      '/anthropic/v1/messages/count_tokens',
    ],
  ] as const)('is called for %j as %s %s at %s', (more, dialect, surface, path) =>
    expect(open().provider.endpoint(ask(more))).toMatchObject({ dialect, surface, path, method: 'POST' }),
  );
  it('says version, betas and guardrail in the head', () => {
    const { endpoint } = open({ betas: ['a-1', 'b-2'], guardrail: { id: 'gr-1', version: '2' } }).provider;
    const guardrail = ['x-amzn-bedrock-guardrailidentifier', 'gr-1', 'x-amzn-bedrock-guardrailversion', '2'];
    expect(endpoint(ask({ model: CLAUDE }))?.headers).toEqual(['anthropic-version', '2023-06-01', 'anthropic-beta', 'a-1,b-2', ...guardrail]);
    expect(endpoint(ask({ model: CLAUDE, dialect: 'anthropic', surface: 'messages' }))?.headers).toEqual(['anthropic-beta', 'a-1,b-2', ...guardrail]);
    expect(endpoint(ask({}))?.headers).toEqual(guardrail);
  });
  it.each(['embeddings', 'rerank', 'opaque'] as const)('has no %s', (operation) => expect(open().provider.endpoint(ask({ operation }))).toBeUndefined());
  it('counts no tokens but those of Claude', () => expect(open().provider.endpoint(ask({ operation: 'countTokens' }))).toBeUndefined());

  const at = (method: string, path: string, headers: readonly string[] = [], more: Partial<Config> = {}) =>
    open(more).provider.native({ method, path, query: '', headers, bodyModel: undefined });
  it.each(MANTLE.map(({ method, path, reach }) => [method, `/${path.replace('{id}', 'resp_1')}`, reach.class] as const))('%s %s is %s', (method, path, reach) =>
    expect(at(method, path)).toMatchObject({ reach: { class: reach } }),
  );
  it.each([
    ['POST', '/model/x.y/converse'],
    ['POST', '/model/x.y/invoke'],
    ['POST', '/async-invoke'],
    ['GET', '/foundation-models'],
    ['POST', '/v1/files'],
    ['POST', '/v1/embeddings'],
    ['GET', '/v1/responses'],
  ])('%s %s is refused', (method, path) => expect(at(method, path)).toMatchObject({ refuse: 'operation_not_allowed' }));
  it('is bound by a guardrail of the instance too', () => {
    const guardrail = { id: 'gr-1', version: '2' };
    for (const path of ['/v1/chat/completions', '/v1/responses', '/anthropic/v1/messages'])
      expect(at('POST', path, [], { guardrail })).toMatchObject({ refused: { refuse: 'operation_not_allowed' } });
    expect(at('POST', '/anthropic/v1/messages/count_tokens', [], { guardrail })).not.toHaveProperty('refused');
  });
  it('lists its own models, and is probed there', async () => {
    const { provider, host } = open({}, { mantle: true }, '{"data":[{"id":"openai.gpt-oss-120b","created":7,"owned_by":"openai"},{}]}');
    const { signal } = new AbortController();
    expect(await provider.models?.(signal)).toEqual([{ id: 'openai.gpt-oss-120b', created: 7, owner: 'openai' }]);
    await provider.probe?.(signal);
    expect(host.fetched.map(({ request }) => request.origin + request.path)).toEqual(
      Array.from({ length: 2 }, () => 'https://bedrock-mantle.eu-west-1.api.aws/v1/models'),
    );
  });
});
