import { type Expectations, expectations, type Recording, recordedPath } from '@llm-proxy-auth/simulators';
import { pathOf as watsonxPath } from '../../../packages/simulators/test/watsonx-read.ts';
import * as azure from '../azure.ts';
import { PATH } from '../one-surface/index.ts';
import { HOME } from '../vertex.ts';
import { type Alone, type Vendor, vendorOf } from './bench.ts';
import { passingOf } from './passing.ts';

/** Who asks: an SDK of another dialect than the answer is in. */
export type Asker = 'openai chat' | 'anthropic chat' | 'openai text' | 'openai vectors' | 'gemini vectors' | 'rerank' | 'openai list' | 'gemini list' | 'count';
export interface Translation {
  readonly vendor: Vendor;
  readonly asker: Asker;
  readonly instance: string;
  readonly upstream: string;
  readonly model: string;
}
const MODEL = /\/model\/([^/]+)\//;
/** Some recorders left the model out. */
const googleModel = ({ operation, model }: Recording): string =>
  /gemini-[a-z0-9.-]+$/.exec(model)?.[0] ?? (operation === 'predict' ? 'text-embedding-005' : 'gemini-2.5-flash');
/** At an instance that speaks nothing but the surface that was recorded. */
const alone = (asker: Asker, name: Alone): Translation => ({ vendor: 'openai', asker, instance: `only_${name}`, upstream: PATH, model: 'm' });
const at = (one: Recording, asker: Asker, upstream: string, model = 'm', instance = 'main'): Translation => ({
  vendor: vendorOf(one),
  asker,
  instance,
  upstream,
  model,
});
type By = (one: Recording) => Translation | undefined;

const ofOpenai: By = (one) => {
  if (one.operation === 'responses') return alone('anthropic chat', 'responses');
  if (one.operation === 'completions') return alone('anthropic chat', 'completions');
  if (one.operation === 'embeddings') return at(one, 'gemini vectors', recordedPath(one));
  return one.operation === 'models' ? at(one, 'gemini list', recordedPath(one)) : at(one, 'anthropic chat', recordedPath(one));
};
const ofAzure: By = (one) => {
  if (one.operation === 'responses' || one.operation === 'completions') return ofOpenai(one);
  const asker = one.operation === 'embeddings' ? 'gemini vectors' : 'anthropic chat';
  return at(one, asker, azure.pathOf(one), String(azure.bodyOf(one).model ?? 'm'), azure.instanceOf(one));
};
const ofBedrock: By = (one) => {
  const { upstream } = passingOf(one);
  if (one.operation === 'responses') return alone('anthropic chat', 'responses');
  if (one.operation === 'chat/completions') return at(one, 'anthropic chat', upstream, one.model, 'speaking');
  const model = decodeURIComponent(MODEL.exec(upstream)?.[1] ?? '');
  if (one.operation === 'count-tokens') return at(one, 'count', upstream, model);
  if (one.operation.startsWith('converse')) return at(one, 'anthropic chat', upstream, model);
  return model.includes('anthropic.') ? at(one, 'openai chat', upstream, model, 'invoking') : undefined;
};
const VECTORS = /^(?:predict|embedContent|batchEmbedContents)$/;
const ofVertex: By = (one) => {
  const asker = VECTORS.test(one.operation) ? 'openai vectors' : one.operation === 'countTokens' ? 'count' : 'anthropic chat';
  const model = googleModel(one);
  return at(one, asker, `/v1/${HOME}/publishers/google/models/${model}:${one.operation}`, model);
};
const ofClaude: By = (one) => at(one, 'openai chat', `/v1/${HOME}/publishers/anthropic/models/${one.model}:${one.operation}`, one.model.replace('@', '-'));
const ofGemini: By = (one) => {
  if (one.operation === 'models') return alone('openai list', 'models');
  if (VECTORS.test(one.operation)) return alone('openai vectors', one.operation === 'embedContent' ? 'embed' : 'batch_embed');
  return alone('anthropic chat', passingOf(one).path.includes('generate_list') ? 'generate_list' : 'generate');
};
const ofWatsonx: By = (one) => {
  const upstream = watsonxPath(one) ?? recordedPath(one);
  const model = one.model || 'm';
  if (one.operation === 'chat/completions') return { ...at(one, 'anthropic chat', upstream, model, 'compatible'), vendor: 'openai' };
  if (one.operation.includes('generation')) return at(one, 'openai text', upstream, model);
  if (one.operation.startsWith('text/chat')) return at(one, 'anthropic chat', upstream, model);
  if (one.operation === 'text/embeddings') return at(one, 'gemini vectors', upstream, model);
  if (one.operation === 'text/rerank') return at(one, 'rerank', upstream, model);
  return one.operation === 'v1-beta/foundation_model_specs' ? at(one, 'gemini list', upstream) : undefined;
};
const BY: Readonly<Record<string, By>> = {
  openai: ofOpenai,
  azure_openai: ofAzure,
  bedrock: ofBedrock,
  vertex: ofVertex,
  vertex_claude: ofClaude,
  gemini: ofGemini,
  watsonx: ofWatsonx,
  oci: (one) => at(one, 'anthropic chat', recordedPath(one), 'meta.llama-3.3-70b-instruct'),
  anthropic: (one) => at(one, one.operation === 'messages' ? 'openai chat' : 'count', recordedPath(one), one.model || 'm'),
};
/** How a recording is asked for from another dialect; undefined where none has what was recorded. */
export const translationOf = (one: Recording): Translation | undefined => BY[one.provider]?.(one);

