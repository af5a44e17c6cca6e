import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nativeOf, TABLE } from '../src/native.ts';
import { pinnedTo } from '../src/pinned.ts';

const HOME = { project: 'my-project', location: 'us-central1' };
const P = 'projects/my-project/locations/us-central1';
const judge = pinnedTo(HOME, { owned: ['/cachedContent'] });
const tools = (retrieval: object): object => ({ tools: [{ retrieval }] });

describe('a body is refused when it names', () => {
  it.each<readonly [string, object, string]>([
    ['a template', { modelArmorConfig: { promptTemplateName: 'projects/other/locations/us-central1/templates/x' } }, 'modelArmorConfig.promptTemplateName'],
    [
      'a data store',
      tools({ vertexAiSearch: { datastore: 'projects/other/locations/global/collections/c/dataStores/d' } }),
      'tools.0.retrieval.vertexAiSearch.datastore',
    ],
    ['an engine', tools({ vertexAiSearch: { engine: 'projects/other/locations/global/collections/c/engines/e' } }), 'tools.0.retrieval.vertexAiSearch.engine'],
    [
      'corpora',
      tools({ vertexRagStore: { ragCorpora: [`${P}/ragCorpora/1`, 'projects/other/locations/us-central1/ragCorpora/1'] } }),
      'tools.0.retrieval.vertexRagStore.ragCorpora.1',
    ],
    [
      'a corpus',
      tools({ vertexRagStore: { ragResources: [{ ragCorpus: 'projects/other/locations/us-central1/ragCorpora/1' }] } }),
      'tools.0.retrieval.vertexRagStore.ragResources.0.ragCorpus',
    ],
    ['another project’s cache', { cachedContent: 'projects/other/locations/us-central1/cachedContents/77' }, 'cachedContent'],
    ['another location’s cache', { cachedContent: 'projects/my-project/locations/europe-west1/cachedContents/77' }, 'cachedContent'],
    ['a number where nothing says whose it is', { model: 'projects/123/locations/us-central1/models/1' }, 'model'],
    ['a service before it', { model: '//aiplatform.googleapis.com/projects/other/locations/us-central1/models/1' }, 'model'],
    [
      'a secret',
      tools({ externalApi: { apiAuth: { apiKeyConfig: { apiKeySecretVersion: 'projects/other/secrets/s/versions/1' } } } }),
      'tools.0.retrieval.externalApi.apiAuth.apiKeyConfig.apiKeySecretVersion',
    ],
    ['a topic', { parameters: { pubsubTopic: 'projects/other/topics/t' } }, 'parameters.pubsubTopic'],
    ['a service account', { serviceAccount: 'runner@other.iam.gserviceaccount.com' }, 'serviceAccount'],
    ['a table', { outputConfig: { bigqueryDestination: { outputUri: 'bq://other.set.table' } } }, 'outputConfig.bigqueryDestination.outputUri'],
  ])('%s of another account', (_name, body, param) => expect(judge(body)).toMatchObject({ refuse: 'operation_not_allowed', param }));
});

describe('a body passes', () => {
  const stranger = 'projects/other/locations/eu/models/1';
  it.each<readonly [string, object]>([
    [
      'with what is the instance’s',
      {
        ...tools({ vertexAiSearch: { datastore: 'projects/my-project/locations/global/collections/c/dataStores/d' } }),
        cachedContent: `${P}/cachedContents/1`,
      },
    ],
    ['with the project’s number before what the caller must own', { cachedContent: 'projects/123/locations/us-central1/cachedContents/1' }],
    [
      'with what the client says',
      {
        contents: [
          {
            parts: [{ text: stranger }, { functionCall: { name: 'f', args: { a: stranger } } }, { functionResponse: { name: 'f', response: { a: stranger } } }],
          },
        ],
        systemInstruction: { parts: [{ text: stranger }] },
        tools: [{ functionDeclarations: [{ name: 'f', description: stranger, parameters: { enum: [stranger] } }] }],
        generationConfig: { stopSequences: [stranger], responseSchema: { enum: [stranger] } },
      },
    ],
    [
      'of a batch over buckets',
      {
        model: 'publishers/google/models/gemini-2.5-flash',
        serviceAccount: 'runner@my-project.iam.gserviceaccount.com',
        inputConfig: { gcsSource: { uris: ['gs://anything/x'] }, bigquerySource: { inputUri: 'bq://my-project.set.table' } },
      },
    ],
  ])('%s', (_name, body) => expect(judge(body)).toBeUndefined());
  it('of OpenAI’s format with any message', () => {
    const chat = pinnedTo(HOME, { format: 'openai' });
    expect(chat({ messages: [{ role: 'user', content: stranger }] })).toBeUndefined();
    expect(chat({ messages: [], extra_body: { google: { cached_content: stranger } } })).toMatchObject({ param: 'extra_body.google.cached_content' });
  });
});

