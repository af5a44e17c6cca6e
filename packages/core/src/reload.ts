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

/** Watches a configuration: one reload at a time, each content once, a bad one changes nothing. */
export const watchConfiguration = (options: WatchOptions): ConfigurationWatch => {
  const { file, log } = options;
  let queue: Promise<unknown> = Promise.resolve();
  let waiting: Promise<boolean> | undefined;
  let closed = false;
  let tried: string | undefined;
  let stable: string | undefined;
  let pending: string | undefined;
  let missing = false;

  const run = async (): Promise<boolean> => {
    waiting = undefined;
    if (closed) return false;
    // Before the load: a change while it runs is another content.
    if (file !== undefined) tried = await checksumOf(file).catch(() => undefined);
    const ok = await tryOnce(options);
    options.onResult(ok);
    return ok;
  };
  const reload = (): Promise<boolean> => {
    if (closed) return Promise.resolve(false);
    // Who asks while another waits for its turn gets that one's result.
    waiting ??= queue.then(run);
    queue = waiting;
    return waiting;
  };
  const look = async (path: string): Promise<void> => {
    const stamp = await stampOf(path);
    missing = false;
    if (stamp === stable) return;
    const settled = stamp === pending;
    pending = stamp;
    if (!settled) return;
    stable = stamp;
    if ((await checksumOf(path)) !== tried) await reload();
  };
  const first =
    file === undefined
      ? Promise.resolve()
      : Promise.all([stampOf(file), checksumOf(file)])
          .then(([stamp, sum]) => {
            stable = stamp;
            pending = stamp;
            tried ??= sum;
          })
          .catch(() => undefined);
  let looking = false;
  const timer =
    file === undefined
      ? undefined
      : setInterval(() => {
          if (looking) return;
          looking = true;
          void first
            .then(() => look(file))
            .catch((error: NodeJS.ErrnoException) => {
              if (!missing) log.warn({ file, code: error.code ?? 'unreadable' }, 'the configuration file cannot be read; the old one stays in use');
              missing = true;
            })
            .finally(() => {
              looking = false;
            });
        }, options.pollMs ?? POLL_MS);
  timer?.unref();

  return {
    reload,
    async close() {
      closed = true;
      clearInterval(timer);
      await queue.catch(() => undefined);
    },
  };
};
