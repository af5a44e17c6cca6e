/** What a family of models takes beyond what Converse itself says. */
export interface Family {
  /** Who made the model: the word before the first dot of its id; empty where the id does not say. */
  readonly vendor: string;
  /** `one`: temperature or topP, not both. */
  readonly sampling: 'any' | 'one' | 'none';
  /** How an amount of reasoning is asked for. `none`: it is not. */
  readonly reasoning: Reasoning;
  /** How reasoning is switched off; undefined: it cannot be, or it is off unless asked for. */
  readonly off?: 'disabled' | 'between_tools' | undefined;
  /** A tool may be forced. */
  readonly forced: boolean;
  /** Schemas can be kept to, in answers and in calls of strict tools. */
  readonly schemas: boolean;
}
/** `effort`: `output_config.effort`, and with `adaptive` thinking must be asked for too. `both`: a budget is accepted as well. */
type Reasoning = 'none' | 'budget' | 'effort' | 'adaptive' | 'both' | 'adaptive-both' | 'nova' | 'gpt-oss' | 'gpt-5';
type Row = readonly [id: string, family: Omit<Family, 'vendor'>];
const claude = (sampling: Family['sampling'], reasoning: Reasoning, off: Family['off'], forced = true, schemas = true): Omit<Family, 'vendor'> => ({
  sampling,
  reasoning,
  off,
  forced,
  schemas,
});
/** Before schemas were known: an older model refuses them as inputs that it does not permit. */
const older = (sampling: Family['sampling'], reasoning: Reasoning, off: Family['off']): Omit<Family, 'vendor'> => claude(sampling, reasoning, off, true, false);
/** By what an id of Anthropic's contains, in this order; a newer one is like the newest known. */
const CLAUDE: readonly Row[] = Object.freeze([
  ['claude-sonnet-5-5', claude('none', 'effort', 'between_tools', false)],
  ['claude-opus-5-5', claude('none', 'effort', undefined, false)],
  ['claude-haiku-5-5', claude('none', 'effort', 'disabled')],
  ['claude-opus-5', claude('none', 'both', 'disabled')],
  ['claude-fable-5-', claude('none', 'effort', undefined, false)],
  ['claude-mythos-5-', claude('none', 'effort', undefined, false)],
  ['claude-fable-5', claude('none', 'effort', undefined)],
  ['claude-mythos-5', claude('none', 'effort', undefined)],
  ['claude-opus-4-8', claude('none', 'adaptive', 'disabled')],
  ['claude-opus-4-7', claude('none', 'adaptive', 'disabled')],
  ['claude-sonnet-5', claude('none', 'effort', 'disabled')],
  ['claude-opus-4-6', claude('any', 'adaptive-both', 'disabled')],
  ['claude-sonnet-4-6', claude('any', 'adaptive-both', 'disabled')],
  ['claude-opus-4-5', claude('one', 'both', 'disabled')],
  ['claude-sonnet-4-5', claude('one', 'budget', 'disabled')],
  ['claude-haiku-4', claude('one', 'budget', 'disabled')],
  ['claude-opus-4-1', claude('one', 'budget', 'disabled')],
  ['claude-sonnet-4', older('one', 'budget', 'disabled')],
  ['claude-opus-4', older('one', 'budget', 'disabled')],
  ['claude-3-7', older('any', 'budget', 'disabled')],
  ['claude-3', older('any', 'none', undefined)],
  ['claude-v2', older('any', 'none', undefined)],
  ['claude-instant', older('any', 'none', undefined)],
]);
const NEWEST_CLAUDE = claude('none', 'effort', undefined);
const OTHERS: readonly Row[] = Object.freeze([
  ['nova-2', claude('any', 'nova', 'disabled')],
  ['gpt-oss', claude('any', 'gpt-oss', undefined)],
  ['gpt-5', claude('none', 'gpt-5', undefined)],
]);
const ANY = claude('any', 'none', undefined);
const VENDOR = /^(?:[a-z]{2,}(?:-[a-z]+)*\.)?([a-z0-9]+)\.[a-z0-9]/;

/**
 * The family of a model id, a profile id with its geography in front, or an ARN whose last segment is one of these. An ARN that
 * does not say is of no family. `named`: the family as the provider knows it (`anthropic.claude-opus-5`).
 */
export const familyOf = (model: string, named: string | undefined): Family => {
  const id = (named ?? model).split('/').at(-1) ?? '';
  const vendor = VENDOR.exec(id)?.[1] ?? (id.includes('claude') ? 'anthropic' : '');
  const rows = vendor === 'anthropic' ? CLAUDE : OTHERS;
  const row = rows.find(([part]) => id.includes(part))?.[1];
  return { vendor, ...(row ?? (vendor === 'anthropic' ? NEWEST_CLAUDE : ANY)) };
};