const external = (more: object) => ({ tools: [{ retrieval: { externalApi: { endpoint: 'https://anywhere.example/search', ...more } } }] });
describe('what the project holds is not lent to an address of the caller’s:', () => {
  const secret = 'projects/my-project/secrets/s/versions/1';
  it.each<readonly [string, object, string]>([
    ['a key', { authConfig: { authType: 'API_KEY_AUTH', apiKeyConfig: { name: 'k', apiKeySecret: secret } } }, 'authConfig.apiKeyConfig.apiKeySecret'],
    ['a key in the older form', { api_auth: { api_key_config: { api_key_secret_version: secret } } }, 'api_auth.api_key_config.api_key_secret_version'],
    ['a password', { authConfig: { httpBasicAuthConfig: { credentialSecret: secret } } }, 'authConfig.httpBasicAuthConfig.credentialSecret'],
    ['the service agent', { authConfig: { authType: 'GOOGLE_SERVICE_ACCOUNT_AUTH' } }, 'authConfig.authType'],
    ['the service agent, by number', { authConfig: { authType: 4 } }, 'authConfig.authType'],
    ['an account', { authConfig: { oauthConfig: { serviceAccount: 'a@my-project.iam.gserviceaccount.com' } } }, 'authConfig.oauthConfig.serviceAccount'],
    ['whoever vouches by default', { authConfig: { oidcConfig: { idToken: '' }, authType: 'OIDC_AUTH' } }, 'authConfig.authType'],
    ['what is not known yet', { authConfig: { vaultConfig: { path: 'x' } } }, 'authConfig.vaultConfig.path'],
  ])('%s', (_name, more, at) => {
    expect(judge(external(more))).toMatchObject({ refuse: 'operation_not_allowed', param: `tools.0.retrieval.externalApi.${at}` });
  });
  it('but for what the caller brings', () => {
    for (const more of [
      {},
      { authConfig: { authType: 'NO_AUTH' } },
      { authConfig: { authType: 'API_KEY_AUTH', apiKeyConfig: { name: 'k', apiKeyString: 'x', apiKeySecret: '', httpElementLocation: 'HTTP_IN_HEADER' } } },
      { auth_config: { auth_type: 'OAUTH', oauthConfig: { accessToken: 'x' } } },
    ])
      expect(judge(external(more))).toBeUndefined();
  });
});

it('a name of another project is found at any depth', () =>
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 1, maxLength: 6 }), (steps) => {
      const body = steps.reduceRight<unknown>((inner, step) => ({ [step]: inner }), 'projects/other/locations/us-central1/x/1');
      expect(judge(body as object)).toMatchObject({ param: steps.join('.') });
    }),
  ));

const judged = (path: string) => {
  const answer = nativeOf(HOME)({ method: 'POST', path: `/v1/${P}/${path}`, query: '', headers: [], bodyModel: undefined });
  if ('refuse' in answer) throw new Error(answer.message);
  return answer.judge;
};
describe('the table judges bodies of', () => {
  const posts = TABLE.filter(({ method, ranks }) => method === 'POST' && ranks !== true).map(({ path }) =>
    path
      .replace('{P}/', '')
      .replace('{publisher}', 'meta')
      .replace(/\{[a-z]+\}/g, '1'),
  );
  it.each(posts)('%s', (path) => {
    const judge = judged(path);
    expect(judge?.({ model: 'projects/other/locations/us-central1/models/1' })).toMatchObject({ refuse: 'operation_not_allowed', param: 'model' });
    expect(judge?.({ instances: [{ image: { gcsUri: 'gs://x/y' }, store: 'projects/other/locations/us-central1/indexes/1' }] })).toMatchObject({
      param: 'instances.0.store',
    });
    expect(judge?.({ parameters: { pubsubTopic: 'projects/other/topics/t' } })).toMatchObject({ param: 'parameters.pubsubTopic' });
    expect(judge?.(undefined)).toBeUndefined();
  });
});

