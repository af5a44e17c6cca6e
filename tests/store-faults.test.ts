import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newKey } from '../plugins/auth-api-key/src/key.ts';
import { KEY, launchSite, openSite, type Served, type Site, serveSite } from './support/file-gateway.ts';
import type { Running } from './support/process.ts';

const WAIT = { timeout: 30_000, interval: 100 };
const HOLD = fileURLToPath(new URL('../plugins/store-sqlite/test/processes/hold-lock.mjs', import.meta.url));
let site: Site;
let file: string;
const running: Served[] = [];
const letGo: (() => Promise<void>)[] = [];
beforeEach(async () => {
  site = await openSite();
  file = join(site.folder, 'store.db');
  const [strategy] = site.settings().auth as readonly object[];
  site.write(site.settings({ admin: { port: 0 }, auth: [{ ...strategy, keys: [{ name: 'admin', key: KEY, scopes: ['admin'] }] }] }));
});
afterEach(async () => {
  for (const release of letGo.splice(0)) await release();
  for (const served of running.splice(0)) {
    served.kill('SIGKILL');
    await served.ended;
  }
  await site.close();
});
const serve = async (): Promise<Served> => {
  const served = await serveSite(site);
  running.push(served);
  return served;
};
const stop = async (served: Served): Promise<void> => {
  served.kill('SIGKILL');
  await served.ended;
};
/** How a start ends that must not come to anything; one that does is ended here. */
const ending = async (at: Running): Promise<number | string> => {
  const listens = at.says(/"msg":"listening"/).then(
    () => 'listens',
    () => at.ended,
  );
  const how = await Promise.race([at.ended, listens]);
  at.kill('SIGKILL');
  await at.ended;
  return how;
};
const send = async (url: string, key: string, body: object): Promise<{ status: number; code: string | null; body: Record<string, unknown> }> => {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, code: answer.headers.get('x-lpa-code'), body: (await answer.json()) as Record<string, unknown> };
};
const chat = async (at: Served, key: string): Promise<string> => {
  const { status, code } = await send(`${at.url}/openai/main/v1/chat/completions`, key, {
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: 'Hello' }],
  });
  return code === null ? String(status) : `${status} ${code}`;
};
const operate = async (at: Served, operation: string, input: object) => {
  const [, admin = ''] = await at.says(/"listener":"admin","url":"([^"]+)"/);
  return send(`${admin}/admin/v1/${operation}`, KEY, input);
};
const makeKey = async (at: Served, name: string): Promise<string> => String((await operate(at, 'keys.create', { name })).body.key);
/** Another process that has the database for itself, or as its one writer, until the returned function is called. */
const hold = async (kind: 'write' | 'exclusive'): Promise<() => Promise<void>> => {
  const child = spawn(process.execPath, [HOLD, file, kind], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  const release = async (): Promise<void> => {
    child.stdin.end();
    await ended;
  };
  letGo.push(release);
  return release;
};
const ready = async (at: Served): Promise<number> => (await fetch(`${at.ops}/ready`)).status;

describe('the file of the store', () => {
  test('F31 is locked at the start: not ready, no 401 for a valid key, ready without a restart', async () => {
    const first = await serve();
    const key = await makeKey(first, 'ci');
    await stop(first);
    const release = await hold('exclusive');
    const at = await serve();
    expect(await ready(at)).toBe(503);
    expect(await chat(at, key)).toBe('503 auth_unavailable');
    expect((await fetch(`${at.ops}/health`)).status).toBe(200);
    await release();
    await expect.poll(() => ready(at), WAIT).toBe(200);
    await expect.poll(() => chat(at, key), WAIT).toBe('200');
    expect(await chat(at, newKey().key)).toBe('401 invalid_credentials');
  });

  test('F32 has another writer while it runs: known keys are served, changes are 503 and go on afterwards', async () => {
    const at = await serve();
    const key = await makeKey(at, 'known');
    const release = await hold('write');
    const answers = await Promise.all([operate(at, 'keys.create', { name: 'later' }), ...Array.from({ length: 20 }, () => chat(at, key))]);
    expect(answers[0]).toMatchObject({ status: 503, code: 'overloaded' });
    expect(new Set(answers.slice(1))).toEqual(new Set(['200']));
    await release();
    await expect.poll(async () => (await operate(at, 'keys.create', { name: 'later' })).status, WAIT).toBe(200);
  });

  test('F32 is moved away while it runs: nothing is made anew in its place, and nobody is locked out', async () => {
    const at = await serve();
    const key = await makeKey(at, 'known');
    renameSync(file, `${file}.moved`);
    expect(await chat(at, key)).toBe('200');
    expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
    renameSync(`${file}.moved`, file);
    const later = await makeKey(at, 'later');
    expect(await chat(at, later)).toBe('200');
  });

  /** Writes over a part of the file, as a disk that fails does. */
  const overwrite = (from: number, length: number): void => {
    const handle = openSync(file, 'r+');
    writeSync(handle, Buffer.alloc(length, 0x5a), 0, length, from);
    closeSync(handle);
  };
  /** Keys of many pages, all in the file itself. */
  const filled = async (): Promise<string> => {
    const first = await serve();
    const key = await makeKey(first, 'ci');
    await stop(first);
    const db = new DatabaseSync(file);
    const insert = db.prepare("INSERT INTO entries (space, key, value, version, epoch, at) VALUES ('filler', ?, ?, 1, 1, 0)");
    for (let n = 0; n < 400; n++) insert.run(`k${n}`, JSON.stringify('x'.repeat(500)));
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    db.close();
    return key;
  };
  test.each([
    ['header', 0, 100],
    ['middle', 40_960, 20_480],
  ])('F34 is damaged in its %s at the start: exit code 78 with a cause, and the file is left as it is', async (_where, from, length) => {
    await filled();
    overwrite(from, length);
    const before = readFileSync(file);
    const at = launchSite(site);
    expect(await ending(at)).toBe(78);
    expect(at.err()).toMatch(/store[\s\S]*(damaged|not a SQLite database)/);
    expect(at.out()).not.toContain('listening');
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('F34 is damaged while it runs: nobody gets in or out by it, and the next start refuses', async () => {
    const key = await filled();
    const at = await serve();
    expect(await chat(at, key)).toBe('200');
    const { size } = statSync(file);
    overwrite(4096, size - 4096);
    const [known, unknown] = await Promise.all([chat(at, key), chat(at, newKey().key)]);
    expect(known).toBe('200');
    expect(unknown).toMatch(/^(401 invalid_credentials|503 auth_unavailable)$/);
    expect((await fetch(`${at.ops}/health`)).status).toBe(200);
    await stop(at);
    const again = launchSite(site);
    expect(await ending(again)).toBe(78);
  });
});
