import type { AuthStrategy, Host } from '@llm-proxy-auth/plugin';
import { compromised, pollBook } from '@llm-proxy-auth/plugin/issued';
import { keyBook } from './book.ts';
import type { Config } from './config.ts';
import { lastUsed, writeRegularly } from './last-used.ts';
import { legacyKeys } from './legacy.ts';
import { type Pepper, pepperOf } from './pepper.ts';
import { rehash } from './rehash.ts';
import { rings } from './ring.ts';
import { strategy } from './strategy.ts';
import { type Verifiers, verifiers } from './verifier.ts';
import { writtenKeys } from './written.ts';

const followPepper = (pepper: Config['pepper'], host: Host, use: Verifiers): void => {
  pepper?.onRotate(() => {
    const replace = async (): Promise<void> => use.usePepper(pepperOf(await host.secret(pepper)));
    replace().catch((error: unknown) =>
      host.log.error({ reason: error instanceof Error ? error.message : 'unknown' }, 'the new pepper cannot be used; the one before stays in use'),
    );
  });
};

/** A store that does not answer yet makes stored keys `unavailable` until it does; written keys let in at once. */
export const makeStrategy = async (config: Config, host: Host): Promise<AuthStrategy> => {
  const pepper: Pepper | undefined = config.pepper === undefined ? undefined : pepperOf(await host.secret(config.pepper));
  const earlier = await Promise.all((config.earlierPeppers ?? []).map(async (one) => pepperOf(await host.secret(one))));
  const use = verifiers(pepper, undefined, earlier);
  followPepper(config.pepper, host, use);
  let rotations = 0;
  const written = await writtenKeys(config.keys, host, () => {
    rotations++;
  });
  const hands = compromised();
  const book = keyBook(host, hands.seen);
  const uses = lastUsed(host);
  await pollBook(book, 'keys', host);
  writeRegularly(uses, host);
  rings.keep(host, { book, verifiers: use, writtenNames: written.names });
  return strategy({
    host,
    book,
    hands,
    written,
    verifiers: use,
    uses,
    legacy: legacyKeys(book, use),
    rehash: rehash(host, book, use),
    trustsStale: config.staleAuth === 'allow',
    rotations: () => rotations,
  });
};
