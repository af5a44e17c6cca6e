import { createHash } from 'node:crypto';
import { toFile } from 'openai';
import { expect } from 'vitest';
import { spoken, stream } from './support/answers.ts';
import { all, chat, conformance } from './support/conformance.ts';

const line = conformance(['passing'], {
  sections: { policies: [{ allow: { classes: ['inference', 'models', 'stateful'] } }], retry: { attempts: 1 } },
});
const everyByte = Buffer.from(Array.from({ length: 4_096 }, (_, at) => (at * 7) & 0xff));
const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
/** A `fetch` that notes the body of the last request as it leaves. */
const outgoing = () => {
  const sent = { type: '', bytes: Buffer.alloc(0) };
  return {
    sent,
    fetch: async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const request = new Request(url, init);
      sent.type = request.headers.get('content-type') ?? '';
      sent.bytes = Buffer.from(await request.arrayBuffer());
      return fetch(request.url, { method: request.method, headers: request.headers, body: sent.bytes });
    },
  };
};

line('103', 'speech is the bytes of the provider', async ({ bench, client }) => {
  bench.simulator.script({ body: everyByte, headers: { 'content-type': 'audio/mpeg' } });
  const answer = await client().audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hello' });
  expect(answer.headers.get('content-type')).toBe('audio/mpeg');
  expect(hash(Buffer.from(await answer.arrayBuffer()))).toBe(hash(everyByte));
});

line('104', 'a transcription is text or an object, and the form arrives byte for byte', async ({ bench, client }) => {
  const { fetch, sent } = outgoing();
  const file = await toFile(everyByte, 'speech.wav', { type: 'audio/wav' });
  const text = await client({ fetch }).audio.transcriptions.create({ file, model: 'whisper-1', response_format: 'text' });
  expect(text).toBe(`Transcript of speech.wav, ${everyByte.length} bytes.\n`);
  const received = bench.simulator.requests.at(-1);
  expect([received?.header('content-type'), received?.sha256, received?.body.length]).toEqual([sent.type, hash(sent.bytes), sent.bytes.length]);
  expect(sent.type).toMatch(/^multipart\/form-data; boundary=/);
  const object = await client().audio.transcriptions.create({ file, model: 'whisper-1', response_format: 'json' });
  expect(object.text).toBe(`Transcript of speech.wav, ${everyByte.length} bytes.`);
});

line('105', 'files are made, listed page by page and read back byte for byte, past those of others', async ({ bench, client }) => {
  const upload = async (apiKey: string, count: number): Promise<string[]> => {
    const made: string[] = [];
    for (let index = 0; index < count; index++) {
      const file = await toFile(everyByte, `file-${index}.bin`);
      made.push((await client({ apiKey }).files.create({ file, purpose: 'user_data' })).id);
    }
    return made;
  };
  const [first, second] = [await bench.makeKey(), await bench.makeKey()];
  const others = await upload(first, 5);
  const made = await upload(second, 5);
  for (const base of [`${bench.url}/openai/main/v1`, `${bench.url}/transparent/main/v1`]) {
    const sdk = client({ apiKey: second, baseURL: base });
    for (const order of ['asc', 'desc'] as const) {
      const listed = (await all(sdk.files.list({ limit: 2, order }))).map(({ id }) => id);
      expect(order === 'asc' ? listed : listed.reverse()).toEqual(made);
    }
    const page = await fetch(`${base}/files?limit=7&order=asc`, { headers: { authorization: `Bearer ${second}` } });
    expect(await page.json()).toMatchObject({ first_id: made[0], last_id: made[1], has_more: true });
    const content = await sdk.files.content(made[3] ?? '');
    expect(hash(Buffer.from(await content.arrayBuffer()))).toBe(hash(everyByte));
  }
  for (const [apiKey, ids] of [
    [first, others],
    [second, made],
  ] as const)
    for (const id of ids) await client({ apiKey }).files.delete(id);
});

line('107', 'moderations have every member', async ({ client }) => {
  const answer = await client().moderations.create({ input: 'I will kill it', model: 'omni-moderation-latest' });
  expect(answer.results[0]).toMatchObject({ flagged: true, categories: expect.any(Object), category_scores: expect.any(Object) });
  expect(answer.results[0]?.category_applied_input_types).toEqual(expect.any(Object));
});

line('108', 'an image of 8 MB passes', async ({ client }) => {
  const answer = await client().images.generate({ model: 'gpt-image-1', prompt: 'a cat of 8 MB' });
  const image = Buffer.from(answer.data?.[0]?.b64_json ?? '', 'base64');
  expect(image.length).toBeGreaterThanOrEqual(8 * 1024 * 1024);
  expect(image.subarray(1, 4).toString()).toBe('PNG');
});

line('109', 'headers are there before the body ends', async ({ bench, client }) => {
  const body = spoken('Hel', 'lo');
  const heldBack = () => {
    const { promise: until, resolve: go } = Promise.withResolvers<void>();
    return { until, go };
  };
  const streaming = heldBack();
  stream(bench.simulator, body, { stall: { at: body.length - 20, until: streaming.until } });
  const answer = await client()
    .chat.completions.create({ ...chat('x'), stream: true })
    .asResponse();
  expect([answer.status, answer.headers.get('x-request-id')]).toEqual([200, expect.stringMatching(/^req_/)]);
  streaming.go();
  expect(await answer.text()).toBe(body);
  const speaking = heldBack();
  bench.simulator.script({ body: everyByte, rechunk: { size: 1_024 }, stall: { at: 2_048, until: speaking.until }, headers: { 'content-type': 'audio/mpeg' } });
  const audio = await client().audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hello' }).asResponse();
  expect(audio.headers.get('x-request-id')).toMatch(/^req_/);
  speaking.go();
  expect(hash(Buffer.from(await audio.arrayBuffer()))).toBe(hash(everyByte));
});
