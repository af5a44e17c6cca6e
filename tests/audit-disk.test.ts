import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { ask, codeOf, type Got } from './support/raw.ts';
import { auditRecords } from './support/records.ts';

/** A disk of 2 MiB; undefined where nothing may be mounted. */
const smallDisk = (): { readonly folder: string; remove(): void } | undefined => {
  const folder = mkdtempSync(join(tmpdir(), 'lpa-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'lpa-test', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  return {
    folder,
    remove() {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    },
  };
};
/** Writes until there is no room for a byte; gives the room back when called. */
const fill = (folder: string): (() => void) => {
  const ballast = join(folder, 'ballast');
  for (let piece = 65_536; piece >= 1; )
    try {
      appendFileSync(ballast, Buffer.alloc(piece));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      piece = Math.floor(piece / 16);
    }
  return () => rmSync(ballast);
};
const probe = smallDisk();
probe?.remove();

describe.skipIf(probe === undefined)('a disk that is full indeed (needs to mount one, as root may)', () => {
  const open = async (onFull: string): Promise<{ readonly bench: Bench; readonly disk: string; readonly spill: string }> => {
    const disk = smallDisk();
    if (disk === undefined) throw new Error('it could be mounted before');
    onTestFinished(disk.remove);
    const spill = mkdtempSync(join(tmpdir(), 'lpa-spill-'));
    onTestFinished(() => rmSync(spill, { recursive: true }));
    const store = { use: 'sqlite', path: join(disk.folder, 'store.db') };
    const bench = await openBench({ sections: { store, audit: { mode: 'sync', onFull, spill } } });
    onTestFinished(() => bench.close());
    // The first record, with which a writer makes itself known.
    expect((await chat(bench)).status).toBe(200);
    return { bench, disk: disk.folder, spill };
  };
  const chat = (bench: Bench): Promise<Got> =>
    ask(bench.url, {
      path: '/openai/main/v1/chat/completions',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] }),
    });
  /** Calls until the audit log has met the end of the disk, which holds a few more records than it seems. */
  const untilFull = async (bench: Bench): Promise<Got> => {
    for (;;) {
      const got = await chat(bench);
      if (bench.lines.some(({ msg }) => msg === 'the audit log cannot be written')) return got;
      expect(got.status).toBe(200);
    }
  };
  const isWhole = async (bench: Bench): Promise<void> => {
    const records = await auditRecords(bench);
    // Each call that a provider was sent has its end.
    expect(records.filter(({ kind }) => kind === 'settle' || kind === 'call')).toHaveLength(bench.simulator.requests.length);
    expect((await bench.operation('audit.verify', {})).problems).toEqual([]);
  };

  test('block: no call reaches a provider without its record, and all goes on when there is room', async () => {
    const { bench, disk } = await open('block');
    const room = fill(disk);
    await untilFull(bench);
    const before = bench.simulator.requests.length;
    const refused = await chat(bench);
    expect([refused.status, codeOf(refused), bench.simulator.requests.length]).toEqual([503, 'overloaded', before]);
    room();
    await bench.gateway.audit.flush();
    expect((await chat(bench)).status).toBe(200);
    expect((await bench.operation('audit.verify', {})).problems).toEqual([]);
  }, 60_000);
  test('spill: calls go on, and what waits in the file stands in the log when there is room', async () => {
    const { bench, disk, spill } = await open('spill');
    const room = fill(disk);
    expect((await untilFull(bench)).status).toBe(200);
    expect((await chat(bench)).status).toBe(200);
    expect(readdirSync(spill)).toEqual([expect.stringMatching(/\.jsonl$/)]);
    room();
    await bench.gateway.audit.flush();
    expect(readdirSync(spill)).toEqual([]);
    await isWhole(bench);
  }, 60_000);
  test('drop: calls go on, and what still waits in memory stands in the log when there is room', async () => {
    const { bench, disk, spill } = await open('drop');
    const room = fill(disk);
    expect((await untilFull(bench)).status).toBe(200);
    expect((await chat(bench)).status).toBe(200);
    expect(readdirSync(spill)).toEqual([]);
    room();
    await bench.gateway.audit.flush();
    await isWhole(bench);
  }, 60_000);
});
