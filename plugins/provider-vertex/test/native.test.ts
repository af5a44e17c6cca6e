import type { NativeCall, Refusal } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nativeOf, TABLE } from '../src/native.ts';

const HOME = { project: 'my-project', location: 'us-central1' };
const P = 'projects/my-project/locations/us-central1';
const native = nativeOf(HOME, {});
const at = (method: string, path: string, query = ''): NativeCall | Refusal => native({ method, path, query, headers: [], bodyModel: undefined });
const filled = (path: string): string =>
  path
    .replace('{P}', P)
    .replace('{model}', 'model-1')
    .replace('{publisher}', 'meta')
    .replace(/\{[a-z]+\}/g, '42');

describe('every row of the table', () => {
  it.each(TABLE.flatMap((entry) => ['v1', 'v1beta1'].map((version) => [`${entry.method} /${version}/${filled(entry.path)}`, entry, version] as const)))(
    '%s',
    (_name, entry, version) => {
      const answer = at(entry.method, `/${version}/${filled(entry.path)}`);
      if ('refuse' in answer) throw new Error(`refused: ${answer.message}`);
      const inPath = entry.path.includes('{model}');
      expect(answer).toMatchObject({
        operation: entry.operation,
        framing: entry.framing,
        reach: entry.reach,
        stream: entry.stream ?? false,
        model: inPath ? 'model-1' : undefined,
        modelIn: inPath ? 'path' : (entry.modelIn ?? 'none'),
      });
      if (inPath) expect(answer.path?.replace('{model}', 'model-1')).toBe(`/${version}/${filled(entry.path)}`);
    },
  );
  it('is of a class, and what is kept is its maker’s', () => {
    for (const { path, reach } of TABLE) {
      if (/cachedContents|batchPredictionJobs/.test(path)) expect(reach.class, path).toMatch(/^(stateful|control)$/);
      if (reach.class === 'stateful') expect([...(reach.ids?.request ?? []), ...(reach.ids?.reply ?? [])], path).not.toEqual([]);
      if (/tuningJobs|\{P\}\/models|\{P\}\/endpoints($|\/\{model\}$)/.test(path)) expect(reach.class, path).toBe('control');
    }
  });
});

describe('project and location', () => {
  const rest = 'publishers/google/models/gemini-2.5-pro:generateContent';
  it.each([
    ['another project', '/v1/projects/other/locations/us-central1/', 'operation_not_allowed'],
    ['the project in other letters', '/v1/projects/My-Project/locations/us-central1/', 'operation_not_allowed'],
    ['another location', '/v1/projects/my-project/locations/eu/', 'region_not_allowed'],
    ['no project', '/v1/', 'operation_not_allowed'],
    ['another version', `/v2/${P}/`, 'operation_not_allowed'],
    ['a number, where nothing says whose it is', '/v1/projects/123456789012/locations/us-central1/', 'operation_not_allowed'],
    ['an encoded slash', '/v1/projects/my-project%2Flocations/us-central1/', 'operation_not_allowed'],
    ['the project twice', `/v1/${P}/${P}/`, 'operation_not_allowed'],
  ])('%s is refused', (_name, before, code) => expect(at('POST', before + rest)).toMatchObject({ refuse: code }));
});

describe('what is not there', () => {
  it.each([
    ['DELETE', `/v1/${P}/endpoints/1`],
    ['POST', `/v1/${P}/tuningJobs`],
    ['POST', `/v1/${P}/endpoints`],
    ['PATCH', `/v1/${P}/models/1`],
    ['POST', `/v1/${P}/endpoints/1:deployModel`],
    ['POST', `/v1/${P}/publishers/google/models/x:setIamPolicy`],
    ['POST', `/v1/${P}/publishers/google/models/x:generateContent:x`],
    ['POST', `/v1/${P}/publishers/google/models/..%2fx:generateContent`],
    ['POST', `/v1/${P}/publishers/google/models/x%00:generateContent`],
    ['GET', `/v1/${P}/publishers/google/models/x:generateContent`],
    ['POST', '/v1/projects/my-project:setIamPolicy'],
  ])('%s %s', (method, path) => expect(at(method, path)).toMatchObject({ refuse: 'operation_not_allowed' }));
  it.each([
    'access_token=x',
    '$httpMethod=DELETE',
    '%24httpHeaders=a:b',
    'key=x',
    'alt=proto',
    '$alt=media',
    'quotaUser=x',
    'alt=sse&upload_protocol=raw',
    'uploadType=media',
  ])('a query like ?%s', (query) =>
    expect(at('POST', `/v1/${P}/publishers/google/models/gemini-2.5-pro:streamGenerateContent`, query)).toMatchObject({
      refuse: 'operation_not_allowed',
      param: 'query',
    }),
  );
});

describe('streams', () => {
  const path = `/v1/${P}/publishers/google/models/gemini-2.5-pro:streamGenerateContent`;
  it('of Gemini are one list, or events with alt=sse, whichever was asked before', () => {
    for (let i = 0; i < 2; i++) {
      expect(at('POST', path)).toMatchObject({ framing: 'json-array', stream: true });
      expect(at('POST', path, 'alt=sse')).toMatchObject({ framing: 'sse', stream: true });
      expect(at('POST', path, '$alt=sse')).toMatchObject({ framing: 'sse' });
      expect(at('POST', path, '%24alt=json%3Benum-encoding%3Dint')).toMatchObject({ framing: 'json-array' });
    }
  });
  it('of Claude are events', () =>
    expect(at('POST', `/v1/${P}/publishers/anthropic/models/claude-opus-4-7:streamRawPredict`)).toMatchObject({
      framing: 'sse',
      dialect: 'anthropic',
      surface: 'messages',
    }));
});

