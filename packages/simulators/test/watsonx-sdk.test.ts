import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContainerTokenManager, Cp4dTokenManager, IamTokenManager, VpcInstanceTokenManager } from 'ibm-cloud-sdk-core';
import { afterAll, describe, expect, test } from 'vitest';
import { type IbmIdentity, ibmIdentity, ibmTokens, watsonxErrorEvent } from '../src/index.ts';
import { account, clientOf, collected, failure, granite, token, useWatsonx } from './watsonx-support.ts';

const simulator = useWatsonx(() => ({ tokens: ibmTokens({ bearers: [token] }), deployments: { 'deployment-1': granite } }));
const user = (content: string) => [{ role: 'user' as const, content }];
const tools = [
  { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } } },
  { type: 'function', function: { name: 'get_time', parameters: { type: 'object', properties: {} } } },
];
const ask = (content: string, more: object = {}) => clientOf(simulator().url).textChat({ modelId: granite, ...account, messages: user(content), ...more });
const stream = async (content: string, more: object = {}) =>
  collected(await clientOf(simulator().url).textChatStream({ modelId: granite, ...account, messages: user(content), returnObject: true, ...more }));

describe('watsonx.ai by the vendor SDK with default options', () => {
  test('a text answer, with the warning of a limit that was not said', async () => {
    const { result } = await ask('Hello');
    expect(result.choices[0]).toMatchObject({ message: { role: 'assistant', content: 'You said: Hello' }, finish_reason: 'stop' });
    expect(result.usage?.total_tokens).toBe((result.usage?.prompt_tokens ?? 0) + (result.usage?.completion_tokens ?? 0));
    expect(result.system?.warnings?.[0]).toMatchObject({ id: 'unspecified_max_completion_tokens', additional_properties: { new_value: 1024 } });
    expect((await ask('Hello', { maxCompletionTokens: 0 })).result.system).toBeUndefined();
  });
  test('answers are cut at 1024 tokens where nothing is said', async () => {
    const { result } = await ask('write 2000 words');
    expect([result.choices[0]?.finish_reason, result.usage?.completion_tokens]).toEqual(['length', 1024]);
    expect((await ask('write 2000 words', { maxCompletionTokens: 0 })).result.choices[0]?.finish_reason).toBe('stop');
  });
  test('a stream: events with numbers and names, the reason with the last piece, the usage in an event of its own', async () => {
    const events = (await stream('Hello')) as unknown as {
      readonly id: string;
      readonly event: string;
      readonly data: { readonly choices: readonly object[]; readonly usage?: object };
    }[];
    expect(events.map(({ event }) => event)).toEqual(events.map(() => 'message'));
    expect(events.map(({ id }) => Number(id))).toEqual(events.map((_, index) => index + 1));
    expect(events[0]?.data.choices[0]).toMatchObject({ delta: { role: 'assistant', content: '' }, finish_reason: null });
    expect(events.at(-2)?.data.choices[0]).toMatchObject({ finish_reason: 'stop', delta: { content: ' Hello' } });
    expect(events.at(-1)?.data).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } });
  });
  test('tools: several at once, one that is forced, and the loop with a result', async () => {
    const called = (await ask('call get_weather with {"city":"Oslo"} and get_time', { tools })).result.choices[0];
    expect([called?.finish_reason, called?.message?.tool_calls?.map(({ function: made }) => made)]).toEqual([
      'tool_calls',
      [
        { name: 'get_weather', arguments: '{"city":"Oslo"}' },
        { name: 'get_time', arguments: '{}' },
      ],
    ]);
    const forced = await ask('Hello', { tools, toolChoice: { type: 'function', function: { name: 'get_time' } } });
    expect(forced.result.choices[0]?.message?.tool_calls?.map(({ function: made }) => made.name)).toEqual(['get_time']);
    const calls = called?.message?.tool_calls ?? [];
    const messages = [
      ...user('x'),
      { role: 'assistant' as const, tool_calls: calls },
      { role: 'tool' as const, tool_call_id: calls[0]?.id ?? '', content: 'snow' },
    ];
    const told = await clientOf(simulator().url).textChat({ modelId: granite, ...account, messages, tools });
    expect(told.result.choices[0]?.message?.content).toBe('The tool said: snow');
  });
  test('a call that streams says its name once', async () => {
    const events = (await stream('call get_weather with {"city":"Oslo"}', { tools })) as unknown as {
      readonly data: { readonly choices: readonly { readonly delta: Readonly<Record<string, unknown>> }[] };
    }[];
    const made = events.flatMap(({ data }) =>
      data.choices.flatMap(({ delta }) => (delta.tool_calls ?? []) as { function: { name: string; arguments: string } }[]),
    );
    expect(made.map(({ function: { name } }) => name)).toEqual(['get_weather', ...made.slice(1).map(() => '')]);
    expect(made.map(({ function: one }) => one.arguments).join('')).toBe('{"city":"Oslo"}');
  });
  test('reasoning, structured output, guided choice, several choices, log probabilities', async () => {
    const thought = await ask('Hello', { modelId: 'openai/gpt-oss-120b', reasoningEffort: 'low' });
    expect(thought.result.choices[0]?.message?.reasoning_content).toBe('The user wants an answer.');
    const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
    const format = { type: 'json_schema', json_schema: { name: 'place', schema, strict: true } };
    expect((await ask('Where?', { responseFormat: format })).result.choices[0]?.message?.content).toBe('{"city":"text"}');
    expect((await ask('Which?', { guidedChoice: ['red', 'blue'] })).result.choices[0]?.message?.content).toBe('red');
    expect((await ask('Hello', { n: 2 })).result.choices.map(({ message }) => message?.content)).toEqual(['You said: Hello', '(2) You said: Hello']);
    const likely = (await ask('Hello', { logprobs: true, topLogprobs: 2 })).result.choices[0] as {
      readonly logprobs?: { readonly content: readonly object[] };
    };
    expect(likely.logprobs?.content[0]).toMatchObject({ token: 'You', top_logprobs: [{ token: 'You' }, { token: 'You~' }] });
  });
  test('deployments: chat with a context, and generation', async () => {
    const client = clientOf(simulator().url);
    const chat = await client.deploymentsTextChat({ idOrName: 'deployment-1', messages: [{ role: 'user', content: 'Hello' }], context: 'Today is Wednesday' });
    expect(chat.result).toMatchObject({ model_id: granite, choices: [{ message: { content: 'You said: Hello' } }] });
    const text = await client.deploymentGenerateText({ idOrName: 'deployment-1', input: 'Hello' });
    expect(text.result.results[0]).toMatchObject({ generated_text: 'You said: Hello', stop_reason: 'eos_token' });
  });
  test('generations stop at a sequence, which they keep unless told otherwise', async () => {
    const parameters = { stop_sequences: ['lo'], max_new_tokens: 50 };
    const client = clientOf(simulator().url);
    const kept = await client.generateText({ modelId: granite, ...account, input: 'Hello there', parameters });
    expect(kept.result.results[0]).toMatchObject({ generated_text: 'You said: Hello', stop_reason: 'stop_sequence' });
    const left = await client.generateText({ modelId: granite, ...account, input: 'Hello there', parameters: { ...parameters, include_stop_sequence: false } });
    expect(left.result.results[0]?.generated_text).toBe('You said: Hel');
  });
  test('embeddings, rerank, tokenization and lists of models', async () => {
    const client = clientOf(simulator().url);
    const embedded = await client.embedText({ modelId: 'ibm/slate-125m-english-rtrvr-v2', ...account, inputs: ['a', 'b'] });
    expect(embedded.result.results.map(({ embedding }) => embedding.length)).toEqual([16, 16]);
    const ranked = await client.textRerank({
      modelId: 'cross-encoder/ms-marco-minilm-l-12-v2',
      ...account,
      query: 'red fish',
      inputs: [{ text: 'a blue bird' }, { text: 'a red fish' }],
      parameters: { return_options: { top_n: 1, inputs: true } },
    });
    expect(ranked.result.results).toMatchObject([{ index: 1, input: { text: 'a red fish' } }]);
    expect((await client.tokenizeText({ modelId: granite, ...account, input: 'one two' })).result.result.token_count).toBe(2);
    const listed = await client.listFoundationModelSpecs({ limit: 200, filters: 'function_embedding' });
    expect(listed.result.resources?.map(({ model_id }) => model_id)).toEqual(['ibm/slate-125m-english-rtrvr-v2', 'ibm/granite-embedding-278m-multilingual']);
  });
  test('throttling, an outage and an error inside a stream are read by it', async () => {
    simulator().script({ status: 429, headers: { 'retry-after': '2' } });
    expect(await failure(ask('Hello'))).toMatchObject({ status: 429, message: 'Rate limit reached for requests.' });
    simulator().script({ status: 503 });
    expect(await failure(ask('Hello'))).toMatchObject({ status: 503, message: 'The downstream request failed.' });
    simulator().script({ endWith: { after: 2, frame: watsonxErrorEvent(503) } });
    const events = (await stream('Hello')) as unknown as { readonly event: string; readonly data: object }[];
    expect(events.at(-1)).toMatchObject({ event: 'error', data: { errors: [{ code: 'downstream_request_failed' }], status_code: 503 } });
  });
});

