import type { Principal } from '../../access.ts';
import { GatewayError } from '../../error.ts';
import type { Host } from '../../plugin.ts';
import type { Book } from '../book.ts';
import { isPairId, type PairEntry, pairObstacle } from './record.ts';

/** What is known of an id; `away` when the store must be asked and does not answer. At once for what is known already. */
export const findPair = <M>(book: Book<PairEntry<M>>, id: string): PairEntry<M> | 'away' | Promise<PairEntry<M> | 'away' | undefined> => {
  const known = book.find(id);
  if (known !== undefined) return book.freshFor() > 0 ? known : 'away';
  return book.answers() ? book.lookUp(id).catch(() => 'away' as const) : 'away';
};

/** `AuthStrategy.current` of a strategy whose credentials are pairs. Throws `auth_unavailable`. */
export const currentPair =
  <M>(book: Book<PairEntry<M>>, host: Pick<Host, 'now'>) =>
  async (id: string): Promise<Principal | undefined> => {
    const entry = isPairId(id) ? await findPair(book, id) : undefined;
    if (entry === 'away') throw new GatewayError('auth_unavailable', 'The store of keys does not answer.', { retryAfterMs: 1000 });
    return entry === undefined || pairObstacle(entry.record, host.now()) !== undefined ? undefined : entry.principal;
  };
