import Anthropic from '@anthropic-ai/sdk';
import { type Expectations, expectations, type Recording, recordings } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAnthropic } from '../packages/simulators/test/anthropic-read.ts';
import { read } from '../packages/simulators/test/read.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { HOME } from './support/vertex.ts';

const gemini = recordings({ provider: 'vertex' });
const claude = recordings({ provider: 'vertex_claude' });
const isChat = ({ operation }: Recording): boolean => /generateContent$/i.test(operation);
/** A stream that was recorded as one array, in the events that Vertex is asked for. */
function inEvents(one: Recording): Recording {
  const { body } = one.response;
  if (!one.stream || body?.startsWith('[') !== true) return one;
  const events = (JSON.parse(body) as readonly unknown[]).map((piece) => `data: ${JSON.stringify(piece)}\r\n\r\n`);
  return { ...one, response: { ...one.response, headers: { 'Content-Type': 'text/event-stream' }, body: events.join('') } };
}
/** Of Google's other API, which answers in the same words; only Vertex has a provider here. */
const developer = recordings({ provider: 'gemini' })
  .filter(isChat)
  .map((one) => inEvents(one));
const chats = [...gemini.filter(isChat), ...developer];
/** Some recorders left the model out; what was recorded does not depend on it. */
const modelOf = ({ operation, model }: Recording): string => {
  if (operation === 'predict') return 'text-embedding-005';
  return /gemini-[a-z0-9.-]+$/.exec(model)?.[0] ?? 'gemini-2.5-flash';
};
const nativePath = (one: Recording): string => `/v1/${HOME}/publishers/google/models/${modelOf(one)}:${one.operation}`;
const named = (all: readonly Recording[]) => all.map((one) => [one.file, one] as const);
/** Grade C: members of typed objects in the spelling of another language, which the service never sends. */
const isOfService = ({ grade }: Recording): boolean => grade !== 'C';
/** What is about the gateway's own credential is the gateway's to tell. */
const ours = (status: number | undefined): boolean => status === 401 || status === 403;

/** The answer as if it had been recorded, so that one reader reads both. */
const asRecorded = (one: Recording, status: number, body: string): Expectations => {
  const { chunks: _chunks, ...response } = one.response;
  return expectations({ ...one, response: { ...response, status, body } });
};
const least = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] };
/** Who recorded named resources of a project of their own; those of another project are refused. */
const atHome = (body: object): object => JSON.parse(JSON.stringify(body).replace(/projects\/[^/"]+\/locations\/[^/"]+/g, HOME)) as object;
const bodyOf = (one: Recording): object => {
  if (one.request.url.startsWith('vertexai:')) return least; // grade C: the request is in the words of another SDK
  return atHome((one.request.body as object | null) ?? (one.operation === 'predict' ? { instances: [{ content: 'hi' }] } : least));
};

describe.each([
  ['bytes pass', true],
  ['passing switched off', false],
])('every recording to a client of Gemini, %s', (_title, pass) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'vertex', pass, sections: { retry: { attempts: 1 } } });
  });
  afterAll(() => bench.close());

  test.each(named([...gemini, ...developer].filter((one) => pass || isOfService(one))))('%s', async (_file, one) => {
    bench.simulator.clear();
    bench.simulator.replay(one, { path: nativePath(one) });
    const expected = expectations(one);
    const route = `/gemini/main/v1beta1/${HOME}/publishers/google/models/${modelOf(one)}:${one.operation}${one.stream ? '?alt=sse' : ''}`;
    const headers = { 'x-goog-api-key': bench.key, 'content-type': 'application/json' };
    const answer = await fetch(bench.url + route, { method: 'POST', headers, body: JSON.stringify(bodyOf(one)) });
    const text = await answer.text();
    if (ours(expected.errorStatus)) return expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([502, 'upstream_auth_failed']);
    if (expected.errorStatus !== undefined) return expect(answer.status).toBe(expected.errorStatus);
    const seen = asRecorded(one, answer.status, text);
    const shown = ({ text: said, toolCalls, signatures, finish, items }: Expectations) => ({ said, toolCalls, signatures: signatures.length, finish, items });
    expect(shown(seen)).toEqual(shown(expected));
    const { promptTokenCount, candidatesTokenCount, thoughtsTokenCount } = { ...expected.usage } as Record<string, unknown>;
    expect(seen.usage ?? {}).toMatchObject(JSON.parse(JSON.stringify({ promptTokenCount, candidatesTokenCount, thoughtsTokenCount })) as object);
  });
});

