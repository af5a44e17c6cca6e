/**
 * How body bytes are cut into writes. Each write is one HTTP chunk and, with TCP_NODELAY set, usually one TCP segment.
 * `whole` joins everything; `{ size }` cuts evenly; `{ seed }` cuts at pseudo-random places of 1 to `most` bytes, the same for the same seed.
 */
export type Rechunk = 'whole' | { readonly size: number } | { readonly seed: number; readonly most?: number };

// Mulberry32: small, and equal on every machine.
const random = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
};

export const rechunk = (body: Buffer, plan: Rechunk): Buffer[] => {
  if (plan === 'whole') return body.length === 0 ? [] : [body];
  const draw = 'seed' in plan ? random(plan.seed) : undefined;
  const most = 'seed' in plan ? (plan.most ?? 64) : plan.size;
  if (!Number.isInteger(most) || most < 1) throw new RangeError(`A chunk has at least one byte, not ${most}`);
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const size = draw === undefined ? most : 1 + Math.floor(draw() * most);
    pieces.push(body.subarray(at, at + size));
    at += size;
  }
  return pieces;
};
