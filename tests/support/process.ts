import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A process of the product and what it has written. */
export interface Running {
  readonly child: ChildProcess;
  /** Standard output so far. */
  out(): string;
  err(): string;
  /** Resolves with the match once it stands in the output; rejects when the process ends before. */
  says(what: RegExp): Promise<RegExpExecArray>;
  /** Code or signal with which it ended. */
  readonly ended: Promise<number | string>;
  kill(signal: NodeJS.Signals): void;
}
/** The environment of this process without anything that belongs to a vendor, to npm or to a test. */
export const bareEnvironment = (more: Readonly<Record<string, string>> = {}): Record<string, string> => {
  const kept = Object.entries(process.env).filter(([name]) => /^(PATH|HOME|LANG|TMPDIR|SystemRoot)$/.test(name));
  return { ...Object.fromEntries(kept.map(([name, value]) => [name, value ?? ''])), ...more };
};

export const run = (args: readonly string[], env: Readonly<Record<string, string>>, cwd = ROOT): Running => {
  const child = spawn(process.execPath, [...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  const looking = new Set<() => void>();
  child.stdout.on('data', (piece: Buffer) => {
    out += piece.toString();
    for (const look of looking) look();
  });
  child.stderr.on('data', (piece: Buffer) => {
    err += piece.toString();
  });
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  return {
    child,
    ended,
    out: () => out,
    err: () => err,
    kill: (signal) => void child.kill(signal),
    says: (what) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = what.exec(out);
          if (found === null) return;
          looking.delete(look);
          resolve(found);
        };
        looking.add(look);
        look();
        void ended.then((code) => reject(new Error(`it ended with ${code} before it said ${what}: ${err}`)));
      }),
  };
};
