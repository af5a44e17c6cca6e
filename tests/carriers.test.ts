import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { anthropicSimulator, openaiSimulator, type Simulator } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, PROVIDER_KEY, type Wanted } from './support/gateway.ts';
import { type Message, sdks, time, user } from './support/openai-client.ts';

/** What providers sign goes round through clients that know nothing of it: the simulators verify what they signed. */
const SONNET = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const providers = [
  ['anthropic', 'claude-sonnet-4-6'],
  ['anthropic', 'claude-sonnet-4-5'],
  ['bedrock', SONNET],
  ['bedrock', 'us.anthropic.claude-opus-5-5'],
] as const;
type Vendor = (typeof providers)[number][0];
const HOUR = 3_600_000;
const thinking = { tools: [time], reasoning_effort: 'high' as const, max_completion_tokens: 9000 };
const noon = {
  type: 'function' as const,
  function: { name: 'get_time', description: 'time', parameters: { type: 'object', properties: {} }, function: () => 'noon' },
};

type Json = Readonly<Record<string, unknown>>;
type Sent = Json & { readonly messages: readonly { readonly role: string; readonly content: readonly Json[] }[] };
const sentBy = (bench: Bench): readonly Sent[] => bench.simulator.requests.map((request) => request.json() as Sent);
/** The blocks of the answer that the latest request repeats, by what they are. */
const repeated = (bench: Bench): readonly string[] =>
  (
    sentBy(bench)
      .at(-1)
      ?.messages.findLast(({ role }) => role === 'assistant')?.content ?? []
  ).map((block) => {
    const [kind] = Object.keys(block);
    return kind === 'type' ? String(block.type) : String(kind);
  });
const thoughtFirst = /^(thinking|redacted_thinking|reasoningContent)$/;
const lostAt = async (bench: Bench): Promise<number> => Number(/^llm_proxy_thinking_lost_total (\d+)$/m.exec(await bench.gateway.metrics.text())?.[1]);
const clientOf = (bench: Bench, key = bench.key, Sdk = OpenAI): OpenAI => new Sdk({ baseURL: `${bench.url}/openai/main/v1`, apiKey: key, maxRetries: 0 });

/** The first turn, as a client that drops what it does not know remembers it. */
const firstTurn = async (bench: Bench, model: string, text: string, key = bench.key): Promise<{ readonly messages: Message[]; readonly id: string }> => {
  const messages = user(text);
  const answer = await clientOf(bench, key).chat.completions.create({ model, messages, ...thinking });
  const [call] = answer.choices[0]?.message.tool_calls ?? [];
  if (call?.type !== 'function') throw new Error('no call');
  const { id, type, function: called } = call;
  const said: Message = { role: 'assistant', content: null, tool_calls: [{ id, type, function: called }] };
  return { id, messages: [...messages, said, { role: 'tool', tool_call_id: id, content: 'noon' }] };
};
const goOn = (bench: Bench, model: string, messages: Message[], key = bench.key) =>
  clientOf(bench, key)
    .chat.completions.create({ model, messages, ...thinking })
    .withResponse();
const open = (vendor: Vendor, more: Wanted = {}): Promise<Bench> => openBench({ vendor, ...more, sections: { retry: { attempts: 1 }, ...more.sections } });

