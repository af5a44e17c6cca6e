import { asList, asNumber, asObject, asText, type Fields, type Json, sameValue, type TokenLogprob } from '@llm-proxy-auth/plugin';

const topOf = (wire: Json): readonly TokenLogprob[] =>
  Object.entries(asObject(wire) ?? {}).map(([token, logprob]) => ({ token, logprob: asNumber(logprob) ?? 0, top: [] }));
/** `{tokens, token_logprobs, top_logprobs, text_offset}`, the form of before chat; undefined when it is null. */
export const readLegacyLogprobs = (wire: Json): readonly TokenLogprob[] | undefined => {
  const o = asObject(wire);
  if (o === undefined || !Array.isArray(o.tokens)) return undefined;
  const values = asList(o.token_logprobs);
  const tops = asList(o.top_logprobs);
  return o.tokens.map((token, i) => ({ token: asText(token) ?? '', logprob: asNumber(values[i]) ?? 0, top: topOf(tops[i]) }));
};
/** `from`: length of the text before. Null when there are none. */
export const writeLegacyLogprobs = (probabilities: readonly TokenLogprob[] | undefined, from: number): Fields | null => {
  if (probabilities === undefined) return null;
  let at = from;
  const offsets = probabilities.map(({ token }) => {
    const here = at;
    at += token.length;
    return here;
  });
  return {
    tokens: probabilities.map((p) => p.token),
    token_logprobs: probabilities.map((p) => p.logprob),
    top_logprobs: probabilities.map((p) => Object.fromEntries(p.top.map((t) => [t.token, t.logprob]))),
    text_offset: offsets,
  };
};
/** The object as it came, where reading and writing it would give another: without some lists, with nulls, counted from elsewhere. */
export const ownLogprobs = (wire: Json, from: number): Fields | undefined => {
  const o = asObject(wire);
  return o === undefined || sameValue(writeLegacyLogprobs(readLegacyLogprobs(o), from), o) ? undefined : o;
};
