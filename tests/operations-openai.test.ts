import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, type VENDORS } from './support/gateway.ts';

// What only OpenAI's API has: the same by Azure, and refused at every other provider with the code for what it lacks.
type Fields = Record<string, unknown>;
type Vendor = keyof typeof VENDORS;
const MODELS: Readonly<Record<Vendor, string>> = {
  openai: 'gpt-4o-mini',
  azure: 'gpt-4o-mini',
  anthropic: 'claude-sonnet-4-6',
  bedrock: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  vertex: 'gemini-2.5-flash',
  watsonx: 'ibm/granite-3-3-8b-instruct',
  oci: 'meta.llama-3.3-70b-instruct',
};
const HAVE = ['openai', 'azure'] as const;
const LACK = ['anthropic', 'bedrock', 'vertex', 'watsonx', 'oci'] as const;
const form = (fields: Readonly<Record<string, string>>, name: string, bytes: string): FormData => {
  const made = new FormData();
  for (const [key, value] of Object.entries(fields)) made.set(key, value);
  made.set('file', new Blob([bytes]), name);
  return made;
};
const LINE = `${JSON.stringify({ custom_id: 'a', method: 'POST', url: '/v1/embeddings', body: { model: 'text-embedding-3-small', input: 'a' } })}\n`;
const upload = (): FormData => form({ purpose: 'batch' }, 'lines.jsonl', LINE);
const opened: Bench[] = [];
const open = async (vendor: Vendor): Promise<Bench> => {
  const bench = await openBench({
    vendor,
    plugins: ['dialect-anthropic', 'dialect-converse', 'dialect-gemini'].map((name) => `@llm-proxy-auth/${name}`),
    sections: { policies: [{ allow: { classes: ['inference', 'models', 'stateful'] } }] },
  });
  opened.push(bench);
  return bench;
};
afterAll(async () => {
  for (const bench of opened) await bench.close();
});
const sending =
  (bench: Bench) =>
  (method: string, path: string, body?: Fields | FormData): Promise<Response> =>
    fetch(`${bench.url}/openai/main/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${bench.key}`, ...(body === undefined || body instanceof FormData ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: body instanceof FormData ? body : JSON.stringify(body) }),
    });
const json = async (answer: Response): Promise<Fields> => {
  const text = await answer.text();
  expect([answer.status, text.slice(0, 200)]).toEqual([200, expect.stringMatching(/^\{/)]);
  return JSON.parse(text) as Fields;
};

describe.each(HAVE)('at %s', (vendor) => {
  let send: ReturnType<typeof sending>;
  beforeAll(async () => {
    send = sending(await open(vendor));
  });
  test('an image is made', async () => {
    const { data } = await json(await send('POST', '/images/generations', { model: 'gpt-image-1', prompt: 'A red fish' }));
    expect(data).toMatchObject([{ b64_json: expect.any(String) }]);
  });
  test('text is spoken, and speech is written down', async () => {
    const spoken = await send('POST', '/audio/speech', { model: 'tts-1', voice: 'alloy', input: 'Hello' });
    expect([spoken.status, spoken.headers.get('content-type'), (await spoken.arrayBuffer()).byteLength > 0]).toEqual([
      200,
      expect.stringMatching(/^audio\//),
      true,
    ]);
    const written = await json(await send('POST', '/audio/transcriptions', form({ model: 'whisper-1' }, 'speech.wav', 'RIFF')));
    expect(written.text).toEqual(expect.any(String));
  });
  test('a text is moderated', async () => {
    const { results } = await json(await send('POST', '/moderations', { model: 'omni-moderation-latest', input: 'I will kill it' }));
    expect(results).toMatchObject([{ flagged: true }]);
  });
  test('a file is kept, listed, read and deleted', async () => {
    const { id } = await json(await send('POST', '/files', upload()));
    expect((await json(await send('GET', '/files'))).data).toMatchObject([{ id }]);
    expect((await json(await send('GET', `/files/${String(id)}`))).purpose).toBe('batch');
    expect(await (await send('GET', `/files/${String(id)}/content`)).text()).toBe(LINE);
    expect((await json(await send('DELETE', `/files/${String(id)}`))).deleted).toBe(true);
    expect((await send('GET', `/files/${String(id)}`)).status).toBe(404);
  });
  test('a batch is made, read, listed and cancelled', async () => {
    const { id: file } = await json(await send('POST', '/files', upload()));
    const { id } = await json(await send('POST', '/batches', { input_file_id: file, endpoint: '/v1/embeddings', completion_window: '24h' }));
    expect((await json(await send('GET', `/batches/${String(id)}`))).object).toBe('batch');
    expect((await json(await send('GET', '/batches'))).data).toMatchObject([{ id }]);
    expect((await json(await send('POST', `/batches/${String(id)}/cancel`, {}))).id).toBe(id);
  });
  test('an answer that is stored is gone on with by its id', async () => {
    const model = MODELS[vendor];
    const { id } = await json(await send('POST', '/responses', { model, input: 'Hello', store: true }));
    expect((await json(await send('GET', `/responses/${String(id)}`))).id).toBe(id);
    expect((await json(await send('POST', '/responses', { model, input: 'And now?', previous_response_id: id }))).status).toBe('completed');
  });
});
describe.each(LACK)('at %s', (vendor) => {
  let send: ReturnType<typeof sending>;
  let bench: Bench;
  beforeAll(async () => {
    bench = await open(vendor);
    send = sending(bench);
  });
  const model = MODELS[vendor];
  test.each([
    ['POST', '/images/generations', { model, prompt: 'A red fish' }],
    ['POST', '/audio/speech', { model, voice: 'alloy', input: 'Hello' }],
    ['POST', '/audio/transcriptions', form({ model }, 'speech.wav', 'RIFF')],
    ['POST', '/moderations', { model, input: 'I will kill it' }],
    ['POST', '/files', upload()],
    ['GET', '/files', undefined],
    ['POST', '/batches', { input_file_id: 'file-1', endpoint: '/v1/embeddings', completion_window: '24h' }],
    ['POST', '/uploads', { purpose: 'batch', filename: 'a', bytes: 1, mime_type: 'text/plain' }],
    ['POST', '/responses/input_tokens/nothing', {}],
  ] as const)('%s %s is none of its operations', async (method, path, body) => {
    const answer = await send(method, path, body);
    expect(answer.status).toBe(404);
    expect(answer.headers.get('x-lpa-code')).toBe(path.endsWith('nothing') ? 'unknown_route' : 'operation_not_supported');
    expect(bench.simulator.requests.filter(({ method: sent }) => sent === 'POST')).toEqual([]);
  });
  test.each([
    [{ previous_response_id: 'resp_1' }, 'previous_response_id'],
    [{ conversation: 'conv_1' }, 'conversation'],
    [{ background: true }, 'background'],
    [{ prompt: { id: 'pmpt_1' } }, 'prompt'],
  ])('what is stored at OpenAI alone is refused by its name: %o', async (more, param) => {
    const answer = await send('POST', '/responses', { model, input: 'Hello', ...more });
    expect([answer.status, answer.headers.get('x-lpa-code'), ((await answer.json()) as { error: Fields }).error.param]).toEqual([
      400,
      'unsupported_parameter',
      param,
    ]);
    expect(bench.simulator.requests.filter(({ method: sent }) => sent === 'POST')).toEqual([]);
  });
});
