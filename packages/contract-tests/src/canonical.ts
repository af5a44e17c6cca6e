import type { ChatReply, ChatRequest, EmbedReply, EmbedRequest, Kept, Operation, Part, RerankReply, RerankRequest, Turn, Usage } from '@llm-proxy-auth/plugin';

/** One request that has something a plain one has not. `path` is the canonical path of it, `mark` a text only it holds. */
export interface Variant<T> {
  readonly path: string;
  readonly value: T;
  readonly mark?: string;
  /** The same without it; left out where that is the plain request. */
  readonly base?: T;
}
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const user = (...parts: readonly Part[]): Turn => ({ role: 'user', parts });
const assistant = (...parts: readonly Part[]): Turn => ({ role: 'assistant', parts });
const said = (text: string): Part => ({ kind: 'text', text });
export const plainChat: ChatRequest = Object.freeze({ turns: [user(said('Hello.'))], tools: [], choices: 1 });
const call = (input: Extract<Part, { kind: 'toolCall' }>['input'], name = 'lookup'): Part => ({ kind: 'toolCall', id: 'call_1', name, input });
const lookup = {
  kind: 'function',
  name: 'lookup',
  description: 'Looks a word up.',
  schema: { type: 'object', properties: { word: { type: 'string' } } },
} as const;
const turns = (...more: readonly Turn[]): ChatRequest => ({ ...plainChat, turns: [user(said('Hello.')), ...more] });
const withTool = (...more: readonly Turn[]): ChatRequest => ({ ...turns(...more), tools: [lookup] });
const result = (...parts: readonly Part[]): Part => ({ kind: 'toolResult', id: 'call_1', parts, failed: false });
const opaque: Part = { kind: 'opaque', origin: { dialect: 'unheard-of', payload: { json: '{"type":"mark-opaque"}' } } };

/** Texts that say something else when they run together. */
export const APART: readonly [string, string] = ['Total is 5', '0 mark-apart'];
const apart = APART.map(said);
/** One request a part kind, in a role that may hold it. */
export const partVariants: readonly Variant<ChatRequest>[] = [
  { path: 'text', mark: 'mark-text', value: turns(user(said('mark-text'))) },
  { path: 'text system', mark: 'mark-system', value: { ...plainChat, turns: [{ role: 'system', parts: [said('mark-system')] }, user(said('Hello.'))] } },
  { path: 'text assistant', mark: 'mark-answer', value: turns(assistant(said('mark-answer')), user(said('More.'))) },
  { path: 'text several', mark: 'mark-apart', value: { ...plainChat, turns: [user(...apart)] } },
  { path: 'text several system', mark: 'mark-apart', value: { ...plainChat, turns: [{ role: 'system', parts: apart }, user(said('Hello.'))] } },
  { path: 'text several assistant', mark: 'mark-apart', value: turns(assistant(...apart), user(said('More.'))) },
  { path: 'text several turns', mark: 'mark-apart', value: { ...plainChat, turns: apart.map((part) => user(part)) } },
  { path: 'text several answers', mark: 'mark-apart', value: turns(...apart.map((part) => assistant(part)), user(said('More.'))) },
  { path: 'toolResult several texts', mark: 'mark-apart', value: withTool(assistant(call({ json: '{}' })), user(result(...apart))) },
  { path: 'refusal', mark: 'mark-refusal', value: turns(assistant({ kind: 'refusal', text: 'mark-refusal' }), user(said('Please.'))) },
  {
    path: 'thinking',
    mark: 'mark-thinking',
    value: turns(assistant({ kind: 'thinking', text: 'mark-thinking', redacted: false }, said('So.')), user(said('More.'))),
  },
  { path: 'image base64', mark: png, value: turns(user({ kind: 'image', media: { base64: png, type: 'image/png' } })) },
  { path: 'image url', mark: 'mark-image', value: turns(user({ kind: 'image', media: { url: 'https://images.example/mark-image.png' } })) },
  { path: 'audio', mark: 'UklGRmark', value: turns(user({ kind: 'audio', media: { base64: 'UklGRmark', type: 'audio/wav' } })) },
  { path: 'video', mark: 'mark-video', value: turns(user({ kind: 'video', media: { url: 'https://videos.example/mark-video.mp4', type: 'video/mp4' } })) },
  {
    path: 'document',
    mark: 'JVBERi0xmark',
    value: turns(user({ kind: 'document', media: { base64: 'JVBERi0xmark', type: 'application/pdf' }, name: 'paper.pdf' })),
  },
  { path: 'document file', mark: 'file-mark', value: turns(user({ kind: 'document', media: { file: 'file-mark' } })) },
  { path: 'toolCall', mark: 'mark-input', value: withTool(assistant(call({ json: '{"word":"mark-input"}' })), user(result(said('A word.')))) },
  {
    path: 'toolCall big number',
    mark: '12345678901234567890',
    value: withTool(assistant(call({ json: '{"word":12345678901234567890}' })), user(result(said('A word.')))),
  },
  {
    path: 'toolCall custom',
    mark: 'mark-free',
    value: {
      ...withTool(assistant(call({ text: 'mark-free text' }, 'free')), user(result(said('A word.')))),
      tools: [lookup, { kind: 'custom', name: 'free' }],
    },
  },
  { path: 'toolResult', mark: 'mark-result', value: withTool(assistant(call({ json: '{}' })), user(result(said('mark-result')))) },
  { path: 'toolResult several', mark: 'mark-second', value: withTool(assistant(call({ json: '{}' })), user(result(said('one'), said('mark-second')))) },
  { path: 'opaque', mark: 'mark-opaque', value: turns(assistant(opaque, said('So.')), user(said('More.'))) },
];

