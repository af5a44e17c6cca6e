import { describe, expect, test } from 'vitest';
import { auditKey } from '../src/audit/key.ts';
import { living } from '../src/audit/liveness.ts';
import { type Disk, disk, type Kept, type Opened, openOn, recordsOf, verify } from './audit-bench.ts';

const WRITERS = 'audit-writers';
const REGISTRY = ['core', 'audit-registry'] as const;
const textOf = async (store: Disk, space: string, key: string): Promise<string> => (await store.get(space, key))?.value.json ?? '';
/** As somebody who can write the store, and has no key. */
const put = async (store: Disk, space: string, key: string, json: string): Promise<void> => {
  const row = await store.get(space, key);
  await store.commit([{ space, key, expect: row?.version ?? 0, value: { json } }]);
};
const forge = async (store: Disk, key: string, more: object): Promise<void> =>
  put(store, WRITERS, key, JSON.stringify({ ...(JSON.parse(await textOf(store, WRITERS, key)) as object), ...more }));
const cut = (store: Disk, writer: string, rows: number): void =>
  void store.logs.set(`audit/${writer}`, (store.logs.get(`audit/${writer}`) ?? []).slice(0, rows));
/** Checkpoints of these writers alone, the first so many of each. */
const keepCheckpoints = (store: Disk, most: Readonly<Record<string, number>>): void => {
  const seen: Record<string, number> = {};
  const kept = (store.logs.get('audit-heads') ?? []).filter((json) => {
    const { by } = JSON.parse(json) as { by: string };
    seen[by] = (seen[by] ?? 0) + 1;
    return seen[by] <= (most[by] ?? 0);
  });
  store.logs.set('audit-heads', kept);
};
const writersOf = async (store: Disk): Promise<string[]> => (await store.list(WRITERS, undefined, 100)).map(({ key }) => key);
const headsOf = (opened: Opened): string[] =>
  opened.host.lines.filter((line) => line.message === 'audit checkpoint').flatMap((line) => (line.fields as { heads: string[] }).heads);
/** A gateway with one checkpoint for each group of calls, on a clock that is later than that of those before. */
const gateway = async (store: Disk, groups: readonly number[], before?: Opened): Promise<{ opened: Opened; writer: string }> => {
  const known = new Set(await writersOf(store));
  const opened = openOn(store, {}, before);
  if (before !== undefined) opened.host.advance(before.host.now() + 1 - opened.host.now());
  for (const size of groups) {
    for (let i = 0; i < size; i++) await opened.call({ id: `r${i}` });
    await opened.audit.flush();
  }
  const [writer = ''] = (await writersOf(store)).filter((key) => !known.has(key));
  return { opened, writer };
};
const kinds = async (store: Disk, opened: Opened) => (await verify(store, opened)).problems.map(({ writer, what }) => [writer, what]);

