import type { models } from 'oci-generativeaiinference';
import { describe, expect, test } from 'vitest';
import { ociErrorEvent } from '../src/index.ts';
import { inferenceClient, managementClient, useOci } from './oci-support.ts';

const ENDPOINT = 'ocid1.generativeaiendpoint.oc1.us-chicago-1.aaaaone';
const simulator = useOci({ endpoints: { [ENDPOINT]: 'cohere.command-r-08-2024' }, contextTokens: 1000 });
const client = () => inferenceClient(simulator().url, simulator().user);
const user = (text: string) => ({ role: 'USER', content: [{ type: 'TEXT', text } as models.TextContent] });
const onDemand = (modelId: string) => ({ servingType: 'ON_DEMAND', modelId });

type Fields = Readonly<Record<string, unknown>>;
const chat = async (modelId: string, chatRequest: Fields, servingMode: object = onDemand(modelId)) =>
  client().chat({ chatDetails: { compartmentId: simulator().compartment, servingMode, chatRequest } as unknown as models.ChatDetails });
/** The answer as the SDK's own types have it. */
const whole = async (modelId: string, chatRequest: Fields, servingMode?: object): Promise<models.ChatResult> => {
  const answer = await chat(modelId, chatRequest, servingMode);
  if (answer === null || !('chatResult' in answer)) throw new Error('a stream came');
  return answer.chatResult;
};
const generic = (result: models.ChatResult) => result.chatResponse as models.GenericChatResponse;
/** The events that the SDK hands on, as they stand there. */
const streamed = async (modelId: string, chatRequest: Fields): Promise<readonly Fields[]> => {
  const stream = (await chat(modelId, { ...chatRequest, isStream: true })) as unknown as AsyncIterable<Uint8Array>;
  let text = '';
  for await (const piece of stream) text += Buffer.from(piece).toString();
  return text.split('\n').flatMap((line) => (line.startsWith('data: ') ? [JSON.parse(line.slice(6)) as Fields] : []));
};
/** Text of the first part of the first answer. */
const textIn = (response: models.GenericChatResponse): string => (response.choices[0]?.message.content?.[0] as models.TextContent | undefined)?.text ?? '';
const LLAMA = 'meta.llama-3.3-70b-instruct';
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const tools = ['get_weather', 'get_time'].map((name) => ({ type: 'FUNCTION', name, description: '', parameters }));

describe('the SDK reads', () => {
  test('an answer in the format GENERIC', async () => {
    const result = await whole(LLAMA, { apiFormat: 'GENERIC', messages: [user('Hello')], maxTokens: 50 });
    expect(result.modelId).toBe(LLAMA);
    const response = generic(result);
    expect([textIn(response), response.choices.length, response.choices[0]?.finishReason]).toEqual(['You said: Hello', 1, 'stop']);
    expect(Number.isNaN(Date.parse(String(response.timeCreated)))).toBe(false);
    expect(response.usage).toMatchObject({ promptTokens: expect.any(Number), completionTokens: 3 });
  });
  test('several answers, probabilities, reasoning, schemas and limits', async () => {
    const several = generic(await whole(LLAMA, { apiFormat: 'GENERIC', messages: [user('Hello')], maxTokens: 50, numGenerations: 2, logProbs: 1 }));
    expect(several.choices.map(({ index }) => index)).toEqual([0, 1]);
    expect(several.choices[0]?.logprobs?.tokens?.join('')).toBe('You said: Hello');
    const thought = generic(await whole('openai.gpt-oss-120b', { apiFormat: 'GENERIC', messages: [user('Hello')], maxTokens: 50, reasoningEffort: 'LOW' }));
    expect((thought.choices[0]?.message as models.AssistantMessage | undefined)?.reasoningContent).toBe('Thinking about: Hello');
    const format = { type: 'JSON_SCHEMA', jsonSchema: { name: 'place', schema: parameters, isStrict: true } };
    const placed = generic(await whole(LLAMA, { apiFormat: 'GENERIC', messages: [user('Where?')], maxTokens: 50, responseFormat: format }));
    expect(JSON.parse(textIn(placed))).toEqual({ city: 'text' });
    const short = generic(await whole(LLAMA, { apiFormat: 'GENERIC', messages: [user('write 90 words')] }));
    expect([short.choices[0]?.finishReason, short.usage?.completionTokens]).toEqual(['length', 20]);
  });
  test('calls of tools and what comes of their results', async () => {
    const asked = generic(await whole(LLAMA, { apiFormat: 'GENERIC', messages: [user('call get_weather with {"city":"Oslo"}')], tools, maxTokens: 50 }));
    const message = asked.choices[0]?.message as models.AssistantMessage;
    const [call] = (message.toolCalls ?? []) as models.FunctionCall[];
    expect([call?.name, call?.arguments, asked.choices[0]?.finishReason]).toEqual(['get_weather', '{"city":"Oslo"}', 'tool_calls']);
    const result = { role: 'TOOL', toolCallId: call?.id, content: [{ type: 'TEXT', text: 'snow' }] };
    const after = [user('call get_weather'), { role: 'ASSISTANT', toolCalls: message.toolCalls }, result];
    const answered = generic(await whole(LLAMA, { apiFormat: 'GENERIC', messages: after, tools, maxTokens: 50 }));
    expect(textIn(answered)).toBe('The tool said: snow');
  });
  test('an answer in the format COHERE, on demand and at an endpoint, with calls and citations', async () => {
    const request = { apiFormat: 'COHERE', message: 'Hello', maxTokens: 50, documents: [{ title: 'T', snippet: 'S' }] };
    for (const mode of [undefined, { servingType: 'DEDICATED', endpointId: ENDPOINT }]) {
      const response = (await whole('cohere.command-r-08-2024', request, mode)).chatResponse as models.CohereChatResponse;
      expect([response.text, response.finishReason, response.citations?.length, response.chatHistory?.length]).toEqual([
        'You said: Hello [document]',
        'COMPLETE',
        1,
        2,
      ]);
    }
    const definitions = { name: 'get_weather', description: 'W', parameterDefinitions: { city: { type: 'str', isRequired: true } } };
    const called = (await whole('cohere.command-r-08-2024', { apiFormat: 'COHERE', message: 'call get_weather', tools: [definitions], maxTokens: 50 }))
      .chatResponse as models.CohereChatResponse;
    expect(called.toolCalls).toEqual([{ name: 'get_weather', parameters: { city: 'text' } }]);
  });
  test('an answer in the format COHEREV2, with thinking and calls', async () => {
    const messages = [user('call get_weather')];
    const v2 = [{ type: 'FUNCTION', function: { name: 'get_weather', parameters } }];
    const response = (await whole('cohere.command-a-reasoning-08-2025', { apiFormat: 'COHEREV2', messages, tools: v2, maxTokens: 50 }))
      .chatResponse as models.CohereChatResponseV2;
    expect(response.finishReason).toBe('TOOL_CALL');
    expect(response.message.content.map(({ type }) => type)).toEqual(['THINKING']);
    expect(response.message.toolCalls?.[0]?.function).toEqual({ name: 'get_weather', arguments: '{"city":"text"}' });
  });
  test('embeddings, ranks and model lists in pages', async () => {
    const compartmentId = simulator().compartment;
    const details = { compartmentId, servingMode: onDemand('cohere.embed-v4.0'), inputs: ['a', 'b'], inputType: 'SEARCH_DOCUMENT', outputDimensions: 256 };
    const embedded = await client().embedText({ embedTextDetails: details as unknown as models.EmbedTextDetails });
    expect(embedded.embedTextResult.embeddings.map((one) => one.length)).toEqual([256, 256]);
    const rerankTextDetails = {
      compartmentId,
      servingMode: onDemand('cohere.rerank-v3.5'),
      input: 'what is snow',
      documents: ['rain', 'snow is white'],
      topN: 1,
      isEcho: true,
    };
    const ranked = await client().rerankText({ rerankTextDetails });
    expect(ranked.rerankTextResult.documentRanks).toEqual([{ index: 1, relevanceScore: expect.any(Number), document: { text: 'snow is white' } }]);
    const management = managementClient(simulator().url, simulator().user);
    const first = await management.listModels({ compartmentId });
    const second = await management.listModels({ compartmentId, page: first.opcNextPage });
    expect([first.modelCollection.items.length, second.modelCollection.items.some(({ displayName }) => displayName === 'cohere.rerank-v3.5')]).toEqual([
      10,
      true,
    ]);
  });
});

