import { type AuthStrategy, GatewayError, type Host } from '@llm-proxy-auth/plugin';
import { compromised, pairBook, pollBook, replays } from '@llm-proxy-auth/plugin/issued';
import { parts } from './admin.ts';
import type { Config } from './config.ts';
import { kind } from './key.ts';
import { SKEW, strategy } from './strategy.ts';

/** Throws `invalid_request` without `keyEncryption`: the secrets of the pairs are kept encrypted. */
export const makeStrategy = async (config: Config, host: Host): Promise<AuthStrategy> => {
  if (host.encryption === undefined) throw new GatewayError('invalid_request', 'sigv4 keeps secrets encrypted: write `keyEncryption`.');
  const hands = compromised();
  const book = pairBook(host, kind, hands);
  await pollBook(book, kind.what, host);
  parts.keep(host, { book });
  return strategy({ host, hands, config, book, used: replays(host, { skew: SKEW }) });
};
