import { describe, expect, test } from 'vitest';
import { expectations, ibmTokens, recording, recordings } from '../src/index.ts';
import { pathOf, readWatsonx } from './watsonx-read.ts';
import { clientOf, token, useWatsonx } from './watsonx-support.ts';

const simulator = useWatsonx(() => ({ tokens: ibmTokens({ bearers: [token] }) }));
/** What is not asked for, and why. */
const LEFT: Readonly<Record<string, string>> = {
  'watsonx/text-generation-stream-plain-m-d2760a.json': 'format specifiers of its source stand in it, and no JSON',
  'watsonx/token-plain-1908b2.json': 'an answer of the token service, with its tokens redacted',
};
const named = recordings({ provider: 'watsonx' })
  .filter(({ file, operation }) => LEFT[file] === undefined && operation !== 'chat/completions')
  .map((one) => [one.file, one] as const);

describe('every recording of watsonx.ai, read by the vendor SDK', () => {
  test.each(named)('%s', async (_file, one) => {
    const expected = expectations(one);
    const path = pathOf(one);
    simulator().replay(one, path === undefined ? {} : { path });
    const seen = await readWatsonx(clientOf(simulator().url), one);
    if (expected.errorStatus !== undefined) {
      expect(seen.errorStatus).toBe(expected.errorStatus);
      // Of a 401 the SDK tells words of its own.
      if (expected.errorStatus !== 401) expect(seen.errorMessage).toBe(expected.error?.message);
      return;
    }
    for (const [name, value] of Object.entries(seen)) expect(value, name).toEqual(expected[name as keyof typeof expected]);
    expect(Object.keys(seen).length).toBeGreaterThan(1 - Number(expected.items.length > 0));
  });
});

// Written down by hand from the recordings, so that the reader is not its own witness.
describe('expectations of watsonx.ai recordings', () => {
  const of = (file: string) => expectations(recording(`watsonx/${file}.json`));

  test('choices with an end of their own', () => {
    expect(of('text-chat-length-granite-3-070b1e')).toMatchObject({ finish: 'stop', usage: { completion_tokens: 58 } });
    expect(of('text-chat-stream-length-granite-3-b12c20').texts[1]).toMatch(/^A very long response/);
  });
  test('thinking is an output of its own', () => {
    expect(of('text-chat-reasoning-gpt-oss-ca8534')).toMatchObject({ text: 'Aries Daily Horoscope', outputTypes: ['reasoning'] });
    expect(of('text-chat-stream-reasoning-gpt-oss-ce52c7')).toMatchObject({
      outputTypes: ['reasoning'],
      thoughts: 'User wants to execute 2+2. Use sum function.',
    });
  });
  test('arguments that were written as text twice, and the last of running usages', () => {
    expect(of('text-chat-stream-tools-granite-4-7c31ff').toolCalls).toEqual([{ name: 'get_current_time', arguments: '{\n  "country": "Italy"\n}' }]);
    expect(of('text-chat-stream-plain-mistral-9e87c3')).toMatchObject({ text: 'The result is 2', usage: { completion_tokens: 36, prompt_tokens: 88 } });
  });
  test('generations: the input of the first event, the output of the last', () => {
    expect(of('text-generation-stream-plain-granite-1-06d6a9')).toMatchObject({
      text: '4000km',
      finish: 'eos_token',
      usage: { input_token_count: 68, generated_token_count: 3 },
    });
  });
  test('errors: code and message of the first', () => {
    expect(of('text-chat-error404-6ea966').error).toMatchObject({ code: 'model_not_supported' });
  });
});
