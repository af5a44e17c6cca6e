import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from './support/process.ts';
import { servicesOf } from './support/services.ts';

const isInstalled = spawnSync('redis-server', ['--version']).status === 0;
const services = (...words: readonly string[]) => spawnSync(join(ROOT, 'scripts/services'), words, { encoding: 'utf8' });
const answers = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

describe('scripts/services', () => {
  test('says how it is used', () => {
    const { status, stderr } = services('restart');
    expect([status, stderr]).toEqual([2, expect.stringContaining('apt-get install postgresql redis-server')]);
  });

  test.runIf(isInstalled)('starts once, keeps address and password to the one who started it, and stops', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'lpa-services-'));
    // The service's own user must get in.
    chmodSync(parent, 0o711);
    const folder = join(parent, 'own');
    try {
      expect(services('start', 'redis', '--folder', folder).status).toBe(0);
      const { redis } = servicesOf(folder);
      if (redis === undefined) throw new Error('it does not run');
      expect(statSync(join(folder, 'services.json')).mode & 0o077).toBe(0);
      expect(await answers(redis.url)).toBe(true);
      expect(services('start', 'redis', '--folder', folder).status).toBe(0);
      expect(servicesOf(folder)).toEqual({ redis });
      expect(services('stop', 'redis', '--folder', folder).status).toBe(0);
      expect(servicesOf(folder)).toEqual({});
      expect(await answers(redis.url)).toBe(false);
      expect(services('stop', 'redis', '--folder', folder).status).toBe(0);
      services('start', 'redis', '--folder', folder);
      expect(servicesOf(folder).redis?.url).toBe(redis.url);
    } finally {
      services('stop', '--folder', folder);
      rmSync(parent, { recursive: true, force: true });
    }
    expect(existsSync(parent)).toBe(false);
  });
});
