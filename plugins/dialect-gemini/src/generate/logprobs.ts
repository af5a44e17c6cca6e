import { asList, asNumber, asObject, asText, type Fields, type Json, type TokenLogprob } from '@llm-proxy-auth/plugin';

const one = (wire: Json, top: readonly TokenLogprob[]): TokenLogprob => {
  const o = asObject(wire) ?? {};
  return { token: asText(o.token) ?? '', logprob: asNumber(o.logProbability) ?? 0, top };
};
/** `logprobsResult` by token; undefined where there is none. */
export const readLogprobs = (wire: Json): readonly TokenLogprob[] | undefined => {
  const o = asObject(wire);
  if (o === undefined || !Array.isArray(o.chosenCandidates)) return undefined;
  const tops = asList(o.topCandidates);
  return o.chosenCandidates.map((chosen: Json, i) =>
    one(
      chosen,
      asList(asObject(tops[i])?.candidates).map((other) => one(other, [])),
    ),
  );
};
const written = ({ token, logprob }: TokenLogprob): Fields => ({ token, logProbability: logprob });
export const writeLogprobs = (list: readonly TokenLogprob[]): Fields => ({
  chosenCandidates: list.map(written),
  topCandidates: list.map(({ top }) => ({ candidates: top.map(written) })),
});
