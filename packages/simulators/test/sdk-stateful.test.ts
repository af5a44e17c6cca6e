import { describe, expect, test } from 'vitest';
import { key, sdks, useSimulator } from './support.ts';

const simulator = useSimulator();
const model = 'gpt-4o-mini';

describe.each(sdks)('what the service keeps, with %s', (_name, Sdk) => {
  const client = () => new Sdk({ baseURL: simulator().url, apiKey: key, maxRetries: 0 });

  test('stored chat completions are listed, changed, read back with their messages and deleted', async () => {
    const made = await client().chat.completions.create({ model, messages: [{ role: 'user', content: 'keep me' }], store: true, metadata: { a: 'b' } });
    await client().chat.completions.create({ model, messages: [{ role: 'user', content: 'forget me' }] });
    const ids: string[] = [];
    for await (const one of client().chat.completions.list({ order: 'asc' })) ids.push(one.id);
    expect(ids.at(-1)).toBe(made.id);
    await client().chat.completions.update(made.id, { metadata: { c: 'd' } });
    expect(await client().chat.completions.retrieve(made.id)).toMatchObject({ choices: made.choices, metadata: { c: 'd' } });
    const messages: unknown[] = [];
    for await (const one of client().chat.completions.messages.list(made.id)) messages.push(one.content);
    expect(messages).toEqual(['keep me']);
    await client().chat.completions.delete(made.id);
    await expect(client().chat.completions.retrieve(made.id)).rejects.toMatchObject({ status: 404 });
  });

  test('a conversation carries the turns of its responses', async () => {
    const { id } = await client().conversations.create({ items: [{ type: 'message', role: 'user', content: 'first' }], metadata: { a: 'b' } });
    const answer = await client().responses.create({ model, input: 'second', conversation: id });
    expect([answer.output_text, answer.conversation]).toEqual(['You said: second', { id }]);
    const roles: unknown[] = [];
    for await (const item of client().conversations.items.list(id, { order: 'asc' })) roles.push('role' in item ? item.role : item.type);
    expect(roles).toEqual(['user', 'user', 'assistant']);
    const added = await client().conversations.items.create(id, { items: [{ type: 'message', role: 'user', content: 'third' }] });
    const third = added.data[0]?.id ?? '';
    expect(await client().conversations.items.retrieve(third, { conversation_id: id })).toMatchObject({ role: 'user' });
    await client().conversations.items.delete(third, { conversation_id: id });
    await expect(client().conversations.items.retrieve(third, { conversation_id: id })).rejects.toMatchObject({ status: 404 });
    await expect(client().responses.create({ model, input: 'x', conversation: id, previous_response_id: answer.id })).rejects.toMatchObject({
      status: 400,
      code: 'mutually_exclusive_parameters',
    });
    await client().conversations.delete(id);
    await expect(client().responses.create({ model, input: 'x', conversation: id })).rejects.toMatchObject({ status: 404 });
  });

  test('a stored response is streamed again, from where it is wanted', async () => {
    const { id } = await client().responses.create({ model, input: 'again' });
    const numbers: number[] = [];
    let text = '';
    for await (const event of await client().responses.retrieve(id, { stream: true, starting_after: 3 })) {
      numbers.push(event.sequence_number);
      if (event.type === 'response.output_text.done') text = event.text;
    }
    expect(numbers[0]).toBe(4);
    expect(text).toBe('You said: again');
  });

  test('compaction leaves one opaque item, the token count counts', async () => {
    const compacted = await client().responses.compact({ model, input: [{ role: 'user', content: 'a b c' }] });
    expect(compacted.output).toMatchObject([{ type: 'compaction', encrypted_content: expect.any(String) }]);
    const counted = await client().responses.inputTokens.count({ model, input: 'a b c' });
    expect(counted).toMatchObject({ object: 'response.input_tokens', input_tokens: compacted.usage.input_tokens });
  });

  test('a video is queued, in progress, done; then its bytes are there', async () => {
    const { id, status } = await client().videos.create({ prompt: 'a wave', model: 'sora-2' });
    await expect(client().videos.downloadContent(id)).rejects.toMatchObject({ status: 404 });
    const seen = [status, (await client().videos.retrieve(id)).status, (await client().videos.retrieve(id)).status];
    expect(seen).toEqual(['queued', 'in_progress', 'completed']);
    const content = await client().videos.downloadContent(id);
    expect(content.headers.get('content-type')).toBe('video/mp4');
    expect(Buffer.from(await content.arrayBuffer()).toString('latin1')).toContain('ftypmp42');
    const remix = await client().videos.remix(id, { prompt: 'a bigger wave' });
    expect(remix.remixed_from_video_id).toBe(id);
    const ids: string[] = [];
    for await (const video of client().videos.list()) ids.push(video.id);
    expect(ids).toEqual(expect.arrayContaining([id, remix.id]));
    await client().videos.delete(id);
    await expect(client().videos.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });

  test('models cannot be deleted; jobs and evals are empty lists', async () => {
    await expect(client().models.delete('gpt-4o')).rejects.toMatchObject({ status: 403 });
    expect((await client().fineTuning.jobs.list()).data).toEqual([]);
    expect((await client().evals.list()).data).toEqual([]);
  });
});
