import { asList, asNumber, asObject, asText, type Fields, type Json, type TokenLogprob } from '@llm-proxy-auth/plugin';

const readOne = (wire: Json): TokenLogprob => {
  const o = asObject(wire) ?? {};
  const bytes = Array.isArray(o.bytes) ? o.bytes.map((b) => asNumber(b) ?? 0) : undefined;
  return {
    token: asText(o.token) ?? '',
    logprob: asNumber(o.logprob) ?? 0,
    ...(bytes === undefined ? {} : { bytes }),
    top: asList(o.top_logprobs).map(readOne),
  };
};
/** `logprobs.content` or `logprobs.refusal`; undefined when it is null or absent. */
export const readLogprobs = (wire: Json): readonly TokenLogprob[] | undefined => (Array.isArray(wire) ? wire.map(readOne) : undefined);
const writeTop = (t: TokenLogprob): Fields => ({ token: t.token, logprob: t.logprob, bytes: t.bytes ?? null });
const writeOne = (t: TokenLogprob): Fields => ({ ...writeTop(t), top_logprobs: t.top.map(writeTop) });
/** The `logprobs` member of a choice: null when there are none. */
export const writeLogprobs = (content: readonly TokenLogprob[] | undefined, refusal: readonly TokenLogprob[] | undefined): Fields | null =>
  content === undefined && refusal === undefined ? null : { content: content?.map(writeOne) ?? null, refusal: refusal?.map(writeOne) ?? null };