const open: IbmIdentity[] = [];
const folder = mkdtempSync(join(tmpdir(), 'lpa-ibm-'));
afterAll(async () => {
  await Promise.all(open.map((one) => one.close()));
  rmSync(folder, { recursive: true, force: true });
});
const identity = async (): Promise<IbmIdentity> => {
  const made = await ibmIdentity({
    apiKeys: ['ibm-key'],
    users: [{ username: 'gateway', password: 'secret', apiKey: 'cp4d-key' }],
    profiles: [{ id: 'Profile-1', name: 'llm', crn: 'crn:v1:profile', containers: ['cr-token'] }],
    defaultProfile: 'llm',
  });
  open.push(made);
  return made;
};
describe('the token services of IBM by ibm-cloud-sdk-core', () => {
  test('an API key, and one that is unknown', async () => {
    const { url, tokens } = await identity();
    const got = await new IamTokenManager({ apikey: 'ibm-key', url }).getToken();
    expect(tokens.judge(String(got))).toBe('good');
    expect(await failure(new IamTokenManager({ apikey: 'other', url }).getToken())).toMatchObject({
      status: 400,
      message: 'Provided API key could not be found.',
    });
  });
  test('the token of a container becomes a trusted profile, by id or name', async () => {
    const { url, tokens } = await identity();
    const crTokenFilename = join(folder, 'cr-token');
    writeFileSync(crTokenFilename, 'cr-token');
    for (const profile of [{ iamProfileId: 'Profile-1' }, { iamProfileName: 'llm' }])
      expect(tokens.judge(String(await new ContainerTokenManager({ url, crTokenFilename, ...profile }).getToken()))).toBe('good');
    writeFileSync(crTokenFilename, 'another');
    expect(await failure(new ContainerTokenManager({ url, crTokenFilename, iamProfileName: 'llm' }).getToken())).toMatchObject({ status: 400 });
  });
  test('a virtual server becomes a profile in both versions of the metadata service', async () => {
    const { url, tokens, requests } = await identity();
    for (const options of [{}, { iamProfileId: 'Profile-1' }, { iamProfileCrn: 'crn:v1:profile' }, { serviceVersion: '2025-08-26' }])
      expect(tokens.judge(String(await new VpcInstanceTokenManager({ url, ...options }).getToken()))).toBe('good');
    expect(requests.filter(({ method }) => method === 'PUT').map(({ path }) => path)).toEqual([
      ...Array(3).fill('/instance_identity/v1/token'),
      '/identity/v1/token',
    ]);
    expect(await failure(new VpcInstanceTokenManager({ url, iamProfileName: 'none' }).getToken())).toMatchObject({ status: 404 });
  });
  test('a user of Cloud Pak for Data signs in by password or API key', async () => {
    const { url, tokens } = await identity();
    const cluster = `${url}/icp4d-api`;
    for (const secret of [{ password: 'secret' }, { apikey: 'cp4d-key' }])
      expect(tokens.judge(String(await new Cp4dTokenManager({ url: cluster, username: 'gateway', ...secret }).getToken()))).toBe('good');
    expect(await failure(new Cp4dTokenManager({ url: cluster, username: 'gateway', password: 'wrong' }).getToken())).toMatchObject({ status: 401 });
  });
});
