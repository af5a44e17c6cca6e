import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@llm-proxy-auth/plugin';
import pino from 'pino';
import { type AccessFields, accessLine } from './access-line.ts';
import { createLoggable } from './loggable.ts';
import { createScrub, type Scrub } from './scrub.ts';

export type { AccessFields } from './access-line.ts';
export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export interface LogOptions {
  /** A file descriptor, or anything that takes whole lines. Default: standard output. */
  readonly destination?: number | { write(line: string): unknown } | undefined;
  /** Values of `Secret()` fields, as they are now. */
  readonly secrets: () => readonly string[];
  /** Least severe line written; default `info`. */
  readonly level?: Level | undefined;
  /** Epoch ms. */
  readonly now?: (() => number) | undefined;
}
/** What plugins and the core write to, with the levels that plugins do not have. */
export interface CoreLogger extends Logger {
  trace(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  fatal(fields: object, message: string): void;
}
export interface GatewayLog {
  readonly logger: CoreLogger;
  /** The line of one request; skips the scrubber: closed-set fields only. */
  access(fields: AccessFields): void;
  /** A listener serves. Written at every level: whoever starts the gateway waits for it. */
  listening(name: string, url: string): void;
  /** How far the chain of the audit log has come. Written at every level: kept elsewhere, it proves that nothing was cut off. */
  heads(heads: readonly string[]): void;
  /** Whether prompts and completions may be written. */
  readonly content: boolean;
  configure(settings: { readonly level: string; readonly content: boolean }): void;
  readonly scrub: Scrub;
  /** Writes what is buffered at once, also beside a write that is under way. */
  flush(): void;
  /** Resolves when everything is written, line after line; a reader that reads nothing is waited for 5 s. */
  end(): Promise<void>;
}

/** Bytes and milliseconds that lines wait to be written together. */
const TOGETHER = 8192;
const FLUSH_MS = 100;
/** The same for lines of requests: each write wakes a thread, which costs as much as a request. */
const REQUESTS_TOGETHER = 65_536;
/** What is kept while the reader of the log does not read; lines beyond it are lost rather than the gateway. */
const MOST_WAITING = 64 * 1024 * 1024;
const END_MS = 5_000;
/** Longest stack, in characters. */
const STACK = 4096;

const LEVELS: ReadonlySet<string> = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']);
type Written = Exclude<Level, 'silent'>;

/** Most bytes of a UTF-16 unit in UTF-8. */
const UNIT_BYTES = 3;
/**
 * Lines of requests, joined before they are given on: the stream below measures all that waits with every line it gets. Joined as
 * bytes: a line is a rope of dozens of pieces, and what waits as ropes is copied by every scavenge.
 */
const together = (write: (lines: Buffer) => unknown) => {
  const held = Buffer.allocUnsafe(REQUESTS_TOGETHER);
  let size = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (size === 0) return;
    const ready = Buffer.from(held.subarray(0, size));
    size = 0;
    write(ready);
  };
  return {
    flush,
    add(line: string): void {
      const most = line.length * UNIT_BYTES;
      if (size + most > REQUESTS_TOGETHER) flush();
      if (most > REQUESTS_TOGETHER) {
        write(Buffer.from(line));
        return;
      }
      size += held.write(line, size);
      timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
  };
};

/** pino, one JSON object a line, written off the loop; every foreign string cut, escaped and scrubbed (hardening 5.7). */
export const openLog = (options: LogOptions): GatewayLog => {
  const scrub = createScrub({ secrets: options.secrets });
  const loggable = createLoggable(scrub, createScrub({ secrets: options.secrets, bound: STACK }));
  const now = options.now ?? Date.now;
  const { destination = 1 } = options;
  const buffered =
    typeof destination === 'number'
      ? pino.destination({ fd: destination, sync: false, minLength: TOGETHER, maxLength: MOST_WAITING, periodicFlush: FLUSH_MS, contentMode: 'buffer' })
      : undefined;
  // Its types know of text alone.
  const bytes = buffered as { write(bytes: unknown): unknown } | undefined;
  const below = bytes === undefined ? (destination as { write(line: string): unknown }) : { write: (line: string) => bytes.write(Buffer.from(line)) };
  const requests = bytes === undefined ? undefined : together((lines) => bytes.write(lines));
  const sink =
    requests === undefined
      ? below
      : {
          write(line: string): void {
            requests.flush();
            below.write(line);
          },
        };
  const flush = (): void => {
    requests?.flush();
    buffered?.flushSync();
  };
  if (buffered !== undefined) process.once('exit', flush);
  /** What is written at once overtakes a write under way, and may come between its lines where the reader is slow. */
  const end = async (): Promise<void> => {
    requests?.flush();
    const late = new AbortController();
    const written = new Promise<void>((resolve) => {
      if (buffered === undefined) resolve();
      else buffered.flush(() => resolve());
    });
    await Promise.race([written, sleep(END_MS, undefined, { signal: late.signal, ref: false }).catch(() => undefined)]);
    late.abort();
    flush();
  };
  const logger = pino(
    { level: options.level ?? 'info', base: null, timestamp: () => `,"time":${now()}`, formatters: { level: (label) => ({ level: label }) } },
    sink as pino.DestinationStream,
  );
  let content = false;
  let lost = 0;
  buffered?.on('drop', () => {
    lost += 1;
  });
  // A reader that went away or a full disk costs lines, which are counted, not the gateway.
  buffered?.on('error', () => {
    lost += 1;
  });
  buffered?.on('drain', () => {
    if (lost === 0) return;
    logger.warn({ lines: lost }, 'log lines were lost because nobody read them');
    lost = 0;
  });
  const at =
    (level: Written) =>
    (fields: object, message: string): void => {
      if (!logger.isLevelEnabled(level)) return;
      try {
        logger[level](loggable(fields), scrub(message));
      } catch (error) {
        // A getter or proxy that throws must not cost the request that only wanted to say something.
        logger[level]({ unloggable: error instanceof Error ? error.name : typeof error }, scrub(message));
      }
    };
  return {
    logger: { trace: at('trace'), debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), fatal: at('fatal') },
    access(fields) {
      if (!logger.isLevelEnabled('info')) return;
      if (requests === undefined) sink.write(accessLine(fields));
      else requests.add(accessLine(fields));
    },
    listening(name, url) {
      sink.write(`${JSON.stringify({ level: 'info', time: now(), msg: 'listening', listener: name, url })}\n`);
    },
    heads(heads) {
      sink.write(`${JSON.stringify({ level: 'info', time: now(), msg: 'audit checkpoint', heads })}\n`);
    },
    get content() {
      return content;
    },
    configure(settings) {
      if (LEVELS.has(settings.level)) logger.level = settings.level;
      content = settings.content;
    },
    scrub,
    flush,
    end,
  };
};
