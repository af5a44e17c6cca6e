import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
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
/** The environment of this process without anything that belongs to a vendor, to npm or to a test, but for where compiled code is kept. */
export const bareEnvironment = (more: Readonly<Record<string, string>> = {}): Record<string, string> => {
  const kept = Object.entries(process.env).filter(([name]) => /^(PATH|HOME|LANG|TMPDIR|SystemRoot|NODE_COMPILE_CACHE)$/.test(name));
  return { ...Object.fromEntries(kept.map(([name, value]) => [name, value ?? ''])), ...more };
};

const TICKS_A_SECOND = 100;
/**
 * CPU seconds that a process and its children have used so far; undefined where the system does not tell (Linux does). Unlike the
 * time on the clock it hardly grows when the machine does other things too.
 */
export const cpuSeconds = (pid: number): number | undefined => {
  try {
    // Behind the name in parentheses; user time, system time and the same of children that have ended are the 14th to 17th field.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const own = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_A_SECOND;
    return childrenOf(pid).reduce((sum, child) => sum + (cpuSeconds(child) ?? 0), own);
  } catch {
    return undefined;
  }
};

/** Processes that one has started and that have not ended; empty where the system does not tell. */
export const childrenOf = (pid: number): readonly number[] => {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '));
    return children.filter((child) => child !== '').map(Number);
  } catch {
    return [];
  }
};
/** Bytes of memory that a process has now, and had at most since it began or since `forgetPeak`; undefined where the system does not tell. */
export const memoryOf = (pid: number): { readonly now: number; readonly peak: number } | undefined => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
    return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
  } catch {
    return undefined;
  }
};
/** From now on the peak is that of the time to come. */
export const forgetPeak = (pid: number): void => {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Not on this system.
  }
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
