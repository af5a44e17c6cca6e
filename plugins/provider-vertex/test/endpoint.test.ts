import type { Ask, Endpoint } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EndpointOptions, endpoints } from '../src/endpoint.ts';
import { readModelName } from '../src/model-name.ts';
import { placesOf } from '../src/places.ts';
import { settings } from './support.ts';

const HOME = { project: 'my-project', location: 'us-central1' };
const P = '/v1/projects/my-project/locations/us-central1';
const options: EndpointOptions = { ...HOME, parent: P, thoughtSignatures: 'embed', betas: [] };
const ask = (model: string, more: Partial<Ask> = {}): Ask => ({
  operation: 'chat',
  surface: 'chat',
  dialect: 'openai',
  method: 'POST',
  route: '/chat/completions',
  stream: false,
  ...more,
  model,
});
const at = (model: string, more: Partial<Ask> = {}, wanted: Partial<EndpointOptions> = {}): Endpoint | undefined =>
  endpoints({ ...options, ...wanted })(ask(model, more));

describe('chat goes', () => {
  it.each([
    ['gemini-2.5-pro', false, 'gemini', 'generate', '/publishers/google/models/gemini-2.5-pro:generateContent'],
    ['gemini-2.5-pro', true, 'gemini', 'generate', '/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse'],
    ['google/gemini-3-pro-preview', false, 'gemini', 'generate', '/publishers/google/models/gemini-3-pro-preview:generateContent'],
    ['models/gemini-2.5-flash', false, 'gemini', 'generate', '/publishers/google/models/gemini-2.5-flash:generateContent'],
    ['a-model-of-tomorrow', false, 'gemini', 'generate', '/publishers/google/models/a-model-of-tomorrow:generateContent'],
    ['1234567890', false, 'gemini', 'generate', '/endpoints/1234567890:generateContent'],
    ['endpoints/1234567890', true, 'gemini', 'generate', '/endpoints/1234567890:streamGenerateContent?alt=sse'],
    ['claude-opus-4-7', false, 'anthropic', 'messages', '/publishers/anthropic/models/claude-opus-4-7:rawPredict'],
    ['claude-haiku-4-5@20251001', true, 'anthropic', 'messages', '/publishers/anthropic/models/claude-haiku-4-5@20251001:streamRawPredict'],
    ['claude-haiku-4-5-20251001', true, 'anthropic', 'messages', '/publishers/anthropic/models/claude-haiku-4-5@20251001:streamRawPredict'],
    ['publishers/anthropic/models/claude-sonnet-5', false, 'anthropic', 'messages', '/publishers/anthropic/models/claude-sonnet-5:rawPredict'],
    ['mistral-medium-3', true, 'openai', 'chat', '/publishers/mistralai/models/mistral-medium-3:streamRawPredict'],
    ['meta/llama-4-maverick-17b-128e-instruct-maas', false, 'openai', 'chat', '/endpoints/openapi/chat/completions'],
    ['openai/gpt-oss-120b-maas', true, 'openai', 'chat', '/endpoints/openapi/chat/completions'],
  ])('for %s, streaming %s, to %s %s', (model, stream, dialect, surface, path) =>
    expect(at(model, { stream })).toMatchObject({ dialect, surface, method: 'POST', path: P + path }),
  );
  it('below the instance’s own project and location, and nowhere else', () => {
    expect(at(`projects/my-project/locations/us-central1/publishers/google/models/gemini-2.5-pro`)?.path).toBe(
      `${P}/publishers/google/models/gemini-2.5-pro:generateContent`,
    );
    expect(() => at('projects/other/locations/us-central1/publishers/google/models/gemini-2.5-pro')).toThrow(
      expect.objectContaining({ code: 'operation_not_allowed' }),
    );
    expect(() => at('projects/my-project/locations/eu/endpoints/1')).toThrow(expect.objectContaining({ code: 'region_not_allowed' }));
  });
  it('under the name that the body wants', () => {
    expect(at('meta/llama-4-maverick-17b-128e-instruct-maas')?.members).toBeUndefined();
    expect(at('llama-4-maverick-17b-128e-instruct-maas')?.members).toEqual({ model: 'meta/llama-4-maverick-17b-128e-instruct-maas' });
    expect(at('mistralai/mistral-medium-3')?.members).toEqual({ model: 'mistral-medium-3' });
  });
  it('with the profile that others need, and without one where the client speaks Gemini', () => {
    expect(at('gemini-2.5-pro')?.profile).toBe('vertex');
    expect(at('gemini-2.5-pro', {}, { thoughtSignatures: 'dummy' })?.profile).toBe('vertex-dummy');
    expect(at('gemini-2.5-pro', { dialect: 'gemini', surface: 'generate' })?.profile).toBeUndefined();
    expect(at('claude-opus-4-7', { dialect: 'anthropic', surface: 'messages' })?.profile).toBe('vertex');
  });
  it('to Claude with the betas of the instance', () =>
    expect(at('claude-opus-4-7', {}, { betas: ['a-1', 'b-2'] })?.headers).toEqual(['anthropic-beta', 'a-1,b-2']));
  it('by the version that is configured', () => expect(at('gemini-2.5-pro', {}, { parent: P.replace('v1', 'v1beta1') })?.path).toMatch(/^\/v1beta1\//));
});

describe('token counts', () => {
  const count = { operation: 'countTokens', surface: 'count_tokens', dialect: 'anthropic' } as const;
  it('of Gemini', () =>
    expect(at('gemini-2.5-pro', count)).toMatchObject({
      dialect: 'gemini',
      surface: 'count',
      path: `${P}/publishers/google/models/gemini-2.5-pro:countTokens`,
    }));
  it('of Claude have one place, the model in the body, and no alias for the newest', () => {
    const path = `${P}/publishers/anthropic/models/count-tokens:rawPredict`;
    expect(at('claude-haiku-4-5-20251001', count)).toMatchObject({ surface: 'count_tokens', path, members: { model: 'claude-haiku-4-5@20251001' } });
    for (const alias of ['default', 'latest']) expect(at(`claude-sonnet-4-5@${alias}`, count)?.members).toEqual({ model: 'claude-sonnet-4-5' });
  });
  it('of others there are none', () => expect(at('meta/llama-4-maverick-17b-128e-instruct-maas', count)).toBeUndefined());
});

describe('embeddings', () => {
  const embed = { operation: 'embeddings', surface: 'embeddings' } as const;
  it.each([
    ['text-embedding-005', 'predict', 'predict', 250],
    ['text-multilingual-embedding-002', 'predict', 'predict', 250],
    ['gemini-embedding-001', 'predict', 'predict', 1],
    ['gemini-embedding-2', 'embed', 'embedContent', 1],
    ['gemini-embedding-2-preview', 'embed', 'embedContent', 1],
  ])('of %s are asked by %s', (model, surface, verb, batch) =>
    expect(at(model, embed)).toMatchObject({ dialect: 'gemini', surface, batch, path: `${P}/publishers/google/models/${model}:${verb}` }),
  );
  it('of others are asked at the shared endpoint, and of Claude there are none', () => {
    expect(at('intfloat/multilingual-e5-large-instruct-maas', embed)).toMatchObject({
      dialect: 'openai',
      surface: 'embeddings',
      path: `${P}/endpoints/openapi/embeddings`,
    });
    expect(at('claude-opus-4-7', embed)).toBeUndefined();
  });
  it.each([
    ['text-embedding-005', 'predict'],
    ['gemini-embedding-2', 'embed'],
  ])('of %s in batches as Gemini’s own API has them are asked as all others', (model, surface) =>
    expect(at(model, { ...embed, dialect: 'gemini', surface: 'batch_embed' })).toEqual({
      ...at(model, { ...embed, dialect: 'gemini', surface }),
      profile: 'vertex',
    }),
  );
});

describe('ranking', () => {
  const ask = { dialect: 'openai', surface: 'rerank', operation: 'rerank', route: '/rerank', stream: false, method: 'POST' } as const;
  const placed = (location: string, baseUrl?: string) => {
    const { parent, ranking } = placesOf(settings({ location, ...(baseUrl === undefined ? {} : { baseUrl }) }));
    return endpoints({ project: 'my-project', location, parent, ranking, thoughtSignatures: 'embed', betas: [] });
  };
  const path = (location: string): string => `/v1/projects/my-project/locations/${location}/rankingConfigs/default_ranking_config:rank`;
  it.each([
    ['global', 'https://discoveryengine.googleapis.com'],
    ['us', 'https://us-discoveryengine.googleapis.com'],
    ['eu', 'https://eu-discoveryengine.googleapis.com'],
  ])('in %s is asked at %s', (location, origin) => {
    const found = placed(location)({ ...ask, model: 'google/semantic-ranker-default@latest' });
    expect(found).toMatchObject({ dialect: 'gemini', surface: 'rank', origin, path: path(location), members: { model: 'semantic-ranker-default@latest' } });
  });
  it('is asked at the base that is configured', () =>
    expect(placed('eu', 'https://google.internal')({ ...ask, model: 'semantic-ranker-512@latest' })).toEqual(
      expect.not.objectContaining({ origin: expect.anything() }),
    ));
  it('is nowhere in a region, and not for models of others', () => {
    expect(placed('europe-west1')({ ...ask, model: 'semantic-ranker-512@latest' })).toBeUndefined();
    expect(placed('eu')({ ...ask, model: 'claude-opus-4-7' })).toBeUndefined();
    expect(placed('eu')({ ...ask, model: 'endpoints/7' })).toBeUndefined();
  });
});

describe('a model’s name', () => {
  it.each([
    '../x',
    'a/../b',
    'gemini?x=1',
    'gemini#x',
    'gemini&x',
    'gemini%2e',
    'x\u0000',
    'a b',
    '/x',
    'x/',
    'a/b/c',
    'publishers/google/x/y',
    '',
    'gemini:generateContent/../x',
  ])('like %j is none', (name) => expect(() => readModelName(name, HOME)).toThrow(expect.objectContaining({ code: 'model_not_found' })));
  it('never leaves the path that it is put into', () =>
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 40 }), fc.string({ maxLength: 40, unit: 'grapheme' })), (name) => {
        let path: string | undefined;
        try {
          path = at(name)?.path;
        } catch {
          return;
        }
        const url = new URL(`https://host${path}`);
        expect(url.pathname + url.search).toBe(path);
        expect(path).toMatch(
          /^\/v1\/projects\/my-project\/locations\/us-central1\/(publishers\/[^/]+\/models\/[^/?]+:[a-zA-Z]+|endpoints\/[^/?]+(:[a-zA-Z]+|\/chat\/completions))$/,
        );
      }),
      { numRuns: 2_000 },
    ));
});
