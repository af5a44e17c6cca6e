import Anthropic from '@anthropic-ai/sdk';
import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { expectations, type Recording, recordedBytes, recordedPath, recording, recordings } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAnthropic } from '../packages/simulators/test/anthropic-read.ts';
import { readBedrock } from '../packages/simulators/test/bedrock-read.ts';
import { read } from '../packages/simulators/test/read.ts';
import { type Bench, openBench } from './support/gateway.ts';

/** Recordings of Bedrock's own operations; those in OpenAI's wire format are read elsewhere. */
const native = recordings({ provider: 'bedrock' }).filter(({ operation }) => !/^(chat\/completions|responses)$/.test(operation));
/** What is not asked for, and why. */
const LEFT: Readonly<Record<string, string>> = {
  'bedrock/converse-stream-length-what-is-212-degrees-fahr-f6a52c.json': 'grade B: the recorder kept the prompt in place of the model id, which is no id',
};
const ours = native.filter(({ file }) => LEFT[file] === undefined);
/** Claude's own words in InvokeModel, which the Anthropic SDK reads below. */
const CLAUDE = ['bedrock/invoke-with-response-stream-tools-claude-haiku-4-5-202-f3bafa.json', 'bedrock/invoke-tools-claude-3-sonnet-a433c6.json'] as const;
const OWN_WORDS = 'words of one vendor, which InvokeModel hands on as they are: its models are asked for by Converse';
/** What no dialect asks for, and why: transparent mode alone brings it. */
const TRANSPARENT: Readonly<Record<string, string>> = {
  'bedrock/apply-blocked-04c7fb.json': 'ApplyGuardrail judges a text and answers none, so that no dialect has it',
  'bedrock/invoke-blocked-nova-lite-v1-5833ae.json': OWN_WORDS,
  'bedrock/invoke-error403-nova-micro-v1-fcac1d.json': OWN_WORDS,
  'bedrock/invoke-length-arn-aws-sagemaker-us-eas-94e8df.json': 'what an endpoint of SageMaker speaks is known to its owner alone',
  'bedrock/invoke-plain-cohere.command-7a05ff.json': OWN_WORDS,
  'bedrock/invoke-plain-jamba-89cd75.json': OWN_WORDS,
  'bedrock/invoke-tools-nova-micro-v1-b14aa8.json': OWN_WORDS,
  'bedrock/invoke-with-response-stream-length-cohere.command-c3955a.json': OWN_WORDS,
  'bedrock/invoke-with-response-stream-plain-llama2-13-537ec9.json': OWN_WORDS,
};
const inConverse = ours.filter(({ operation }) => operation.startsWith('converse') || operation === 'count-tokens');

test('every recording is asked for in protocol mode, or it is said why it is not', () => {
  const asked = [...inConverse.map(({ file }) => file), ...CLAUDE];
  expect([...asked, ...Object.keys(TRANSPARENT)].sort()).toEqual(ours.map(({ file }) => file).sort());
});

const chunksIn = (bytes: Buffer): unknown[] =>
  [...bytes.toString('latin1').matchAll(/"bytes":"([^"]+)"/g)].map(([, base64 = '']): unknown => JSON.parse(Buffer.from(base64, 'base64').toString('utf8')));

