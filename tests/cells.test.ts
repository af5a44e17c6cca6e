import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { anthropic } from './support/cells/anthropic.ts';
import { converse } from './support/cells/converse.ts';
import { gemini, geminiOfVertex } from './support/cells/gemini.ts';
import { openai } from './support/cells/openai.ts';
import type {} from './support/cells/reporter.ts';
import type { Question, Speaker } from './support/cells/speaker.ts';
import { streamedOf } from './support/cells/streamed.ts';
import { thoughtsOf } from './support/cells/thoughts.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { genaiAt } from './support/vertex.ts';

/** Every client by every provider; a cell is thirteen traits. One SDK speaks its dialect in two modes, and finds the same in both. */
const dialects = { openai, anthropic, converse, gemini } as const;
const clients: Readonly<Record<string, readonly [Client, Speaker]>> = {
  ...Object.fromEntries(Object.entries(dialects).map(([name, one]) => [name, [name as Client, one] as const])),
  'gemini, vertex mode': ['gemini', geminiOfVertex],
};
const providers = {
  openai: { model: 'gpt-4o-mini', thinks: 'gpt-5.1', caches: 'gpt-5.6', plugins: ['@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/dialect-converse'] },
  anthropic: { model: 'claude-sonnet-4-6', thinks: 'claude-sonnet-4-6', plugins: ['@llm-proxy-auth/dialect-converse'] },
  azure: { model: 'gpt-4o-mini', thinks: 'gpt-5.1', caches: 'gpt-5.6', plugins: ['@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/dialect-converse'] },
  watsonx: {
    model: 'meta-llama/llama-4-maverick-17b-128e-instruct-fp8',
    thinks: 'openai/gpt-oss-120b',
    plugins: ['@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/dialect-converse'],
  },
  oci: {
    model: 'meta.llama-4-maverick-17b-128e-instruct-fp8',
    thinks: 'openai.gpt-oss-120b',
    plugins: ['@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/dialect-converse'],
  },
  vertex: { model: 'gemini-3-flash-preview', thinks: 'gemini-3-flash-preview', plugins: ['@llm-proxy-auth/dialect-converse'] },
  bedrock: { model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', thinks: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', plugins: [] },
} as const;
interface Column {
  readonly vendor: Provider;
  readonly model: string;
  readonly thinks: string;
  /** Which of its models takes marks for the cache, where `model` does not. */
  readonly caches?: string;
  readonly plugins: readonly string[];
  /** The provider whose format the model answers in. */
  readonly like: Provider;
  /** An answer of it with cached tokens; that of `like` where it is left out. */
  readonly cached?: keyof typeof CACHED;
  /** Why no reasoning comes back to it. */
  readonly thoughtless?: (client: string) => string | undefined;
  /** Why a prompt is never kept for it, whoever asks. */
  readonly cacheless?: string;
  /** What the model has not: refused with 400, or left out and told. */
  readonly refuses?: Readonly<Record<string, string>>;
  readonly lacks?: Readonly<Record<string, string>>;
}
const FOREIGN = ['@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/dialect-converse'];
const further = (vendor: Provider, model: string, column: Partial<Column> = {}): Column => ({
  vendor,
  model,
  thinks: model,
  plugins: FOREIGN,
  like: vendor,
  ...column,
});
const STORED = 'what is kept under a name is kept at Vertex AI';
const NO_REASONING = 'chat completions show no reasoning';
const NO_THOUGHTS = 'the model does not think';
const WORDS_OF_CLAUDE = 'the client asks in words of Claude';
const documents = 'the format takes documents of text alone';
/** Models that a provider serves in another way than that of its own column. */
const models: Readonly<Record<string, Column>> = {
  'vertex: claude': further('vertex', 'claude-sonnet-4-6', { like: 'anthropic' }),
  'vertex: llama': further('vertex', 'meta/llama-4-maverick-17b-128e-instruct-maas', {
    like: 'openai',
    thinks: 'openai/gpt-oss-120b-maas',
    thoughtless: () => NO_REASONING,
  }),
  'vertex: mistral': further('vertex', 'mistral-medium-3', { like: 'openai', thoughtless: () => NO_REASONING }),
  'oci: cohere': further('oci', 'cohere.command-r-08-2024', {
    cached: 'cohere',
    thoughtless: () => NO_THOUGHTS,
    refuses: { 'forced tool': 'the format cannot force a tool', image: 'the format takes no image', document: documents },
  }),
  'oci: cohere 2': further('oci', 'cohere.command-a-vision-07-2025', {
    cached: 'cohere2',
    thinks: 'cohere.command-a-reasoning-08-2025',
    refuses: { document: documents },
  }),
  'bedrock: nova': further('bedrock', 'amazon.nova-lite-v1:0', {
    cached: 'converse',
    thinks: 'us.amazon.nova-2-lite-v1:0',
    thoughtless: (client) => (client === 'converse' ? WORDS_OF_CLAUDE : undefined),
  }),
  'bedrock: llama': further('bedrock', 'us.meta.llama4-maverick-17b-instruct-v1:0', {
    cached: 'converse',
    thoughtless: () => NO_THOUGHTS,
    cacheless: 'the model has no cache of prompts',
    lacks: { json_schema: 'the model is held to no schema', 'forced tool': 'the model cannot be made to call a tool' },
  }),
};
const columns: Readonly<Record<string, Column>> = {
  ...Object.fromEntries(Object.entries(providers).map(([vendor, column]) => [vendor, { ...column, vendor: vendor as Provider, like: vendor as Provider }])),
  ...models,
};
type Client = keyof typeof dialects;
type Provider = keyof typeof providers;
const place = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };

