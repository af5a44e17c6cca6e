import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Store } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { folder, json, opened, refusal, result, run } from './support.ts';

const mode = (path: string): number => statSync(path).mode & 0o777;
const filled = async (path: string): Promise<void> => {
  const store = await opened(path);
  for (let i = 0; i < 400; i++) await store.commit([{ space: 's', key: `k${i}`, expect: 0, value: json('x'.repeat(200)) }]);
  await store.close?.();
};
const overwrite = (path: string, from: number, length: number): void => {
  const bytes = readFileSync(path);
  bytes.fill(0x5a, from, from + length);
  writeFileSync(path, bytes);
};

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

describe('the file', () => {
  it('is made with its folders, closed to others, its log and index too', async () => {
    const path = join(folder(), 'data', 'deep', 'keys.db');
    const store = await opened(path);
    await store.commit([{ space: 's', key: 'a', expect: 0, value: json(1) }]);
    expect(mode(join(path, '..'))).toBe(0o700);
    expect(['', '-wal', '-shm'].map((suffix) => mode(path + suffix))).toEqual([0o600, 0o600, 0o600]);
  });

  it('is closed to others when it was open to them', async () => {
    const path = join(folder(), 'db');
    await filled(path);
    chmodSync(path, 0o644);
    await opened(path);
    expect(mode(path)).toBe(0o600);
  });

  it('is found through a path that looks like a URI, without its parameters being read', async () => {
    const path = join(folder(), 'file:x.db?mode=memory');
    const store = await opened(path);
    await store.commit([{ space: 's', key: 'a', expect: 0, value: json(1) }]);
    expect(statSync(path).size).toBeGreaterThan(0);
    expect(basename(path)).toBe('file:x.db?mode=memory');
  });

  it('is refused with a code when its folder cannot be made', async () => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    const error = await refusal(opened(join(file, 'sub', 'db')));
    expect([error.code, error.param]).toEqual(['internal_error', 'store.path']);
  });

  it('is refused with a code in a folder that cannot be written', async () => {
    const closed = join(folder(), 'closed');
    mkdirSync(closed);
    chmodSync(join(closed, '..'), 0o755);
    chmodSync(closed, 0o555);
    expect(JSON.parse(await run('open.ts', [join(closed, 'db')], isRoot ? NOBODY : undefined))).toEqual({
      code: 'internal_error',
      param: 'store.path',
      cause: 'EACCES',
    });
  });

  it.runIf(isRoot)('that belongs to somebody else and is open to others is used with a warning', async () => {
    const path = join(folder(), 'db');
    await filled(path);
    chmodSync(join(path, '..'), 0o777);
    chmodSync(path, 0o666);
    expect(JSON.parse(await run('open.ts', [path], NOBODY))).toEqual({ warnings: 0, logged: 1 });
  });

  it('takes about the room of what is in it', async () => {
    const path = join(folder(), 'db');
    const store = await opened(path);
    const rows = Array.from({ length: 1000 }, () => json('x'.repeat(1200)));
    await store.append('audit', rows);
    await store.commit(rows.map((value, index) => ({ space: 's', key: `k${index}`, expect: 0, value })));
    await store.close?.();
    expect(statSync(path).size).toBeLessThan(2 * 1000 * 1200 * 2);
  });

  it('opens without a warning of Node', async () => {
    expect(JSON.parse(await run('open.ts', [join(folder(), 'db')]))).toEqual({ warnings: 0, logged: 0 });
  });
});

describe('a damaged file is refused and left as it is', () => {
  const CORRUPT = 11;
  const NOT_A_DATABASE = 26;

  it('header overwritten', async () => {
    const path = join(folder(), 'db');
    await filled(path);
    overwrite(path, 0, 100);
    const before = readFileSync(path);
    const error = await refusal(opened(path));
    expect([error.code, error.param, result(error)]).toEqual(['internal_error', 'store.path', NOT_A_DATABASE]);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('page in the middle overwritten', async () => {
    const path = join(folder(), 'db');
    await filled(path);
    overwrite(path, Math.floor(statSync(path).size / 2 / 4096) * 4096, 4096);
    const before = readFileSync(path);
    const error = await refusal(opened(path));
    expect([error.code, error.param]).toEqual(['internal_error', 'store.path']);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('cut off in the middle', async () => {
    const path = join(folder(), 'db');
    await filled(path);
    truncateSync(path, 4096 * 3);
    const error = await refusal(opened(path));
    expect([error.code, error.param]).toEqual(['internal_error', 'store.path']);
    expect(statSync(path).size).toBe(4096 * 3);
  });

  it('cut to nothing beside its log', async () => {
    const path = join(folder(), 'db');
    const store = await opened(path);
    await store.commit([{ space: 's', key: 'a', expect: 0, value: json(1) }]);
    truncateSync(path, 0);
    const error = await refusal(opened(path));
    expect([error.code, error.param]).toEqual(['internal_error', 'store.path']);
    expect(existsSync(`${path}-wal`)).toBe(true);
  });

  it('damaged while open: calls fail, nothing is made anew', async () => {
    const path = join(folder(), 'db');
    const store: Store = await opened(path);
    // More than the page cache holds, or the damage would not be seen.
    for (let i = 0; i < 400; i++) await store.commit([{ space: 's', key: `k${i}`, expect: 0, value: json('x'.repeat(20_000)) }]);
    // All of it stands in the file and nothing in its log. While the store works its log in itself this is refused at once, whatever the time-out.
    const tool = new DatabaseSync(path, { timeout: 10_000 });
    await expect.poll(() => tool.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()).toMatchObject({ busy: 0, log: 0 });
    tool.close();
    overwrite(path, 4096, statSync(path).size - 4096);
    const error = await refusal(
      (async () => {
        for (let i = 0; i < 400; i++) await store.get('s', `k${i}`);
      })(),
    );
    expect([error.code, result(error)]).toEqual(['internal_error', CORRUPT]);
  });

  it('of another program, or of a newer release', async () => {
    const path = join(folder(), 'db');
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE theirs (x)');
    other.close();
    expect([(await refusal(opened(path))).code]).toEqual(['internal_error']);
    const ours = join(folder(), 'db');
    await filled(ours);
    const newer = new DatabaseSync(ours);
    newer.exec('PRAGMA user_version = 999');
    newer.close();
    expect((await refusal(opened(ours))).param).toBe('store.path');
  });
});
