import { readFileSync, statSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { Logger, Secret } from '@llm-proxy-auth/plugin';

const MAX_BYTES = 1024 * 1024;
/** Shorter values would make the log scrubber eat ordinary words. */
const SCRUBBED_FROM = 8;

/** Text of a secret's file without one trailing newline. Throws an Error whose message names the cause, never the content. */
export const readSecretFile = (path: string): string => {
  const { size } = statSync(path);
  if (size > MAX_BYTES) throw new Error('it is larger than 1 MiB');
  return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
};

interface SecretSource {
  readonly ref: string;
  /** Files the value comes from; empty for values that do not change. */
  readonly files: readonly string[];
  /** The value now. Throws when a file cannot be read. */
  readonly render: () => string;
}
interface Held {
  readonly source: SecretSource;
  readonly listeners: (() => void)[];
  value: string;
  /** Value before the last rotation; still scrubbed, as answers may echo it. */
  previous: string | undefined;
  stamp: string | undefined;
  failing: boolean;
}
/** All `Secret()` fields of one graph. */
export interface Secrets {
  add(source: SecretSource, value: string): Secret;
  /** Values of 8 characters and more, for the log scrubber. */
  readonly values: () => readonly string[];
  /** Reads changed files again; a file that is gone or empty keeps the last good value. */
  refresh(log: Logger): Promise<void>;
  /** Refreshes at this interval until `close`. */
  watch(log: Logger, everyMs: number): void;
  close(): void;
}

const stampOf = async (files: readonly string[]): Promise<string> => {
  const stamps = await Promise.all(
    files.map(async (file) => {
      const real = await realpath(file);
      const { ino, mtimeMs, size } = await stat(real);
      return `${real}:${ino}:${mtimeMs}:${size}`;
    }),
  );
  return stamps.join('\n');
};
const handleOf = (held: Held): Secret =>
  Object.freeze({
    ref: held.source.ref,
    peek: () => held.value,
    onRotate: (f: () => void) => {
      held.listeners.push(f);
    },
    // Whoever prints or serialises a configuration gets the place, not the value.
    toJSON: () => held.source.ref,
    toString: () => held.source.ref,
  });
const rotate = (held: Held, value: string, log: Logger): void => {
  if (value === held.value) return;
  held.previous = held.value;
  held.value = value;
  log.info({ secret: held.source.ref }, 'secret rotated');
  for (const listener of held.listeners) {
    try {
      listener();
    } catch (error) {
      log.error({ secret: held.source.ref, error: error instanceof Error ? error.name : 'unknown' }, 'a listener of a rotated secret failed');
    }
  }
};
const refreshOne = async (held: Held, log: Logger): Promise<void> => {
  try {
    const stamp = await stampOf(held.source.files);
    if (stamp === held.stamp) return;
    const value = held.source.render();
    if (value === '') throw new Error('it is empty');
    held.stamp = stamp;
    held.failing = false;
    rotate(held, value, log);
  } catch (error) {
    if (!held.failing)
      log.warn(
        { secret: held.source.ref, code: (error as NodeJS.ErrnoException).code ?? 'unreadable' },
        'secret file cannot be read; the last good value stays in use',
      );
    held.failing = true;
  }
};

export const createSecrets = (): Secrets => {
  const all: Held[] = [];
  let scrubbed: readonly string[] | undefined;
  let timer: NodeJS.Timeout | undefined;
  const refresh = async (log: Logger): Promise<void> => {
    for (const held of all) if (held.source.files.length > 0) await refreshOne(held, log);
    scrubbed = undefined;
  };
  return {
    add(source, value) {
      const held: Held = { source, listeners: [], value, previous: undefined, stamp: undefined, failing: false };
      all.push(held);
      scrubbed = undefined;
      return handleOf(held);
    },
    values: () => {
      scrubbed ??= [...new Set(all.flatMap((h) => (h.previous === undefined ? [h.value] : [h.value, h.previous])))].filter((v) => v.length >= SCRUBBED_FROM);
      return scrubbed;
    },
    refresh,
    watch(log, everyMs) {
      if (timer !== undefined || !all.some((h) => h.source.files.length > 0)) return;
      let busy = false;
      timer = setInterval(() => {
        if (busy) return;
        busy = true;
        void refresh(log).finally(() => {
          busy = false;
        });
      }, everyMs);
      timer.unref();
    },
    close() {
      clearInterval(timer);
      timer = undefined;
    },
  };
};
