import Anthropic from '@anthropic-ai/sdk';
import Anthropic0 from 'anthropic0';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

type Message = Anthropic.Beta.BetaMessageParam;
type Block = Anthropic.Beta.BetaContentBlockParam;
const ephemeral = { type: 'ephemeral' as const };
/** Twenty tools, as coding agents bring them; the last one carries a mark for the cache. */
const tools = Array.from(
  { length: 20 },
  (_, index): Anthropic.Beta.BetaTool => ({
    name: `tool_${index}`,
    description: `Tool number ${index}. ${'It reads, writes and searches files of the project. '.repeat(12)}`,
    input_schema: {
      type: 'object',
      properties: {
        path: { type: 'string', description: 'absolute path' },
        limit: { type: 'integer' },
        options: { type: 'object', additionalProperties: true },
      },
      required: ['path'],
    },
    ...(index === 19 ? { cache_control: ephemeral } : {}),
  }),
);
const system: Anthropic.Beta.BetaTextBlockParam[] = [
  { type: 'text', text: 'You are an agent that writes code.', cache_control: ephemeral },
  { type: 'text', text: `Rules of the project. ${'Be exact and brief. '.repeat(300)}`, cache_control: ephemeral },
];
const betas = ['claude-code-20250219', 'interleaved-thinking-2025-05-14', 'context-management-2025-06-27'];
const targets = [
  ['Anthropic', { vendor: 'anthropic' as const, model: 'claude-sonnet-4-6' }],
  ['Bedrock', { vendor: 'bedrock' as const, model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0' }],
  ['OpenAI', { vendor: 'openai' as const, model: 'gpt-5.1' }],
] as const;

/** The newest message carries the last of the four marks. */
const marked = (messages: readonly Message[]): Message[] =>
  messages.map((message, index) => {
    const blocks = message.content;
    if (index < messages.length - 1 || !Array.isArray(blocks)) return message;
    const content = blocks.map((block, place): Block => (place === blocks.length - 1 ? ({ ...block, cache_control: ephemeral } as Block) : block));
    return { ...message, content } as Message;
  });
const textOf = ({ content }: Anthropic.Beta.BetaMessage): string => content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');

describe.each(targets)('traffic of a coding agent to %s', (target, { vendor, model }) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor, plugins: vendor === 'openai' ? ['@llm-proxy-auth/dialect-anthropic'] : [], sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());

  describe.each([
    ['@anthropic-ai/sdk 1', Anthropic, 50],
    ['@anthropic-ai/sdk 0', Anthropic0 as unknown as typeof Anthropic, 5],
  ] as const)('%s', (_sdk, Sdk, turns) => {
    const client = () => new Sdk({ baseURL: `${bench.url}/anthropic/main`, apiKey: bench.key, maxRetries: 0 });
    const request = (messages: readonly Message[]) => ({
      model,
      max_tokens: 8000,
      system,
      tools,
      messages: marked(messages),
      metadata: { user_id: 'user_0123_session_4567' },
      thinking: { type: 'enabled' as const, budget_tokens: 4000 },
      betas,
    });
    const say = (messages: readonly Message[]) => client().beta.messages.stream(request(messages)).finalMessage();

    test(`${turns} turns with tools, thinking and marks for the cache`, async () => {
      const messages: Message[] = [];
      let cached = 0;
      for (let turn = 0; turn < turns; turn++) {
        messages.push({ role: 'user', content: [{ type: 'text', text: `call tool_${turn % 20} with {"path":"/src/${turn}.ts"}` }] });
        const asked = await say(messages);
        const call = asked.content.find((block) => block.type === 'tool_use');
        expect([asked.stop_reason, call?.name, call?.input]).toEqual(['tool_use', `tool_${turn % 20}`, { path: `/src/${turn}.ts` }]);
        messages.push({ role: 'assistant', content: asked.content as Block[] });
        messages.push({
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: `contents of ${turn}`, is_error: turn % 7 === 0 }],
        });
        const answer = await say(messages);
        expect([answer.stop_reason, textOf(answer)]).toEqual(['end_turn', `The tool said: contents of ${turn}`]);
        expect(answer.content[0]?.type).toBe('thinking');
        messages.push({ role: 'assistant', content: answer.content as Block[] });
        cached = answer.usage.cache_read_input_tokens ?? 0;
      }
      if (target === 'Anthropic') expect(cached).toBeGreaterThan(2000);
      expect(bench.simulator.requests.filter(({ method }) => method === 'POST')).toHaveLength(2 * turns); // beside them the gateway asks whether the provider is there
    });

    test('the same conversation is written the same way each time, and one turn more changes nothing before it', async () => {
      const first: Message[] = [{ role: 'user', content: [{ type: 'text', text: 'call tool_3 with {"path":"/a"}' }] }];
      const asked = await say(first);
      await say(first);
      const sent = () => bench.simulator.requests.filter(({ method }) => method === 'POST');
      const [once, twice] = sent().map(({ sha256 }) => sha256);
      expect(twice).toBe(once);
      const call = asked.content.find((block) => block.type === 'tool_use');
      await say([
        ...first,
        { role: 'assistant', content: asked.content as Block[] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: 'x' }] },
      ]);
      const bodies = sent().map((one) => {
        const { input, messages = input, ...others } = one.json() as { messages?: unknown[]; input?: unknown[]; system?: unknown; tools?: unknown };
        return { messages, ...others };
      });
      const [before, , after] = bodies;
      const plain = (value: unknown): string => JSON.stringify(value).replaceAll(/,?\{"cachePoint":\{[^}]*\}\}|,"cache_control":\{[^}]*\}/g, '');
      expect(plain(after?.messages?.slice(0, before?.messages?.length))).toBe(plain(before?.messages));
      expect(JSON.stringify([after?.system, after?.tools])).toBe(JSON.stringify([before?.system, before?.tools]));
    });

    test('a count before the call', async () => {
      const { max_tokens: _most, metadata: _who, ...counted } = request([{ role: 'user', content: [{ type: 'text', text: 'hi' }] }]);
      expect((await client().beta.messages.countTokens(counted)).input_tokens).toBeGreaterThan(1000);
    });

    test('a cancelled stream ends the call at the provider', async () => {
      bench.simulator.script({ delayChunk: 20 });
      const stream = client().beta.messages.stream({ ...request([{ role: 'user', content: [{ type: 'text', text: 'write 900 words' }] }]) });
      const gone = stream.finalMessage().catch((cause: unknown) => cause);
      await new Promise<void>((done) => stream.once('text', () => done()));
      stream.abort();
      expect((await gone) as Error).toBeInstanceOf(Error);
      expect((await bench.simulator.waitForAbort()).progress).not.toBe('ended');
    });
  });
});
