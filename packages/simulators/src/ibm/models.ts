import type { Fields } from '../openai/check.ts';
import { WatsonxRefusal } from './refusal.ts';

export type Model = {
  readonly id: string;
  readonly provider: string;
  readonly functions: readonly string[];
  /** Longest sequence, in tokens as this package counts them. */
  readonly context: number;
  /** Thinks before it speaks. */
  readonly reasoning: boolean;
};
const model = (id: string, provider: string, functions: readonly string[], reasoning = false, context = 131_072): Model => ({
  id,
  provider,
  functions,
  context,
  reasoning,
});
/** Ids as the service lists them. */
const BUILT_IN: readonly Model[] = Object.freeze([
  model('ibm/granite-3-3-8b-instruct', 'IBM', ['text_generation', 'text_chat']),
  model('ibm/granite-4-h-small', 'IBM', ['text_generation', 'text_chat']),
  model('meta-llama/llama-3-3-70b-instruct', 'Meta', ['text_generation', 'text_chat']),
  model('meta-llama/llama-4-maverick-17b-128e-instruct-fp8', 'Meta', ['text_generation', 'text_chat', 'image_chat']),
  model('mistralai/mistral-medium-2505', 'Mistral AI', ['text_chat', 'image_chat']),
  model('openai/gpt-oss-120b', 'OpenAI', ['text_chat'], true),
  model('ibm/slate-125m-english-rtrvr-v2', 'IBM', ['embedding'], false, 512),
  model('ibm/granite-embedding-278m-multilingual', 'IBM', ['embedding'], false, 512),
  model('cross-encoder/ms-marco-minilm-l-12-v2', 'Cross Encoder', ['rerank'], false, 512),
]);
export type Models = {
  readonly all: readonly Model[];
  /** Throws the service's refusal for a model that does not exist or does not have the function. */
  require(id: string, wanted: string): Model;
};
export const models = (further: readonly string[] = [], contextTokens?: number): Models => {
  const all = [...BUILT_IN, ...further.map((id) => model(id, 'Custom', ['text_generation', 'text_chat', 'embedding', 'rerank']))].map((one) =>
    contextTokens === undefined ? one : { ...one, context: contextTokens },
  );
  return {
    all,
    require(id, wanted) {
      const found = all.find((one) => one.id === id);
      if (found === undefined) throw new WatsonxRefusal(404, 'model_not_supported', `Model '${id}' is not supported`);
      if (!found.functions.includes(wanted)) throw new WatsonxRefusal(404, 'model_not_supported', `Model '${id}' is not supported for this function`);
      return found;
    },
  };
};
const specOf = ({ id, provider, functions, context }: Model): Fields => ({
  model_id: id,
  label: id.slice(id.indexOf('/') + 1),
  provider,
  source: provider,
  short_description: 'A simulated model.',
  functions: functions.map((one) => ({ id: one })),
  input_tier: 'class_1',
  output_tier: 'class_1',
  number_params: '8b',
  min_shot_size: 0,
  model_limits: { max_sequence_length: context, max_output_tokens: context },
  lifecycle: [{ id: 'available', start_date: '2025-01-15' }],
  versions: [{ version: '1.0.0', available_date: '2025-01-15' }],
});
const MOST = 200;
/** One page of the list. */
export const listSpecs = ({ all }: Models, origin: string, query: URLSearchParams): Fields => {
  const limit = Math.min(MOST, Number(query.get('limit') ?? 100));
  const start = Number(query.get('start') ?? 0);
  const wanted = /^function_([a-z_]+)/.exec(query.get('filters') ?? '')?.[1];
  const fitting = all.filter(({ functions }) => wanted === undefined || functions.includes(wanted));
  const href = (at: number): string =>
    `${origin}/ml/v1/foundation_model_specs?version=${query.get('version') ?? ''}&limit=${limit}${at === 0 ? '' : `&start=${at}`}`;
  const next = start + limit;
  return {
    total_count: fitting.length,
    limit,
    first: { href: href(0) },
    ...(next < fitting.length ? { next: { href: href(next) } } : {}),
    resources: fitting.slice(start, next).map(specOf),
  };
};
/** One model by its id; an unknown one is refused. */
export const oneSpec = ({ all }: Models, id: string): Fields => {
  const found = all.find((one) => one.id === id);
  if (found === undefined) throw new WatsonxRefusal(404, 'model_not_supported', `Model '${id}' is not supported`);
  return specOf(found);
};