describe('whoever can write the store and has no key', () => {
  test('cannot cut the end of a log: row, checkpoints and later writers made to fit are no help', async () => {
    const store = disk();
    const one = await gateway(store, [3, 5]);
    const two = await gateway(store, [2], one.opened);
    expect(await verify(store, one.opened)).toMatchObject({ ok: true, writers: 2, records: 10, checkpoints: 3 });
    const h = recordsOf(store)[2]?.h;
    cut(store, one.writer, 1);
    keepCheckpoints(store, { [one.writer]: 0 });
    await forge(store, one.writer, { n: 3, h, checkpoints: 0 });
    await store.remove(WRITERS, two.writer);
    store.logs.delete(`audit/${two.writer}`);
    expect(await kinds(store, one.opened)).toEqual(
      expect.arrayContaining([
        [one.writer, 'row'],
        ['*', 'registry'],
      ]),
    );
  });
  test('cannot take a writer out of the store', async () => {
    const store = disk();
    const one = await gateway(store, [3]);
    const two = await gateway(store, [2], one.opened);
    const three = await gateway(store, [2], two.opened);
    await store.remove(WRITERS, three.writer);
    store.logs.delete(`audit/${three.writer}`);
    keepCheckpoints(store, { [one.writer]: 9, [two.writer]: 9 });
    expect(await kinds(store, one.opened)).toEqual([['*', 'registry']]);
    // Nor with a registry of one writer less, which no gateway signs when it makes its next checkpoint.
    const { writers, checkpoints, ...rest } = JSON.parse(await textOf(store, ...REGISTRY)) as { writers: number; checkpoints: number };
    await put(store, ...REGISTRY, JSON.stringify({ ...rest, writers: writers - 1, checkpoints: checkpoints - 1 }));
    expect(await kinds(store, one.opened)).toEqual([['*', 'registry']]);
    await two.opened.call({ id: 'later' });
    await two.opened.audit.flush();
    expect(await kinds(store, one.opened)).toEqual([['*', 'registry']]);
  });
  test('cannot take a writer out that made no checkpoint', async () => {
    const store = disk();
    const one = await gateway(store, [3]);
    const short = openOn(store, { mode: 'sync' }, one.opened);
    await short.call({ id: 'a' });
    await short.kill();
    const [writer = ''] = (await writersOf(store)).filter((key) => key !== one.writer);
    expect((await verify(store, one.opened)).ok).toBe(true);
    await store.remove(WRITERS, writer);
    store.logs.delete(`audit/${writer}`);
    expect(await kinds(store, one.opened)).toEqual([['*', 'registry']]);
  });
  test('cannot put one writer back to an older copy, with the registry or without', async () => {
    const store = disk();
    const one = await gateway(store, [3]);
    const two = await gateway(store, [1], one.opened);
    const [row, registry] = [await textOf(store, WRITERS, two.writer), await textOf(store, ...REGISTRY)];
    for (const { opened } of [two, one]) {
      await opened.call({ id: 'later' });
      await opened.audit.flush();
    }
    const last = store.logs.get('audit-heads')?.at(-1) ?? '';
    expect((await verify(store, one.opened)).ok).toBe(true);
    cut(store, two.writer, 1);
    keepCheckpoints(store, { [one.writer]: 1, [two.writer]: 1 });
    store.logs.get('audit-heads')?.push(last);
    // Without the checkpoint of the other writer, which has the later head.
    keepCheckpoints(store, { [one.writer]: 1, [two.writer]: 1 });
    await put(store, WRITERS, two.writer, row);
    expect(await kinds(store, one.opened)).toContainEqual(['*', 'registry']);
    await put(store, ...REGISTRY, registry);
    expect(await kinds(store, one.opened)).toContainEqual(['*', 'registry']);
  });
  test('cannot have an older registry fit other rows of the same sum', async () => {
    const store = disk();
    const one = await gateway(store, [1, 1]);
    const two = await gateway(store, [], one.opened);
    await two.opened.call({ id: 'a' });
    await two.opened.audit.flush();
    const two1 = await textOf(store, WRITERS, (await writersOf(store))[1] ?? '');
    await two.opened.call({ id: 'b' });
    await two.opened.audit.flush();
    const registry = await textOf(store, ...REGISTRY);
    const [, second = ''] = await writersOf(store);
    await one.opened.call({ id: 'c' });
    await one.opened.audit.flush();
    // Two of the first and two of the second, then; three of the first and one of the second, now.
    cut(store, second, 1);
    keepCheckpoints(store, { [one.writer]: 3, [second]: 1 });
    await put(store, WRITERS, second, two1);
    await put(store, ...REGISTRY, registry);
    expect(await kinds(store, one.opened)).toContainEqual([one.writer, 'registry']);
  });
  test('does not get from a gateway what it lacks: what is forged is not signed when a checkpoint is made or a dead writer is ended', async () => {
    const store = disk();
    const one = await gateway(store, [3, 5]);
    const h = recordsOf(store)[2]?.h;
    living.delete(one.writer);
    cut(store, one.writer, 1);
    keepCheckpoints(store, {});
    await forge(store, one.writer, { n: 3, h, checkpoints: 0 });
    const registry = JSON.parse(await textOf(store, ...REGISTRY)) as Kept;
    await put(store, ...REGISTRY, JSON.stringify({ ...registry, checkpoints: 0 }));
    const two = await gateway(store, [2, 2], one.opened);
    await two.opened.audit.recover();
    await two.opened.audit.flush();
    expect(await kinds(store, one.opened)).toEqual(
      expect.arrayContaining([
        [one.writer, 'row'],
        ['*', 'registry'],
      ]),
    );
    await store.remove(...REGISTRY);
    await gateway(store, [1], two.opened);
    expect(await kinds(store, one.opened)).toContainEqual(['*', 'registry']);
  });
  test('cannot empty the log: the key tells that there was a registry, which no gateway signs anew', async () => {
    const store = disk();
    const one = await gateway(store, [3]);
    store.logs.clear();
    await store.remove(WRITERS, one.writer);
    await store.remove(...REGISTRY);
    const emptied = { ok: false, writers: 0, problems: [{ writer: '*', record: 0, what: 'registry' }] };
    expect(await verify(store, one.opened)).toMatchObject(emptied);
    await gateway(store, [1], one.opened);
    expect(await kinds(store, one.opened)).toEqual([['*', 'registry']]);
  });
  test('can put the whole log back to an older copy, which heads of the log of the gateway find', async () => {
    const store = disk();
    const one = await gateway(store, [3]);
    const [row, registry, rows, heads] = [
      await textOf(store, WRITERS, one.writer),
      await textOf(store, ...REGISTRY),
      [...(store.logs.get(`audit/${one.writer}`) ?? [])],
      [...(store.logs.get('audit-heads') ?? [])],
    ];
    await one.opened.call({ id: 'later' });
    await one.opened.audit.flush();
    store.logs.set(`audit/${one.writer}`, rows);
    store.logs.set('audit-heads', heads);
    await put(store, WRITERS, one.writer, row);
    await put(store, ...REGISTRY, registry);
    expect(await verify(store, one.opened)).toMatchObject({ ok: true, records: 3 });
    expect((await verify(store, one.opened, headsOf(one.opened))).problems).toEqual([{ writer: one.writer, record: 4, what: 'truncated' }]);
  });
});
test('a store that nothing was recorded in has an empty registry from its first key on', async () => {
  const store = disk();
  const opened = openOn(store);
  expect(await verify(store, opened)).toMatchObject({ ok: true, writers: 0, problems: [] });
  expect(await textOf(store, ...REGISTRY)).toContain('"writers":0');
  await gateway(store, [2], opened);
  expect(await verify(store, opened)).toMatchObject({ ok: true, writers: 1, problems: [] });
});
test('a key of an earlier release, which made none together with the registry, is good without one', async () => {
  const store = disk();
  const opened = openOn(store);
  Object.assign(opened.host, { encryption: undefined });
  await put(store, 'core', 'audit-key', JSON.stringify({ sealed: opened.host.seal.seal('audit-key', Buffer.alloc(32, 7)) }));
  expect(await verify(store, opened)).toMatchObject({ ok: true, writers: 0, problems: [] });
  await opened.call({ id: 'a' });
  await opened.audit.flush();
  expect(await verify(store, opened)).toMatchObject({ ok: true, writers: 1, problems: [] });
});
test('a registry that stood there before the key is told, and holds up no key', async () => {
  const store = disk();
  const opened = openOn(store);
  await put(store, ...REGISTRY, '{"writers":0,"checkpoints":0,"mac":"x"}');
  expect((await auditKey(opened.host)).registered).toBe(true);
  expect(await kinds(store, opened)).toEqual([['*', 'registry']]);
});
test('a row that is no row is told, not thrown', async () => {
  const store = disk();
  const one = await gateway(store, [2]);
  for (const text of ['null', '{', '{"used":1}']) {
    await put(store, WRITERS, one.writer, text);
    await put(store, ...REGISTRY, text);
    expect(await kinds(store, one.opened)).toEqual(
      expect.arrayContaining([
        [one.writer, 'row'],
        ['*', 'registry'],
      ]),
    );
  }
});
test('writers that begin and make checkpoints at once are all registered', async () => {
  const store = disk();
  const first = await gateway(store, [1]);
  const many = await Promise.all(
    Array.from({ length: 6 }, async (_, i) => {
      const opened = openOn(store, {}, first.opened);
      await opened.call({ id: `m${i}` });
      await opened.audit.flush();
      await opened.audit.close();
    }),
  );
  expect(many).toHaveLength(6);
  expect(await verify(store, first.opened)).toMatchObject({ ok: true, writers: 7, problems: [] });
});
