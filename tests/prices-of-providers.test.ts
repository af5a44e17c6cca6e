import { afterEach, expect, test } from 'vitest';
import { type Bench, openBench, type Wanted } from './support/gateway.ts';
import { ask, codeOf, type Got } from './support/raw.ts';

const NANO = 1e9;
let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const open = async (usd: number, wanted: Wanted): Promise<Bench> => {
  bench = await openBench({ ...wanted, sections: { policies: [{ name: 'all', allow: {}, limits: [{ budget: { usd, window: 'month' } }] }] } });
  return bench;
};
const chat = (b: Bench, model: string, more: object = {}): Promise<Got> =>
  ask(b.url, {
    path: '/openai/main/v1/chat/completions',
    headers: { authorization: `Bearer ${b.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }], max_tokens: 100, ...more }),
  });
/** What the budget of the only caller has been charged, in USD. */
const charged = async ({ gateway }: Bench): Promise<number> => {
  const limit = 1e15;
  const now = new Date();
  const ends = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1);
  const claim = { key: 'all|0|principal:key:k1|budget', amount: 0, limit, windowMs: undefined, ends, kind: 'budget', shadow: true } as const;
  const taken = await gateway.graph.counters.take([claim], now.getTime());
  if (!taken.ok) throw new Error('refused');
  return (limit - (taken.left?.[0]?.remaining ?? Number.NaN)) / NANO;
};

const converse = (usage: object) => ({
  output: { message: { role: 'assistant', content: [{ text: 'hi' }] } },
  stopReason: 'end_turn',
  usage: { totalTokens: 1, ...usage },
  metrics: { latencyMs: 1 },
});
const gemini = (usageMetadata: object) => ({
  candidates: [{ content: { role: 'model', parts: [{ text: 'hi' }] }, finishReason: 'STOP', index: 0 }],
  usageMetadata,
});
const message = (model: string, usage: object) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model,
  content: [{ type: 'text', text: 'hi' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage,
});
const completion = (model: string, usage: object) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_790_000_000,
  model,
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi', refusal: null }, logprobs: null, finish_reason: 'stop' }],
  usage,
});
const generic = (model: string, usage: object) => ({
  modelId: model,
  modelVersion: '1',
  chatResponse: {
    apiFormat: 'GENERIC',
    timeCreated: '2026-11-26T12:00:00Z',
    choices: [{ index: 0, message: { role: 'ASSISTANT', content: [{ type: 'TEXT', text: 'hi' }] }, finishReason: 'stop' }],
    usage,
  },
});

interface Case {
  readonly name: string;
  readonly vendor: NonNullable<Wanted['vendor']>;
  readonly main?: object;
  readonly model: string;
  readonly answer: object;
  readonly usd: number;
}
const CLAUDE_USAGE = { input_tokens: 100, output_tokens: 50, cache_read_input_tokens: 1_000, cache_creation_input_tokens: 200 };
const HAIKU = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
const CASES: readonly Case[] = [
  {
    name: 'Claude at Bedrock, by a profile of a geography: read from a cache, written to it',
    vendor: 'bedrock',
    main: { api: 'converse' },
    model: HAIKU,
    answer: converse({ inputTokens: 100, outputTokens: 50, cacheReadInputTokens: 1_000, cacheWriteInputTokens: 200 }),
    usd: (100 * 1.1 + 1_000 * 0.11 + 200 * 1.375 + 50 * 5.5) / 1e6,
  },
  {
    name: 'the same model at Bedrock from anywhere, which is cheaper',
    vendor: 'bedrock',
    main: { api: 'converse' },
    model: HAIKU.replace('us.', 'global.'),
    answer: converse({ inputTokens: 100, outputTokens: 50, cacheReadInputTokens: 1_000, cacheWriteInputTokens: 200 }),
    usd: (100 * 1 + 1_000 * 0.1 + 200 * 1.25 + 50 * 5) / 1e6,
  },
  {
    name: 'Gemini at Vertex AI: long input costs another price, thoughts are output',
    vendor: 'vertex',
    model: 'gemini-2.5-pro',
    answer: gemini({
      promptTokenCount: 300_000,
      candidatesTokenCount: 100,
      thoughtsTokenCount: 20,
      cachedContentTokenCount: 100_000,
      totalTokenCount: 300_120,
    }),
    usd: (200_000 * 2.5 + 100_000 * 0.25 + 120 * 15) / 1e6,
  },
  {
    name: 'Claude at Vertex AI in a region costs a tenth more',
    vendor: 'vertex',
    model: 'claude-haiku-4-5@20251001',
    answer: message('claude-haiku-4-5', CLAUDE_USAGE),
    usd: (100 * 1.1 + 1_000 * 0.11 + 200 * 1.375 + 50 * 5.5) / 1e6,
  },
  {
    name: 'a deployment at Azure, by the model that the configuration says it serves',
    vendor: 'azure',
    main: { deployments: { 'gpt-5.2': 'gpt-4o-mini' } },
    model: 'gpt-5.2',
    answer: completion('gpt-5.2', { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500, prompt_tokens_details: { cached_tokens: 400 } }),
    usd: (600 * 1.75 + 400 * 0.175 + 500 * 14) / 1e6,
  },
  {
    name: 'Granite at watsonx.ai',
    vendor: 'watsonx',
    model: 'ibm/granite-4-h-small',
    answer: {
      id: 'chat-1',
      model_id: 'ibm/granite-4-h-small',
      created: 1_790_000_000,
      choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 },
    },
    usd: (1_000 * 0.0636 + 500 * 0.265) / 1e6,
  },
  {
    name: 'Llama at OCI',
    vendor: 'oci',
    model: 'meta.llama-3.3-70b-instruct',
    answer: generic('meta.llama-3.3-70b-instruct', { promptTokens: 1_000, completionTokens: 500, totalTokens: 1_500 }),
    usd: (1_000 * 0.72 + 500 * 0.72) / 1e6,
  },
  {
    name: 'a model at OCI that is paid by the token, whose cached input has no price of its own',
    vendor: 'oci',
    model: 'openai.gpt-5',
    answer: generic('openai.gpt-5', { promptTokens: 1_000, completionTokens: 500, totalTokens: 1_500, promptTokensDetails: { cachedTokens: 400 } }),
    usd: (1_000 * 1.25 + 500 * 10) / 1e6,
  },
];
test.each(CASES.map((one) => [one.name, one] as const))('%s', async (_name, { vendor, main, model, answer, usd }) => {
  const b = await open(10, { vendor, ...(main === undefined ? {} : { main: main as Record<string, unknown> }) });
  b.simulator.script({ body: answer });
  const got = await chat(b, model);
  expect([got.status, codeOf(got)]).toEqual([200, '']);
  expect((await b.line((l) => l.msg === 'request')).costUsd).toBeCloseTo(usd, 9);
  expect(await charged(b)).toBeCloseTo(usd, 9);
});

test.each(['bedrock', 'vertex', 'azure', 'watsonx', 'oci'] as const)('a budget at %s is used up by what was paid', async (vendor) => {
  const [first] = CASES.filter((each) => each.vendor === vendor);
  if (first === undefined) throw new Error('no case');
  const { main, model, answer, usd } = first;
  const b = await open(usd, { vendor, ...(main === undefined ? {} : { main: main as Record<string, unknown> }) });
  b.simulator.script({ body: answer });
  const again = { max_tokens: 1 };
  expect((await chat(b, model, again)).status).toBe(200);
  const second = await chat(b, model, again);
  expect([second.status, codeOf(second)]).toEqual([429, 'budget_exceeded']);
  expect(b.simulator.requests).toHaveLength(1);
});

const UNHEARD = {
  openai: 'gpt-77',
  anthropic: 'claude-nova-77',
  bedrock: 'amazon.wonder-77-v1:0',
  vertex: 'gemini-77-pro',
  azure: 'gpt-77',
  watsonx: 'acme/wonder-77',
  oci: 'acme.wonder-77',
} as const;
test.each(Object.entries(UNHEARD))('%s is asked for a model that no data file has heard of, and for one past its end', async (vendor, model) => {
  const kind = vendor as keyof typeof UNHEARD;
  const b = await openBench({ vendor: kind, main: { facts: { [model]: { retires: '2020-01-01' } } } });
  bench = b;
  await chat(b, model);
  const sent = b.simulator.requests.filter(({ method }) => method === 'POST').at(-1);
  expect(decodeURIComponent(`${sent?.path} ${sent?.body}`)).toContain(model);
  expect((await b.line((l) => l.msg === 'request')).upstreamModel ?? model).toBe(model);
});
