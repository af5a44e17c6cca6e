import type { AuthStrategy, Host } from '@llm-proxy-auth/plugin';
import { argon, pollBook } from '@llm-proxy-auth/plugin/issued';
import { parts, userBook } from './book.ts';
import type { Config } from './config.ts';
import { failures } from './failures.ts';
import { strategy } from './strategy.ts';

/** A store that does not answer yet makes users `unavailable` until it does. */
export const makeStrategy = async (config: Config, host: Host): Promise<AuthStrategy> => {
  const hasher = argon(() => import('@node-rs/argon2'));
  const book = userBook(host);
  await pollBook(book, 'users', host);
  parts.keep(host, { book, argon: hasher });
  return strategy({ host, config, book, argon: hasher, failures: failures() });
};
