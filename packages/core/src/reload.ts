import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import type { Logger } from '@llm-proxy-auth/plugin';
import { isConfigurationError } from './config/problem.ts';
import type { Graph } from './graph.ts';

export interface WatchOptions {
  /** Watched for changes; without it only `reload` loads. */
  readonly file?: string | undefined;
  readonly load: () => Promise<Graph>;
  /** Puts the graph into service and disposes of the one before when it is idle. */
  readonly swap: (graph: Graph) => void | Promise<void>;
  readonly log: Logger;
  /** After every try: whether the configuration that was found is the one that serves. */
  readonly onResult: (ok: boolean) => void;
  /** How often the file is looked at; it must be the same twice. Default 1 s. */
  readonly pollMs?: number | undefined;
}
export interface ConfigurationWatch {
  /** Loads now, whether or not the file changed (SIGHUP). True when the new configuration serves. */
  reload(): Promise<boolean>;
  /** Ends the watch; resolves when a reload under way is done. */
  close(): Promise<void>;
}
const POLL_MS = 1_000;

/** Changes with the content's place (a mounted ConfigMap swaps the `..data` link), its time and its size. */
const stampOf = async (file: string): Promise<string> => {
  const real = await realpath(file);
  const { ino, mtimeMs, size } = await stat(real);
  return `${real}:${ino}:${mtimeMs}:${size}`;
};
const checksumOf = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

const tryOnce = async ({ load, swap, log }: WatchOptions): Promise<boolean> => {
  let graph: Graph;
  try {
    graph = await load();
  } catch (error) {
    const fields = isConfigurationError(error) ? { problems: error.problems } : { error: error instanceof Error ? error.name : 'unknown' };
    log.error(fields, 'the new configuration cannot be served; the old one stays in use');
    return false;
  }
  try {
    await swap(graph);
  } catch (error) {
    log.error({ error: error instanceof Error ? error.name : 'unknown' }, 'the new configuration could not be put into service; the old one stays in use');
    await graph.dispose();
    return false;
  }
  log.info({ file: graph.file }, 'configuration loaded');
  return true;
};

/** One reload at a time; those who ask while another waits for its turn share that one's result. */
const serialised = (options: WatchOptions, starting: () => Promise<void>): ConfigurationWatch => {
  let queue: Promise<unknown> = Promise.resolve();
  let waiting: Promise<boolean> | undefined;
  let closed = false;
  const run = async (): Promise<boolean> => {
    waiting = undefined;
    if (closed) return false;
    await starting();
    const ok = await tryOnce(options);
    options.onResult(ok);
    return ok;
  };
  return {
    reload() {
      if (closed) return Promise.resolve(false);
      waiting ??= queue.then(run);
      queue = waiting;
      return waiting;
    },
    async close() {
      closed = true;
      await queue.catch(() => undefined);
    },
  };
};

/** Tells `changed` of each new content once, when the file has been the same for two looks. */
const watchFile = (file: string, pollMs: number, log: Logger, known: () => string | undefined, changed: () => Promise<unknown>): (() => void) => {
  let seen: string | undefined;
  let pending: string | undefined;
  let missing = false;
  let looking = false;
  const look = async (): Promise<void> => {
    const stamp = await stampOf(file);
    missing = false;
    const settled = stamp === pending;
    pending = stamp;
    if (stamp === seen || !settled) return;
    seen = stamp;
    if ((await checksumOf(file)) !== known()) await changed();
  };
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look()
      .catch((error: NodeJS.ErrnoException) => {
        if (!missing) log.warn({ file, code: error.code ?? 'unreadable' }, 'the configuration file cannot be read; the old one stays in use');
        missing = true;
      })
      .finally(() => {
        looking = false;
      });
  }, pollMs).unref();
  return () => clearInterval(timer);
};

/**
 * Watches a configuration that serves already: each content of the file is loaded once, a bad one changes nothing.
 * The content at the call is taken as the one that serves.
 */
export const watchConfiguration = (options: WatchOptions): ConfigurationWatch => {
  const { file, log } = options;
  const checksum = async (): Promise<string | undefined> => (file === undefined ? undefined : checksumOf(file).catch(() => undefined));
  let tried: string | undefined;
  const first = checksum().then((sum) => {
    tried = sum;
  });
  const queue = serialised(options, async () => {
    await first;
    // Before the load: a change while it runs is another content.
    tried = await checksum();
  });
  const stop = file === undefined ? undefined : watchFile(file, options.pollMs ?? POLL_MS, log, () => tried, queue.reload);
  return {
    reload: queue.reload,
    close() {
      stop?.();
      return queue.close();
    },
  };
};
