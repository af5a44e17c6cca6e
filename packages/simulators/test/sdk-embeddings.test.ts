import { APIUserAbortError } from 'openai';
import { describe, expect, test } from 'vitest';
import { key, sdks, useSimulator } from './support.ts';

const simulator = useSimulator({ now: () => 1_790_000_000_000 });
const model = 'gpt-4o-mini';
const user = (content: string) => [{ role: 'user' as const, content }];

describe.each(sdks)('completions, embeddings and models with %s', (_name, Sdk) => {
  const client = () => new Sdk({ baseURL: simulator().url, apiKey: key, maxRetries: 0 });

  test('completions answer each prompt, and stop at sixteen tokens', async () => {
    const answer = await client().completions.create({ model: 'babbage-002', prompt: ['a', 'b'] });
    expect(answer.choices.map(({ text }) => text)).toEqual(['You wrote: a', 'You wrote: b']);
    const long = await client().completions.create({ model: 'babbage-002', prompt: 'x '.repeat(40) });
    expect([long.choices[0]?.finish_reason, long.usage?.completion_tokens]).toEqual(['length', 16]);
    let text = '';
    for await (const chunk of await client().completions.create({ model: 'babbage-002', prompt: 'a', stream: true })) text += chunk.choices[0]?.text ?? '';
    expect(text).toBe('You wrote: a');
  });

  test('embeddings are the same numbers as floats and as base64, unit vectors of the length asked', async () => {
    const input = ['one', 'two'];
    const byDefault = await client().embeddings.create({ model: 'text-embedding-3-small', input });
    const floats = await client().embeddings.create({ model: 'text-embedding-3-small', input, encoding_format: 'float' });
    expect(simulator().requests.map((request) => (request.json() as { encoding_format: string }).encoding_format)).toEqual(['base64', 'float']);
    expect(byDefault.data.map(({ embedding }) => [...embedding])).toEqual(floats.data.map(({ embedding }) => embedding));
    expect(floats.data.map(({ index, embedding }) => [index, embedding.length])).toEqual([
      [0, 1536],
      [1, 1536],
    ]);
    expect(Math.hypot(...(floats.data[0]?.embedding ?? []))).toBeCloseTo(1, 5);
    expect(floats.data[0]?.embedding).not.toEqual(floats.data[1]?.embedding);
    const short = await client().embeddings.create({ model: 'text-embedding-3-large', input: [1, 2, 3], dimensions: 256 });
    expect([short.data[0]?.embedding.length, short.usage.prompt_tokens]).toEqual([256, 3]);
  });

  test('models are listed and found by encoded id', async () => {
    const ids: string[] = [];
    for await (const one of client().models.list()) {
      expect(one).toMatchObject({ object: 'model', created: expect.any(Number), owned_by: expect.any(String) });
      ids.push(one.id);
    }
    expect(ids).toContain('gpt-4o-mini');
    expect((await client().models.retrieve('text-embedding-3-small')).id).toBe('text-embedding-3-small');
  });

  test('a user abort is the abort error', async () => {
    simulator().script({ holdHead: new Promise(() => undefined) });
    const controller = new AbortController();
    const asked = client().chat.completions.create({ model, messages: user('hi') }, { signal: controller.signal });
    await simulator().waitForRequest();
    controller.abort();
    const error = await asked.catch((cause: Error) => cause);
    expect((error as Error).constructor.name).toBe(APIUserAbortError.name);
  });
});
