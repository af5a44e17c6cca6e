import { account } from '../credentials.ts';
import { refuse } from './refusal.ts';

export type Family =
  | 'anthropic'
  | 'nova'
  | 'titan-text'
  | 'llama'
  | 'mistral'
  | 'cohere-chat'
  | 'cohere-text'
  | 'openai'
  | 'titan-embed'
  | 'cohere-embed'
  | 'nova-embed'
  | 'cohere-rerank'
  | 'amazon-rerank';

/** What a Claude refuses; the newest first, found by a part of the id. */
export type ClaudeRules = {
  readonly sampling: boolean;
  /** Takes temperature and top_p together. */
  readonly both: boolean;
  readonly forcedTool: boolean;
  readonly prefill: boolean;
  readonly budgetThinking: boolean;
  /** Thinks unless told not to. */
  readonly thinks: boolean;
  /** Thinking blocks are bound to everything before them. */
  readonly bound: boolean;
  readonly maxTokens: number;
};

export type Model = {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly family: Family;
  readonly input: readonly string[];
  readonly output: 'TEXT' | 'EMBEDDING';
  /** False: only inference profiles reach it. */
  readonly onDemand: boolean;
  readonly claude: ClaudeRules | undefined;
};

const rules = (
  sampling: boolean,
  both: boolean,
  forcedTool: boolean,
  prefill: boolean,
  budgetThinking: boolean,
  thinks: boolean,
  bound: boolean,
  maxTokens: number,
) => ({
  sampling,
  both,
  forcedTool,
  prefill,
  budgetThinking,
  thinks,
  bound,
  maxTokens,
});

/** Columns: sampling, temperature beside top_p, forced tool, prefill, thinking budget, thinks by itself, bound signatures, most tokens. */
const claudes: readonly (readonly [part: string, ClaudeRules])[] = [
  ['claude-sonnet-5-5', rules(false, false, false, false, false, true, true, 128_000)],
  ['claude-opus-5-5', rules(false, false, false, false, false, true, true, 128_000)],
  ['claude-haiku-5-5', rules(false, false, true, false, false, true, true, 128_000)],
  ['claude-opus-5', rules(false, false, true, false, true, true, false, 128_000)],
  ['claude-sonnet-5', rules(false, false, true, false, true, true, false, 128_000)],
  ['claude-opus-4-8', rules(false, false, true, false, false, false, false, 128_000)],
  ['claude-opus-4-7', rules(false, false, true, false, false, false, false, 128_000)],
  ['-4-6', rules(true, false, true, false, true, false, false, 128_000)],
  ['-4-5', rules(true, false, true, true, true, false, false, 64_000)],
  ['claude-3-7', rules(true, true, true, true, true, false, false, 64_000)],
  ['claude-opus-4', rules(true, true, true, true, true, false, false, 32_000)],
  ['claude-sonnet-4', rules(true, true, true, true, true, false, false, 64_000)],
  ['claude-', rules(true, true, true, true, false, false, false, 8192)],
];

const claudeOf = (id: string): ClaudeRules | undefined => claudes.find(([part]) => id.startsWith('anthropic.') && id.includes(part))?.[1];

const text = ['TEXT'];
const seen = ['TEXT', 'IMAGE'];

const table: readonly (readonly [id: string, name: string, family: Family, input: readonly string[], onDemand: boolean])[] = [
  ['anthropic.claude-opus-5-5', 'Claude Opus 5.5', 'anthropic', seen, false],
  ['anthropic.claude-sonnet-5-5', 'Claude Sonnet 5.5', 'anthropic', seen, false],
  ['anthropic.claude-haiku-5-5', 'Claude Haiku 5.5', 'anthropic', seen, false],
  ['anthropic.claude-opus-5', 'Claude Opus 5', 'anthropic', seen, false],
  ['anthropic.claude-sonnet-5', 'Claude Sonnet 5', 'anthropic', seen, false],
  ['anthropic.claude-opus-4-7', 'Claude Opus 4.7', 'anthropic', seen, false],
  ['anthropic.claude-sonnet-4-6', 'Claude Sonnet 4.6', 'anthropic', seen, false],
  ['anthropic.claude-sonnet-4-5-20250929-v1:0', 'Claude Sonnet 4.5', 'anthropic', seen, false],
  ['anthropic.claude-haiku-4-5-20251001-v1:0', 'Claude Haiku 4.5', 'anthropic', seen, false],
  ['anthropic.claude-sonnet-4-20250514-v1:0', 'Claude Sonnet 4', 'anthropic', seen, false],
  ['anthropic.claude-3-7-sonnet-20250219-v1:0', 'Claude 3.7 Sonnet', 'anthropic', seen, false],
  ['anthropic.claude-3-5-sonnet-20240620-v1:0', 'Claude 3.5 Sonnet', 'anthropic', seen, true],
  ['anthropic.claude-3-sonnet-20240229-v1:0', 'Claude 3 Sonnet', 'anthropic', seen, true],
  ['anthropic.claude-3-haiku-20240307-v1:0', 'Claude 3 Haiku', 'anthropic', seen, true],
  ['anthropic.claude-v2', 'Claude', 'anthropic', text, true],
  ['amazon.nova-2-lite-v1:0', 'Nova 2 Lite', 'nova', ['TEXT', 'IMAGE', 'VIDEO'], false],
  ['amazon.nova-lite-v1:0', 'Nova Lite', 'nova', ['TEXT', 'IMAGE', 'VIDEO'], true],
  ['amazon.nova-micro-v1:0', 'Nova Micro', 'nova', text, true],
  ['amazon.titan-text-express-v1', 'Titan Text G1 - Express', 'titan-text', text, true],
  ['meta.llama4-maverick-17b-instruct-v1:0', 'Llama 4 Maverick 17B Instruct', 'llama', seen, false],
  ['meta.llama3-8b-instruct-v1:0', 'Llama 3 8B Instruct', 'llama', text, true],
  ['meta.llama2-13b-chat-v1', 'Llama 2 Chat 13B', 'llama', text, true],
  ['mistral.mistral-large-2402-v1:0', 'Mistral Large (24.02)', 'mistral', text, true],
  ['cohere.command-r-v1:0', 'Command R', 'cohere-chat', text, true],
  ['cohere.command-light-text-v14', 'Command Light', 'cohere-text', text, true],
  ['ai21.jamba-1-5-mini-v1:0', 'Jamba 1.5 Mini', 'openai', text, true],
  ['openai.gpt-oss-20b-1:0', 'gpt-oss-20b', 'openai', text, true],
  ['openai.gpt-oss-120b-1:0', 'gpt-oss-120b', 'openai', text, true],
  ['amazon.titan-embed-text-v1', 'Titan Embeddings G1 - Text', 'titan-embed', text, true],
  ['amazon.titan-embed-text-v2:0', 'Titan Text Embeddings V2', 'titan-embed', text, true],
  ['amazon.titan-embed-image-v1', 'Titan Multimodal Embeddings G1', 'titan-embed', seen, true],
  ['cohere.embed-english-v3', 'Embed English', 'cohere-embed', text, true],
  ['cohere.embed-multilingual-v3', 'Embed Multilingual', 'cohere-embed', text, true],
  ['cohere.embed-v4:0', 'Embed v4', 'cohere-embed', seen, true],
  ['amazon.nova-2-multimodal-embeddings-v1:0', 'Nova Multimodal Embeddings', 'nova-embed', seen, true],
  ['cohere.rerank-v3-5:0', 'Rerank 3.5', 'cohere-rerank', text, true],
  ['amazon.rerank-v1:0', 'Rerank 1.0', 'amazon-rerank', text, true],
];