describe('another model than that of the path is refused in a body of', () => {
  it.each<readonly [string, object, string]>([
    ['publishers/google/models/text-embedding-005:predict', { model: 'gemini-2.5-pro' }, 'model'],
    ['publishers/google/models/text-embedding-005:predict', { model: 'publishers/google/models/gemini-2.5-pro' }, 'model'],
    ['publishers/google/models/text-embedding-005:predict', { instances: [{ content: 'x', model: 'models/gemini-2.5-pro' }] }, 'instances.0.model'],
    ['publishers/google/models/text-embedding-005:predict', { parameters: { modelName: 'gemini-2.5-pro' } }, 'parameters.modelName'],
    ['publishers/google/models/text-embedding-005:predict', { instances: [{ content: { parts: [], model: 'x' } }] }, 'instances.0.content.model'],
    ['publishers/google/models/text-embedding-005:predict', { parameters: { endpoint: `${P}/endpoints/77` } }, 'parameters.endpoint'],
    ['publishers/google/models/veo-3:predictLongRunning', { parameters: { base_model: 'veo-9' } }, 'parameters.base_model'],
    ['publishers/google/models/gemini-2.5-flash:computeTokens', { model: `${P}/publishers/google/models/gemini-2.5-pro` }, 'model'],
    ['publishers/anthropic/models/claude-haiku-4-5@20251001:rawPredict', { model: 'claude-opus-4-7' }, 'model'],
    ['publishers/anthropic/models/claude-haiku-4-5:streamRawPredict', { model: 'claude-haiku-4-5@20251001' }, 'model'],
    ['publishers/mistralai/models/mistral-small-2503:rawPredict', { model: 'mistral-large-2411' }, 'model'],
    ['publishers/mistralai/models/mistral-small-2503:rawPredict', { model: 'meta/mistral-small-2503' }, 'model'],
    ['publishers/mistralai/models/mistral-small-2503:streamRawPredict', { model: 'publishers/meta/models/mistral-small-2503' }, 'model'],
    ['publishers/meta/models/llama-4:predict', { parameters: { model: '//aiplatform.googleapis.com/v1/publishers/meta/models/llama-3' } }, 'parameters.model'],
    ['endpoints/77:predict', { parameters: { target: `${P}/endpoints/78` } }, 'parameters.target'],
    ['endpoints/77:rawPredict', { instances: ['publishers/google/models/77'] }, 'instances.0'],
  ])('%s: %j', (path, body, param) => expect(judged(path)?.(body)).toMatchObject({ refuse: 'model_not_allowed', param }));
  it.each<readonly [string, object]>([
    ['publishers/google/models/text-embedding-005:predict', { instances: [{ content: 'publishers/google/models/gemini-2.5-pro', title: 'models/x' }] }],
    ['publishers/google/models/text-embedding-005:predict', { model: `${P}/publishers/google/models/text-embedding-005` }],
    ['publishers/google/models/imagen-4:predict', { instances: [{ prompt: 'models/x' }], parameters: { sampleCount: 1 } }],
    ['publishers/anthropic/models/claude-haiku-4-5@20251001:rawPredict', { messages: [{ role: 'user', content: 'models/x' }], tools: [{ model: 'x' }] }],
    ['publishers/mistralai/models/codestral@2405:rawPredict', { model: 'codestral', messages: [{ role: 'user', content: 'models/x' }] }],
    ['publishers/mistralai/models/codestral@2405:rawPredict', { model: 'codestral-2405' }],
    ['publishers/mistralai/models/mistral-small-2503:rawPredict', { model: 'mistralai/mistral-small-2503' }],
    ['endpoints/77:predict', { instances: [{ model: 'Roadster', year: 2026 }], parameters: { endpoint: `${P}/endpoints/77` } }],
    // Tested by policies, as the dialect reads them.
    ['publishers/google/models/gemini-2.5-flash:generateContent', { model: 'models/gemini-2.5-pro' }],
  ])('but not: %s: %j', (path, body) => expect(judged(path)?.(body)).toBeUndefined());
});