describe('a stream', () => {
  test.each([
    [LLAMA, 'fragments'],
    ['openai.gpt-oss-120b', 'changing'],
    ['xai.grok-4', 'whole'],
    ['google.gemini-2.5-flash', 'nameless'],
  ])('of %s has its calls %s, and usage at its end', async (model, kind) => {
    const events = await streamed(model, {
      apiFormat: 'GENERIC',
      messages: [user('call get_weather')],
      tools,
      maxTokens: 50,
      streamOptions: { isIncludeUsage: true },
    });
    const calls = events.flatMap(({ message }) => ((message as Fields | undefined)?.toolCalls ?? []) as readonly Fields[]);
    expect(calls.map((call) => call.arguments ?? '').join('')).toBe('{"city":"text"}');
    expect(calls.length === 1).toBe(kind === 'whole' || kind === 'nameless');
    expect(new Set(calls.flatMap(({ id }) => id ?? [])).size).toBe(kind === 'changing' ? calls.length : kind === 'nameless' ? 0 : 1);
    expect(events.at(-1)).toMatchObject({ usage: { completionTokens: expect.any(Number) }, pad: expect.stringMatching(/^a+$/) });
    expect(events.at(-2)).toMatchObject({ finishReason: 'tool_calls' });
  });
  test('in the format COHERE ends with everything again', async () => {
    const events = await streamed('cohere.command-r-08-2024', { apiFormat: 'COHERE', message: 'Hello', maxTokens: 50 });
    expect(
      events
        .slice(0, -1)
        .map(({ text }) => text)
        .join(''),
    ).toBe('You said: Hello');
    expect(events.at(-1)).toMatchObject({ text: 'You said: Hello', finishReason: 'COMPLETE', chatHistory: expect.any(Array) });
  });
  test('with an error in it is handed on with the error', async () => {
    simulator().script({ endWith: { after: 2, frame: ociErrorEvent(500) } });
    const events = await streamed(LLAMA, { apiFormat: 'GENERIC', messages: [user('Hello')], maxTokens: 50 });
    expect(events.at(-1)).toEqual({ code: '500', message: 'Internal server error.' });
  });
});

test('the SDK reads a refusal with status, code, sentence and id of the request', async () => {
  simulator().script({ status: 429 });
  const failure = await whole(LLAMA, { apiFormat: 'GENERIC', messages: [user('Hello')] }).catch((cause: unknown) => cause);
  expect(failure).toMatchObject({ statusCode: 429, serviceCode: 'TooManyRequests', opcRequestId: expect.stringMatching(/^[0-9a-f]{24}$/) });
});
