import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Debian: `apt-get install redis-server`; without it the cases that need a server are skipped. */
export const isInstalled = spawnSync('redis-server', ['--version']).status === 0;

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });

export interface Server {
  readonly url: string;
  /** Answers nothing any more, its connections stay. */
  freeze(): void;
  thaw(): void;
  /** Dies with its data. */
  kill(): Promise<void>;
  /** Starts again on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}
/** A server of its own on a free port of loopback that keeps nothing. `secure`: what it needs to speak TLS, and nothing else. */
export const openServer = async (options: readonly string[] = [], secure = false): Promise<Server> => {
  const folder = mkdtempSync(join(tmpdir(), 'lpa-redis-'));
  const port = await freePort();
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn(
      'redis-server',
      [
        ...(secure ? ['--port', '0', '--tls-port'] : ['--port']),
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        folder,
        ...options,
      ],
      {
        stdio: 'ignore',
      },
    );
    for (let tries = 0; !(await answers(port)); tries++) {
      if (tries > 500) throw new Error('redis-server does not start');
      await sleep(10);
    }
  };
  const kill = async (): Promise<void> => {
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    child = undefined;
    await gone;
  };
  await start();
  return {
    url: secure ? `rediss://localhost:${port}` : `redis://127.0.0.1:${port}`,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    kill,
    start,
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
