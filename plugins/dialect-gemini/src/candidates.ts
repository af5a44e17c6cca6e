import { asList, asNumber, asObject, type Fields, type Json } from '@llm-proxy-auth/plugin';

/** What an answer or an event is: an object, or a list of one, as errors of streams are written. */
export const answerObject = (parsed: Json): Fields | undefined => asObject(Array.isArray(parsed) && parsed.length === 1 ? parsed[0] : parsed);
const named = (value: Json): Fields | undefined => {
  const o = asObject(value);
  return o?.error === undefined || o.error === null ? undefined : o;
};
/** The object that tells an error in an answer or an event, itself or anywhere in a list; undefined where there is none. */
export const errorIn = (parsed: Json): Fields | undefined =>
  Array.isArray(parsed)
    ? asList(parsed)
        .map(named)
        .find((one) => one !== undefined)
    : named(parsed);
/** Whether the vendor's own clients see that an event is an error: they take an object with a status among its members for one, and nothing else. */
export const isPlainError = (parsed: Json): boolean => {
  const code = asNumber(asObject(asObject(parsed)?.error)?.code);
  return code !== undefined && code >= 400 && code <= 599;
};
/** Whether a candidate says why it ended, in a word or, for clients that ask so, in its number. */
export const isFinished = ({ finishReason }: Fields): boolean => (typeof finishReason === 'string' && finishReason !== '') || (asNumber(finishReason) ?? 0) > 0;

/** The candidates of an answer, or of a piece of one, with their numbers. The vendor leaves 0 out; where it is taken, the place counts. */
export const candidatesOf = (o: Fields): readonly (readonly [number, Fields])[] => {
  const taken = new Set<number>();
  return asList(o.candidates).map((wire, position) => {
    const candidate = asObject(wire) ?? {};
    const said = asNumber(candidate.index) ?? 0;
    const index = taken.has(said) ? position : said;
    taken.add(index);
    return [index, candidate] as const;
  });
};
