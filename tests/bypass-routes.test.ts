import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';
import { BIG, chat, messages, modelAsked, openLimited, SMALL } from './support/limited.ts';
import { ask, ask2, BOUNDARY, codeOf, FORM_TYPE, field, file, form, type Got, type Part, type Sent } from './support/raw.ts';

let bench: Awaited<ReturnType<typeof openLimited>>;
beforeAll(async () => {
  bench = await openLimited();
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());

const signed = (sent: Sent): Sent => ({ ...sent, headers: { authorization: `Bearer ${bench.limited}`, 'content-type': 'application/json', ...sent.headers } });
const refused = async (sent: Sent, wanted: string, over: (url: string, sent: Sent) => Promise<Got> = ask): Promise<void> => {
  const got = await over(bench.url, signed(sent));
  expect(`${got.status} ${codeOf(got)}`).toBe(wanted);
  expect(bench.simulator.requests).toEqual([]);
};
const NOT_ALLOWED = '403 model_not_allowed';
const NO_PATH = '403 operation_not_allowed';
const BAD_TARGET = '400 invalid_target';

const operations: readonly (readonly [operation: string, rest: object])[] = [
  ['chat/completions', { messages }],
  ['completions', { prompt: 'hi' }],
  ['embeddings', { input: 'hi' }],
  ['moderations', { input: 'hi' }],
  ['images/generations', { prompt: 'a cat' }],
  ['images/edits', { prompt: 'a cat', images: [{ image_url: 'https://example.com/a.png' }] }],
  ['audio/speech', { input: 'hi', voice: 'alloy' }],
  ['responses', { input: 'hi' }],
  ['responses/input_tokens', { input: 'hi' }],
  ['responses/compact', { input: 'hi' }],
];
const prefixes = ['/openai/main/v1', '/openai/main', '/protocol/main/v1', '/v1', '/openai/v1', '/openai', '/transparent/main/v1', '/transparent/openai/v1'];
describe.each(prefixes)('every operation below %s', (prefix) => {
  test.each(operations)('%s with the other model', (operation, rest) =>
    refused({ path: `${prefix}/${operation}`, body: JSON.stringify({ ...rest, model: BIG }) }, NOT_ALLOWED),
  );
  // Where the model's name chooses the provider there is nothing to choose by.
  const missing = /^\/(?:v1|openai(?:\/v1)?)$/.test(prefix) ? '400 invalid_request' : NOT_ALLOWED;
  test.each(operations)('%s without a model: the vendor would take its default', (operation, rest) =>
    refused({ path: `${prefix}/${operation}`, body: JSON.stringify(rest) }, missing),
  );
  test.each(operations.slice(0, 2))('%s streamed, over HTTP/2', (operation, rest) =>
    refused({ path: `${prefix}/${operation}`, body: JSON.stringify({ ...rest, model: BIG, stream: true }) }, NOT_ALLOWED, ask2),
  );
});

const stored: readonly (readonly [name: string, method: string, path: string, body: object | undefined, refusal: string])[] = [
  [
    'batches: the model stands in the file',
    'POST',
    'batches',
    { input_file_id: 'file-1', endpoint: '/v1/chat/completions', completion_window: '24h' },
    NOT_ALLOWED,
  ],
  ['batches that say the allowed model', 'POST', 'batches', { model: SMALL, input_file_id: 'file-1', endpoint: '/v1/chat/completions' }, NOT_ALLOWED],
  ['uploads', 'POST', 'uploads', { filename: 'a.jsonl', purpose: 'batch', bytes: 3, mime_type: 'application/jsonl' }, NOT_ALLOWED],
  ['a stored prompt with its own model', 'POST', 'responses', { prompt: { id: 'pmpt_1' }, input: 'hi' }, NOT_ALLOWED],
  ["a stored prompt's version", 'POST', 'responses', { prompt: { id: 'pmpt_1', version: '2' }, model: null }, NOT_ALLOWED],
  ["another's previous response", 'POST', 'responses', { model: SMALL, previous_response_id: 'resp_of_another', input: 'hi' }, '404 invalid_request'],
  ["another's conversation", 'POST', 'responses', { model: SMALL, conversation: 'conv_of_another', input: 'hi' }, '404 invalid_request'],
  ["another's conversation as an object", 'POST', 'responses', { model: SMALL, conversation: { id: 'conv_1' }, input: 'hi' }, '404 invalid_request'],
  ["another's file", 'GET', 'files/file-of-another', undefined, '404 invalid_request'],
  ["another's batch", 'GET', 'batches/batch_of_another', undefined, '404 invalid_request'],
  ['previous response and the other model', 'POST', 'responses', { model: BIG, previous_response_id: 'resp_1', input: 'hi' }, NOT_ALLOWED],
];
describe.each(['/openai/main/v1', '/transparent/main/v1'])('what is stored, below %s', (base) => {
  test.each(stored)('%s', (_name, method, path, body, refusal) =>
    refused({ method, path: `${base}/${path}`, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }, refusal),
  );
  test('a file for a batch', () =>
    refused({ path: `${base}/files`, headers: { 'content-type': FORM_TYPE }, body: form([field('purpose', 'batch'), file('file', '{}')]) }, NOT_ALLOWED));
});

const further: readonly (readonly [name: string, path: string, body: object])[] = [
  ['an image tool', 'responses', { input: 'hi', tools: [{ type: 'image_generation', model: 'gpt-image-2' }] }],
  ["an image tool with the vendor's default", 'responses', { input: 'hi', tools: [{ type: 'image_generation' }] }],
  ['an image tool whose SVG another model writes', 'responses', { input: 'hi', tools: [{ type: 'image_generation', model: SMALL, svg: { model: BIG } }] }],
  ['an image tool in a group of tools', 'responses', { input: 'hi', tools: [{ type: 'namespace', name: 'a', tools: [{ type: 'image_generation' }] }] }],
  ['an image tool that comes with the input', 'responses', { input: [{ type: 'additional_tools', tools: [{ type: 'image_generation' }] }] }],
  ['moderation', 'responses', { input: 'hi', moderation: { model: 'omni-moderation-latest' } }],
  ['moderation of a chat', 'chat/completions', { messages, moderation: { model: 'omni-moderation-latest' } }],
  ['others that a router falls back to', 'chat/completions', { messages, models: [SMALL, BIG], route: 'fallback' }],
  ['one that a router falls back to', 'chat/completions', { messages, fallbacks: [{ model: BIG, messages }] }],
  ['what a router may take for a list of models', 'responses', { input: 'hi', models: { 0: BIG } }],
  ['an image tool, counted', 'responses/input_tokens', { input: 'hi', tools: [{ type: 'image_generation' }] }],
];
describe.each(['/openai/main/v1', '/v1', '/transparent/main/v1'])('a second model beside the allowed one, below %s', (base) => {
  test.each(further)('%s', (_name, path, body) => refused({ path: `${base}/${path}`, body: JSON.stringify({ model: SMALL, ...body }) }, NOT_ALLOWED));
});

const audio = file('file', 'RIFF', 'a.wav');
const forms: readonly (readonly [name: string, parts: readonly Part[], refusal: string])[] = [
  ['the other model', [field('model', BIG), audio], NOT_ALLOWED],
  ['the other model behind the file', [audio, field('model', BIG)], NOT_ALLOWED],
  ['twice, allowed first', [field('model', SMALL), audio, field('model', BIG)], '400 invalid_request'],
  ['twice, allowed last', [field('model', BIG), field('model', SMALL), audio], '400 invalid_request'],
  ['missing', [audio], NOT_ALLOWED],
  ['a list', [field('model[]', SMALL), audio], NOT_ALLOWED],
  ['a trailing space', [field('model', `${SMALL} `), audio], NOT_ALLOWED],
  ['a name of another case', [field('Model', SMALL), audio], NOT_ALLOWED],
  ['a name with an escape', [{ head: 'Content-Disposition: form-data; name="mod\\el"', body: BIG }, field('model', SMALL), audio], '400 invalid_request'],
  ['an encoded name', [{ head: "Content-Disposition: form-data; name*=UTF-8''model", body: BIG }, field('model', SMALL), audio], '400 invalid_request'],
  ['two names', [{ head: 'Content-Disposition: form-data; name="x"; name="model"', body: BIG }, field('model', SMALL)], '400 invalid_request'],
  [
    'two dispositions',
    [{ head: `Content-Disposition: form-data; name="model"\r\nContent-Disposition: form-data; name="x"`, body: SMALL }],
    '400 invalid_request',
  ],
  ['a folded header', [{ head: 'Content-Disposition: form-data;\r\n name="model"', body: SMALL }, audio], '400 invalid_request'],
  ['base64', [{ head: 'Content-Disposition: form-data; name="model"\r\nContent-Transfer-Encoding: base64', body: btoa(BIG) }, audio], '400 invalid_request'],
  ['sent as a file', [{ head: 'Content-Disposition: form-data; name="model"; filename="m"', body: SMALL }, audio], '400 invalid_request'],
  [
    'the other model behind bare line feeds',
    [field('model', SMALL), field('prompt', `x\n--${BOUNDARY}\ncontent-disposition: form-data; name="model"\n\n${BIG}\n`), audio],
    '400 invalid_request',
  ],
  [
    'the other model behind bare line feeds in a file',
    [field('model', SMALL), file('file', `RIFF\n--${BOUNDARY}\ncontent-disposition: form-data; name="model"\n\n${BIG}\n`, 'a.wav')],
    '400 invalid_request',
  ],
  [
    'the other model behind a bare carriage return',
    [field('model', SMALL), field('prompt', `x\r--${BOUNDARY}\rcontent-disposition`), audio],
    '400 invalid_request',
  ],
  ['a name in single quotes', [{ head: "Content-Disposition: form-data; name='model'", body: BIG }, field('model', SMALL), audio], '400 invalid_request'],
  ['an unquoted name', [{ head: 'Content-Disposition: form-data; name=model', body: BIG }, audio], NOT_ALLOWED],
];
describe.each(['/openai/main/v1', '/transparent/main/v1'])('multipart below %s', (base) => {
  const path = `${base}/audio/transcriptions`;
  test.each(forms)('%s', (_name, parts, refusal) => refused({ path, headers: { 'content-type': FORM_TYPE }, body: form(parts) }, refusal));
  test('a second form behind the closing boundary', async () => {
    const body = form([field('model', SMALL), audio]) + form([field('model', BIG), audio]);
    await refused({ path, headers: { 'content-type': FORM_TYPE }, body }, '400 invalid_request');
  });
  test('a form in front of the first boundary', () =>
    refused({ path, headers: { 'content-type': FORM_TYPE }, body: `preamble\r\n${form([field('model', SMALL), audio])}` }, '400 invalid_request'));
  test.each([
    ['no boundary', 'multipart/form-data'],
    ['another kind', 'multipart/mixed; boundary=cut-here-7MA4YWxk'],
  ])('%s', (_name, type) => refused({ path, headers: { 'content-type': type }, body: form([field('model', SMALL), audio]) }, '415 unsupported_media_type'));
  test.each([
    ['other', BOUNDARY],
    [BOUNDARY, 'other'],
  ])('two boundaries, %s first', async (first, second) => {
    const inner = form([field('model', BIG), audio], first === 'other' ? second : first);
    const body = form([field('model', SMALL), file('file', `\r\n${inner}`)], first === 'other' ? first : second);
    await refused({ path, headers: { 'content-type': `multipart/form-data; boundary=${first}; boundary=${second}` }, body }, '400 invalid_request');
  });
  test('a second boundary in an encoding of its own', () =>
    refused(
      { path, headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}; boundary*=utf-8''other` }, body: form([field('model', SMALL), audio]) },
      '400 invalid_request',
    ));
  test('a file with any bytes but that passes', async () => {
    const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    const body = Buffer.from(form([file('file', `${bytes}\n--${BOUNDARY.slice(1)}\r--x --${BOUNDARY}`, 'a.wav'), field('model', SMALL)]), 'latin1');
    await ask(bench.url, signed({ path, headers: { 'content-type': FORM_TYPE }, body }));
    expect(bench.simulator.requests.map((r) => r.body.equals(body))).toEqual([true]);
  });
});
test('our header does not replace the field where bytes stay as they are', () =>
  refused(
    { path: '/transparent/main/v1/audio/transcriptions', headers: { 'content-type': FORM_TYPE, 'x-lpa-model': SMALL }, body: form([audio]) },
    NOT_ALLOWED,
  ));

const image = file('image', 'a picture', 'a.png');
const said: readonly (readonly [path: string, headers: Sent['headers'], parts: readonly Part[]])[] = [
  [`/openai/main/deployments/${SMALL}/images/edits`, {}, [field('prompt', 'a cat'), image]],
  [`/openai/main/deployments/${SMALL}/images/variations`, {}, [image]],
  [`/openai/main/deployments/${SMALL}/audio/transcriptions`, {}, [audio]],
  [`/openai/main/deployments/${SMALL}/audio/translations`, {}, [audio]],
  [`/openai/deployments/${SMALL}/audio/transcriptions`, {}, [audio]],
  ['/openai/main/v1/audio/transcriptions', { 'x-lpa-model': SMALL }, [audio]],
  ['/v1/audio/transcriptions', { 'x-lpa-model': SMALL, 'x-lpa-instance': 'main' }, [audio]],
];
describe('a model that stands beside the body is what the provider is asked for', () => {
  test.each(said)('%s %j in a form without a model', async (path, headers, parts) => {
    await ask(bench.url, signed({ path, headers: { 'content-type': FORM_TYPE, ...headers }, body: form(parts) }));
    expect(bench.simulator.requests.map(({ body }) => body.toString('latin1'))).toEqual([form([field('model', SMALL), ...parts])]);
  });
  test.each(said)('%s %j in a form with the other model', (path, headers, parts) =>
    refused(
      { path, headers: { 'content-type': FORM_TYPE, ...headers }, body: form([...parts, field('model', BIG)]) },
      path.includes('deployments') ? '400 invalid_request' : NOT_ALLOWED,
    ),
  );
  test.each(['[]', '[{}]', '"x"', 'null', '1', 'true'])('%s has no place for it', async (body) => {
    await refused({ path: `/openai/main/deployments/${SMALL}/images/generations`, body }, '400 invalid_request');
    await refused({ path: '/openai/main/v1/images/generations', headers: { 'x-lpa-model': SMALL }, body }, '400 invalid_request');
  });
});

const paths: readonly (readonly [path: string, body: string, refusal: string])[] = [
  [`/openai/main/deployments/${BIG}/chat/completions`, chat(undefined), NOT_ALLOWED],
  [`/openai/main/deployments/${BIG}/chat/completions`, chat(BIG), NOT_ALLOWED],
  [`/openai/main/deployments/${BIG}/chat/completions`, chat(SMALL), '400 invalid_request'],
  [`/openai/main/deployments/${SMALL}/chat/completions`, chat(BIG), '400 invalid_request'],
  [`/openai/deployments/${BIG}/chat/completions`, chat(undefined), NOT_ALLOWED],
  [`/openai/main/deployments/gpt%2d4o/chat/completions`, chat(undefined), NOT_ALLOWED],
  [`/openai/main/deployments/gpt%2d4o/chat/completions`, chat(SMALL), '400 invalid_request'],
  [`/openai/main/deployments/${SMALL}%00/chat/completions`, chat(undefined), BAD_TARGET],
  [`/openai/main/deployments/${SMALL}%20/chat/completions`, chat(undefined), NOT_ALLOWED],
  [`/openai/main/deployments/${SMALL}%2f..%2f${BIG}/chat/completions`, chat(undefined), BAD_TARGET],
  [`/openai/main/deployments/${SMALL}%252f/chat/completions`, chat(undefined), BAD_TARGET],
  [`/openai/main/deployments/${SMALL}/deployments/${BIG}/chat/completions`, chat(undefined), NOT_ALLOWED],
  [`/openai/main/deployments/${SMALL}/../${BIG}/chat/completions`, chat(undefined), BAD_TARGET],
  [`/openai/main/deployments/${SMALL}:${BIG}/chat/completions`, chat(undefined), NOT_ALLOWED],
  ['/v1/chat/completions', chat('dear'), NOT_ALLOWED],
  ['/v1/chat/completions', chat('cheap'), NOT_ALLOWED],
  ['/v1/chat/completions', chat(`${SMALL}:turbo`), NOT_ALLOWED],
  ['/v1/chat/completions', chat('claude-3'), '404 model_not_found'],
  ['/transparent/main/v1/engines/gpt-4o/completions', chat(SMALL), NO_PATH],
  ['/transparent/main/v1/threads/runs', chat(SMALL), NO_PATH],
  ['/transparent/main/v1/assistants', chat(SMALL), NO_PATH],
  ['/transparent/main/v1/realtime/client_secrets', chat(SMALL), NO_PATH],
  ['/transparent/main/v1/videos', JSON.stringify({ prompt: 'a cat' }), NOT_ALLOWED],
  ['/transparent/main/v1/videos', JSON.stringify({ prompt: 'a cat', model: 'sora-2' }), NOT_ALLOWED],
  ['/transparent/main/v1/videos/video_1/remix', JSON.stringify({ prompt: 'a cat' }), NOT_ALLOWED],
  ['/transparent/main/v1/fine_tuning/jobs', chat(SMALL), NOT_ALLOWED],
  ['/transparent/main/v1/evals', chat(SMALL), NOT_ALLOWED],
  ['/transparent/main/v1/evals/eval_1/runs', chat(SMALL), NOT_ALLOWED],
  ['/transparent/main/chat/completions', chat(SMALL), NO_PATH],
  ['/transparent/main/v1/chat/completions/', chat(SMALL), NO_PATH],
  ['/transparent/main/v1/%63hat/completions', chat(SMALL), NO_PATH],
  ['/transparent/main/v1/chat%2fcompletions', chat(SMALL), NO_PATH],
  ['/transparent/main/v1/Chat/Completions', chat(SMALL), NO_PATH],
  ['/transparent/main/v1/chat/completions;v=1', chat(SMALL), NO_PATH],
  ['/transparent/main/v2/chat/completions', chat(SMALL), NO_PATH],
  ['/transparent/MAIN/v1/chat/completions', chat(SMALL), '404 instance_not_found'],
  ['/transparent/main%20/v1/chat/completions', chat(SMALL), '404 instance_not_found'],
  ['/openai/main/v1/chat/completions:generate', chat(SMALL), '404 unknown_route'],
  ['/openai/main/v1/chat/completions/', chat(SMALL), '404 unknown_route'],
];
describe('paths', () => {
  test.each(paths)('%s %s', (path, body, refusal) => refused({ path, body }, refusal));
  test('GET of the other model: only the list was asked', async () => {
    const got = await ask(bench.url, signed({ method: 'GET', path: `/openai/main/v1/models/${BIG}` }));
    expect(`${got.status} ${codeOf(got)}`).toBe('404 model_not_found');
    expect(bench.simulator.requests.map((r) => `${r.method} ${r.target}`)).toEqual(['GET /v1/models']);
  });
  test.each([
    ['/v1/models/dear', '404 model_not_found'],
    ['/transparent/main/v1/models/gpt-4o', NOT_ALLOWED],
    ['/transparent/main/v1/models/gpt%2d4o', NOT_ALLOWED],
  ])('GET %s', (path, refusal) => refused({ method: 'GET', path }, refusal));
  test('DELETE of a model', () => refused({ method: 'DELETE', path: '/transparent/main/v1/models/ft:gpt-4o:acme::1' }, NOT_ALLOWED));
  test('lists hold what the key may use', async () => {
    const got = await ask(bench.url, signed({ method: 'GET', path: '/openai/main/v1/models' }));
    expect((JSON.parse(got.text) as { data: { id: string }[] }).data.map((model) => model.id)).toEqual([SMALL]);
    expect(bench.simulator.requests.map(modelAsked).every((model) => model === undefined)).toBe(true);
  });
});

describe('a further deployment of Azure', () => {
  const IMAGES = 'x-ms-oai-image-generation-deployment';
  const body = JSON.stringify({ model: BIG, input: 'hi', tools: [{ type: 'image_generation', model: BIG }] });
  let azure: Bench;
  let keys: Readonly<Record<'all' | 'both' | 'one', string>>;
  beforeAll(async () => {
    azure = await openBench({ vendor: 'azure', main: { deployments: { [BIG]: 'talks', 'gpt-image-1': 'draws', [SMALL]: 'embeds' } } });
    const [both, one] = await Promise.all([[BIG, 'gpt-image-1', SMALL], [BIG]].map((models) => azure.makeKey({ name: models.join('-'), models })));
    keys = { all: azure.key, both: both ?? '', one: one ?? '' };
  });
  afterAll(() => azure.close());
  const paths = ['/openai/main/v1/responses', '/transparent/main/openai/v1/responses'];
  test.each(paths.flatMap((path) => (['all', 'both', 'one'] as const).map((who) => [path, who] as const)))(
    '%s, named by a header, asked for by who may use %s',
    async (path, who) => {
      azure.simulator.clear();
      const headers = { authorization: `Bearer ${keys[who]}`, 'content-type': 'application/json', [IMAGES]: 'draws' };
      const got = await ask(azure.url, { path, headers, body });
      const seen = azure.simulator.requests.map((request) => request.header(IMAGES));
      expect([seen, codeOf(got) === 'model_not_allowed']).toEqual(who === 'one' ? [[], true] : [['draws'], false]);
    },
  );
  const searches = ['/openai/main/v1/chat/completions', '/transparent/main/openai/deployments/talks/chat/completions?api-version=2024-10-21'];
  const EMBEDS = { type: 'deployment_name', deployment_name: 'embeds' };
  const dependencies: readonly (readonly [name: string, embedding_dependency: unknown, refused: readonly string[]])[] = [
    ['by its name', EMBEDS, ['one']],
    ['by its name, as another kind', { ...EMBEDS, type: 'integrated' }, ['one']],
    ['by an address', { type: 'endpoint', endpoint: 'https://a.openai.azure.com/openai/deployments/embeds/embeddings' }, ['both', 'one']],
    ['by nothing that is known', 'embeds', ['both', 'one']],
    ['by its index', { type: 'integrated' }, []],
    ['by nothing', null, []],
    ['by its index, with a member that is null', { type: 'integrated', deployment_name: null }, []],
  ];
  test.each(
    searches.flatMap((path) => dependencies.flatMap(([name, ...row]) => (['all', 'both', 'one'] as const).map((who) => [path, name, who, ...row] as const))),
  )('%s, what searches data named %s, asked for by who may use %s', async (path, _name, who, embedding_dependency, refused) => {
    azure.simulator.clear();
    const headers = { authorization: `Bearer ${keys[who]}`, 'content-type': 'application/json' };
    const data_sources = [{ type: 'azure_search', parameters: { endpoint: 'https://s.search.windows.net', index_name: 'i', embedding_dependency } }];
    const got = await ask(azure.url, { path, headers, body: JSON.stringify({ model: BIG, messages, data_sources }) });
    expect([azure.simulator.requests.length, codeOf(got) === 'model_not_allowed']).toEqual(refused.includes(who) ? [0, true] : [1, false]);
  });
  test.each([
    ['an object', { type: 'azure_search' }],
    ['a list of lists', [[{ type: 'azure_search', parameters: { embedding_dependency: EMBEDS } }]]],
    ['without parameters', [{ type: 'azure_search' }]],
    ['with a list of parameters', [{ type: 'azure_search', parameters: [{ embedding_dependency: EMBEDS }] }]],
  ])('data that is searched, %s: any deployment', async (_what, data_sources) => {
    azure.simulator.clear();
    const headers = { authorization: `Bearer ${keys.both}`, 'content-type': 'application/json' };
    const got = await ask(azure.url, { path: searches[0] ?? '', headers, body: JSON.stringify({ model: BIG, messages, data_sources }) });
    expect([codeOf(got), azure.simulator.requests.length]).toEqual(['model_not_allowed', 0]);
  });
  test('of several accounts those are asked at which it is an allowed one', async () => {
    const two = await openBench({
      vendor: 'azure',
      main: { deployments: { [BIG]: 'talks', [SMALL]: 'embeds' } },
      instances: (baseUrl) => ({
        other: { provider: 'azure', baseUrl, apiKey: PROVIDER_KEY, insecureUpstream: true, deployments: { [BIG]: 'talks', [SMALL]: 'vectors' } },
      }),
      sections: { models: [{ name: 'both', targets: ['main', 'other'].map((instance) => ({ instance, model: BIG })) }] },
    });
    try {
      const key = await two.makeKey({ name: 'two', models: ['both', BIG, SMALL] });
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const where = async (deployment_name: string): Promise<unknown> => {
        const data_sources = [{ type: 'azure_search', parameters: { embedding_dependency: { ...EMBEDS, deployment_name } } }];
        const got = await ask(two.url, { path: '/openai/v1/chat/completions', headers, body: JSON.stringify({ model: 'both', messages, data_sources }) });
        return got.headers['x-lpa-instance'] ?? codeOf(got);
      };
      expect([await where('embeds'), await where('vectors'), await where('talks'), await where('others')]).toEqual([
        'main',
        'other',
        'main',
        'model_not_allowed',
      ]);
    } finally {
      await two.close();
    }
  });
});
