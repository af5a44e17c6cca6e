import { type Call, type Endpoint, type Fields, isObject, type Json, type Kept, type Ledger, lostTo, type Part } from '@llm-proxy-auth/plugin';
import { familyOf } from './families.ts';
import { OPENAI } from './wire.ts';

type Cache = NonNullable<Kept['cache']>;
/** Writes a mark for the cache, as the value of `prompt_cache_breakpoint`. */
export type Marking = (cache: Cache) => Fields;

/** The member of a part, and what a model may be found to refuse. */
export const BREAKPOINT = 'prompt_cache_breakpoint';
const OPTIONS = 'prompt_cache_options';
/** Kept for half an hour without a word, else for this; other vendors keep for five minutes or an hour. */
const LONG = '12h';
/** As a client of this dialect wrote it, as far as the conversation knows. */
export const writeBreakpoint: Marking = ({ ttl }) => ({ mode: 'explicit', ...(ttl === '1h' ? { ttl: LONG } : {}) });
/** The mark on a content part; undefined where there is none. */
export const readBreakpoint = (wire: Json): Cache | undefined => (isObject(wire) ? (wire.ttl === LONG ? { ttl: '1h' } : {}) : undefined);

/** How marks of another dialect's client are written; undefined where the model, its provider or its configuration has none. */
export const markingOf = ({ endpoint, like, model, ledger, refused, rejects }: Call): Marking | undefined => {
  const takes = familyOf(like ?? model).marks === true && endpoint.capabilities.cache !== false;
  if (!takes || refused?.has(BREAKPOINT) === true || rejects?.includes(BREAKPOINT) === true) return undefined;
  return (cache) => {
    if (cache.ttl !== undefined) lostTo(ledger)('turns.parts.cache', `the provider keeps a prompt for half an hour or ${LONG}`, 'emulated');
    return writeBreakpoint(cache);
  };
};
/** The texts of a tool result; a mark on the result stands on its last text. */
export const markedTexts = (texts: readonly Part[], { cache }: Pick<Kept, 'cache'>): readonly Part[] => {
  const last = texts.at(-1);
  return last?.kind !== 'text' || cache === undefined ? texts : [...texts.slice(0, -1), { kind: 'text', text: last.text, cache }];
};
const isMarked = (part: Json): boolean => isObject(part) && isObject(part[BREAKPOINT]);
const partsOf = (message: Json): readonly Json[] =>
  isObject(message) ? [message.content, message.output].flatMap((list) => (Array.isArray(list) ? list : [])) : [];
/** Marks of other dialects say all that is written to the cache: the vendor sets none by itself beside them. */
export const explicitly = (messages: Json): Fields =>
  Array.isArray(messages) && messages.some((one) => partsOf(one).some(isMarked)) ? { [OPTIONS]: { mode: 'explicit' } } : {};
/** Notes marks that ask for a longer life than other vendors give. */
export const clampLife = (messages: Json, target: Endpoint | undefined, ledger: Ledger): void => {
  if (target === undefined || target.dialect === OPENAI || target.capabilities.cache === false || !Array.isArray(messages)) return;
  const long = messages.some((one) => partsOf(one).some((part) => isObject(part) && readBreakpoint(part[BREAKPOINT])?.ttl === '1h'));
  if (long) ledger.note('clamped', 'turns.parts.cache', 'the provider keeps a prompt for an hour at most');
};
/** Whether a provider refused a call for the marks that were written into it. */
export const refusesMarks = ({ param, message }: { readonly param?: string | undefined; readonly message: string }): boolean =>
  [BREAKPOINT, OPTIONS].some((name) => (param ?? message).includes(name));
