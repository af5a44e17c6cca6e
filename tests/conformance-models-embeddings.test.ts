import { expect } from 'vitest';
import { all, chat, conformance, counting, lastSent, thrown, type Under } from './support/conformance.ts';

const line = conformance(['passing', 'translated', 'emulated']);
const own = { on: ['passing', 'translated'] } as const;
const model = 'text-embedding-3-small';
const texts = Array.from({ length: 100 }, (_, index) => `text ${index}`);

line(
  '82',
  'the list of models iterates over typed members',
  async ({ client }) => {
    const models = await all(client().models.list());
    expect(models.length).toBeGreaterThan(10);
    for (const one of models) expect(one).toMatchObject({ id: expect.any(String), created: expect.any(Number), object: 'model', owned_by: expect.any(String) });
    expect(models.every(({ created }) => Number.isInteger(created))).toBe(true);
  },
  own,
);

line(
  '83',
  'a model is found by its id, with a slash encoded or not; an unknown one is 404',
  async ({ client, Sdk, bench, base }) => {
    const { fetch, answers } = counting();
    expect((await client().models.retrieve('gpt-4o-mini')).id).toBe('gpt-4o-mini');
    const name = 'ft:gpt-4o-mini:acme/team::abc';
    const missing = await thrown(client({ fetch }).models.retrieve(name));
    expect(missing).toBeInstanceOf(Sdk.NotFoundError);
    expect([missing.code, missing.headers?.get('x-lpa-code')]).toEqual(['model_not_found', 'model_not_found']);
    expect(answers[0]?.url).toContain('acme%2Fteam');
    const raw = await globalThis.fetch(`${base}/models/${name}`, { headers: { authorization: `Bearer ${bench.key}` } });
    expect([raw.status, raw.headers.get('x-lpa-code')]).toEqual([404, 'model_not_found']);
    expect(((await raw.json()) as { error: { message: string } }).error.message).toContain(name);
  },
  own,
);

line('84', 'the SDK reads the same floats whatever it asked for', async ({ client }) => {
  const asked = await client().embeddings.create({ model, input: 'Hello' });
  const floats = await client().embeddings.create({ model, input: 'Hello', encoding_format: 'float' });
  const [left, right] = [asked.data[0]?.embedding ?? [], floats.data[0]?.embedding ?? []];
  expect([left.length, right.length]).toEqual([1536, 1536]);
  expect(Math.max(...left.map((value, index) => Math.abs(value - (right[index] ?? 0))))).toBeLessThan(1e-6);
});

line(
  '85',
  'base64 that was asked for is text of four bytes a dimension',
  async ({ post }) => {
    const ask = async (fields: object): Promise<unknown> => {
      const answer = await post('/embeddings', { model, input: 'Hello', ...fields });
      return ((await answer.json()) as { data: { embedding: unknown }[] }).data[0]?.embedding;
    };
    const packed = await ask({ encoding_format: 'base64' });
    expect(Buffer.from(String(packed), 'base64').length).toBe(4 * 1536);
    expect(Array.isArray(await ask({}))).toBe(true);
  },
  { wire: true },
);

line('86', 'a hundred texts keep order and index; an empty one is 400', async ({ client, Sdk }) => {
  const answer = await client().embeddings.create({ model, input: texts });
  expect(answer.data.map(({ index }) => index)).toEqual(texts.map((_, index) => index));
  const single = await client().embeddings.create({ model, input: 'text 42' });
  expect(answer.data[42]?.embedding).toEqual(single.data[0]?.embedding);
  expect(await thrown(client().embeddings.create({ model, input: ['a', ''] }))).toBeInstanceOf(Sdk.BadRequestError);
});

line('87', 'token arrays are taken, one and several', async ({ bench, client }) => {
  expect((await client().embeddings.create({ model, input: [1, 2, 3] })).data).toHaveLength(1);
  expect(lastSent(bench).input).toEqual([1, 2, 3]);
  expect((await client().embeddings.create({ model, input: [[1, 2], [3]] })).data).toHaveLength(2);
  expect(lastSent(bench).input).toEqual([[1, 2], [3]]);
});

line('88', 'dimensions are kept to or refused', async ({ client, Sdk }) => {
  const short = await client().embeddings.create({ model, input: 'Hello', dimensions: 256 });
  expect(short.data[0]?.embedding).toHaveLength(256);
  const refused = await thrown(client().embeddings.create({ model: 'text-embedding-ada-002', input: 'Hello', dimensions: 256 }));
  expect(refused).toBeInstanceOf(Sdk.BadRequestError);
});

const instruct = ({ path }: Under) => (path === 'emulated' ? chat('').model : 'gpt-3.5-turbo-instruct');
const words = ({ path }: Under) => (path === 'emulated' ? 'said' : 'wrote');
line('89', 'completions have one shape, whole and streamed, and a choice for every prompt', async (under) => {
  const { client, Sdk, path } = under;
  const body = { model: instruct(under), prompt: 'Hello', max_tokens: 50 };
  const whole = await client().completions.create(body);
  expect(whole).toMatchObject({ object: 'text_completion', choices: [{ text: `You ${words(under)}: Hello`, index: 0, finish_reason: 'stop' }] });
  const chunks = await all(await client().completions.create({ ...body, stream: true }));
  expect(chunks.map(({ choices }) => choices[0]?.text ?? '').join('')).toBe(whole.choices[0]?.text);
  for (const one of chunks) expect(Object.keys(one.choices[0] ?? {})).toEqual(expect.arrayContaining(['text', 'index', 'logprobs', 'finish_reason']));
  expect(new Set(chunks.map(({ object, id }) => `${object} ${id}`)).size).toBe(1);
  expect(chunks.filter(({ choices }) => choices[0]?.finish_reason === 'stop')).toHaveLength(1);
  const several = await client().completions.create({ ...body, prompt: ['a', 'b'], n: 2 });
  expect(several.choices.map(({ text, index }) => [index, text])).toEqual([
    [0, `You ${words(under)}: a`],
    [1, `(2) You ${words(under)}: a`],
    [2, `You ${words(under)}: b`],
    [3, `(2) You ${words(under)}: b`],
  ]);
  if (path === 'passing') return;
  const each = await Promise.all(['a', 'b'].map((prompt) => client().completions.create({ ...body, prompt, n: 2 })));
  expect(several.usage?.total_tokens).toBe(each.reduce((sum, { usage }) => sum + (usage?.total_tokens ?? 0), 0));
  for (const wrong of [{ prompt: [[1, 2]] }, { prompt: ['a', 'b'], stream: true as const }, { prompt: Array.from({ length: 21 }, () => 'a') }]) {
    const error = await thrown(client().completions.create({ ...body, ...wrong } as Parameters<ReturnType<typeof client>['completions']['create']>[0]));
    expect(error).toBeInstanceOf(Sdk.BadRequestError);
    expect([error.code, error.param]).toEqual(['unsupported_parameter', 'prompt']);
  }
});
