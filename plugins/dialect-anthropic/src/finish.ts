import { asText, type Fields, type Finish, type Json } from '@llm-proxy-auth/plugin';

const READ: Readonly<Record<string, Finish>> = Object.freeze({
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  tool_use: 'tool',
  pause_turn: 'pause',
  refusal: 'refusal',
  model_context_window_exceeded: 'context',
});
/** A reason that is not known (`compaction`, what will be added) counts as `stop`; the answer keeps the word itself. */
export const readFinish = (wire: Json): Finish => (typeof wire === 'string' ? (READ[wire] ?? 'stop') : 'stop');

const WRITE: Readonly<Record<Finish, string>> = Object.freeze({
  stop: 'end_turn',
  length: 'max_tokens',
  tool: 'tool_use',
  filter: 'refusal',
  refusal: 'refusal',
  pause: 'pause_turn',
  context: 'model_context_window_exceeded',
});
const BY_SEQUENCE = 'stop_sequence';
/** Clients run tools while the reason is `tool_use`; a sequence that ended an answer has a reason of its own. */
export const writeFinish = (reason: Finish, stopSequence: string | undefined): string =>
  reason === 'stop' && stopSequence !== undefined ? BY_SEQUENCE : WRITE[reason];
/** The sequence that ended an answer; empty where the provider says that one did, but not which. */
export const stopSequenceOf = (o: Fields): string | undefined => asText(o.stop_sequence) ?? (o.stop_reason === BY_SEQUENCE ? '' : undefined);
/** Why an answer ended, in the two members that say it. */
export const writeStop = (reason: Finish, stopSequence: string | undefined): Fields => ({
  stop_reason: writeFinish(reason, stopSequence),
  stop_sequence: isNameless(reason, stopSequence) ? null : (stopSequence ?? null),
});
/** A sequence ended the answer, and nobody said which. */
export const isNameless = (reason: Finish, stopSequence: string | undefined): boolean => reason === 'stop' && stopSequence === '';

const TIERS: Readonly<Record<string, string>> = Object.freeze({ standard: 'default', priority: 'priority', batch: 'batch' });
/** Service tiers that were used, in the conversation's words. */
export const readTier = (wire: Json): string | undefined => (typeof wire === 'string' ? (TIERS[wire] ?? wire) : undefined);
/** The vendor's word; undefined for a tier that it has not. */
export const writeTier = (tier: string | undefined): string | undefined => Object.entries(TIERS).find(([, ours]) => ours === tier)?.[0];
