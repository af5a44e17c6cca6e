import { createHash } from 'node:crypto';
import type { Fields } from './check.ts';
import type { Model } from './models.ts';
import type { Piece } from './pieces.ts';

/** How the input tokens of a request divide; all of them together are the prompt. */
export type CacheUsage = { readonly read: number; readonly written5m: number; readonly written1h: number; readonly plain: number };

export type PromptCache = {
  /** Looks up the longest known prefix, notes those the request marks and says what each cost. */
  use(model: Model, pieces: readonly Piece[], automatic: Fields | undefined, tokens: number): CacheUsage;
};

type Mark = { readonly key: string; readonly tokens: number; readonly long: boolean };

const lookBack = 20; // blocks before a mark at which an older mark is still found
const lifetime = { short: 300_000, long: 3_600_000 };

/** Prefix keys and lengths at every piece; the key of a prefix names the model too. */
const prefixes = (model: Model, pieces: readonly Piece[]): { key: string; tokens: number }[] => {
  const hash = createHash('sha256').update(model.id);
  let tokens = 0;
  return pieces.map((piece) => {
    hash.update(piece.text).update('\n');
    tokens += piece.tokens;
    return { key: hash.copy().digest('base64'), tokens };
  });
};

const marksOf = (pieces: readonly Piece[], all: readonly { key: string; tokens: number }[], automatic: Fields | undefined): (Mark & { at: number })[] =>
  pieces.flatMap((piece, index) => {
    const control = piece.cacheControl ?? (automatic !== undefined && index === pieces.length - 1 ? automatic : undefined);
    const prefix = all[index];
    return control === undefined || prefix === undefined ? [] : [{ ...prefix, long: control.ttl === '1h', at: index }];
  });

/** Prompt caching as the service does it: marks of at least the model's minimum, for five minutes or an hour from their last use. */
export const promptCache = (now: () => number): PromptCache => {
  const known = new Map<string, { expires: number; long: boolean }>();
  const isKnown = (key: string): boolean => (known.get(key)?.expires ?? 0) > now();
  const note = ({ key, long }: Mark): void => {
    const kept = long || known.get(key)?.long === true;
    known.set(key, { expires: now() + (kept ? lifetime.long : lifetime.short), long: kept });
  };
  return {
    use: (model, pieces, automatic, tokens) => {
      const all = prefixes(model, pieces);
      const marks = marksOf(pieces, all, automatic).filter((mark) => mark.tokens >= model.cacheMinimum);
      const found = all.findLastIndex(({ key }, index) => isKnown(key) && marks.some(({ at }) => at >= index && at - index <= lookBack));
      const read = all[found]?.tokens ?? 0;
      if (found !== -1) note({ key: all[found]?.key ?? '', tokens: read, long: false });
      let done = read;
      const written = { long: 0, short: 0 };
      for (const mark of marks) {
        if (mark.tokens > done) {
          written[mark.long ? 'long' : 'short'] += mark.tokens - done;
          done = mark.tokens;
        }
        note(mark);
      }
      return { read, written5m: written.short, written1h: written.long, plain: tokens - done };
    },
  };
};
