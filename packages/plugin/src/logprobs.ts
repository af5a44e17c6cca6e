import type { TokenLogprob } from './conversation.ts';
import { asList, asNumber, asObject, asText } from './json/members.ts';
import type { Json } from './wire.ts';

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
/** `[{token, logprob, bytes, top_logprobs}]`, as OpenAI and those that took over its form write it; undefined when it is null or absent. */
export const readLogprobs = (wire: Json): readonly TokenLogprob[] | undefined => (Array.isArray(wire) ? wire.map(readOne) : undefined);