const kept: Kept = { cache: { ttl: '5m' } };
const field = (path: string, more: Partial<ChatRequest>, less: Partial<ChatRequest> = {}): Variant<ChatRequest> => ({
  path,
  value: { ...plainChat, ...more },
  base: { ...plainChat, ...less },
});
const sampling = (name: string, value: unknown): Variant<ChatRequest> => field(`sampling.${name}`, { sampling: { [name]: value } });
const toolField = (name: string, value: unknown): Variant<ChatRequest> =>
  field(`tools.${name}`, { tools: [{ ...lookup, [name]: value }] }, { tools: [lookup] });
const partField = (path: string, part: Part, more: object): Variant<ChatRequest> => ({
  path,
  value: turns(user({ ...part, ...more })),
  base: turns(user(part)),
});
const free = { kind: 'custom', name: 'free' } as const;
const schema = { name: 'answer', strict: false, schema: { type: 'object' } } as const;
const paper: Part = { kind: 'document', media: { base64: 'JVBERi0x', type: 'application/pdf' }, name: 'a.pdf' };
const texts: Part = { kind: 'document', media: { base64: 'b25lCnR3bw==', type: 'text/plain' }, name: 'a.txt' };
const failing = (failed: boolean): ChatRequest =>
  withTool(assistant(call({ json: '{}' })), user({ kind: 'toolResult', id: 'call_1', parts: [said('no')], failed }));
