import Anthropic from '@anthropic-ai/sdk';
import Anthropic0 from 'anthropic0';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

type Message = Anthropic.Beta.BetaMessageParam;
type Block = Anthropic.Beta.BetaContentBlockParam;
const ephemeral = { type: 'ephemeral' as const };
/** Tools as coding agents name them: their own and those of servers beside them; the last one carries a mark for the cache. */
const NAMES =
  'Bash BashOutput KillShell Glob Grep Read Edit MultiEdit Write NotebookEdit WebFetch WebSearch TodoWrite Task ExitPlanMode AskUserQuestion mcp__ide__getDiagnostics mcp__github__create_pending_pull_request_review mcp__filesystem__read_multiple_files mcp__plugin_linear__list-issues'.split(
    ' ',
  );
const tools = NAMES.map(
  (name, index): Anthropic.Beta.BetaTool => ({
    name,
    description: `${name}. ${'It reads, writes and searches files of the project. '.repeat(12)}`,
    input_schema: {
      type: 'object',
      properties: {
        path: { type: 'string', description: 'absolute path' },
        limit: { type: 'integer' },
        options: { type: 'object', additionalProperties: true },
      },
      required: ['path'],
    },
    ...(index === NAMES.length - 1 ? { cache_control: ephemeral } : {}),
  }),
);
const system: Anthropic.Beta.BetaTextBlockParam[] = [
  { type: 'text', text: 'You are an agent that writes code.', cache_control: ephemeral },
  { type: 'text', text: `Rules of the project. ${'Be exact and brief. '.repeat(300)}`, cache_control: ephemeral },
];
const betas = ['claude-code-20250219', 'interleaved-thinking-2025-05-14', 'context-management-2025-06-27'];
type Fields = Readonly<Record<string, unknown>>;
const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value : []);
const SONNET = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const POINT = { cachePoint: { type: 'default' } };
const BREAKPOINT = { mode: 'explicit' };
/** Where the four marks stand that a request of Anthropic carries: tools, both blocks of the system, the newest message. */
const markedAs = ({ tools: given, system: said, messages }: Fields): unknown[] => [
  listOf(given).at(-1)?.cache_control,
  ...listOf(said).map((block) => block.cache_control),
  listOf(listOf(messages).at(-1)?.content).at(-1)?.cache_control,
];
const FOUR = [ephemeral, ephemeral, ephemeral, ephemeral];
/** A point for the cache stands behind what it ends. */
const pointed = ({ toolConfig, system: said, messages }: Fields): unknown[] => [
  listOf((toolConfig as Fields).tools).at(-1),
  listOf(said)[1],
  listOf(said)[3],
  listOf(listOf(messages).at(-1)?.content).at(-1),
];
const breakpoints = (value: unknown): unknown[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => (name === 'prompt_cache_breakpoint' ? [inner] : breakpoints(inner)));
};
interface Target {
  readonly vendor: 'anthropic' | 'bedrock' | 'openai';
  readonly model: string;
  readonly main?: Fields;
  /** Marks as the provider is given them, and what they must be. */
  readonly marks: (body: Fields) => unknown[];
  readonly written: readonly unknown[];
  /** What the ledger says of marks. */
  readonly told: readonly string[];
  /** What the answer to the last of many turns says of the cache. */
  readonly cached: 'read' | 'counted' | 'nothing';
  readonly turns: number;
}
const targets: readonly (readonly [string, Target])[] = [
  ['Anthropic', { vendor: 'anthropic', model: 'claude-sonnet-4-6', marks: markedAs, written: FOUR, told: [], cached: 'read', turns: 50 }],
  ['Bedrock', { vendor: 'bedrock', model: SONNET, marks: markedAs, written: FOUR, told: [], cached: 'read', turns: 50 }],
  [
    'Bedrock by Converse',
    {
      vendor: 'bedrock',
      main: { api: 'converse' },
      model: SONNET,
      marks: pointed,
      written: [POINT, POINT, POINT, POINT],
      told: [],
      cached: 'counted',
      turns: 10,
    },
  ],
  [
    'OpenAI, whose models before gpt-5.6 take no marks',
    {
      vendor: 'openai',
      model: 'gpt-5.1',
      marks: breakpoints,
      written: [],
      told: ['ignored=messages[].content[].cache_control', 'ignored=tools[].cache_control'],
      cached: 'nothing',
      turns: 50,
    },
  ],
  [
    'OpenAI, whose newer models take marks on texts',
    {
      vendor: 'openai',
      model: 'gpt-5.6',
      marks: breakpoints,
      written: [BREAKPOINT, BREAKPOINT, BREAKPOINT],
      told: ['ignored=tools[].cache_control'],
      cached: 'nothing',
      turns: 10,
    },
  ],
];