describe.each([
  ['transparent mode', 'transparent', true],
  ['the Converse dialect, bytes pass', 'converse', true],
  ['the Converse dialect, passing switched off', 'converse', false],
])('every Bedrock recording through the gateway: %s', (_title, mode, pass) => {
  let bench: Bench;
  let client: BedrockRuntimeClient;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'bedrock', pass, sections: { retry: { attempts: 1 } } });
    const endpoint = `${bench.url}/${mode}/main`;
    client = new BedrockRuntimeClient({ region: 'us-east-1', endpoint, token: { token: bench.key }, authSchemePreference: ['httpBearerAuth'], maxAttempts: 1 });
  });
  afterAll(async () => {
    client.destroy();
    await bench.close();
  });
  const asked = mode === 'transparent' ? ours : inConverse;

  const compare = (one: Recording, seen: Awaited<ReturnType<typeof readBedrock>>): void => {
    const { surface, text, toolCalls, signatures, finish, items, usage, error, errorStatus } = expectations(one);
    if (errorStatus !== undefined) {
      // An expired token is the gateway's own: never shown as the client's.
      if (error?.type === 'ExpiredTokenException') return expect(seen.errorStatus).toBe(502);
      return expect(seen).toEqual({ errorStatus, errorType: error?.type, errorMessage: error?.message });
    }
    if (surface === 'countTokens') return expect([seen.inputTokens]).toEqual(items);
    if (surface === 'invoke') {
      const bytes = recordedBytes(one);
      return expect(seen.native).toEqual(one.response.body_base64 === undefined ? [JSON.parse(bytes.toString('utf8'))] : chunksIn(bytes));
    }
    expect({ text: seen.text, finish: seen.finish }).toEqual({ text, finish });
    if (surface === 'converse') expect({ toolCalls: seen.toolCalls, signatures: seen.signatures }).toEqual({ toolCalls, signatures });
    const known = Object.keys(seen.usage ?? {});
    expect(known.length).toBeGreaterThan(0);
    expect(seen.usage).toEqual(Object.fromEntries(Object.entries(usage ?? {}).filter(([name]) => known.includes(name))));
  };

  test.each(asked.map((one) => [one.file, one] as const))('%s', async (_file, one) => {
    bench.simulator.clear();
    bench.simulator.replay(one);
    compare(one, await readBedrock(client, one));
  });
});

describe('Converse to Converse with passing switched off loses nothing', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'bedrock', pass: false, sections: { retry: { attempts: 1 } } });
  });
  afterAll(() => bench.close());
  const least = { messages: [{ role: 'user', content: [{ text: 'hi' }] }] };

  test.each(
    recordings({ provider: 'bedrock', operation: 'converse' })
      .filter(({ response }) => response.status === 200)
      .map((one) => [one.file, one] as const),
  )('%s: request and answer are the same JSON', async (_file, one) => {
    bench.simulator.clear();
    bench.simulator.replay(one);
    const body = one.request.body ?? least;
    const headers = { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' };
    const answer = await fetch(`${bench.url}/converse/main${recordedPath(one)}`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(await answer.json()).toEqual(JSON.parse(one.response.body ?? ''));
    expect(bench.simulator.requests.at(-1)?.json()).toEqual(body);
  });
});

/** Grade C: the recorder wrote null for members that were not there. */
const present = (usage: object | undefined): object => Object.fromEntries(Object.entries(usage ?? {}).filter(([, value]) => value !== null));

describe.each([
  ['bytes pass', true],
  ['passing switched off', false],
])('recordings of Bedrock in the wire formats of others, %s', (_title, pass) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'bedrock', main: { api: 'openai' }, instances: {}, pass, sections: { retry: { attempts: 1 } } });
  });
  afterAll(() => bench.close());

  test.each(
    recordings({ provider: 'bedrock' })
      .filter((one) => !native.includes(one))
      .map((one) => [one.file, one] as const),
  )('%s by the OpenAI SDK', async (_file, one) => {
    const expected = expectations(one);
    bench.simulator.clear();
    bench.simulator.replay(one, { path: `/openai/v1/${one.operation}` }); // some were recorded at another host's base path
    const client = new OpenAI({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
    const seen = await read(client, expected.surface, { ...(one.request.body as object), ...(one.stream ? { stream: true } : {}) });
    const { texts, toolCalls, transcript, outputTypes, finish, usage, items } = expected;
    expect({ ...seen, usage: present(seen.usage) }).toEqual({ texts, toolCalls, transcript, outputTypes, finish, usage: present(usage), items });
  });
});

describe.each([
  ['bytes pass', true],
  ['passing switched off', false],
])('Claude through InvokeModel for the Anthropic SDK, %s', (_title, pass) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'bedrock', pass, sections: { retry: { attempts: 1 } } });
  });
  afterAll(() => bench.close());

  test.each(CLAUDE)('%s', async (file) => {
    const one = recording(file);
    const expected = expectations(one);
    bench.simulator.clear();
    bench.simulator.replay(one);
    const { anthropic_version: _version, ...body } = one.request.body as Record<string, unknown>;
    const client = new Anthropic({ baseURL: `${bench.url}/anthropic/main`, apiKey: bench.key, maxRetries: 0 });
    const seen = await readAnthropic(client, 'messages', { ...body, model: one.model, ...(one.stream ? { stream: true } : {}) });
    const { texts, toolCalls, outputTypes, signatures, finish, usage } = expected;
    expect(seen).toMatchObject({ texts, toolCalls, outputTypes, signatures, finish, usage });
  });
});