/** One request a field that a chat request may leave out. */
export const fieldVariants: readonly Variant<ChatRequest>[] = [
  field('tools', { tools: [lookup] }),
  toolField('strict', true),
  toolField('cache', kept.cache),
  field('tools.description', { tools: [{ ...free, description: 'Takes free text.' }] }, { tools: [free] }),
  field('tools.grammar', { tools: [{ ...free, grammar: { json: '{"syntax":"regex","definition":"a+"}' } }] }, { tools: [free] }),
  field('tools.server', { tools: [{ kind: 'server', origin: { dialect: 'unheard-of', payload: { json: '{"type":"web_search"}' } } }] }),
  field('toolChoice', { tools: [lookup], toolChoice: 'required' }, { tools: [lookup] }),
  field('toolChoice.name', { tools: [lookup], toolChoice: { name: 'lookup' } }, { tools: [lookup] }),
  field('parallelTools', { tools: [lookup], parallelTools: false }, { tools: [lookup] }),
  field('maxTokens', { maxTokens: 77 }),
  field('stop', { stop: ['mark-stop', 'second'] }),
  field('output', { output: 'json' }),
  field('output.schema', { output: schema }, { output: 'json' }),
  field('output.strict', { output: { ...schema, strict: true } }, { output: schema }),
  field('output.description', { output: { ...schema, description: 'mark-description' } }, { output: schema }),
  sampling('temperature', 0.25),
  sampling('topP', 0.75),
  sampling('topK', 33),
  sampling('seed', 4711),
  sampling('frequencyPenalty', 0.5),
  sampling('presencePenalty', -0.5),
  sampling('logitBias', { '50256': -100 }),
  field('reasoning.effort', { reasoning: { effort: 'low' } }),
  field('reasoning.budget', { reasoning: { budget: 2048 } }),
  field('reasoning.summary', { reasoning: { summary: 'auto' } }),
  field('reasoning.off', { reasoning: { off: true } }),
  field('choices', { choices: 3 }),
  field('logprobs', { logprobs: 2 }),
  field('user', { user: 'mark-user' }),
  field('tier', { tier: 'flex' }),
  field('verbosity', { verbosity: 'low' }),
  field('metadata', { metadata: { mark: 'mark-metadata' } }),
  field('prediction', { prediction: 'mark-prediction' }),
  field('webSearch', { webSearch: {} }),
  field('webSearch.size', { webSearch: { size: 'low' } }, { webSearch: {} }),
  field('webSearch.location', { webSearch: { location: { city: 'mark-city' } } }, { webSearch: {} }),
  field('rest', { rest: { from: 'unheard-of.surface', fields: { unheard_of: true } } }),
  { path: 'turns.name', value: { ...plainChat, turns: [{ role: 'user', name: 'mark-name', parts: [said('Hello.')] }] } },
  partField('turns.parts.cache', said('again'), kept),
  partField('turns.parts.detail', { kind: 'image', media: { url: 'https://images.example/a.png' } }, { detail: 'low' }),
  partField('turns.parts.title', paper, { title: 'mark-title' }),
  partField('turns.parts.context', paper, { context: 'mark-context' }),
  partField('turns.parts.cite', paper, { cite: true }),
  partField('turns.parts.pieces', texts, { pieces: [3, 3] }),
  partField('turns.parts.found', texts, { found: 'https://found.example/' }),
  { path: 'turns.parts.failed', value: failing(true), base: failing(false) },
];

export const usage: Usage = Object.freeze({ input: 21, output: 8, cacheRead: 3, cacheWrite: 0, reasoning: 2, estimated: false });
const answer = (parts: readonly Part[], finish: ChatReply['choices'][number]['finish'] = 'stop'): ChatReply => ({
  id: 'reply-1',
  model: 'model-1',
  created: 1_767_225_600,
  choices: [{ index: 0, parts, finish }],
  usage,
});
/** Answers every chat surface can carry. */
export const chatReplies: readonly Variant<ChatReply>[] = [
  { path: 'text', mark: 'mark-text', value: answer([said('mark-text, “quoted” — ünïcödé 🔑\nsecond line')]) },
  { path: 'length', mark: 'mark-cut', value: answer([said('mark-cut')], 'length') },
  { path: 'tool call', mark: 'mark-input', value: answer([call({ json: '{"word":"mark-input"}' })], 'tool') },
  {
    path: 'two tool calls',
    mark: 'mark-two',
    value: answer([call({ json: '{"n":1}' }), { ...call({ json: '{"word":"mark-two"}' }), id: 'call_2' } as Part], 'tool'),
  },
  { path: 'text and tool call', mark: 'mark-both', value: answer([said('mark-both'), call({ json: '{}' })], 'tool') },
];
const embedding = (inputs: EmbedRequest['inputs'], more: Partial<EmbedRequest> = {}): EmbedRequest => ({ inputs, encoding: 'float', ...more });
export const plainEmbedding: EmbedRequest = embedding([{ text: 'one' }]);
const embedVariants: readonly Variant<EmbedRequest>[] = [
  { path: 'inputs', mark: 'mark-second', value: embedding([{ text: 'one' }, { text: 'mark-second' }]) },
  { path: 'inputs.tokens', mark: '4711', value: embedding([{ tokens: [4711, 12] }]) },
  { path: 'dimensions', value: embedding([{ text: 'one' }], { dimensions: 256 }) },
  { path: 'purpose', value: embedding([{ text: 'one' }], { purpose: 'query' }) },
  { path: 'title', value: embedding([{ text: 'one' }], { purpose: 'document', title: 'mark-title' }) },
  { path: 'truncate', value: embedding([{ text: 'one' }], { truncate: 'start' }) },
  { path: 'user', value: embedding([{ text: 'one' }], { user: 'mark-user' }) },
  { path: 'rest', value: embedding([{ text: 'one' }], { rest: { from: 'unheard-of.surface', fields: { unheard_of: true } } }) },
];
const embedReplies: readonly Variant<EmbedReply>[] = [
  {
    path: 'vectors',
    value: {
      model: 'model-1',
      vectors: [Float32Array.of(0.5, -0.25, 0.125), Float32Array.of(1, 0, -1)],
      usage: { ...usage, output: 0, cacheRead: 0, reasoning: 0 },
    },
  },
];
const ranking = (more: Partial<RerankRequest> = {}): RerankRequest => ({ query: 'mark-query', documents: [{ text: 'one' }, { text: 'mark-second' }], ...more });
const fields = { documents: [{ fields: { title: 'mark-title', text: 'one' } }, { text: 'two' }] } as const;
const rerankVariants: readonly Variant<RerankRequest>[] = [
  { path: 'documents', mark: 'mark-third', value: ranking({ documents: [{ text: 'one' }, { text: 'mark-third' }] }) },
  { path: 'documents.fields', mark: 'mark-title', value: ranking(fields) },
  // Documents are repeated by the client half where a provider does not: alone, that they are wanted need not change what is written.
  { path: 'topN', value: ranking({ topN: 1, returnDocuments: true }) },
  { path: 'maxTokensPerDocument', value: ranking({ maxTokensPerDocument: 64 }) },
  { path: 'rankFields', value: ranking({ ...fields, rankFields: ['text', 'title'] }), base: ranking(fields) },
  { path: 'rest', value: ranking({ rest: { from: 'unheard-of.surface', fields: { unheard_of: true } } }) },
];
const rerankReplies: readonly Variant<RerankReply>[] = [
  {
    path: 'results',
    value: {
      id: 'reply-1',
      model: 'model-1',
      results: [
        { index: 1, score: 0.75, document: { text: 'mark-second' } },
        { index: 0, score: -0.25 },
      ],
      usage: { ...usage, output: 0, cacheRead: 0, reasoning: 0 },
    },
  },
];

