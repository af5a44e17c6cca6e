import { toFile } from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { key, pdf, sdks, useAnthropic } from './anthropic-support.ts';

const simulator = useAnthropic();
const model = 'claude-sonnet-4-6';
const request = (content: string, more: object = {}) => ({ model, max_tokens: 50, messages: [{ role: 'user' as const, content }], ...more });

describe.each(sdks)('what is stored, with %s', (_name, Sdk) => {
  const client = () => new Sdk({ baseURL: simulator().url, apiKey: key, maxRetries: 0 });

  test('a batch runs its requests between two looks, and its results are lines', async () => {
    const created = await client().messages.batches.create({
      requests: [
        { custom_id: 'good', params: request('one') },
        { custom_id: 'bad', params: request('two', { model: 'claude-none' }) },
      ],
    });
    expect(created).toMatchObject({ type: 'message_batch', processing_status: 'in_progress', request_counts: { processing: 2 }, results_url: null });
    await expect(client().messages.batches.results(created.id)).rejects.toThrow('results_url');
    const ended = await client().messages.batches.retrieve(created.id);
    expect(ended).toMatchObject({ processing_status: 'ended', request_counts: { processing: 0, succeeded: 1, errored: 1 } });
    const results = [];
    for await (const one of await client().messages.batches.results(created.id)) results.push(one);
    expect(results).toMatchObject([
      { custom_id: 'good', result: { type: 'succeeded', message: { content: [{ text: 'You said: one' }] } } },
      { custom_id: 'bad', result: { type: 'errored', error: { type: 'error', error: { type: 'not_found_error' } } } },
    ]);
    expect((await client().messages.batches.list()).data[0]?.id).toBe(created.id);
    expect(await client().messages.batches.delete(created.id)).toEqual({ id: created.id, type: 'message_batch_deleted' });
    await expect(client().messages.batches.retrieve(created.id)).rejects.toMatchObject({ status: 404 });
  });

  test('a cancelled batch ends with cancelled requests', async () => {
    const { id } = await client().messages.batches.create({ requests: [{ custom_id: 'a', params: request('one') }] });
    expect((await client().messages.batches.cancel(id)).processing_status).toBe('canceling');
    expect(await client().messages.batches.retrieve(id)).toMatchObject({ processing_status: 'ended', request_counts: { canceled: 1 } });
  });

  test.each([
    ['without requests', { requests: [] }],
    ['with one name twice', { requests: [1, 2].map(() => ({ custom_id: 'a', params: request('x') })) }],
    ['that streams', { requests: [{ custom_id: 'a', params: request('x', { stream: true }) }] }],
  ])('a batch %s is refused', async (_title, body) => {
    await expect(client().post('/v1/messages/batches', { body })).rejects.toMatchObject({ status: 400 });
  });

  test('a container in which code ran is there for the next call, another is not', async () => {
    const tools = [{ type: 'code_execution_20250825' as const, name: 'code_execution' as const }];
    const first = await client().messages.create(request('run', { tools }));
    expect(first.container?.id).toMatch(/^container_01/);
    for (const container of [first.container?.id, { id: first.container?.id }]) {
      const again = await client().messages.create(request('run', { tools, container }));
      expect(again.container?.id).toBe(first.container?.id);
    }
    await expect(client().messages.create(request('run', { tools, container: 'container_none' }))).rejects.toMatchObject({ status: 404 });
  });
});

test('files are kept byte for byte, named in messages, listed and removed', async () => {
  const [, Sdk] = sdks[0];
  const client = new Sdk({ baseURL: simulator().url, apiKey: key, maxRetries: 0 });
  const bytes = Buffer.from(pdf, 'base64');
  const file = await client.files.upload({ file: await toFile(bytes, 'a.pdf', { type: 'application/pdf' }) });
  expect(file).toMatchObject({ type: 'file', filename: 'a.pdf', mime_type: 'application/pdf', size_bytes: bytes.length });
  expect(Buffer.from(await (await client.files.download(file.id)).arrayBuffer()).equals(bytes)).toBe(true);
  const content = [
    { type: 'document' as const, source: { type: 'file' as const, file_id: file.id } },
    { type: 'text' as const, text: 'Read it' },
  ];
  const ask = () => client.messages.create({ model, max_tokens: 50, messages: [{ role: 'user', content }] });
  expect((await ask()).content).toMatchObject([{ text: 'You said: Read it [document]' }]);
  expect((await client.files.list()).data.map(({ id }) => id)).toContain(file.id);
  await client.files.delete(file.id);
  await expect(client.files.retrieveMetadata(file.id)).rejects.toMatchObject({ status: 404 });
  await expect(ask()).rejects.toMatchObject({ status: 404 });
});
