/** Freezes everything reachable, except bytes (which cannot be frozen) and handles. */
export const deepFreeze = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
};

/** Runs pure code with another clock and other chance than it would see by itself, so that reading either changes its result. */
export const atAnotherMoment = <T>(salt: number, f: () => T): T => {
  const clock = Date.now;
  const chance = Math.random;
  Date.now = () => 1_000_000_000_000 + salt * 86_400_000;
  Math.random = () => (salt % 97) / 97;
  try {
    return f();
  } finally {
    Date.now = clock;
    Math.random = chance;
  }
};

/** Bytes and JSON texts in a form `deepEqual` and messages can show. */
export const shown = (value: unknown): string => {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString() : (JSON.stringify(value) ?? 'undefined');
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
};