/** Why an answer ended, in words that every dialect has. */
const FINISHES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(['stop', 'end_turn', 'stop_sequence', 'completed', 'STOP', 'eos_token', 'pause_turn'].map((word) => [word, 'end'])),
  ...Object.fromEntries(['length', 'max_tokens', 'incomplete:max_output_tokens', 'MAX_TOKENS'].map((word) => [word, 'length'])),
  ...Object.fromEntries(['tool_calls', 'function_call', 'tool_use'].map((word) => [word, 'tools'])),
  ...Object.fromEntries(
    ['content_filter', 'refusal', 'SAFETY', 'RECITATION', 'PROHIBITED_CONTENT', 'MODEL_ARMOR', 'guardrail_intervened', 'content_filtered'].map((word) => [
      word,
      'filter',
    ]),
  ),
};
type Fields = Readonly<Record<string, unknown>>;
const count = (usage: Fields, ...names: readonly string[]): number => names.reduce((sum, name) => sum + Number(usage[name] ?? 0), 0);
const INPUT = ['prompt_tokens', 'input_tokens', 'inputTokens', 'promptTokens', 'promptTokenCount', 'input_token_count'];
const OUTPUT = ['completion_tokens', 'output_tokens', 'outputTokens', 'completionTokens', 'candidatesTokenCount', 'generated_token_count'];
/** What stands beside the input of a vendor and was read all the same. */
const BESIDE = ['cache_read_input_tokens', 'cache_creation_input_tokens', 'cacheReadInputTokens', 'cacheWriteInputTokens', 'toolUsePromptTokenCount'];
/** What was read of a cache, wherever a vendor counts it; never more than all input, which one recording says. */
const cachedOf = (usage: Fields): number => {
  const parts = [usage.prompt_tokens_details, usage.input_tokens_details, usage.promptTokensDetails].map((one) => (one ?? {}) as Fields);
  const beside = count(usage, 'cache_read_input_tokens', 'cacheReadInputTokens', 'cachedContentTokenCount');
  return parts.reduce((sum, part) => sum + count(part, 'cached_tokens', 'cachedTokens'), beside);
};
const tokensOf = (usage: Fields): readonly [number, number, number] => {
  const input = count(usage, ...INPUT, ...BESIDE);
  return [input, Math.min(input, cachedOf(usage)), count(usage, ...OUTPUT, 'thoughtsTokenCount')];
};
/** Formats that have these words for an answer that calls as for any other. */
const CALLING: ReadonlySet<string> = new Set(['STOP', 'completed']);
export interface Said {
  readonly text: string;
  readonly calls: readonly (readonly [name: string, input: unknown])[];
  readonly finish: string | undefined;
  /** Tokens of input, those of them that came of a cache, and of output. */
  readonly tokens: readonly [number, number, number] | undefined;
}
type Seen = Partial<Pick<Expectations, 'texts' | 'toolCalls' | 'finish' | 'usage'>>;
export const saidBy = ({ texts = [], toolCalls = [], finish, usage }: Seen): Said => ({
  text: texts[0] ?? '',
  calls: toolCalls.map(({ name, arguments: input }) => [name, JSON.parse(input || '{}')]),
  finish: FINISHES[finish ?? ''] ?? finish,
  tokens: usage === undefined ? undefined : tokensOf(usage),
});
export const recordedSaid = (one: Recording): Said => {
  const found = expectations(one);
  const said = saidBy(found);
  return found.toolCalls.length > 0 && CALLING.has(found.finish ?? '') ? { ...said, finish: 'tools' } : said;
};
