import { execFile, execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../../scripts/services', import.meta.url));
const execute = promisify(execFile);

/** A server of the test's own, which it may stop. */
export interface Server {
  readonly url: string;
  /** CA in PEM; only of a server with TLS, whose certificate names `localhost`. */
  readonly ca: string;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** As when the machine's memory runs out: nobody is told, nothing is put in order. */
  crash(): Promise<void>;
}
const certify = (folder: string, data: string): string => {
  const key = join(data, 'server.key');
  const cert = join(data, 'server.crt');
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  execFileSync('openssl', [...args, '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert], { stdio: 'ignore', cwd: folder });
  const { uid, gid } = statSync(data);
  for (const file of [key, cert]) {
    chmodSync(file, 0o600);
    chownSync(file, uid, gid);
  }
  appendFileSync(join(data, 'postgresql.conf'), "ssl = on\nssl_cert_file = 'server.crt'\nssl_key_file = 'server.key'\n");
  const rules = join(data, 'pg_hba.conf');
  writeFileSync(rules, readFileSync(rules, 'utf8').replace(/^host /gm, 'hostssl '));
  return readFileSync(cert, 'utf8');
};
export const ownServer = async (how: 'plain' | 'tls' = 'plain'): Promise<Server> => {
  const folder = mkdtempSync(join(tmpdir(), 'store-postgres-'));
  // The server runs as a user of its own.
  chmodSync(folder, 0o711);
  const own = join(folder, 'services');
  const service = async (task: 'start' | 'stop'): Promise<void> => {
    await execute(SCRIPT, [task, 'postgres', '--folder', own]);
  };
  onTestFinished(async () => {
    await service('stop').catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });
  await service('start');
  const { postgres } = JSON.parse(readFileSync(join(own, 'services.json'), 'utf8')) as { postgres: { url: string; pid: number } };
  let ca = '';
  if (how === 'tls') {
    ca = certify(folder, join(own, 'postgres'));
    await service('stop');
    await service('start');
  }
  return {
    url: postgres.url,
    ca,
    stop: () => service('stop'),
    start: () => service('start'),
    crash: async () => {
      const pid = Number(readFileSync(join(own, 'postgres', 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
      process.kill(pid, 'SIGQUIT');
      // Nothing but the end of the process is waited for.
      for (;;) {
        try {
          process.kill(pid, 0);
        } catch {
          return;
        }
        await new Promise(setImmediate);
      }
    },
  };
};
