import { GatewayError, type Host } from '@llm-proxy-auth/plugin';
import type { KeyBook } from './book.ts';
import type { Verifiers } from './verifier.ts';

/** What the administration of keys shares with the strategy that reads them. */
export interface Ring {
  readonly book: KeyBook;
  readonly verifiers: Verifiers;
  readonly writtenNames: ReadonlySet<string>;
}
const rings = new WeakMap<Host, Ring>();

/** The strategy made with a host and the operations run with it belong together. */
export const keepRing = (host: Host, ring: Ring): void => {
  rings.set(host, ring);
};
/** Throws `invalid_request` when the configuration has no `use: api-key`. */
export const ringOf = (host: Host): Ring => {
  const ring = rings.get(host);
  if (ring === undefined) throw new GatewayError('invalid_request', 'Keys need an entry `{ use: api-key }` under `auth`.');
  return ring;
};