describe('names of models', () => {
  const claude = (id: string) => at('POST', `/v1/${P}/publishers/anthropic/models/${id}:rawPredict`);
  it('with an @ pass as they were written, and others may stand for a name of the configuration', () => {
    expect(claude('claude-haiku-4-5@20251001')).toMatchObject({ model: 'claude-haiku-4-5@20251001', path: undefined });
    expect(claude('claude-haiku-4-5%4020251001')).toMatchObject({ model: 'claude-haiku-4-5@20251001', path: undefined });
    expect(claude('fast-chat')).toMatchObject({ model: 'fast-chat', path: `/v1/${P}/publishers/anthropic/models/{model}:rawPredict` });
  });
  it.each([
    ['publishers/meta/models/gemini-2.5-flash:rawPredict', 'meta/gemini-2.5-flash'],
    ['publishers/meta/models/llama-4-scout:rawPredict', 'llama-4-scout'],
    ['publishers/mistralai/models/claude-opus-4-7:streamRawPredict', 'mistralai/claude-opus-4-7'],
    ['endpoints/gemini-2.5-flash:generateContent', 'endpoints/gemini-2.5-flash'],
    ['endpoints/77:generateContent', '77'],
    ['publishers/google/models/gemini-2.5-flash:generateContent', undefined],
  ])('that policies test in %s are not another vendor’s', (path, qualified) => expect(at('POST', `/v1/${P}/${path}`)).toMatchObject({ qualified }));
  it('of a count stand in the body', () =>
    expect(claude('count-tokens')).toMatchObject({ operation: 'countTokens', modelIn: 'body', surface: 'count_tokens' }));
  it('behind an own endpoint are not told', () =>
    expect(at('POST', `/v1/${P}/endpoints/77/chat/completions`)).toMatchObject({ reach: { class: 'inference', modelElsewhere: true } }));
});

describe('caches', () => {
  it('are owned by the end of their names, also where a prompt names one', () => {
    expect(at('POST', `/v1/${P}/cachedContents`)).toMatchObject({ reach: { ids: { reply: ['/name'], tail: true } } });
    expect(at('GET', '/v1/projects/123456789012/locations/us-central1/cachedContents/987')).toMatchObject({ params: { id: '987' } });
    expect(at('POST', '/v1/projects/123456789012/locations/us-central1/cachedContents')).toMatchObject({ refuse: 'operation_not_allowed' });
    expect(at('DELETE', `/v1/${P}/cachedContents/987`)).toMatchObject({ params: { id: '987' }, reach: { ids: { request: ['{id}'], tail: true } } });
    expect(at('POST', `/v1/${P}/publishers/google/models/gemini-2.5-pro:generateContent`)).toMatchObject({
      reach: { ids: { request: ['/cachedContent', '/cached_content'], tail: true } },
    });
  });
});

describe('any path', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'v1',
      'projects',
      'my-project',
      'locations',
      'us-central1',
      'publishers',
      'google',
      'models',
      'x:generateContent',
      'endpoints',
      'openapi',
      '..',
      '.',
      '%2e%2e',
      '%2F',
      '',
    ),
    fc.string({ maxLength: 8 }),
    fc.string({ maxLength: 8, unit: 'grapheme' }).map(encodeURIComponent),
  );
  it('is refused, or stays within the instance’s project and location', () =>
    fc.assert(
      fc.property(fc.constantFrom('GET', 'POST', 'DELETE'), fc.array(piece, { maxLength: 10 }), (method, pieces) => {
        const path = `/${pieces.join('/')}`;
        const answer = at(method, path);
        if ('refuse' in answer) return;
        expect(path.startsWith(`/v1/${P}/`) || answer.reach.class === 'models' || answer.reach.ids?.request.includes('{id}') === true).toBe(true);
        expect(answer.model ?? '').not.toMatch(/[/?#%\\\p{Cc}]|\.\./u);
      }),
      { numRuns: 2_000 },
    ));
});

describe('ranking', () => {
  const eu = { project: 'my-project', location: 'eu' };
  const head = (location: string) => ({
    method: 'POST',
    path: `/v1/projects/my-project/locations/${location}/rankingConfigs/default_ranking_config:rank`,
    query: '',
    headers: [],
    bodyModel: 'semantic-ranker-default@latest',
  });
  const origin = 'https://eu-discoveryengine.googleapis.com';
  it('goes to the service that ranks, in the instance’s own location alone', () => {
    expect(nativeOf(eu, { origin })(head('eu'))).toMatchObject({ operation: 'rerank', surface: 'rank', origin, modelIn: 'body' });
    expect(nativeOf(eu, { origin })(head('global'))).toMatchObject({ refuse: 'region_not_allowed' });
    expect(nativeOf(HOME)(head('us-central1'))).toMatchObject({ refuse: 'operation_not_allowed' });
  });
  it('takes documents that speak of anything, and no configuration of another project', () => {
    const answer = nativeOf(eu, { origin })(head('eu'));
    const judge = 'refuse' in answer ? undefined : answer.judge;
    const records = [{ id: 'projects/other/locations/eu/x', content: 'projects/other/locations/us/y' }];
    expect(judge?.({ model: 'm', query: 'projects/other', records })).toBeUndefined();
    expect(judge?.({ model: 'm', records, rankingConfig: 'projects/other/locations/eu/rankingConfigs/x' })).toMatchObject({ refuse: 'operation_not_allowed' });
  });
});
