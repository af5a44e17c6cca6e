import { fakeEncryption } from '@llm-proxy-auth/contract-tests';
import { addressPrefix } from '@llm-proxy-auth/plugin/issued';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auditKey } from '../src/audit/key.ts';
import { type Disk, disk, type Kept, openOn, recordsOf, verify, writerOf } from './audit-bench.ts';

const written = async (groups: readonly number[]) => {
  const store = disk();
  const opened = openOn(store);
  let serial = 0;
  for (const size of groups) {
    for (let i = 0; i < size; i++) await opened.call({ id: `req_${++serial}` });
    await opened.audit.flush();
  }
  return { store, opened, writer: await writerOf(store), count: serial };
};
const rowsOf = (store: Disk, writer: string): string[] => store.logs.get(`audit/${writer}`) ?? [];
/** Changes the records of a log as one list; how they are cut into rows is not what the chain is about. */
const tamper = (store: Disk, writer: string, change: (records: Kept[]) => Kept[]): void => {
  const records = rowsOf(store, writer).flatMap((row) => JSON.parse(row) as Kept[]);
  store.logs.set(`audit/${writer}`, [JSON.stringify(change(structuredClone(records)))]);
};

describe('verification', () => {
  test('finds nothing in a log as it was written', async () => {
    const { store, opened, count } = await written([3, 1, 4]);
    expect(await verify(store, opened)).toEqual({ ok: true, writers: 1, records: count, checkpoints: 3, problems: [] });
    await opened.audit.close();
    expect(await verify(store, opened)).toMatchObject({ ok: true, records: count, problems: [] });
  });
  test.each([
    ['an edit', (r: Kept[]) => r.with(3, { ...r[3], status: 500 }), 4, 'edited'],
    ['a member put in', (r: Kept[]) => r.with(3, { ...r[3], note: 'x' }), 4, 'edited'],
    ['a deletion', (r: Kept[]) => r.toSpliced(3, 1), 4, 'missing'],
    ['a deletion at the start', (r: Kept[]) => r.toSpliced(0, 1), 1, 'missing'],
    ['a deletion renumbered', (r: Kept[]) => r.toSpliced(3, 1).map((each, i) => ({ ...each, n: i + 1 })), 4, 'edited'],
    ['a change of order', (r: Kept[]) => r.with(3, r[4] ?? {}).with(4, r[3] ?? {}), 4, 'missing'],
    ['a repetition', (r: Kept[]) => r.toSpliced(4, 0, r[3] ?? {}), 5, 'repeated'],
    ['the end cut off', (r: Kept[]) => r.slice(0, -2), 7, 'truncated'],
    ['all cut off', () => [], 1, 'truncated'],
  ])('finds %s and names the first bad record', async (_, change, record, what) => {
    const { store, opened, writer } = await written([3, 1, 4]);
    tamper(store, writer, change);
    const verdict = await verify(store, opened);
    expect(verdict.ok).toBe(false);
    expect(verdict.problems[0]).toEqual({ writer, record, what });
  });
  test.each([
    ['a member before the true ones', (row: string) => row.replaceAll('{', '{"principal":"key:evil",'), 1],
    ['a member of a later record', (row: string) => row.replace(/,("[a-z]+":[^,]+,)(?="n":3,)/i, ',"principal":"key:evil",$1'), 3],
    ['a member in another spelling', (row: string) => row.replace('"kind"', '"k\\u0069nd"'), 1],
    ['what a reader skips', (row: string) => `${row} `, 3],
  ])('finds %s that only some readers see', async (_, change, record) => {
    const { store, opened, writer } = await written([3]);
    const [row = ''] = rowsOf(store, writer);
    expect(JSON.parse(change(row))).toEqual(JSON.parse(row));
    expect(change(row)).not.toBe(row);
    store.logs.set(`audit/${writer}`, [change(row)]);
    expect((await verify(store, opened)).problems).toEqual([{ writer, record, what: 'edited' }]);
  });
  test('finds a checkpoint with a member twice, and one that looks like a repetition', async () => {
    const { store, opened, writer } = await written([1, 1]);
    const [first = '', second = ''] = store.logs.get('audit-heads') ?? [];
    for (const [rows, record] of [
      [[first, second.replace('{', '{"heads":["evil"],')], 2],
      [[first, first.replace('"heads":[', '"heads":["evil",'), second], 2],
    ] as const) {
      store.logs.set('audit-heads', [...rows]);
      expect((await verify(store, opened)).problems).toContainEqual({ writer, record, what: 'checkpoint' });
    }
    store.logs.set('audit-heads', [first, first, second]);
    expect((await verify(store, opened)).ok).toBe(true);
  });
  test('finds an end that was cut off with what the row of the writer said of it, by the checkpoints', async () => {
    const { store, opened, writer } = await written([3, 5]);
    const row = await store.get('audit-writers', writer);
    const forged = { ...(JSON.parse(row?.value.json ?? '{}') as object), n: 3, h: recordsOf(store)[2]?.h };
    await store.commit([{ space: 'audit-writers', key: writer, expect: row?.version ?? 0, value: { json: JSON.stringify(forged) } }]);
    tamper(store, writer, (records) => records.slice(0, 3));
    expect((await verify(store, opened)).problems).toContainEqual({ writer, record: 4, what: 'truncated' });
  });
  test('finds checkpoints that were cut off, edited or deleted, and a writer whose row was deleted', async () => {
    const cut = await written([1, 1, 1]);
    // What the row says of its checkpoints is written with the next one.
    cut.store.logs.set('audit-heads', (cut.store.logs.get('audit-heads') ?? []).slice(0, 1));
    expect((await verify(cut.store, cut.opened)).problems).toEqual([{ writer: cut.writer, record: 2, what: 'checkpoint' }]);
    const edited = await written([1, 1, 1]);
    edited.store.logs.set(
      'audit-heads',
      (edited.store.logs.get('audit-heads') ?? []).map((row, i) => (i === 1 ? row.replace('"at":', '"at":1') : row)),
    );
    expect((await verify(edited.store, edited.opened)).problems).toEqual([{ writer: edited.writer, record: 2, what: 'checkpoint' }]);
    const gone = await written([2]);
    await gone.store.remove('audit-writers', gone.writer);
    gone.store.logs.delete(`audit/${gone.writer}`);
    expect((await verify(gone.store, gone.opened)).problems).toContainEqual({ writer: gone.writer, record: 1, what: 'truncated' });
  });
  test('finds everything cut back, by a head that was kept elsewhere', async () => {
    const { store, opened, writer } = await written([4]);
    const line = opened.host.lines.find((each) => each.message === 'audit checkpoint');
    const { heads } = (line?.fields ?? {}) as { heads?: string[] };
    await store.remove('audit-writers', writer);
    await store.remove('core', 'audit-registry');
    await store.remove('core', 'audit-key');
    store.logs.clear();
    expect(await verify(store, opened)).toMatchObject({ ok: true, records: 0 });
    const { problems } = await verify(store, opened, heads);
    expect(problems).toContainEqual({ writer, record: 1, what: 'truncated' });
  });
  test('a chain made with another key, or moved to another writer, is none', async () => {
    const one = await written([2]);
    await one.store.remove('core', 'audit-key');
    expect((await verify(one.store, one.opened)).problems).toContainEqual({ writer: one.writer, record: 1, what: 'edited' });
    const shared = disk();
    const first = openOn(shared);
    await first.call({ id: 'a' });
    await first.audit.flush();
    const second = openOn(shared, {}, first);
    await second.call({ id: 'b' });
    await second.audit.flush();
    const [left = '', right = ''] = [...shared.logs.keys()].filter((log) => log.startsWith('audit/'));
    shared.logs.set(right, shared.logs.get(left) ?? []);
    expect((await verify(shared, first)).problems).toContainEqual({ writer: right.slice('audit/'.length), record: 1, what: 'edited' });
  });
  test('a record of another chain in the place of its own is found there', async () => {
    const store = disk();
    const first = openOn(store);
    const second = openOn(store, {}, first);
    for (const opened of [first, second]) {
      for (let i = 0; i < 3; i++) await opened.call({ id: `r${i}` });
      await opened.audit.flush();
    }
    const [one = '', two = ''] = [...store.logs.keys()].filter((log) => log.startsWith('audit/')).map((log) => log.slice('audit/'.length));
    const [foreign = {}] = (JSON.parse(rowsOf(store, two)[0] ?? '[]') as Kept[]).slice(1);
    tamper(store, one, (records) => records.with(1, foreign));
    expect((await verify(store, first)).problems).toEqual([{ writer: one, record: 2, what: 'edited' }]);
  });
  test('whatever is done to one record is found, at that record or before it', async () => {
    const { store, opened, writer, count } = await written([7, 5, 8]);
    const whole = structuredClone(rowsOf(store, writer));
    const place = fc.integer({ min: 0, max: count - 1 });
    const member = fc.constantFrom('at', 'principal', 'status', 'input', 'kind', 'h', 'n', 'request');
    const value = fc.oneof(fc.string(), fc.integer(), fc.constant(null));
    const act = fc.oneof(
      fc.record({ is: fc.constant('edit' as const), i: place, member, value }),
      fc.record({ is: fc.constant('delete' as const), i: place, length: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ is: fc.constant('swap' as const), i: place, j: place }),
      fc.record({ is: fc.constant('cut' as const), i: place }),
    );
    await fc.assert(
      fc.asyncProperty(act, async (a) => {
        store.logs.set(`audit/${writer}`, structuredClone(whole));
        let first = a.i;
        tamper(store, writer, (records) => {
          const before = JSON.stringify(records);
          let after = records;
          if (a.is === 'edit') after = records.with(a.i, { ...records[a.i], [a.member]: a.value });
          else if (a.is === 'delete') after = records.toSpliced(a.i, a.length);
          else if (a.is === 'cut') after = records.slice(0, a.i);
          else {
            first = Math.min(a.i, a.j);
            after = records.with(a.i, records[a.j] ?? {}).with(a.j, records[a.i] ?? {});
          }
          fc.pre(JSON.stringify(after) !== before);
          return after;
        });
        const { ok, problems } = await verify(store, opened);
        expect([ok, problems[0]?.record]).toEqual([false, first + 1]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the key of the chains', () => {
  test('is kept encrypted where there is keyEncryption, follows its rotation, and is never made anew', async () => {
    const store = disk();
    const keys = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const plain = openOn(store);
    Object.assign(plain.host, { encryption: undefined });
    const key = await auditKey(plain.host);
    const text = async () => (await store.get('core', 'audit-key'))?.value.json ?? '';
    expect(await text()).toContain('sealed');
    const one = openOn(store, {}, plain, fakeEncryption(keys.slice(0, 1)));
    expect(await auditKey(one.host)).toEqual(key);
    expect(await text()).toMatch(/"encrypted":"0\./);
    const two = openOn(store, {}, plain, fakeEncryption(keys));
    expect(await auditKey(two.host)).toEqual(key);
    expect(await text()).toMatch(/"encrypted":"1\./);
    await expect(auditKey(one.host)).rejects.toThrow('keyEncryption');
    Object.assign(two.host, { encryption: undefined });
    await expect(auditKey(two.host)).rejects.toThrow('keyEncryption');
  });
});

test.each([
  ['203.0.113.77', '203.0.113.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
  ['2001:db8::6', '2001:db8:0::/48'],
  ['::1', '0:0:0::/48'],
  ['fe80::1%eth0', 'fe80:0:0::/48'],
  ['not an address', undefined],
])('of the address %s the log keeps %s', (address, prefix) => {
  expect(addressPrefix(address)).toBe(prefix);
});
