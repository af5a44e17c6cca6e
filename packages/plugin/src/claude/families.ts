import { type FamilyData, type FamilyRow, modelFamilies } from '../model-families.ts';
import data from './families.json' with { type: 'json' };

/** What a family of Claude takes, wherever it runs; applied when a request of another dialect is translated. */
export interface ClaudeFamily {
  /** Most tokens of an answer; the default where a client does not say. */
  readonly maxOutput: number;
  /** Larger limits are refused, so they are lowered to it. */
  readonly limited: boolean;
  /** one: `temperature` or `top_p`, not both. */
  readonly sampling: 'any' | 'one' | 'none';
  /** Efforts, least first; none: the family has no such parameter. */
  readonly efforts: readonly string[];
  /** It thinks adaptively, and does so unless told not to (`default`) or only when asked. */
  readonly adaptive: 'default' | 'asked' | 'no';
  /** Takes thinking with a budget. */
  readonly budget: boolean;
  /** How thinking is switched off: a type of its own, by saying nothing, or not at all. */
  readonly off: 'disabled' | 'between_tools' | 'absent' | 'never';
  /** Knows tools. */
  readonly tools: boolean;
  /** Takes a choice that makes it call a tool. */
  readonly forced: boolean;
  /** Takes schemas for its answers and for the input of tools. */
  readonly structured: boolean;
  /** Takes system turns among the messages. */
  readonly midSystem: boolean;
}

/** In families.json the more particular rows stand first, and every row says where it was read. */
const rows = modelFamilies<ClaudeFamily & FamilyRow>(data as FamilyData<ClaudeFamily & FamilyRow>);
/**
 * The rules for a model, whatever a cloud puts around its id; an unknown name of this vendor is taken for its newest generation, and what
 * is no Claude has none. What endpoints refuse beyond them is a capability of the endpoint.
 */
export const claudeOf: (model: string) => ClaudeFamily | undefined = rows;

const ORDER: readonly string[] = Object.freeze(['minimal', 'low', 'medium', 'high', 'xhigh', 'max']);
/** The largest effort of those a model has that is not more than what was asked, or its least. Undefined: it has none, or nobody knows the word. */
export const nearestEffort = (effort: string, has: readonly string[]): string | undefined => {
  const at = ORDER.indexOf(effort);
  return at < 0 ? undefined : (has.filter((one) => ORDER.indexOf(one) <= at).at(-1) ?? has[0]);
};
