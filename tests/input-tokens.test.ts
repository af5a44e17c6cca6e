import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, type VENDORS } from './support/gateway.ts';

type Fields = Record<string, unknown>;
const tools = [{ type: 'function' as const, name: 'look', parameters: { type: 'object', properties: {} }, strict: false }];
const asked = { instructions: 'Be brief.', input: 'Hello', tools };

/** Where each vendor counts, and what of the input reaches it. */
const COUNTING: readonly (readonly [keyof typeof VENDORS, string, string, RegExp])[] = [
  ['openai', 'gpt-4o', '/v1/responses/input_tokens', /^\{"model":"gpt-4o","instructions":"Be brief\.","input":"Hello","tools":\[/],
  ['azure', 'gpt-4o', '/openai/v1/responses/input_tokens', /"instructions":"Be brief\."/],
  ['anthropic', 'claude-sonnet-4-5', '/v1/messages/count_tokens', /"system":.*"Be brief\.".*"name":"look"/],
  ['bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', '/count-tokens', /"system":\[\{"text":"Be brief\."\}\].*"name":"look"/],
  ['vertex', 'gemini-2.5-flash', ':countTokens', /"systemInstruction":\{"parts":\[\{"text":"Be brief\."\}\]\}.*"name":"look"/],
  ['vertex', 'claude-sonnet-4-6', 'count-tokens:rawPredict', /"system":.*"Be brief\.".*"name":"look"/],
  ['watsonx', 'ibm/granite-3-3-8b-instruct', '/ml/v1/text/tokenization', /Be brief\./],
];
describe.each(COUNTING)('the OpenAI SDK counts at %s (%s)', (vendor, model, path, body) => {
  let bench: Bench;
  let client: OpenAI;
  beforeAll(async () => {
    bench = await openBench({ vendor });
    client = new OpenAI({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
  });
  afterAll(() => bench.close());

  test('an input with its instructions and tools', async () => {
    const { object, input_tokens: count } = await client.responses.inputTokens.count({ model, ...asked });
    expect([object, count > 0]).toEqual(['response.input_tokens', true]);
    const last = bench.simulator.requests.findLast(({ method }) => method === 'POST');
    expect(decodeURIComponent(last?.path ?? '')).toContain(path);
    expect(JSON.stringify(last?.json() as Fields)).toMatch(body);
  });
  test.runIf(vendor !== 'openai' && vendor !== 'azure')('and is told that nothing is stored there', async () => {
    const refused = client.responses.inputTokens.count({ model, input: 'Hello', previous_response_id: 'resp_1' });
    await expect(refused).rejects.toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'previous_response_id' });
  });
});
