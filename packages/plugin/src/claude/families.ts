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
  /** Takes a choice that makes it call a tool. */
  readonly forced: boolean;
  /** Takes schemas for its answers and for the input of tools. */
  readonly structured: boolean;
  /** Takes system turns among the messages. */
  readonly midSystem: boolean;
}
const K = 1000;
const EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max'];
/** The newest generation, of which the others are told by what they differ in. */
const NEWEST: ClaudeFamily = Object.freeze({
  maxOutput: 128 * K,
  limited: true,
  sampling: 'none',
  efforts: EFFORTS,
  adaptive: 'default',
  budget: false,
  off: 'never',
  forced: true,
  structured: true,
  midSystem: true,
});
const family = (more: Partial<ClaudeFamily>): ClaudeFamily => Object.freeze({ ...NEWEST, ...more });
const older = (maxOutput: number, more: Partial<ClaudeFamily> = {}): ClaudeFamily =>
  family({ maxOutput, sampling: 'one', efforts: [], adaptive: 'no', budget: true, off: 'disabled', midSystem: false, ...more });
const oldest: ClaudeFamily = older(4096, { limited: false, sampling: 'any', budget: false, off: 'absent', structured: false });

/**
 * First match wins; a part of the model id, whatever a cloud puts around it. Facts of the vendor's SDKs and pages
 * (https://platform.claude.com/docs/en/about-claude/models); what its endpoints refuse where they say more is a capability of the endpoint.
 */
const FAMILIES: readonly (readonly [string, ClaudeFamily])[] = Object.freeze([
  ['claude-sonnet-5-5', family({ off: 'between_tools', forced: false })],
  ['claude-opus-5-5', family({ forced: false })],
  ['claude-haiku-5-5', family({ off: 'disabled' })],
  ['claude-opus-5', family({ off: 'disabled', budget: true })],
  ['claude-fable-5-', family({ forced: false })],
  ['claude-mythos-5-', family({ forced: false })],
  ['claude-fable-5', family({})],
  ['claude-mythos-5', family({})],
  ['claude-opus-4-8', family({ adaptive: 'asked', off: 'disabled', midSystem: false })],
  ['claude-opus-4-7', family({ adaptive: 'asked', off: 'disabled', midSystem: false })],
  ['claude-sonnet-5', family({ off: 'disabled' })],
  ['claude-opus-4-6', older(128 * K, { efforts: ['low', 'medium', 'high', 'max'], adaptive: 'asked' })],
  ['claude-sonnet-4-6', older(128 * K, { efforts: ['low', 'medium', 'high', 'max'], adaptive: 'asked' })],
  ['claude-opus-4-5', older(64 * K, { efforts: ['low', 'medium', 'high'] })],
  ['claude-sonnet-4-5', older(64 * K)],
  ['claude-haiku-4', older(64 * K)],
  ['claude-opus-4-1', older(32 * K)],
  ['claude-sonnet-4-', older(64 * K, { structured: false })],
  ['claude-opus-4-', older(32 * K, { structured: false })],
  ['claude-sonnet-4', older(64 * K, { structured: false })],
  ['claude-opus-4', older(32 * K, { structured: false })],
  ['claude-3-7', older(8192, { limited: false, sampling: 'any', structured: false })],
  ['claude-3-5', { ...oldest, maxOutput: 8192 }],
  ['claude-3', oldest],
  ['claude-2', oldest],
  ['claude-v2', oldest],
  ['claude-instant', oldest],
  ['claude', NEWEST],
]);
/** Model ids repeat themselves; bounded, since callers write them. */
const known = new Map<string, ClaudeFamily | undefined>();
const MOST_KNOWN = 1_000;
/** The rules for a model; an unknown name of this vendor is taken for its newest generation, and what is no Claude has none. */
export const claudeOf = (model: string): ClaudeFamily | undefined => {
  if (known.has(model)) return known.get(model);
  const rules = FAMILIES.find(([part]) => model.includes(part))?.[1];
  if (known.size < MOST_KNOWN) known.set(model, rules);
  return rules;
};

const ORDER: readonly string[] = Object.freeze(['minimal', 'low', 'medium', 'high', 'xhigh', 'max']);
/** The largest effort of those a model has that is not more than what was asked, or its least. Undefined: it has none, or nobody knows the word. */
export const nearestEffort = (effort: string, has: readonly string[]): string | undefined => {
  const at = ORDER.indexOf(effort);
  return at < 0 ? undefined : (has.filter((one) => ORDER.indexOf(one) <= at).at(-1) ?? has[0]);
};