describe.each(providers)('thinking of %s, %s', (vendor, model) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await open(vendor);
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());

  describe.each(sdks)('%s', (_sdk, Sdk) => {
    const loops = [false, true].flatMap((stream) =>
      ['call get_time', 'think at length and call get_time', 'think in secret and call get_time'].map((text) => ({ stream, text })),
    );
    test.each(loops)('runTools, streamed: $stream, $text', async ({ stream, text }) => {
      const { completions } = clientOf(bench, bench.key, Sdk).chat;
      const common = { model, messages: user(text), tools: [noon], reasoning_effort: 'high' as const, max_completion_tokens: 9000 };
      const runner = stream ? completions.runTools({ ...common, stream }) : completions.runTools({ ...common, stream });
      expect(await runner.finalContent()).toBe('The tool said: noon');
      const said = runner.messages.find(({ role }) => role === 'assistant');
      const [call] = said !== undefined && 'tool_calls' in said ? (said.tool_calls ?? []) : [];
      const kind = text.includes('at length') ? 'r' : 's';
      expect([call?.id.slice(0, 9), (call?.id.length ?? 0) <= 512]).toEqual([`lpatool_${kind}`, true]);
      expect(repeated(bench)).toEqual([expect.stringMatching(thoughtFirst), expect.stringMatching(/^(tool_use|toolUse)$/)]);
      expect(JSON.stringify(sentBy(bench))).not.toContain('lpatool_');
      expect(await lostAt(bench)).toBe(0);
    });
    test.each([false, true])('a client that keeps whole messages, streamed: %s', async (stream) => {
      const { completions } = clientOf(bench, bench.key, Sdk).chat;
      const messages = user('think at length and call get_time');
      const common = { model, messages, ...thinking };
      const answer = stream ? await completions.stream(common).finalChatCompletion() : await completions.create(common);
      const message = answer.choices[0]?.message;
      if (message === undefined) throw new Error('no message');
      expect(message).toHaveProperty('thinking_blocks');
      const [call] = message.tool_calls ?? [];
      // Whoever else it is by now remembers nothing, and needs nothing of it.
      const calls = message.tool_calls?.map((one) => ({ ...one, id: 'call_own' }));
      const more = [...messages, { ...message, tool_calls: calls } as Message, { role: 'tool', tool_call_id: 'call_own', content: 'noon' } as Message];
      expect(call?.id).toMatch(/^lpatool_/);
      expect((await completions.create({ ...common, messages: more })).choices[0]?.message.content).toBe('The tool said: noon');
      expect(repeated(bench)[0]).toMatch(thoughtFirst);
    });
  });

  test('a longer conversation repeats its beginning byte for byte, as caches and signatures need it', async () => {
    const { messages } = await firstTurn(bench, model, 'think at length and call get_time');
    const { data } = await goOn(bench, model, messages);
    await goOn(bench, model, [...messages, { role: 'assistant', content: data.choices[0]?.message.content ?? '' }, ...user('Hello')]);
    const [second, third] = sentBy(bench).slice(-2);
    expect(JSON.stringify(third?.messages.slice(0, 3))).toBe(JSON.stringify(second?.messages));
  });
});

