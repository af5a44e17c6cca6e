import { type FamilyData, type FamilyRow, modelFamilies } from '@llm-proxy-auth/plugin';
import { type ClaudeFamily, claudeOf } from '@llm-proxy-auth/plugin/claude';
import data from './families.json' with { type: 'json' };

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
const ofClaude = (family: ClaudeFamily): Rules => ({
  most: family.limited ? family.maxOutput : undefined,
  sampling: family.sampling,
  reasoning: reasoningOf(family),
  efforts: family.efforts,
  adaptive: family.adaptive !== 'no',
  off: family.off === 'disabled' || family.off === 'between_tools' ? family.off : undefined,
  forced: family.forced,
  names: true,
  answers: family.forced && family.tools,
  schemas: family.structured,
});
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
const others = modelFamilies<Partial<Rules> & FamilyRow>(data as FamilyData<Partial<Rules> & FamilyRow>);
/** An ARN of an unknown family may be one of those that take the name of a tool. */
const ofOther = (vendor: string, id: string): Rules => ({ ...ANY, names: vendor === '', ...others(id) });
const VENDOR = /^(?:[a-z]{2,}(?:-[a-z]+)*\.)?([a-z0-9]+)\.[a-z0-9]/;

/**
 * The family of a model id, a profile id with its geography in front, or an ARN whose last segment is one of these. An ARN that
 * does not say is of no family. `named`: the family as the provider knows it (`anthropic.claude-opus-5`).
 */
export const familyOf = (model: string, named: string | undefined): Family => {
  const id = (named ?? model).split('/').at(-1) ?? '';
  const vendor = VENDOR.exec(id)?.[1] ?? (id.includes('claude') ? 'anthropic' : '');
  const claude = vendor === 'anthropic' ? claudeOf(id.includes('claude') ? id : `claude ${id}`) : undefined;
  return { vendor, ...(claude === undefined ? ofOther(vendor, id) : ofClaude(claude)) };
};
