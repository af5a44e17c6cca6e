import { asObject, type Fields, type Json, type Ledger, type Remainder, remainderOf, restore } from '@llm-proxy-auth/plugin';

/** Members in which what a provider did wrong is not brought back. */
const REPAIRED: ReadonlySet<string> = new Set(['usage', 'tool_calls']);
/** Members in the provider's order, with those it left out left out and its nulls; values stay ours, which may be repaired. */
const spelled = (written: Json, left: Remainder): Remainder => {
  const fields = asObject(written) ?? {};
  const added = Object.entries(left.set ?? {}).filter(([key]) => !Array.isArray(written) && !Object.hasOwn(fields, key) && !REPAIRED.has(key));
  const inner = Object.entries(left.at ?? {})
    .filter(([key]) => key !== 'usage')
    .map(([key, at]) => [key, spelled(Array.isArray(written) ? written[Number(key)] : fields[key], at)] as const);
  return { set: Object.fromEntries(added), unset: left.unset?.filter((key) => key !== 'content'), order: left.order, at: Object.fromEntries(inner) };
};
/** For writing what is only compared. */
export const SILENT: Ledger = Object.freeze({ note: () => undefined });
/** An answer in the spelling of its provider: `reference` is what we write of the answer `wire` as it was read. */
export const answered = (body: Fields, reference: Fields, wire: Fields): Fields => {
  const left = remainderOf(reference, wire);
  return left === undefined ? body : restore(body, spelled(reference, left));
};
