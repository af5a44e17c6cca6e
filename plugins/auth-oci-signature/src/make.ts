import type { AuthStrategy, Host } from '@llm-proxy-auth/plugin';
import { compromised, pairBook, pollBook, replays } from '@llm-proxy-auth/plugin/issued';
import { parts } from './admin.ts';
import type { Config } from './config.ts';
import { kind } from './key.ts';
import { SKEW, strategy } from './strategy.ts';

/** Two equal calls of one second have the same signature: for so long it is taken again, ms. */
const AGAIN = 2000;

/** A store that does not answer yet makes keys `unavailable` until it does. */
export const makeStrategy = async (config: Config, host: Host): Promise<AuthStrategy> => {
  const hands = compromised();
  const book = pairBook(host, kind, hands);
  await pollBook(book, kind.what, host);
  parts.keep(host, { book });
  return strategy({ host, hands, config, book, used: replays(host, { skew: SKEW, again: AGAIN }) });
};
