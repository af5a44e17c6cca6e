import { asList, asNumber, asObject, type Fields } from '@llm-proxy-auth/plugin';

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
