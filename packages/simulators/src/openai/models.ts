import { isFields } from './check.ts';
import { refuse } from './refusal.ts';

type ModelKind = 'chat' | 'completions' | 'embeddings' | 'moderation' | 'image' | 'speech' | 'transcription' | 'video';

/** What a model refuses, by its family: the table "Reasoning-model parameter rules" of the service. */
export type Model = {
  readonly id: string;
  readonly kind: ModelKind;
  readonly created: number;
  readonly ownedBy: string;
  /** Spends reasoning tokens; refuses max_tokens, temperature, top_p, logprobs and penalties. */
  readonly reasoning: boolean;
  /** Length of an embedding, and whether `dimensions` may shorten it. */
  readonly dimensions?: number;
  readonly shortens?: boolean;
};

const chat = [
  'gpt-3.5-turbo',
  'gpt-4',
  'gpt-4-turbo',
  'gpt-4o',
  'gpt-4o-mini',
  'gpt-4o-mini-search-preview',
  'gpt-4.1',
  'gpt-4.1-mini',
  'gpt-4.1-nano',
  'gpt-5-chat-latest',
  'gpt-audio',
];
const reasoning = [
  'o1',
  'o1-mini',
  'o3',
  'o3-mini',
  'o4-mini',
  'gpt-5',
  'gpt-5-mini',
  'gpt-5-nano',
  'gpt-5.1',
  'gpt-5.2',
  'gpt-5.4',
  'gpt-5.4-mini',
  'gpt-5.6',
];
const kinds: readonly [ModelKind, readonly string[]][] = [
  ['completions', ['babbage-002', 'davinci-002', 'gpt-3.5-turbo-instruct']],
  ['moderation', ['omni-moderation-latest', 'text-moderation-latest']],
  ['image', ['gpt-image-1', 'gpt-image-1-mini', 'dall-e-3']],
  ['speech', ['tts-1', 'tts-1-hd', 'gpt-4o-mini-tts']],
  ['video', ['sora-2', 'sora-2-pro']],
  ['transcription', ['whisper-1', 'gpt-4o-transcribe', 'gpt-4o-mini-transcribe']],
];
const embeddings: readonly [id: string, dimensions: number, shortens: boolean][] = [
  ['text-embedding-3-small', 1536, true],
  ['text-embedding-3-large', 3072, true],
  ['text-embedding-ada-002', 1536, false],
];

const isReasoning = (id: string): boolean => /^(o\d+(-|$)|gpt-([5-9]|\d\d)(?!-chat)(\b|-|\.))/.test(id);

export type Models = {
  list(): readonly Model[];
  find(id: string): Model | undefined;
  /** The model if it exists and serves this kind; throws the service's refusal if not. */
  require(id: string, kind: ModelKind): Model;
};

/** Models that take no marks for the cache, which those from gpt-5.6 on do: https://developers.openai.com/api/docs/guides/prompt-caching */
const UNMARKED = /^(?:o\d|chatgpt|gpt-(?!5\.[6-9]|[6-9]))/;
const MARK = 'prompt_cache_breakpoint';
/** Refuses marks on the parts of a content where the model takes none. The service's own sentence is not known. */
export const checkMarks = (content: unknown, { id }: Model): void => {
  if (UNMARKED.test(id) && Array.isArray(content) && content.some((part) => isFields(part) && part[MARK] !== undefined && part[MARK] !== null))
    throw refuse.unsupportedParameter(MARK);
};

/** What the service says to a model at the wrong endpoint. */
const wrongKind = (model: Model, wanted: ModelKind): Error => {
  if (wanted === 'chat') {
    return refuse.notFound('This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?', 'model');
  }
  if (wanted === 'completions') {
    return refuse.notFound('This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?', 'model');
  }
  if (wanted === 'embeddings') return refuse.forbidden('You are not allowed to generate embeddings from this model');
  return refuse.plain(`The model '${model.id}' cannot be used here.`, 'model', 'invalid_value');
};

/** The built-in models and further chat models named by the caller. */
export const models = (further: readonly string[] = []): Models => {
  const base = { created: 1_715_367_049, ownedBy: 'system' };
  const all: Model[] = [
    ...[...chat, ...reasoning, ...further].map((id) => ({ ...base, id, kind: 'chat' as const, reasoning: isReasoning(id) })),
    ...kinds.flatMap(([kind, ids]) => ids.map((id) => ({ ...base, id, kind, reasoning: false }))),
    ...embeddings.map(([id, dimensions, shortens]) => ({ ...base, id, kind: 'embeddings' as const, reasoning: false, dimensions, shortens })),
  ];
  const byId = new Map(all.map((model) => [model.id, model]));
  // A dated snapshot (`gpt-4o-2024-08-06`) answers as its family does.
  const find = (id: string): Model | undefined => {
    const exact = byId.get(id);
    if (exact !== undefined) return exact;
    const family = byId.get(id.replace(/-\d{4}-\d{2}-\d{2}$/, ''));
    return family === undefined ? undefined : { ...family, id };
  };
  return {
    list: () => all,
    find,
    require: (id, kind) => {
      const model = find(id);
      if (model === undefined) throw refuse.modelNotFound(id);
      if (model.kind === kind) return model;
      throw wrongKind(model, kind);
    },
  };
};