const providers: Readonly<Record<string, string>> = {
  anthropic: 'Anthropic',
  amazon: 'Amazon',
  meta: 'Meta',
  mistral: 'Mistral AI',
  cohere: 'Cohere',
  ai21: 'AI21 Labs',
  openai: 'OpenAI',
};

export type Profile = {
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  readonly type: 'SYSTEM_DEFINED' | 'APPLICATION';
  readonly model: Model;
};

/** How a request names a model, and what it means. */
export type Models = {
  list(): readonly Model[];
  profiles(): readonly Profile[];
  /** By id, profile id or ARN of either; undefined if there is none. */
  find(reference: string): { readonly model: Model; readonly profile: Profile | undefined } | undefined;
  /** The model that a call may use; throws the refusals of the service. */
  require(reference: string): Model;
  /** The account has no access to it. */
  isDenied(model: Model): boolean;
  /** ARN of a foundation model in the region served. */
  arn(model: Model): string;
};

export type ModelsOptions = {
  readonly region: string;
  /** Application inference profiles: the part behind the last slash of the ARN, and the id of the model. */
  readonly applicationProfiles: Readonly<Record<string, string>>;
  /** Ids of models that the account has no access to. */
  readonly denied: readonly string[];
};

const geographies = ['us', 'eu', 'apac', 'global'];

const build = ({ region, applicationProfiles }: ModelsOptions): { models: Model[]; profiles: Profile[] } => {
  const models = table.map(([id, name, family, input, onDemand]): Model => {
    const output = family.endsWith('-embed') ? 'EMBEDDING' : 'TEXT';
    return { id, name, family, input, onDemand, output, provider: providers[id.split('.')[0] ?? ''] ?? '', claude: claudeOf(id) };
  });
  const owned = `arn:aws:bedrock:${region}:${account}`;
  const system = models
    .filter(({ family, onDemand }) => family === 'anthropic' || family === 'nova' || !onDemand)
    .flatMap((model) =>
      geographies.map((geography): Profile => {
        const id = `${geography}.${model.id}`;
        return { id, arn: `${owned}:inference-profile/${id}`, name: `${geography.toUpperCase()} ${model.name}`, type: 'SYSTEM_DEFINED', model };
      }),
    );
  const own = Object.entries(applicationProfiles).map(([id, modelId]): Profile => {
    const model = models.find((one) => one.id === modelId);
    if (model === undefined) throw new Error(`No model ${modelId} for the application profile ${id}`);
    return { id, arn: `${owned}:application-inference-profile/${id}`, name: id, type: 'APPLICATION', model };
  });
  return { models, profiles: [...system, ...own] };
};

export const models = (options: ModelsOptions): Models => {
  const all = build(options);
  const arn = ({ id }: Model): string => `arn:aws:bedrock:${options.region}::foundation-model/${id}`;
  const isDenied = ({ id }: Model): boolean => options.denied.includes(id);
  const find = (reference: string): { model: Model; profile: Profile | undefined } | undefined => {
    const profile = all.profiles.find((one) => one.arn === reference || (one.type === 'SYSTEM_DEFINED' && one.id === reference));
    if (profile !== undefined) return { model: profile.model, profile };
    const model = all.models.find((one) => one.id === reference || arn(one) === reference);
    return model === undefined ? undefined : { model, profile: undefined };
  };
  return {
    list: () => all.models,
    profiles: () => all.profiles,
    find,
    isDenied,
    arn,
    require: (reference) => {
      const found = find(reference);
      if (found === undefined) throw refuse.validation('The provided model identifier is invalid.');
      const { model, profile } = found;
      if (isDenied(model)) throw refuse.accessDenied("You don't have access to the model with the specified model ID.");
      if (profile !== undefined || model.onDemand) return model;
      throw refuse.validation(
        `Invocation of model ID ${reference} with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.`,
      );
    },
  };
};