interface Cell {
  readonly bench: Bench;
  readonly speaker: Speaker;
  readonly provider: Provider;
  readonly column: Column;
  ask(question: Omit<Question, 'model'>): ReturnType<Speaker['ask']>;
}
/** Callers may make caches of their own at the vendor. */
const STORING = {
  match: { principal: '*' },
  allow: { modes: ['protocol', 'transparent'], classes: ['inference', 'models', 'stateful'], instances: ['*'], models: ['*'] },
};
/** A cache that the caller made at the vendor. */
const stored = async (bench: Bench, model: string): Promise<string> => {
  const contents = [{ role: 'user', parts: [{ text: 'word '.repeat(60) }] }];
  return (await genaiAt(bench).caches.create({ model, config: { contents, ttl: '600s' } })).name ?? '';
};
/** What the provider was asked for a cache by, in its own words. */
const hintsAt = (bench: Bench): readonly string[] => {
  const body = bench.simulator.requests.at(-1)?.body.toString('utf8') ?? '';
  return [...body.matchAll(/"(cache_control|cachePoint|cachedContent|prompt_cache_key|prompt_cache_breakpoint)":/g)].flatMap(([, name]) => name ?? []);
};
/** `yes`, or what the ledger of the gateway says, or why the provider does not offer it. */
type Verdict = string;
const verdict = (fidelity: string): Verdict => {
  const notes = fidelity.split(',').filter((note) => note !== '' && !OF_FORMAT.has(note));
  return notes.length === 0 ? 'yes' : `ledger: ${notes.join(',')}`;
};
/** Why nothing was thought that could come back. */
const SILENT: ReadonlySet<string> = new Set([NO_THOUGHTS, WORDS_OF_CLAUDE]);
/** A call with its thinking beside it, as servers of open models say it, which the simulators of their formats do not. */
const THOUGHT_ALOUD = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: null,
        reasoning_content: 'It is about the time.',
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'get_time', arguments: '{}' } }],
      },
      logprobs: null,
      finish_reason: 'tool_calls',
    },
  ],
  usage: { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18 },
};
const COUNTED = { promptTokens: 117, completionTokens: 5, totalTokens: 122, promptTokensDetails: { cachedTokens: 100 } };
/** A whole answer of each provider that read 100 of 117 tokens from its cache. */
const CACHED: Readonly<Record<Provider | 'cohere' | 'cohere2' | 'converse', (client: string) => Readonly<Record<string, unknown>>>> = {
  openai: () => ({
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4o-mini',
    choices: [{ index: 0, message: { role: 'assistant', content: 'a', refusal: null }, logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: 117, completion_tokens: 5, total_tokens: 122, prompt_tokens_details: { cached_tokens: 100 } },
  }),
  anthropic: () => ({
    id: 'm',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-6',
    content: [{ type: 'text', text: 'a' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 10, cache_read_input_tokens: 100, cache_creation_input_tokens: 7, output_tokens: 5 },
  }),
  azure: (client) => CACHED.openai(client),
  watsonx: () => ({
    id: 'c',
    model_id: 'ibm/granite-3-3-8b-instruct',
    created: 1,
    choices: [{ index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 117, completion_tokens: 5, total_tokens: 122 },
  }),
  oci: () => ({
    modelId: 'meta.llama-4-maverick-17b-128e-instruct-fp8',
    modelVersion: '1',
    chatResponse: {
      apiFormat: 'GENERIC',
      timeCreated: '2026-11-23T00:00:00.000Z',
      choices: [{ index: 0, message: { role: 'ASSISTANT', content: [{ type: 'TEXT', text: 'a' }] }, finishReason: 'stop' }],
      usage: COUNTED,
    },
  }),
  vertex: () => ({
    candidates: [{ content: { role: 'model', parts: [{ text: 'a' }] }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 117, candidatesTokenCount: 5, totalTokenCount: 122, cachedContentTokenCount: 100 },
    modelVersion: 'gemini-3-flash-preview',
    createTime: '2026-11-23T00:00:00Z',
    responseId: 'r',
  }),
  bedrock: (client) => (client === 'anthropic' ? CACHED.anthropic(client) : CACHED.converse(client)),
  converse: () => ({
    output: { message: { role: 'assistant', content: [{ text: 'a' }] } },
    stopReason: 'end_turn',
    metrics: { latencyMs: 1 },
    usage: { inputTokens: 10, outputTokens: 5, totalTokens: 122, cacheReadInputTokens: 100, cacheWriteInputTokens: 7 },
  }),
  cohere: () => ({ modelId: 'c', modelVersion: '1', chatResponse: { apiFormat: 'COHERE', text: 'a', finishReason: 'COMPLETE', usage: COUNTED } }),
  cohere2: () => ({
    modelId: 'c',
    modelVersion: '1',
    chatResponse: {
      apiFormat: 'COHEREV2',
      id: 'c',
      message: { role: 'ASSISTANT', content: [{ type: 'TEXT', text: 'a' }] },
      finishReason: 'COMPLETE',
      usage: COUNTED,
    },
  }),
};

/** Formats with a word for an answer that one of the client's sequences ended. */
const TELLS_SEQUENCES: ReadonlySet<string> = new Set(['anthropic', 'converse', 'bedrock']);
const traits: Readonly<Record<string, (cell: Cell, client: Client) => Promise<Verdict>>> = {
  text: async ({ ask }) => {
    const answer = await ask({ text: 'Hello' });
    expect([answer.text, answer.stop]).toEqual(['You said: Hello', 'end']);
    return verdict(answer.fidelity);
  },
  stream: async ({ ask, bench }) => {
    const told = (from: number) => bench.line((line) => line.msg === 'request' && bench.lines.indexOf(line) >= from);
    const first = bench.lines.length;
    const whole = await ask({ text: 'Hello' });
    await told(first);
    const before = bench.lines.length;
    const answer = await ask({ text: 'Hello', stream: true });
    expect([answer.text, answer.stop, answer.usage]).toEqual(['You said: Hello', 'end', whole.usage]);
    expect(answer.usage.output).toBeGreaterThan(0);
    // What is lost behind the head of a stream is told in the log.
    const { fidelity = '' } = await told(before);
    return verdict(String(fidelity));
  },
  'parallel tools': async ({ ask }) => {
    const answer = await ask({ text: 'call get_weather with {"city":"Oslo"} and get_time', tools: ['get_weather', 'get_time'] });
    expect(answer.calls.map(({ name, input }) => [name, input])).toEqual([
      ['get_weather', { city: 'Oslo' }],
      ['get_time', {}],
    ]);
    return verdict(answer.fidelity);
  },
  'tool loop': async ({ ask }) => {
    const tools = ['get_weather'];
    const asked = await ask({ text: 'call get_weather with {"city":"Oslo"}', tools });
    const answer = await ask({ text: '', tools, before: asked.after, results: asked.calls.map(({ id }) => ({ id, text: 'snow' })) });
    expect(answer.text).toBe('The tool said: snow');
    return verdict(answer.fidelity);
  },
  'forced tool': async ({ ask }) => {
    const answer = await ask({ text: 'Hello', tools: ['get_weather', 'get_time'], force: 'get_time' });
    expect([answer.calls.map(({ name }) => name), answer.stop === 'tools' || answer.stop === 'end']).toEqual([['get_time'], true]);
    return verdict(answer.fidelity);
  },
  image: async ({ ask }) => {
    const answer = await ask({ text: 'What is this?', media: 'image' });
    expect(answer.text).toBe('You said: What is this? [image]');
    return verdict(answer.fidelity);
  },
  document: async ({ ask, provider, speaker }) => {
    if (provider === 'watsonx') {
      const error = await ask({ text: 'What is this?', media: 'document' }).catch((cause: unknown) => cause);
      expect(speaker.failure(error).status).toBe(400);
      return 'not offered: watsonx.ai takes no documents';
    }
    const answer = await ask({ text: 'What is this?', media: 'document' });
    expect(answer.text).toMatch(/^You said: What is this\? \[(document|file)\]$/);
    return verdict(answer.fidelity);
  },
  json_schema: async ({ ask }) => {
    const answer = await ask({ text: 'Where?', schema: place });
    expect(JSON.parse(answer.text)).toEqual({ city: 'text' });
    return verdict(answer.fidelity);
  },
  'reasoning loop': async ({ ask, bench, provider, column }, client) => {
    const more = { tools: ['get_time'], thinking: true };
    const thoughtless = provider === 'watsonx' ? 'watsonx.ai takes no reasoning back' : column.thoughtless?.(client);
    if (thoughtless === NO_REASONING) bench.simulator.script({ body: THOUGHT_ALOUD });
    const asked = await ask({ ...more, text: 'call get_time' });
    const answer = await ask({ ...more, text: '', before: asked.after, results: asked.calls.map(({ id }) => ({ id, text: 'noon' })) });
    expect(answer.text).toBe('The tool said: noon');
    const { thought, carried } = thoughtsOf(bench);
    expect(thought.length > 0).toBe(thoughtless === undefined || !SILENT.has(thoughtless));
    if (thoughtless !== undefined) {
      expect(carried).toEqual([]);
      return `not offered: ${thoughtless}`;
    }
    expect(carried).toEqual(thought);
    return verdict(answer.fidelity);
  },
  'usage and cache': async ({ ask, bench, provider, column }, client) => {
    const body = CACHED[column.cached ?? provider](client);
    bench.simulator.script({ body });
    const answer = await ask({ text: 'Hello' });
    expect(answer.usage).toEqual({ input: 117, cached: provider === 'watsonx' ? 0 : 100, output: 5 });
    bench.simulator.script(streamedOf(body, provider === 'bedrock'));
    const streamed = await ask({ text: 'Hello', stream: true });
    expect([streamed.text, streamed.usage]).toEqual([answer.text, answer.usage]);
    if (provider === 'watsonx') return 'not offered: watsonx.ai tells no cached tokens';
    return verdict(answer.fidelity);
  },
  'cache hint': async ({ ask, bench, column, provider, speaker }, client) => {
    const refused = client === 'gemini' ? (provider === 'vertex' ? undefined : STORED) : isOwn(client, column) ? column.cacheless : undefined;
    if (refused !== undefined) {
      const error = await ask({ text: 'Hello', hint: 'cachedContents/77' }).catch((cause: unknown) => cause);
      expect([400, 403]).toContain(speaker.failure(error).status);
      return `not offered: ${refused}`;
    }
    const answer = await ask({ text: 'Hello', hint: client === 'gemini' ? await stored(bench, column.model) : 'acme' });
    expect(answer.text).toBe('You said: Hello');
    const found = verdict(answer.fidelity);
    const told = found.match(/ignored=[^,]*cache/gi) ?? [];
    expect(hintsAt(bench).length + told.length).toBe([MARKS[client], NAMED[client]].filter((one) => one !== undefined).length);
    return column.cacheless === undefined ? found : `not offered: ${column.cacheless}`;
  },
  'stop reason': async ({ ask, provider }, client) => {
    const short = await ask({ text: 'write 9 words', most: 2 });
    expect(short.stop).toBe('length');
    const question = { text: 'write 9 words', until: 'word3' };
    const told = TELLS_SEQUENCES.has(client) && TELLS_SEQUENCES.has(provider) ? 'sequence' : 'end';
    const whole = await ask(question);
    expect([whole.text.trim(), whole.stop]).toEqual(['word1 word2', told]);
    const streamed = await ask({ ...question, stream: true });
    expect([streamed.text.trim(), streamed.stop]).toEqual(['word1 word2', told]);
    return verdict([...new Set([short, whole].flatMap(({ fidelity }) => fidelity.split(',')))].join(','));
  },
  error: async ({ ask, bench, speaker }) => {
    bench.simulator.script({ status: 429 });
    const error = await ask({ text: 'Hello' }).catch((cause: unknown) => cause);
    const { status, kind } = speaker.failure(error);
    expect([status, kind]).toEqual([429, expect.stringMatching(/^(rate_limit_exceeded|rate_limit_error|ThrottlingException|RESOURCE_EXHAUSTED)$/)]);
    return 'yes';
  },
};
/** Notes of every answer in another format: a time that one has no place for, a duration that the other does not measure. */
const OF_FORMAT: ReadonlySet<string> = new Set(['ignored=created', 'defaulted=metrics.latencyMs']);
/** What each client asks for a cache by: a mark on the text, a name. */
const MARKS: Readonly<Record<Client, string | undefined>> = {
  openai: 'messages[].content[].prompt_cache_breakpoint',
  anthropic: 'messages[].content[].cache_control',
  converse: 'messages[].content[].cachePoint',
  gemini: undefined,
};
const NAMED: Readonly<Record<Client, string | undefined>> = { openai: 'prompt_cache_key', anthropic: undefined, converse: undefined, gemini: 'cachedContent' };
/** Where marks of every client are written as the provider's own. */
const MARKED: ReadonlySet<string> = new Set(['openai', 'azure', 'anthropic', 'bedrock', 'vertex: claude', 'bedrock: nova']);
/** OpenAI's name for what shares a cache goes on as it came. */
const NAMING: ReadonlySet<string> = new Set(['openai', 'azure', 'vertex: llama', 'vertex: mistral']);
/** Where the model that is asked for a cache counts what it reasons. */
const REASONING: ReadonlySet<string> = new Set(['openai', 'azure', 'vertex']);
const hintsLost = (client: Client, name: string, column: Column): readonly string[] => {
  if (isOwn(client, column) || (client === 'openai' && NAMING.has(name))) return [];
  return [...(MARKED.has(name) ? [] : [MARKS[client]]), NAMED[client]].flatMap((lost) => (lost === undefined ? [] : [`ignored=${lost}`]));
};
/** What is not a plain yes, said beforehand. */
const EXPECTED: Readonly<Record<string, string>> = {
  'openai to anthropic: stop reason': 'ledger: ignored=choices[].finish_reason',
  'openai to bedrock: stop reason': 'ledger: ignored=choices[].finish_reason',
  'converse to anthropic: stop reason': 'ledger: ignored=stopReason',
  'gemini to anthropic: stop reason': 'ledger: ignored=candidates[].finishReason',
  'gemini to bedrock: stop reason': 'ledger: ignored=candidates[].finishReason',
  'openai to vertex: json_schema': 'ledger: emulated=response_format.json_schema.name,emulated=response_format.json_schema.strict',
  'anthropic to vertex: json_schema': 'ledger: emulated=output_config.format.name,emulated=output_config.format.strict',
  'converse to vertex: text': 'ledger: ignored=usage.reasoning',
  'converse to vertex: stream': 'ledger: ignored=usage.reasoning',
  'converse to vertex: parallel tools': 'ledger: ignored=usage.reasoning',
  'converse to vertex: tool loop': 'ledger: ignored=usage.reasoning',
  'converse to vertex: forced tool': 'ledger: ignored=usage.reasoning',
  'converse to vertex: image': 'ledger: ignored=usage.reasoning',
  'converse to vertex: document': 'ledger: ignored=usage.reasoning',
  'converse to vertex: stop reason': 'ledger: ignored=usage.reasoning',
  'openai to vertex: reasoning loop': 'ledger: emulated=include',
  'anthropic to vertex: reasoning loop': 'ledger: emulated=thinking.budget_tokens',
  'converse to vertex: reasoning loop': 'ledger: emulated=additionalModelRequestFields.thinking,ignored=usage.reasoning',
  'converse to vertex: json_schema':
    'ledger: emulated=outputConfig.textFormat.structure.jsonSchema.name,emulated=outputConfig.textFormat,ignored=usage.reasoning',
  'openai to anthropic: document': 'ledger: emulated=messages[].content[].file.filename',
  'openai to bedrock: document': 'ledger: emulated=messages[].content[].file.filename',
  'anthropic to openai: document': 'ledger: defaulted=messages[].content[].title',
  'converse to anthropic: document': 'ledger: emulated=messages[].content[].document.name',
  'openai to oci: document': 'ledger: ignored=messages[].content[].file.filename',
  'converse to oci: document': 'ledger: ignored=messages[].content[].document.name',
  'openai to oci: reasoning loop': 'ledger: emulated=include',
  'anthropic to oci: reasoning loop': 'ledger: emulated=thinking.display,emulated=thinking.budget_tokens',
  'converse to oci: reasoning loop': 'ledger: emulated=additionalModelRequestFields.thinking,ignored=usage.reasoning',
  'gemini to oci: reasoning loop': 'ledger: emulated=generationConfig.thinkingConfig.includeThoughts,emulated=generationConfig.thinkingConfig.thinkingBudget',
  'openai to vertex: claude: document': 'ledger: emulated=messages[].content[].file.filename',
  'openai to vertex: claude: json_schema': 'ledger: emulated=response_format.json_schema.name',
  'openai to vertex: claude: stop reason': 'ledger: ignored=choices[].finish_reason',
  'converse to vertex: claude: document': 'ledger: emulated=messages[].content[].document.name',
  'converse to vertex: claude: json_schema': 'ledger: emulated=outputConfig.textFormat.structure.jsonSchema.name',
  'converse to vertex: claude: reasoning loop': 'ledger: ignored=usage.reasoning',
  'converse to vertex: claude: stop reason': 'ledger: ignored=stopReason',
  'gemini to vertex: claude: json_schema': 'ledger: emulated=generationConfig.responseJsonSchema',
  'gemini to vertex: claude: usage and cache': 'ledger: ignored=usage.cacheWrite',
  'gemini to vertex: claude: stop reason': 'ledger: ignored=candidates[].finishReason',
  'anthropic to vertex: llama: document': 'ledger: defaulted=messages[].content[].title',
  'gemini to vertex: llama: document': 'ledger: defaulted=contents[].parts[].displayName',
  'anthropic to vertex: mistral: document': 'ledger: defaulted=messages[].content[].title',
  'gemini to vertex: mistral: document': 'ledger: defaulted=contents[].parts[].displayName',
  'openai to oci: cohere: json_schema': 'ledger: emulated=response_format.json_schema.name',
  'anthropic to oci: cohere: json_schema': 'ledger: emulated=output_config.format.name',
  'converse to oci: cohere: json_schema': 'ledger: emulated=outputConfig.textFormat.structure.jsonSchema.name',
  'gemini to oci: cohere: json_schema': 'ledger: emulated=generationConfig.responseJsonSchema',
  'openai to oci: cohere 2: forced tool': 'ledger: emulated=tools',
  'openai to oci: cohere 2: json_schema': 'ledger: emulated=response_format.json_schema.name',
  'anthropic to oci: cohere 2: forced tool': 'ledger: emulated=tools',
  'anthropic to oci: cohere 2: json_schema': 'ledger: emulated=output_config.format.name',
  'converse to oci: cohere 2: forced tool': 'ledger: emulated=toolConfig.tools',
  'converse to oci: cohere 2: json_schema': 'ledger: emulated=outputConfig.textFormat.structure.jsonSchema.name',
  'openai to oci: cohere 2: reasoning loop': 'ledger: emulated=include,emulated=reasoning.effort',
  'anthropic to oci: cohere 2: reasoning loop': 'ledger: emulated=thinking.display',
  'converse to oci: cohere 2: reasoning loop': 'ledger: emulated=additionalModelRequestFields.thinking,ignored=usage.reasoning',
  'gemini to oci: cohere 2: reasoning loop': 'ledger: emulated=generationConfig.thinkingConfig.includeThoughts',
  'gemini to oci: cohere 2: forced tool': 'ledger: emulated=tools',
  'gemini to oci: cohere 2: json_schema': 'ledger: emulated=generationConfig.responseJsonSchema',
  'openai to bedrock: nova: json_schema': 'ledger: emulated=response_format',
  'anthropic to bedrock: nova: json_schema': 'ledger: emulated=output_config.format',
  'gemini to bedrock: nova: json_schema': 'ledger: emulated=generationConfig.responseMimeType',
  'openai to bedrock: nova: document': 'ledger: emulated=messages[].content[].file.filename',
  'openai to bedrock: nova: reasoning loop': 'ledger: emulated=include',
  'openai to bedrock: nova: stop reason': 'ledger: ignored=choices[].finish_reason',
  'anthropic to bedrock: nova: document': 'ledger: defaulted=messages[].content[].title',
  'anthropic to bedrock: nova: reasoning loop': 'ledger: emulated=thinking.budget_tokens',
  'anthropic to bedrock: nova: stop reason': 'ledger: defaulted=stop_sequence',
  'gemini to bedrock: nova: document': 'ledger: defaulted=contents[].parts[].displayName',
  'gemini to bedrock: nova: reasoning loop':
    'ledger: emulated=generationConfig.thinkingConfig.thinkingBudget,ignored=generationConfig.thinkingConfig.includeThoughts',
  'gemini to bedrock: nova: usage and cache': 'ledger: ignored=usage.cacheWrite',
  'gemini to bedrock: nova: stop reason': 'ledger: ignored=candidates[].finishReason',
  'openai to bedrock: llama: document': 'ledger: emulated=messages[].content[].file.filename',
  'openai to bedrock: llama: stop reason': 'ledger: ignored=choices[].finish_reason',
  'anthropic to bedrock: llama: document': 'ledger: defaulted=messages[].content[].title',
  'anthropic to bedrock: llama: stop reason': 'ledger: defaulted=stop_sequence',
  'gemini to bedrock: llama: document': 'ledger: defaulted=contents[].parts[].displayName',
  'gemini to bedrock: llama: usage and cache': 'ledger: ignored=usage.cacheWrite',
  'gemini to bedrock: llama: stop reason': 'ledger: ignored=candidates[].finishReason',
  'openai to watsonx: document': 'not offered: watsonx.ai takes no documents',
  'openai to watsonx: reasoning loop': 'not offered: watsonx.ai takes no reasoning back',
  'openai to watsonx: usage and cache': 'not offered: watsonx.ai tells no cached tokens',
  'anthropic to watsonx: document': 'not offered: watsonx.ai takes no documents',
  'anthropic to watsonx: reasoning loop': 'not offered: watsonx.ai takes no reasoning back',
  'anthropic to watsonx: usage and cache': 'not offered: watsonx.ai tells no cached tokens',
  'converse to watsonx: document': 'not offered: watsonx.ai takes no documents',
  'converse to watsonx: reasoning loop': 'not offered: watsonx.ai takes no reasoning back',
  'converse to watsonx: usage and cache': 'not offered: watsonx.ai tells no cached tokens',
  'openai to anthropic: json_schema': 'ledger: emulated=response_format.json_schema.name',
  'converse to anthropic: json_schema': 'ledger: emulated=outputConfig.textFormat.structure.jsonSchema.name',
  'openai to bedrock: reasoning loop': 'ledger: emulated=reasoning_effort,clamped=reasoning_effort',
  'converse to anthropic: reasoning loop': 'ledger: ignored=usage.reasoning',
  'anthropic to openai: reasoning loop': 'ledger: emulated=thinking.budget_tokens',
  'converse to openai: reasoning loop': 'ledger: emulated=additionalModelRequestFields.thinking,ignored=usage.reasoning',
  'gemini to openai: reasoning loop': 'ledger: emulated=generationConfig.thinkingConfig.thinkingBudget',
  'anthropic to azure: reasoning loop': 'ledger: emulated=thinking.budget_tokens',
  'converse to azure: reasoning loop': 'ledger: emulated=additionalModelRequestFields.thinking,ignored=usage.reasoning',
  'gemini to azure: reasoning loop': 'ledger: emulated=generationConfig.thinkingConfig.thinkingBudget',
  'anthropic to azure: document': 'ledger: defaulted=messages[].content[].title',
  'gemini to openai: document': 'ledger: defaulted=contents[].parts[].displayName',
  'gemini to azure: document': 'ledger: defaulted=contents[].parts[].displayName',
  'gemini to bedrock: document': 'ledger: defaulted=contents[].parts[].displayName',
  'gemini to anthropic: json_schema': 'ledger: emulated=generationConfig.responseJsonSchema',
  'gemini to bedrock: json_schema': 'ledger: emulated=generationConfig.responseJsonSchema',
  'gemini to watsonx: document': 'not offered: watsonx.ai takes no documents',
  'gemini to watsonx: reasoning loop': 'not offered: watsonx.ai takes no reasoning back',
  'gemini to watsonx: usage and cache': 'not offered: watsonx.ai tells no cached tokens',
  'gemini to bedrock: reasoning loop': 'ledger: emulated=generationConfig.thinkingConfig.includeThoughts',
  'gemini to anthropic: usage and cache': 'ledger: ignored=usage.cacheWrite',
  'gemini to bedrock: usage and cache': 'ledger: ignored=usage.cacheWrite',
};
/** Whoever speaks the provider's own format asks the model, whatever it has. */
const isOwn = (client: Client, { vendor }: Column): boolean => client === 'converse' && vendor === 'bedrock';
const lackingOf = (client: Client, column: Column, trait: string): string | undefined => (isOwn(client, column) ? undefined : column.lacks?.[trait]);
/** The provider itself refuses what the model lacks where nothing is left out on the way. */
const refusedOf = (client: Client, column: Column, trait: string): string | undefined =>
  column.refuses?.[trait] ?? (isOwn(client, column) ? column.lacks?.[trait] : undefined);
const expectedOf = (client: Client, name: string, column: Column, trait: string): Verdict => {
  const thoughtless = trait === 'reasoning loop' ? column.thoughtless?.(client) : undefined;
  if (trait === 'cache hint') {
    if (client === 'gemini') return column.like === 'vertex' ? 'yes' : `not offered: ${STORED}`;
    if (column.cacheless !== undefined) return `not offered: ${column.cacheless}`;
    const notes = [...hintsLost(client, name, column), ...(client === 'converse' && REASONING.has(name) ? ['ignored=usage.reasoning'] : [])];
    return notes.length === 0 ? 'yes' : `ledger: ${notes.join(',')}`;
  }
  const missing = refusedOf(client, column, trait) ?? lackingOf(client, column, trait) ?? thoughtless;
  return missing === undefined ? (EXPECTED[`${client} to ${name}: ${trait}`] ?? 'yes') : `not offered: ${missing}`;
};
/** In whatever order it was noted. */
const notesOf = (found: Verdict): readonly string[] =>
  found
    .replace(/^ledger: /, '')
    .split(',')
    .toSorted();

/** A trait that a model has not: it is refused, or left out and told. */
const tryLacking = async (
  tried: () => Promise<Verdict>,
  refused: string | undefined,
  lacking: string | undefined,
  seen: { readonly failure: Speaker['failure']; readonly told: () => string },
): Promise<Verdict> => {
  if (refused === undefined && lacking === undefined) return tried();
  const error = await tried().then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (refused !== undefined) expect(seen.failure(error).status).toBe(400);
  else expect([error instanceof Error, seen.told()]).toEqual([true, expect.stringMatching(/ignored=|emulated=/)]);
  return `not offered: ${refused ?? lacking}`;
};

describe.each(Object.entries(columns))('to %s', (name, column) => {
  const { vendor, model, thinks, caches = model, plugins, like } = column;
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor, plugins: [...plugins, '@llm-proxy-auth/dialect-gemini'], sections: { retry: { attempts: 1 }, policies: [STORING] } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());

  describe.each(Object.entries(clients))('from %s', (title, [client, speaker]) => {
    test.for(Object.entries(traits))('%s', async ([trait, tried], { task }) => {
      task.meta.cell = { client: title, provider: name, trait };
      let told = '';
      const ask: Cell['ask'] = async (question) => {
        const answer = await speaker.ask(bench, { model: question.thinking === true ? thinks : question.hint === undefined ? model : caches, ...question });
        told = answer.fidelity;
        return answer;
      };
      const cell: Cell = { bench, speaker, provider: like, column, ask };
      const seen = { failure: speaker.failure, told: () => told };
      const found = await tryLacking(() => tried(cell, client), refusedOf(client, column, trait), lackingOf(client, column, trait), seen);
      task.meta.cell = { client: title, provider: name, trait, found };
      expect(notesOf(found)).toEqual(notesOf(expectedOf(client, name, column, trait)));
    });
  });
});
