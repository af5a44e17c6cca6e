import type { HeaderPairs } from './captured.ts';

/**
 * What a peer answers. A Buffer body goes out with content-length in one piece; an iterable goes out chunked, one write for each piece.
 * Framing headers (content-length, transfer-encoding, connection, date) are never in `headers`: the delivery computes them.
 */
export type Answer = {
  readonly status: number;
  readonly headers: HeaderPairs;
  readonly body: Buffer | Iterable<Buffer>;
};

export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value, undefined, 2));

/** `data: …` and a blank line, with an `event:` line before it where the service has one. */
export const sseFrame = (value: unknown, event?: string): Buffer => {
  const data = typeof value === 'string' ? value : JSON.stringify(value);
  return Buffer.from(`${event === undefined ? '' : `event: ${event}\n`}data: ${data}\n\n`);
};

/** Replaces headers by name in any case; `undefined` removes one. */
export const withHeaders = (headers: HeaderPairs, changes: Readonly<Record<string, string | undefined>>): HeaderPairs => {
  const changed = new Set(Object.keys(changes).map((name) => name.toLowerCase()));
  const kept = headers.filter(([name]) => !changed.has(name.toLowerCase()));
  const added = Object.entries(changes).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return [...kept, ...added];
};
