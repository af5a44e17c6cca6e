import { sharedParts } from '@llm-proxy-auth/plugin/issued';
import type { KeyBook } from './book.ts';
import type { Verifiers } from './verifier.ts';

/** What the administration of keys shares with the strategy that reads them. */
export interface Ring {
  readonly book: KeyBook;
  readonly verifiers: Verifiers;
  readonly writtenNames: ReadonlySet<string>;
}
export const rings = sharedParts<Ring>('Keys', '{ use: api-key }');
