import { type ClaudeFamily, claudeOf } from '@llm-proxy-auth/plugin/claude';

/** What a family of models takes beyond what Converse itself says. */
export interface Family {
  /** Who made the model: the word before the first dot of its id; empty where the id does not say. */
  readonly vendor: string;
  /** Most tokens of an answer, where a larger limit is known to be refused. */
  readonly most?: number | undefined;
  /** `one`: temperature or topP, not both. */
  readonly sampling: 'any' | 'one' | 'none';
  /** How an amount of reasoning is asked for. `none`: it is not. */
  readonly reasoning: Reasoning;
  /** Efforts that it knows, least first. */
  readonly efforts: readonly string[];
  /** It reasons as much as it likes when it is asked to reason. */
  readonly adaptive: boolean;
  /** How reasoning is switched off; undefined: it cannot be, or it is off unless asked for. */
  readonly off?: 'disabled' | 'between_tools' | undefined;
  /** A tool may be forced. */
  readonly forced: boolean;
  /** How one tool of several is forced: by its name, or because it is given no other. */
  readonly names: boolean;
  /** A tool that it is made to call may stand for an answer that follows a schema. */
  readonly answers: boolean;
  /** Schemas can be kept to, in answers and in calls of strict tools. */
  readonly schemas: boolean;
  /** It knows a conversation alone: neither a prompt of the system nor tools. */
  readonly plain?: true | undefined;
}
/** `effort`: `output_config.effort`, and with `adaptive` thinking must be asked for too. `both`: a budget is accepted as well. */
type Reasoning = 'none' | 'budget' | 'effort' | 'adaptive' | 'both' | 'adaptive-both' | 'nova' | 'gpt-oss' | 'gpt-5';
type Rules = Omit<Family, 'vendor'>;

const reasoningOf = ({ efforts, adaptive, budget }: ClaudeFamily): Reasoning => {
  if (efforts.length === 0) return budget ? 'budget' : 'none';
  if (adaptive === 'asked') return budget ? 'adaptive-both' : 'adaptive';
  return budget ? 'both' : 'effort';
};
/** Claude of before there were tools. */
const TOOLLESS = /claude-(?:v?2|instant)/;
const ofClaude = (family: ClaudeFamily, id: string): Rules => ({
  most: family.limited ? family.maxOutput : undefined,
  sampling: family.sampling,
  reasoning: reasoningOf(family),
  efforts: family.efforts,
  adaptive: family.adaptive !== 'no',
  off: family.off === 'disabled' || family.off === 'between_tools' ? family.off : undefined,
  forced: family.forced,
  names: true,
  answers: family.forced && !TOOLLESS.test(id),
  schemas: family.structured,
});
const EFFORTS: readonly string[] = Object.freeze(['low', 'medium', 'high']);
const ANY: Rules = Object.freeze({
  sampling: 'any',
  reasoning: 'none',
  efforts: [],
  adaptive: false,
  forced: true,
  names: false,
  answers: false,
  schemas: false,
});
/** Vendors whose models keep to schemas here, and those of Mistral: https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html. */
const WITH_SCHEMAS: ReadonlySet<string> = new Set(['qwen', 'openai', 'deepseek', 'google', 'minimax', 'moonshot', 'moonshotai', 'nvidia']);
const MISTRAL_WITH_SCHEMAS = /magistral|ministral|voxtral|mistral-large-3/;
/** Models that Converse has from before it: https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html. */
const PLAIN = /^amazon\.titan-(?:text|tg1)|^cohere\.command-(?:light-)?text|^ai21\.j2/;
/**
 * `tool` is for Claude and Nova (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html), which an ARN of an unknown
 * family may be; of the others, those that were made to call one when the choice of a tool was new: Mistral's larger models.
 */
const NAMES: ReadonlySet<string> = new Set(['amazon', '']);
const ANSWERS = /\bamazon\.nova|\bmistral\.(?:mistral-(?:large|small)|pixtral)/;
const OTHERS: readonly (readonly [id: string, rules: Partial<Rules>])[] = Object.freeze([
  ['nova-2', { reasoning: 'nova', efforts: EFFORTS, off: 'disabled' }],
  ['gpt-oss', { reasoning: 'gpt-oss', efforts: EFFORTS }],
  ['gpt-5', { sampling: 'none', reasoning: 'gpt-5', efforts: EFFORTS }],
]);
const ofOther = (vendor: string, id: string): Rules => ({
  ...ANY,
  schemas: WITH_SCHEMAS.has(vendor) || (vendor === 'mistral' && MISTRAL_WITH_SCHEMAS.test(id)),
  names: NAMES.has(vendor),
  answers: ANSWERS.test(id),
  ...(PLAIN.test(id) ? { plain: true } : {}),
  ...OTHERS.find(([part]) => id.includes(part))?.[1],
});
const VENDOR = /^(?:[a-z]{2,}(?:-[a-z]+)*\.)?([a-z0-9]+)\.[a-z0-9]/;

/**
 * The family of a model id, a profile id with its geography in front, or an ARN whose last segment is one of these. An ARN that
 * does not say is of no family. `named`: the family as the provider knows it (`anthropic.claude-opus-5`).
 */
export const familyOf = (model: string, named: string | undefined): Family => {
  const id = (named ?? model).split('/').at(-1) ?? '';
  const vendor = VENDOR.exec(id)?.[1] ?? (id.includes('claude') ? 'anthropic' : '');
  const claude = vendor === 'anthropic' ? claudeOf(id.includes('claude') ? id : `claude ${id}`) : undefined;
  return { vendor, ...(claude === undefined ? ofOther(vendor, id) : ofClaude(claude, id)) };
};
