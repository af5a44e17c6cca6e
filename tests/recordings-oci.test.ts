import Anthropic from '@anthropic-ai/sdk';
import { expectations, recordedBytes, recordedPath, recordings } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, COMPARTMENT, openBench } from './support/gateway.ts';
import { sdkClient } from './support/oci-client.ts';

const all = recordings({ provider: 'oci' });
const named = all.map((one) => [one.file, one] as const);
const MODEL = 'meta.llama-3.3-70b-instruct';
const chatRequest = { apiFormat: 'GENERIC', isStream: true, messages: [{ role: 'USER', content: [{ type: 'TEXT', text: 'hi' }] }], maxTokens: 50 };
const details = { compartmentId: COMPARTMENT, servingMode: { servingType: 'ON_DEMAND', modelId: MODEL }, chatRequest };
const tools = ['sqrt', 'LIST_PACKAGE_NAMES', 'LIST_PROCEDURE_NAMES', 'LIST_FUNCTION_NAMES', 'LIST_TYPE_NAMES'].map((name) => ({
  type: 'function' as const,
  function: { name, parameters: { type: 'object', properties: { arg0: { type: 'string' } } } },
}));

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ vendor: 'oci', plugins: ['@llm-proxy-auth/dialect-anthropic'], sections: { retry: { attempts: 1 } } });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());
const REASONS: Readonly<Record<string, string>> = { stop: 'stop', tool_calls: 'tool_calls' };

describe('every OCI recording', () => {
  test('is there', () => expect(all.length).toBe(5));
  test.each(named)('%s passes byte for byte in transparent mode', async (_file, one) => {
    bench.simulator.replay(one);
    const answer = await fetch(`${bench.url}/transparent/main${recordedPath(one)}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(details),
    });
    expect([answer.status, Buffer.from(await answer.arrayBuffer()).equals(recordedBytes(one))]).toEqual([200, true]);
  });
  test.each(named)('%s is handed on by the SDK through the gateway', async (_file, one) => {
    bench.simulator.replay(one);
    const stream = (await sdkClient(bench).chat({ chatDetails: details as never })) as unknown as AsyncIterable<Uint8Array>;
    const pieces: Uint8Array[] = [];
    for await (const piece of stream) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(recordedBytes(one))).toBe(true);
  });
  test.each(named)('%s is read by the OpenAI SDK', async (_file, one) => {
    const expected = expectations(one);
    bench.simulator.replay(one);
    const client = new OpenAI({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
    const answer = await client.chat.completions.stream({ model: MODEL, messages: [{ role: 'user', content: 'hi' }], tools }).finalChatCompletion();
    const [choice] = answer.choices;
    const calls =
      choice?.message.tool_calls?.flatMap((call) => (call.type === 'function' ? [{ name: call.function.name, arguments: call.function.arguments }] : [])) ?? [];
    expect({ text: choice?.message.content ?? '', calls, finish: choice?.finish_reason }).toEqual({
      text: expected.text,
      calls: expected.toolCalls,
      finish: REASONS[expected.finish ?? ''],
    });
    const ids = choice?.message.tool_calls?.map(({ id }) => id) ?? [];
    expect([new Set(ids).size, ids.every((id) => id !== '')]).toEqual([expected.toolCalls.length, true]);
  });
  test.each(named)('%s is read by the Anthropic SDK', async (_file, one) => {
    const expected = expectations(one);
    bench.simulator.replay(one);
    const client = new Anthropic({ baseURL: `${bench.url}/anthropic/main`, apiKey: bench.key, maxRetries: 0 });
    const answer = await client.messages.stream({ model: MODEL, max_tokens: 50, messages: [{ role: 'user', content: 'hi' }] }).finalMessage();
    const text = answer.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');
    const calls = answer.content.flatMap((block) => (block.type === 'tool_use' ? [[block.name, block.input]] : []));
    expect([text, calls]).toEqual([expected.text, expected.toolCalls.map(({ name, arguments: json }) => [name, JSON.parse(json)])]);
    expect(answer.stop_reason).toBe(expected.toolCalls.length > 0 ? 'tool_use' : 'end_turn');
  });
});