/** The newest message carries the last of the four marks. */
const marked = (messages: readonly Message[]): Message[] =>
  messages.map((message, index) => {
    const blocks = message.content;
    if (index < messages.length - 1 || !Array.isArray(blocks)) return message;
    const content = blocks.map((block, place): Block => (place === blocks.length - 1 ? ({ ...block, cache_control: ephemeral } as Block) : block));
    return { ...message, content } as Message;
  });
const textOf = ({ content }: Anthropic.Beta.BetaMessage): string => content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');

describe.each(targets)('traffic of a coding agent to %s', (_target, { vendor, main = {}, model, marks, written, told, cached, turns }) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor, main, plugins: vendor === 'openai' ? ['@llm-proxy-auth/dialect-anthropic'] : [], sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());

  describe.each([
    ['@anthropic-ai/sdk 1', Anthropic],
    ['@anthropic-ai/sdk 0', Anthropic0 as unknown as typeof Anthropic],
  ] as const)('%s', (_sdk, Sdk) => {
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
      let usage: Anthropic.Beta.BetaUsage | undefined;
      for (let turn = 0; turn < turns; turn++) {
        const name = NAMES[turn % NAMES.length] ?? '';
        messages.push({ role: 'user', content: [{ type: 'text', text: `call ${name} with {"path":"/src/${turn}.ts"}` }] });
        const asked = await say(messages);
        const call = asked.content.find((block) => block.type === 'tool_use');
        expect([asked.stop_reason, call?.name, call?.input]).toEqual(['tool_use', name, { path: `/src/${turn}.ts` }]);
        messages.push({ role: 'assistant', content: asked.content as Block[] });
        messages.push({
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: `contents of ${turn}`, is_error: turn % 7 === 0 }],
        });
        const answer = await say(messages);
        expect([answer.stop_reason, textOf(answer)]).toEqual(['end_turn', `The tool said: contents of ${turn}`]);
        expect(answer.content[0]?.type).toBe('thinking');
        messages.push({ role: 'assistant', content: answer.content as Block[] });
        usage = answer.usage;
      }
      const { cache_read_input_tokens: read, cache_creation_input_tokens: made } = usage ?? {};
      if (cached === 'nothing') expect([read ?? 0, made ?? 0]).toEqual([0, 0]);
      else expect((read ?? 0) + (cached === 'read' ? 0 : (made ?? 0))).toBeGreaterThan(1500);
      expect(bench.simulator.requests.filter(({ method }) => method === 'POST')).toHaveLength(2 * turns); // beside them the gateway asks whether the provider is there
    }, 240_000);

    test('marks for the cache stand where the client set them, or the ledger says that they do not', async () => {
      const asked = request([{ role: 'user', content: [{ type: 'text', text: 'hi' }] }]);
      const { response } = await client().beta.messages.create(asked).withResponse();
      const body = bench.simulator.requests.findLast(({ method }) => method === 'POST')?.json() as Fields;
      expect(marks(body)).toEqual(written);
      const notes = (response.headers.get('x-lpa-fidelity') ?? '').split(',');
      expect(notes.filter((note) => note.includes('cache_control')).toSorted()).toEqual(told);
    });

    test('the same conversation is written the same way each time, and one turn more changes nothing before it', async () => {
      const first: Message[] = [{ role: 'user', content: [{ type: 'text', text: 'call Read with {"path":"/a"}' }] }];
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
      // Marks move on, and a text of OpenAI that carries none may stand as a string.
      const plain = (value: unknown): string =>
        JSON.stringify(value)
          .replaceAll(/,?\{"cachePoint":\{[^}]*\}\}|,"(?:cache_control|prompt_cache_breakpoint)":\{[^}]*\}/g, '')
          .replaceAll(/\[\{"type":"input_text","text":("(?:[^"\\]|\\.)*")\}\]/g, '$1');
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