const FINISH: Readonly<Record<string, string>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  MODEL_ARMOR: 'content_filter',
};
const count = (usage: unknown, name: string): number => {
  const { [name]: camel, [name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)]: snake } = (usage ?? {}) as Record<string, unknown>;
  return Number(camel ?? snake ?? 0);
};

describe('every chat that was recorded to an OpenAI client', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'vertex', sections: { retry: { attempts: 1 } } });
  });
  afterAll(() => bench.close());

  test.each(named(chats.filter(isOfService)))('%s', async (_file, one) => {
    bench.simulator.clear();
    bench.simulator.replay(one, { path: nativePath(one) });
    const expected = expectations(one);
    const client = new OpenAI({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
    const body = {
      model: modelOf(one),
      messages: [{ role: 'user', content: 'hi' }],
      ...(one.stream ? { stream: true, stream_options: { include_usage: true } } : {}),
    };
    const seen = await read(client, 'chat', body);
    if (expected.errorStatus !== undefined) return expect(seen.errorStatus).toBe(ours(expected.errorStatus) ? 502 : expected.errorStatus);
    expect((seen.texts ?? []).join('')).toBe(expected.text);
    expect((seen.toolCalls ?? []).map(({ name, arguments: input }) => [name, JSON.parse(input)])).toEqual(
      expected.toolCalls.map(({ name, arguments: input }) => [name, JSON.parse(input)]),
    );
    expect(seen.finish).toBe(expected.toolCalls.length > 0 ? 'tool_calls' : FINISH[expected.finish ?? '']);
    if (expected.usage === undefined) return;
    const usage = { prompt_tokens: 0, completion_tokens: 0, ...seen.usage };
    expect([usage.prompt_tokens, usage.completion_tokens]).toEqual([
      count(expected.usage, 'promptTokenCount') + count(expected.usage, 'toolUsePromptTokenCount'),
      count(expected.usage, 'candidatesTokenCount') + count(expected.usage, 'thoughtsTokenCount'),
    ]);
  });
});

describe.each([
  ['bytes pass', true],
  ['passing switched off', false],
])('Claude on Vertex to the Anthropic SDK, %s', (_title, pass) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'vertex', pass, sections: { retry: { attempts: 1 } } });
  });
  afterAll(() => bench.close());

  test.each(named(claude))('%s', async (_file, one) => {
    const expected = expectations(one);
    bench.simulator.clear();
    bench.simulator.replay(one, { path: `/v1/${HOME}/publishers/anthropic/models/${one.model}:${one.operation}` });
    const { anthropic_version: _version, ...body } = one.request.body as Record<string, unknown>;
    const client = new Anthropic({ baseURL: `${bench.url}/anthropic/main`, apiKey: bench.key, maxRetries: 0 });
    const seen = await readAnthropic(client, 'messages', { ...body, model: one.model.replace('@', '-') });
    const { texts, toolCalls, outputTypes, signatures, finish, usage } = expected;
    expect(seen).toMatchObject({ texts, toolCalls, outputTypes, signatures, finish, usage });
    expect(bench.simulator.requests.at(-1)?.json()).toMatchObject({ anthropic_version: 'vertex-2023-10-16' });
    expect(bench.simulator.requests.at(-1)?.json()).not.toHaveProperty('model');
  });
});