export interface CanonicalSamples {
  readonly plain: unknown;
  readonly fields: readonly Variant<unknown>[];
  readonly parts: readonly Variant<unknown>[];
  readonly replies: readonly Variant<unknown>[];
}
/** Hand-made canonical values by operation; what is missing has no laws of its own. */
export const canonicalOf = (operation: Operation): CanonicalSamples => {
  if (operation === 'chat') return { plain: plainChat, fields: fieldVariants, parts: partVariants, replies: chatReplies };
  if (operation === 'countTokens') return { plain: plainChat, fields: [], parts: partVariants, replies: [{ path: 'input', value: { input: 42 } }] };
  if (operation === 'embeddings') return { plain: plainEmbedding, fields: embedVariants, parts: [], replies: embedReplies };
  if (operation === 'rerank') return { plain: ranking(), fields: rerankVariants, parts: [], replies: rerankReplies };
  if (operation === 'models')
    return { plain: undefined, fields: [], parts: [], replies: [{ path: 'models', value: [{ id: 'model-1', created: 1_767_225_600, owner: 'acme' }] }] };
  return { plain: undefined, fields: [], parts: [], replies: [] };
};

/** Every canonical path that stands in a value, array indexes left out: `turns.parts.detail`. */
export const pathsIn = (value: unknown, at = ''): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap((one) => pathsIn(one, at));
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return at === '' ? [] : [at];
  const here = at === '' ? [] : [at];
  return [...here, ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, at === '' ? key : `${at}.${key}`))];
};
/** Paths at which two values differ; an absent member equals an undefined one. */
export const differences = (a: unknown, b: unknown, at = ''): readonly string[] => {
  if (Object.is(a, b)) return [];
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return Buffer.from(a.buffer).equals(Buffer.from(b.buffer)) ? [] : [at];
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return [at];
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return [at];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  const inside = (value: object, key: string): unknown => (value as Readonly<Record<string, unknown>>)[key];
  const next = (key: string): string => (Array.isArray(a) ? at : at === '' ? key : `${at}.${key}`);
  return [...keys].flatMap((key) => differences(inside(a, key), inside(b, key), next(key)));
};
