import { expectations, type Recording, recordings } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { read } from '../packages/simulators/test/read.ts';
import { pathOf, readWatsonx } from '../packages/simulators/test/watsonx-read.ts';
import { clientOf } from '../packages/simulators/test/watsonx-support.ts';
import { type Bench, openBench } from './support/gateway.ts';

/** What is not asked for, and why. */
const LEFT: Readonly<Record<string, string>> = {
  'watsonx/text-generation-stream-plain-m-d2760a.json': 'format specifiers of its source stand in it, and no JSON',
  'watsonx/token-plain-1908b2.json': 'an answer of the token service: tests/watsonx-credentials.test.ts',
};
const ours = recordings({ provider: 'watsonx' }).filter(({ file }) => LEFT[file] === undefined);
const native = ours.filter(({ operation }) => operation !== 'chat/completions');
const BROKEN = 'watsonx/text-chat-stream-stream-exception-llama-54aeae.json';
const open = (): Promise<Bench> => openBench({ vendor: 'watsonx', sections: { retry: { attempts: 1 } } });
const named = (list: readonly Recording[]) => list.map((one) => [one.file, one] as const);

describe('every recording of watsonx.ai through the gateway, transparent, by the vendor SDK', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await open();
  });
  afterAll(() => bench.close());

  test.each(named(native))('%s', async (_file, one) => {
    const expected = expectations(one);
    const path = pathOf(one);
    bench.simulator.clear();
    bench.simulator.replay(one, path === undefined ? {} : { path });
    const seen = await readWatsonx(clientOf(`${bench.url}/transparent/main`, bench.key), one);
    // A token that is not good is the gateway's own: never shown as the client's.
    if (expected.errorStatus === 401) return expect(seen.errorStatus).toBe(502);
    if (expected.errorStatus !== undefined) return expect(seen).toEqual({ errorStatus: expected.errorStatus, errorMessage: expected.error?.message });
    for (const [name, value] of Object.entries(seen)) expect(value, name).toEqual(expected[name as keyof typeof expected]);
  });
});

/** Reasons of watsonx.ai in the words of OpenAI; an answer with calls ends with them. */
const FINISHES: Readonly<Record<string, string>> = { eos_token: 'stop', stop: 'stop', length: 'length', tool_calls: 'tool_calls' };
/** `tool_calls` is said exactly when there are calls, whatever the provider said. */
const finishOf = ({ finish, toolCalls }: Pick<ReturnType<typeof expectations>, 'finish' | 'toolCalls'>): string | undefined =>
  toolCalls.length > 0 ? 'tool_calls' : finish === 'tool_calls' ? 'stop' : FINISHES[finish ?? ''];
const count = (value: unknown): number => (typeof value === 'number' ? value : 0);
const tokens = (usage: Readonly<Record<string, unknown>> | undefined) => ({
  prompt_tokens: count(usage?.prompt_tokens ?? usage?.input_token_count),
  completion_tokens: count(usage?.completion_tokens ?? usage?.generated_token_count),
});

describe('every recording of watsonx.ai through the gateway, translated, by the OpenAI SDK', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await open();
  });
  afterAll(() => bench.close());
  const client = (): OpenAI => new OpenAI({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
  const played = (one: Recording, path?: string): void => {
    bench.simulator.clear();
    bench.simulator.replay(one, path === undefined ? {} : { path });
  };
  const spoken = native.filter(({ operation }) => /^(text\/(chat|generation)|v1-beta\/generation)/.test(operation));

  test.each(named(spoken))('%s', async (file, one) => {
    const expected = expectations(one);
    const chat = one.operation.startsWith('text/chat');
    const asking = chat ? { messages: [{ role: 'user', content: 'hi' }] } : { prompt: 'hi' };
    played(one, pathOf(one));
    const body = { model: one.model || 'm', ...asking, ...(one.stream ? { stream: true, stream_options: { include_usage: true } } : {}) };
    const seen = await read(client(), chat ? 'chat' : 'completions', body).catch((error: unknown) => error);
    // A stream that begins with an error is one, whatever follows.
    if (file === BROKEN) return expect(seen).toMatchObject({ errorStatus: 502 });
    if (expected.errorStatus !== undefined) return expect(seen).toMatchObject({ errorStatus: expected.errorStatus === 401 ? 502 : expected.errorStatus });
    expect(seen).toMatchObject({ texts: expected.texts, toolCalls: expected.toolCalls, finish: finishOf(expected), usage: tokens(expected.usage) });
  });

  test.each(named(ours.filter(({ operation }) => operation === 'chat/completions')))('%s, as the events of a stream of chat', async (_file, one) => {
    const expected = expectations(one);
    played(one, '/ml/v1/text/chat_stream');
    const { extra_body: _extra, ...body } = one.request.body as Readonly<Record<string, unknown>>;
    const seen = await read(client(), 'chat', body);
    expect(seen).toMatchObject({ texts: expected.texts, toolCalls: expected.toolCalls, finish: finishOf(expected), usage: tokens(expected.usage) });
  });

  test.each(named(native.filter(({ operation }) => operation === 'text/embeddings')))('%s', async (_file, one) => {
    const expected = expectations(one);
    played(one);
    const { data, usage } = await client().embeddings.create({ model: 'm', input: ['a', 'b', 'c'], encoding_format: 'float' });
    expect([data.map(({ embedding }) => embedding.length), usage.prompt_tokens]).toEqual([expected.items, expected.usage?.input_token_count]);
  });

  test.each(named(native.filter(({ operation }) => operation === 'text/rerank')))('%s', async (_file, one) => {
    const expected = expectations(one);
    played(one);
    const headers = { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ model: 'm', query: 'q', documents: ['a'], top_n: 1 });
    const answer = (await (await fetch(`${bench.url}/openai/main/v1/rerank`, { method: 'POST', headers, body })).json()) as {
      readonly results: readonly { readonly relevance_score: number }[];
    };
    expect(answer.results.map(({ relevance_score: score }) => score)).toEqual(expected.items);
  });

  test.each(named(native.filter(({ operation }) => operation === 'v1-beta/foundation_model_specs')))('%s', async (_file, one) => {
    // Those that were withdrawn long ago are not there any more.
    const { resources } = JSON.parse(one.response.body ?? '{}') as {
      readonly resources: readonly { readonly model_id: string; readonly lifecycle?: readonly { id: string }[] }[];
    };
    const left = resources.filter(({ lifecycle = [] }) => !lifecycle.some(({ id }) => id === 'withdrawn')).map(({ model_id: id }) => id);
    played(one, pathOf(one));
    const listed = await client().models.list();
    expect(listed.data.map(({ id }) => id).sort()).toEqual([...left].sort());
    expect(left.length).toBeGreaterThan(0);
  });
});
