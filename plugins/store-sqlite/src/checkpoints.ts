import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import type { Logger } from '@llm-proxy-auth/plugin';

/** Characters written, each write counting for a page more, after which the log is worked into the database: about what SQLite does after 1,000 pages. */
const EVERY = 4 * 2 ** 20;
const PAGE = 4_096;
/** Characters written since the checkpoint that is under way was asked for, after which writes wait for it: the other thread may get no turn for as long as this one writes. */
const AHEAD = 2 * EVERY;
/** Pages of a log that never became empty, because writes went on: they wait once, so that it does. */
const TOO_LONG_PAGES = 4_096;
/** Pages of 4 KiB after which SQLite does it itself in the thread that writes, should the other one not keep up. */
const AT_LAST_PAGES = 16_384;
/** What SQLite does by itself. */
const USUAL_PAGES = 1_000;

/** The other thread: one checkpoint a message. PASSIVE waits for nobody, and nobody waits for it. */
const THREAD = `
const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
process.emitWarning = () => undefined;
const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
let db;
parentPort.on('message', (message) => {
  if (message === 'close') {
    db?.close();
    parentPort.close();
    return;
  }
  let pages = 0;
  try {
    db ??= new DatabaseSync(workerData, { timeout: 0 });
    pages = db.prepare('PRAGMA wal_checkpoint(PASSIVE)').get().log;
  } catch {
    // Locked or damaged: whoever writes next hears of it.
  }
  parentPort.postMessage(pages);
});
`;

export interface Checkpoints {
  /** A write of so many characters has been committed. */
  written(size: number): void;
  /** What the next write waits for; undefined: nothing. */
  readonly room: Promise<void> | undefined;
  close(): Promise<void>;
}
/**
 * Works the write-ahead log of a file into the database in a thread of its own, because that waits for the disk: done by the
 * connection that writes, it holds up the event loop for as long. The thread is made when it is first needed.
 */
export const checkpoints = (db: DatabaseSync, path: string, log: Logger): Checkpoints => {
  db.exec(`PRAGMA wal_autocheckpoint = ${AT_LAST_PAGES}`);
  let thread: Worker | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  /** Written since the last checkpoint was asked for. */
  let waiting = 0;
  let room: Promise<void> | undefined;
  let release: (() => void) | undefined;
  let busy = false;
  /** The checkpoint under way is the second one, of a log that is too long; nothing is written meanwhile. */
  let again = false;
  let lost = false;
  const hold = (): void => {
    room ??= new Promise((resolve) => {
      release = resolve;
    });
  };
  const free = (): void => {
    room = undefined;
    release?.();
    release = undefined;
  };
  const start = (): Worker => {
    const made = new Worker(THREAD, { eval: true, workerData: path, resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 16 } });
    made.unref();
    made.on('message', (pages: number) => {
      if (pages > TOO_LONG_PAGES && !again) {
        again = true;
        hold();
        waiting = 0;
        return made.postMessage('checkpoint');
      }
      busy = false;
      again = false;
      free();
    });
    made.on('error', (error) => {
      lost = true;
      free();
      log.warn({ path, reason: error.message }, 'the thread that tidies the store has ended; the gateway does it itself');
      if (db.isOpen) db.exec(`PRAGMA wal_autocheckpoint = ${USUAL_PAGES}`);
    });
    ended = new Promise((resolve) => made.once('exit', resolve));
    return made;
  };
  return {
    get room() {
      return room;
    },
    written(size) {
      waiting += size + PAGE;
      if (lost) return;
      if (busy && waiting > AHEAD) hold();
      if (busy || waiting < EVERY) return;
      waiting = 0;
      busy = true;
      thread ??= start();
      thread.postMessage('checkpoint');
    },
    async close() {
      if (thread === undefined || lost) return;
      // Nothing else may be left that keeps the process until it has ended.
      thread.ref();
      thread.postMessage('close');
      await ended;
    },
  };
};
