import { crc32 } from 'node:zlib';
import { toFile } from 'openai';
import { describe, expect, test } from 'vitest';
import { key, sdks, useSimulator } from './support.ts';

const simulator = useSimulator();
const every = Buffer.from(Array.from({ length: 1024 }, (_, index) => (index * 31) & 0xff));

describe.each(sdks)('files and their kin with %s', (_name, Sdk) => {
  const client = () => new Sdk({ baseURL: simulator().url, apiKey: key, maxRetries: 0 });

  test('files are uploaded, paged, read byte for byte and deleted', async () => {
    const made: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const file = await client().files.create({ file: await toFile(every.subarray(0, 100 + index), `f${index} "q".bin`), purpose: 'user_data' });
      expect(file).toMatchObject({ object: 'file', bytes: 100 + index, filename: `f${index} "q".bin`, purpose: 'user_data', status: 'processed' });
      made.push(file.id);
    }
    const listed: string[] = [];
    for await (const file of client().files.list({ limit: 2, order: 'asc', purpose: 'user_data' })) listed.push(file.id);
    expect(listed.filter((id) => made.includes(id))).toEqual(made);
    expect(simulator().requests.filter(({ target }) => target.includes('after=')).length).toBeGreaterThanOrEqual(2);
    const [first = ''] = made;
    const content = await client().files.content(first);
    expect(Buffer.from(await content.arrayBuffer()).equals(every.subarray(0, 100))).toBe(true);
    for (const id of made) expect(await client().files.delete(id)).toEqual({ id, object: 'file', deleted: true });
    await expect(client().files.retrieve(first)).rejects.toMatchObject({ status: 404 });
  });

  test('an upload in parts is put together in the order named', async () => {
    const upload = await client().uploads.create({ filename: 'big.bin', purpose: 'user_data', bytes: 300, mime_type: 'application/octet-stream' });
    const tail = await client().uploads.parts.create(upload.id, { data: await toFile(every.subarray(100, 300), 'tail') });
    const head = await client().uploads.parts.create(upload.id, { data: await toFile(every.subarray(0, 100), 'head') });
    const done = await client().uploads.complete(upload.id, { part_ids: [head.id, tail.id] });
    expect(done.status).toBe('completed');
    const content = await client().files.content(done.file?.id ?? '');
    expect(Buffer.from(await content.arrayBuffer()).equals(every.subarray(0, 300))).toBe(true);
    await expect(client().uploads.cancel(upload.id)).rejects.toMatchObject({ status: 400 });
  });

  test('a batch runs its lines: answers in one file, refusals in the other', async () => {
    const line = (custom_id: string, body: object) => `${JSON.stringify({ custom_id, method: 'POST', url: '/v1/chat/completions', body })}\n`;
    const lines =
      line('a', { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] }) +
      line('b', { model: 'none', messages: [{ role: 'user', content: 'hi' }] });
    const file = await client().files.create({ file: await toFile(Buffer.from(lines), 'in.jsonl'), purpose: 'batch' });
    const batch = await client().batches.create({ input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h', metadata: { a: 'b' } });
    const seen = [batch.status, (await client().batches.retrieve(batch.id)).status];
    const done = await client().batches.retrieve(batch.id);
    expect([...seen, done.status]).toEqual(['validating', 'in_progress', 'completed']);
    expect([done.request_counts, done.metadata]).toEqual([{ total: 2, completed: 1, failed: 1 }, { a: 'b' }]);
    const read = async (id: string | undefined) => JSON.parse(await (await client().files.content(id ?? '')).text());
    expect(await read(done.output_file_id)).toMatchObject({ custom_id: 'a', response: { status_code: 200, body: { object: 'chat.completion' } } });
    expect(await read(done.error_file_id)).toMatchObject({ custom_id: 'b', response: { status_code: 404, body: { error: { code: 'model_not_found' } } } });
    const ids: string[] = [];
    for await (const one of client().batches.list()) ids.push(one.id);
    expect(ids).toContain(batch.id);
  });

  test('a batch is cancelled', async () => {
    const file = await client().files.create({ file: await toFile(Buffer.from('{}\n'), 'in.jsonl'), purpose: 'batch' });
    const batch = await client().batches.create({ input_file_id: file.id, endpoint: '/v1/embeddings', completion_window: '24h' });
    expect((await client().batches.cancel(batch.id)).status).toBe('cancelling');
    expect((await client().batches.retrieve(batch.id)).status).toBe('cancelled');
  });

  test('speech is bytes with their type, the same each time', async () => {
    const speak = async (response_format: 'mp3' | 'wav') => client().audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hello', response_format });
    const first = await speak('wav');
    expect(first.headers.get('content-type')).toBe('audio/wav');
    const bytes = Buffer.from(await first.arrayBuffer());
    expect([bytes.subarray(0, 4).toString(), bytes.readUInt32LE(4), bytes.length]).toEqual(['RIFF', 1036, 1044]);
    expect(Buffer.from(await (await speak('wav')).arrayBuffer()).equals(bytes)).toBe(true);
    expect((await speak('mp3')).headers.get('content-type')).toBe('audio/mpeg');
  });

  test('transcriptions read the form: JSON, text, subtitles and a stream', async () => {
    const file = () => toFile(every, 'a.wav');
    const whole = await client().audio.transcriptions.create({ model: 'whisper-1', file: await file() });
    expect(whole.text).toBe('Transcript of a.wav, 1024 bytes.');
    const text = await client().audio.transcriptions.create({ model: 'whisper-1', file: await file(), response_format: 'text' });
    expect(text).toBe('Transcript of a.wav, 1024 bytes.\n');
    const vtt = await client().audio.transcriptions.create({ model: 'whisper-1', file: await file(), response_format: 'vtt' });
    expect(vtt).toMatch(/^WEBVTT\n\n00:00/);
    let streamed = '';
    for await (const event of await client().audio.transcriptions.create({ model: 'gpt-4o-transcribe', file: await file(), stream: true })) {
      if (event.type === 'transcript.text.delta') streamed += event.delta;
    }
    expect(streamed).toBe(whole.text);
    const translated = await client().audio.translations.create({ model: 'whisper-1', file: await file() });
    expect(translated.text).toBe('Translation of a.wav, 1024 bytes.');
  });

  test('an image of 8 MiB is a PNG that decodes', async () => {
    const answer = await client().images.generate({ model: 'gpt-image-1', prompt: 'a square of 8 MB' });
    const png = Buffer.from(answer.data?.[0]?.b64_json ?? '', 'base64');
    expect(png.length).toBe(8 * 1_048_576);
    expect(png.subarray(0, 8)).toEqual(Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]));
    const types: string[] = [];
    for (let at = 8; at < png.length; ) {
      const size = png.readUInt32BE(at);
      expect(crc32(png.subarray(at + 4, at + 8 + size))).toBe(png.readUInt32BE(at + 8 + size));
      types.push(png.toString('latin1', at + 4, at + 8));
      at += size + 12;
    }
    expect(types).toEqual(['IHDR', 'fiLl', 'IDAT', 'IEND']);
  });

  test('images stream partial pictures; edits take the form; older models give a URL', async () => {
    const types: string[] = [];
    for await (const event of await client().images.generate({ model: 'gpt-image-1', prompt: 'x', stream: true, partial_images: 2 })) types.push(event.type);
    expect(types).toEqual(['image_generation.partial_image', 'image_generation.partial_image', 'image_generation.completed']);
    const edited = await client().images.edit({
      model: 'gpt-image-1',
      prompt: 'x',
      image: [await toFile(every, 'a.png', { type: 'image/png' }), await toFile(every, 'b.png', { type: 'image/png' })],
      n: 2,
    });
    expect(edited.data).toHaveLength(2);
    const linked = await client().images.generate({ model: 'dall-e-3', prompt: 'x' });
    expect(linked.data?.[0]?.url).toMatch(/^https:/);
  });

  test('moderations flag what speaks of violence', async () => {
    const answer = await client().moderations.create({ input: ['a kind word', 'I will kill it'] });
    expect(answer.results.map(({ flagged, categories }) => [flagged, categories.violence])).toEqual([
      [false, false],
      [true, true],
    ]);
    expect(answer.model).toBe('omni-moderation-latest');
  });
});