describe.each([
  ['anthropic', 'claude-sonnet-4-5', 'claude-sonnet-4-6'],
  ['bedrock', SONNET, 'us.anthropic.claude-opus-5-5'],
] as const)('what was issued by %s to one caller for one model', (vendor, model, other) => {
  const clock = { now: Date.now() };
  let bench: Bench;
  let theirs: string;
  beforeAll(async () => {
    bench = await open(vendor, { now: () => clock.now });
    theirs = await bench.makeKey({ name: 'theirs' });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const counted = async (work: () => Promise<unknown>): Promise<number> => {
    const before = await lostAt(bench);
    await work();
    return (await lostAt(bench)) - before;
  };

  test.each(['call get_time', 'think at length and call get_time'])('is nothing to another caller, who goes on without it: %s', async (text) => {
    const { messages } = await firstTurn(bench, model, text);
    expect(await counted(() => goOn(bench, model, messages, theirs))).toBe(1);
    expect(repeated(bench)[0]).not.toMatch(thoughtFirst);
    expect(await counted(() => goOn(bench, model, messages))).toBe(0);
    expect(repeated(bench)[0]).toMatch(thoughtFirst);
  });
  test('is nothing to another model, and the client is told', async () => {
    const { messages } = await firstTurn(bench, model, 'call get_time');
    const { data, response } = await goOn(bench, other, messages);
    expect([data.choices[0]?.message.content, repeated(bench)[0]?.match(thoughtFirst)]).toEqual(['The tool said: noon', null]);
    expect(response.headers.get('x-lpa-fidelity')).toContain('ignored=messages[].thinking_blocks');
  });
  test('is remembered for an hour since its last use; what is sealed stays', async () => {
    const sealed = await firstTurn(bench, model, 'call get_time');
    const remembered = await firstTurn(bench, model, 'think at length and call get_time');
    clock.now += HOUR - 1000;
    expect(await counted(() => goOn(bench, model, remembered.messages))).toBe(0);
    clock.now += HOUR - 1000;
    expect(await counted(() => goOn(bench, model, remembered.messages))).toBe(0);
    clock.now += HOUR;
    let told = '';
    const late = async (): Promise<void> => {
      const { data, response } = await goOn(bench, model, remembered.messages);
      expect(data.choices[0]?.message.content).toBe('The tool said: noon');
      told = response.headers.get('x-lpa-fidelity') ?? '';
    };
    expect([await counted(late), repeated(bench)[0]?.match(thoughtFirst)]).toEqual([1, null]);
    expect(told).toContain('emulated=messages[].thinking_blocks');
    expect(await counted(() => goOn(bench, model, sealed.messages))).toBe(0);
    expect(repeated(bench)[0]).toMatch(thoughtFirst);
  });
  test('survives a reload of the configuration', async () => {
    const { messages } = await firstTurn(bench, model, 'think at length and call get_time');
    expect([await bench.gateway.reload(), await counted(() => goOn(bench, model, messages))]).toEqual([true, 0]);
    expect(repeated(bench)[0]).toMatch(thoughtFirst);
  });
});

describe('a conversation that goes on at another inference profile of its model', () => {
  const BASE = 'anthropic.claude-sonnet-4-5-20250929-v1:0';
  let bench: Bench;
  beforeAll(async () => {
    bench = await open('bedrock');
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());

  test.each(['call get_time', 'think at length and call get_time'])('keeps its thinking: %s', async (text) => {
    const { messages } = await firstTurn(bench, `us.${BASE}`, text);
    for (const model of [`global.${BASE}`, `us.${BASE}`]) {
      const { data, response } = await goOn(bench, model, messages);
      expect([data.choices[0]?.message.content, repeated(bench)[0]]).toEqual(['The tool said: noon', expect.stringMatching(thoughtFirst)]);
      expect(response.headers.get('x-lpa-fidelity')).not.toContain('thinking');
    }
    const { response } = await goOn(bench, 'us.anthropic.claude-sonnet-4-6', messages);
    expect(repeated(bench)[0]).not.toMatch(thoughtFirst);
    expect(response.headers.get('x-lpa-fidelity')).toContain('ignored=messages[].thinking_blocks');
  });
});

describe('a conversation that goes on at a provider of the client’s own surface', () => {
  let bench: Bench;
  let other: Simulator;
  beforeAll(async () => {
    other = await openaiSimulator({ keys: [PROVIDER_KEY] });
    const instances = { other: { provider: 'openai', baseUrl: other.url, apiKey: PROVIDER_KEY, insecureUpstream: true } };
    bench = await open('anthropic', { plugins: ['@llm-proxy-auth/provider-openai'], instances });
  });
  afterAll(async () => {
    await bench.close();
    await other.close();
  });
  test.each(['call get_time', 'think at length and call get_time'])('brings it the vendor’s ids and nothing sealed: %s', async (text) => {
    const messages = user(text);
    const first = await clientOf(bench).chat.completions.create({ model: 'claude-sonnet-4-6', messages, ...thinking });
    const message = first.choices[0]?.message;
    const [call] = message?.tool_calls ?? [];
    if (message === undefined || call?.type !== 'function') throw new Error('no call');
    const plain: Message = { role: 'assistant', content: null, tool_calls: [{ id: call.id, type: 'function', function: call.function }] };
    for (const said of [message, plain]) {
      const client = new OpenAI({ baseURL: `${bench.url}/openai/other/v1`, apiKey: bench.key, maxRetries: 0 });
      const more = [...messages, said, { role: 'tool' as const, tool_call_id: call.id, content: 'noon' }];
      const answer = await client.chat.completions.create({ model: 'gpt-4o-mini', messages: more, tools: [time], seed: 7 });
      expect(answer.choices[0]?.message.content).toBe('The tool said: noon');
      const sent = other.requests.at(-1)?.body.toString('utf8') ?? '';
      expect(JSON.parse(sent)).toMatchObject({
        seed: 7,
        messages: [{}, { tool_calls: [{ id: expect.stringMatching(/^toolu_/) }] }, { tool_call_id: expect.stringMatching(/^toolu_/) }],
      });
      expect(sent).not.toMatch(/lpatool_|thinking_blocks|lpa1/);
    }
  });
  test('brings it no reasoning that another vendor signed, from Responses either', async () => {
    const tools = [{ type: 'function' as const, name: 'get_time', strict: false, parameters: { type: 'object', properties: {} } }];
    const asking = { store: false, include: ['reasoning.encrypted_content' as const], reasoning: { effort: 'high' as const }, tools, max_output_tokens: 9000 };
    const question = { role: 'user' as const, content: 'call get_time' };
    const { output } = await clientOf(bench).responses.create({ ...asking, model: 'claude-sonnet-4-6', input: [question] });
    const [reasoning, call] = output;
    if (reasoning?.type !== 'reasoning' || call?.type !== 'function_call') throw new Error('no reasoning and call');
    const input = [question, reasoning, call, { type: 'function_call_output' as const, call_id: call.call_id, output: 'noon' }];
    const client = new OpenAI({ baseURL: `${bench.url}/openai/other/v1`, apiKey: bench.key, maxRetries: 0 });
    const answer = await client.responses.create({ ...asking, model: 'gpt-5.1', input });
    expect([reasoning.encrypted_content?.startsWith('lpa1.'), answer.output_text]).toEqual([true, 'The tool said: noon']);
    expect(other.requests.at(-1)?.body.toString('utf8')).not.toContain('lpa1');
  });
  test('what brings nothing passes byte for byte', async () => {
    const body = '{ "model":"gpt-4o-mini" , "messages":[{"role":"user","content":"Hello"}]}';
    const headers = { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' };
    const answer = await fetch(`${bench.url}/openai/other/v1/chat/completions`, { method: 'POST', headers, body });
    expect([answer.status, other.requests.at(-1)?.body.toString('utf8')]).toEqual([200, body]);
  });
});

describe('an Anthropic client whose answers another vendor signed', () => {
  let bench: Bench;
  let other: Simulator;
  beforeAll(async () => {
    other = await anthropicSimulator({ keys: [PROVIDER_KEY] });
    const instances = { other: { provider: 'anthropic', baseUrl: other.url, apiKey: PROVIDER_KEY, insecureUpstream: true } };
    bench = await open('bedrock', { plugins: ['@llm-proxy-auth/provider-anthropic'], instances });
  });
  afterAll(async () => {
    await bench.close();
    await other.close();
  });
  test.each([false, true])('brings it back in the signature, and to its own vendor nothing of it, streamed: %s', async (stream) => {
    const clientAt = (instance: string) => new Anthropic({ baseURL: `${bench.url}/anthropic/${instance}`, apiKey: bench.key, authToken: null, maxRetries: 0 });
    const asked: Anthropic.MessageParam[] = [{ role: 'user', content: 'call get_time' }];
    const common = {
      max_tokens: 9000,
      thinking: { type: 'enabled' as const, budget_tokens: 2048 },
      tools: [{ name: 'get_time', input_schema: { type: 'object' as const, properties: {} } }],
    };
    const nova = { ...common, model: 'us.amazon.nova-2-lite-v1:0' };
    const { messages } = clientAt('main');
    const answer = stream ? await messages.stream({ ...nova, messages: asked }).finalMessage() : await messages.create({ ...nova, messages: asked });
    const [thought, call] = answer.content;
    if (thought?.type !== 'thinking' || call?.type !== 'tool_use') throw new Error('no thinking and call');
    expect(thought.signature).toMatch(/^lpa1\./);
    const more: Anthropic.MessageParam[] = [
      ...asked,
      { role: 'assistant', content: answer.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'noon' }] },
    ];
    const told = await messages.create({ ...nova, messages: more });
    expect([told.content.at(-1), repeated(bench)[0]]).toMatchObject([{ type: 'text', text: 'The tool said: noon' }, 'reasoningContent']);
    const elsewhere = await clientAt('other').messages.create({ ...common, model: 'claude-sonnet-4-5', messages: more });
    expect(elsewhere.content.at(-1)).toMatchObject({ type: 'text', text: 'The tool said: noon' });
    expect(other.requests.at(-1)?.body.toString('utf8')).not.toContain('lpa1');
  });
});

test.each([false, true])('a call that Gemini signed comes back signed through runTools, streamed: %s', async (stream) => {
  const bench = await openBench({ vendor: 'vertex', sections: { retry: { attempts: 1 } } });
  try {
    const { completions } = clientOf(bench).chat;
    const common = { model: 'gemini-3-flash-preview', messages: user('call get_time'), tools: [noon], reasoning_effort: 'high' as const };
    const runner = stream ? completions.runTools({ ...common, stream }) : completions.runTools({ ...common, stream });
    expect(await runner.finalContent()).toBe('The tool said: noon');
    const sent = bench.simulator.requests.at(-1)?.body.toString('utf8') ?? '';
    // The stand-in verifies it: in a loop Gemini 3 refuses calls whose signature is gone or another.
    expect(JSON.parse(sent).contents[1]).toMatchObject({
      role: 'model',
      parts: [{ functionCall: { name: 'get_time' }, thoughtSignature: expect.stringMatching(/^[\w+/]{40,}=*$/) }],
    });
    expect([/lpatool_|__g1__|extra_content/.test(sent), await lostAt(bench)]).toEqual([false, 0]);
  } finally {
    await bench.close();
  }
});

test('after a restart what is sealed in ids and members is there, what was remembered is lost and counted', async () => {
  const path = join(tmpdir(), `lpa-carriers-${process.pid}.db`);
  const sections = { store: { use: 'sqlite', path } };
  const model = 'claude-sonnet-4-5';
  const before = await open('anthropic', { sections });
  const { key } = before;
  const sealed = await firstTurn(before, model, 'call get_time');
  const remembered = await firstTurn(before, model, 'think at length and call get_time');
  await before.close();
  const after = await open('anthropic', { sections, keyName: 'after' });
  try {
    await goOn(after, model, sealed.messages, key);
    expect([repeated(after)[0], await lostAt(after)]).toEqual(['thinking', 0]);
    await goOn(after, model, remembered.messages, key);
    expect([repeated(after)[0], await lostAt(after)]).toEqual(['tool_use', 1]);
  } finally {
    await after.close();
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
  }
});
