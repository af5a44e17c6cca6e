import Anthropic from '@anthropic-ai/sdk';
import type { Content } from '@google/genai';
import { describe, expect, test } from 'vitest';
import { exampleGoogleToken, vertexErrorEvent } from '../src/index.ts';
import { claude, genai, useVertex } from './google-support.ts';

const simulator = useVertex();
const weather = { name: 'get_weather', parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } };
const clock = { name: 'get_time', parametersJsonSchema: { type: 'object', properties: {} } };
const tools = [{ functionDeclarations: [weather, clock] }];
const user = (text: string): Content => ({ role: 'user', parts: [{ text }] });
const collected = async <T>(stream: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
};

describe('Gemini by the Google GenAI SDK with default options', () => {
  test('a text answer with usage that adds up', async () => {
    const answer = await genai(simulator()).models.generateContent({ model: 'gemini-2.5-flash', contents: 'Hello' });
    expect([answer.text, answer.candidates?.[0]?.finishReason, answer.modelVersion]).toEqual(['You said: Hello', 'STOP', 'gemini-2.5-flash']);
    const { promptTokenCount = 0, candidatesTokenCount = 0, thoughtsTokenCount = 0, totalTokenCount } = answer.usageMetadata ?? {};
    expect(totalTokenCount).toBe(promptTokenCount + candidatesTokenCount + thoughtsTokenCount);
    expect(simulator().requests[0]?.header('authorization')).toBe(`Bearer ${exampleGoogleToken}`);
  });
  test('a stream whose totals stand in the last event alone', async () => {
    const events = await collected(await genai(simulator()).models.generateContentStream({ model: 'gemini-2.5-flash', contents: 'write 9 words' }));
    expect(events.map(({ text }) => text ?? '').join('')).toBe('word1 word2 word3 word4 word5 word6 word7 word8 word9');
    expect(events.filter(({ usageMetadata }) => usageMetadata?.totalTokenCount !== undefined)).toHaveLength(1);
    expect(events.at(-1)?.candidates?.[0]?.finishReason).toBe('STOP');
  });
  test('parallel calls of Gemini 3: an id each, a signature on the first, and both go back as they came', async () => {
    const ai = genai(simulator());
    const asked = await ai.models.generateContent({ model: 'gemini-3-pro-preview', contents: 'call get_weather and get_time', config: { tools } });
    const parts = asked.candidates?.[0]?.content?.parts ?? [];
    expect(parts.map(({ functionCall, thoughtSignature }) => [functionCall?.name, functionCall?.id !== undefined, thoughtSignature !== undefined])).toEqual([
      ['get_weather', true, true],
      ['get_time', true, false],
    ]);
    const results = parts.map(({ functionCall }) => ({
      functionResponse: { id: functionCall?.id ?? '', name: functionCall?.name ?? '', response: { output: `of ${functionCall?.name}` } },
    }));
    const contents = [user('call get_weather and get_time'), { role: 'model', parts }, { role: 'user', parts: results }];
    const answer = await ai.models.generateContent({ model: 'gemini-3-pro-preview', contents, config: { tools } });
    expect(answer.text).toBe('The tool said: of get_weather\nof get_time');
  });
  test('a result without the id that was given is answered with nothing, and no error', async () => {
    const ai = genai(simulator());
    const asked = await ai.models.generateContent({ model: 'gemini-3-flash-preview', contents: 'call get_time', config: { tools } });
    const parts = asked.candidates?.[0]?.content?.parts ?? [];
    const contents = [
      user('call get_time'),
      { role: 'model', parts },
      { role: 'user', parts: [{ functionResponse: { name: 'get_time', response: { output: 'noon' } } }] },
    ];
    const answer = await ai.models.generateContent({ model: 'gemini-3-flash-preview', contents, config: { tools } });
    expect([answer.text, answer.candidates?.[0]?.finishReason]).toEqual([undefined, 'STOP']);
  });
  test('the word for history of another vendor stands for a signature', async () => {
    const parts = [{ functionCall: { id: 'a', name: 'get_time', args: {} }, thoughtSignature: 'skip_thought_signature_validator' }];
    const contents = [
      user('x'),
      { role: 'model', parts },
      { role: 'user', parts: [{ functionResponse: { id: 'a', name: 'get_time', response: { output: 'noon' } } }] },
    ];
    const answer = await genai(simulator()).models.generateContent({ model: 'gemini-3-flash-preview', contents, config: { tools } });
    expect(answer.text).toBe('The tool said: noon');
  });
  test('thoughts when they are asked for, structured answers by both kinds of schema, a blocked prompt, a limit', async () => {
    const { models } = genai(simulator());
    const thought = await models.generateContent({ model: 'gemini-2.5-pro', contents: 'Hello', config: { thinkingConfig: { includeThoughts: true } } });
    expect(thought.candidates?.[0]?.content?.parts?.map((part) => part.thought === true)).toEqual([true, false]);
    for (const schema of [
      { responseJsonSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
      { responseSchema: { type: 'OBJECT', properties: { city: { type: 'STRING' } }, required: ['city'] } },
    ]) {
      const answer = await models.generateContent({
        model: 'gemini-2.5-flash',
        contents: 'Where?',
        config: { responseMimeType: 'application/json', ...schema } as object,
      });
      expect(JSON.parse(answer.text ?? '')).toEqual({ city: 'text' });
    }
    const blocked = await models.generateContent({ model: 'gemini-2.5-flash', contents: 'please refuse' });
    expect([blocked.candidates, blocked.promptFeedback?.blockReason]).toEqual([undefined, 'PROHIBITED_CONTENT']);
    const cut = await models.generateContent({ model: 'gemini-2.0-flash', contents: 'write 9 words', config: { maxOutputTokens: 2 } });
    expect([cut.text, cut.candidates?.[0]?.finishReason]).toEqual(['word1 word2', 'MAX_TOKENS']);
  });
  test('counts, both ways to embed, a cache that a prompt continues', async () => {
    const ai = genai(simulator());
    expect((await ai.models.countTokens({ model: 'gemini-2.5-flash', contents: 'one two three' })).totalTokens).toBeGreaterThan(2);
    expect((await ai.models.embedContent({ model: 'text-embedding-005', contents: ['a', 'b'] })).embeddings?.map(({ values }) => values?.length)).toEqual([
      768, 768,
    ]);
    expect((await ai.models.embedContent({ model: 'gemini-embedding-2', contents: ['a'] })).embeddings?.map(({ values }) => values?.length)).toEqual([3072]);
    const cache = await ai.caches.create({ model: 'gemini-2.5-flash', config: { contents: [user('word '.repeat(60))], ttl: '600s' } });
    const answer = await ai.models.generateContent({ model: 'gemini-2.5-flash', contents: 'Hello', config: { cachedContent: cache.name ?? '' } });
    expect(answer.usageMetadata?.cachedContentTokenCount).toBe(cache.usageMetadata?.totalTokenCount);
    await ai.caches.delete({ name: cache.name ?? '' });
    await expect(ai.caches.get({ name: cache.name ?? '' })).rejects.toMatchObject({ status: 404 });
  });
  test('an error inside a stream is one', async () => {
    simulator().script({ endWith: { after: 2, frame: vertexErrorEvent(503) } });
    const events = collected(await genai(simulator()).models.generateContentStream({ model: 'gemini-2.5-flash', contents: 'write 9 words' }));
    await expect(events).rejects.toMatchObject({ status: 503 });
  });
});

describe('Claude by the Anthropic Vertex SDK with default options', () => {
  const question = { model: 'claude-sonnet-4-6', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello' }] };
  test('whole, streamed and counted; ids have the platform in them', async () => {
    const client = claude(simulator());
    const answer = await client.messages.create(question);
    expect([answer.content[0], answer.id.startsWith('msg_vrtx_')]).toMatchObject([{ type: 'text', text: 'You said: Hello' }, true]);
    const streamed = await client.messages.stream({ ...question, model: 'claude-haiku-4-5@20251001' }).finalMessage();
    expect(streamed.content[0]).toMatchObject({ text: 'You said: Hello' });
    expect((await client.messages.countTokens({ model: 'claude-sonnet-4-6', messages: question.messages })).input_tokens).toBe(answer.usage.input_tokens);
    expect(simulator().requests.map(({ path }) => path.replace(/^.*\/models\//, ''))).toEqual([
      'claude-sonnet-4-6:rawPredict',
      'claude-haiku-4-5@20251001:streamRawPredict',
      'count-tokens:rawPredict',
    ]);
  });
  test('what the platform refuses is in Google’s words, what Claude refuses in Anthropic’s', async () => {
    const failure = async (model: string, most: number): Promise<unknown> =>
      claude(simulator())
        .messages.create({ ...question, model, max_tokens: most })
        .catch((cause: unknown) => cause);
    expect(await failure('claude-99', 100)).toMatchObject({ status: 404, error: { error: { status: 'NOT_FOUND' } } });
    const own = await failure('claude-sonnet-4-6', -1);
    expect(own).toBeInstanceOf(Anthropic.BadRequestError);
    expect(own).toMatchObject({ error: { type: 'error', error: { type: 'invalid_request_error' } } });
  });
});
