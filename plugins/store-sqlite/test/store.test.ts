import { join } from 'node:path';
import type { Change } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DELETIONS_KEPT } from '../src/statements.ts';
import { folder, json, opened, refusal } from './support.ts';

describe('rows', () => {
  it('gives back the text and counts versions from 1', async () => {
    const store = await opened(':memory:');
    expect(await store.get('keys', 'a')).toBeUndefined();
    expect(await store.commit([{ space: 'keys', key: 'a', expect: 0, value: { json: '{"n":1e400, "b":1.0}' } }])).toBe(true);
    expect(await store.get('keys', 'a')).toEqual({ value: { json: '{"n":1e400, "b":1.0}' }, version: 1 });
    expect(await store.commit([{ space: 'keys', key: 'a', expect: 1, value: json(2) }])).toBe(true);
    expect(await store.get('keys', 'a')).toEqual({ value: json(2), version: 2 });
  });

  it('keeps spaces apart', async () => {
    const store = await opened(':memory:');
    await store.commit([
      { space: 'a', key: 'b/c', expect: 0, value: json(1) },
      { space: 'a/b', key: 'c', expect: 0, value: json(2) },
    ]);
    expect((await store.get('a', 'b/c'))?.value).toEqual(json(1));
    expect((await store.get('a/b', 'c'))?.value).toEqual(json(2));
    expect(await store.list('a', undefined, 10)).toHaveLength(1);
  });

  it('refuses a commit whole when one row has another version', async () => {
    const store = await opened(':memory:');
    await store.commit([{ space: 's', key: 'a', expect: 0, value: json(1) }]);
    const changes: readonly Change[] = [
      { space: 's', key: 'new', expect: 0, value: json(1) },
      { space: 's', key: 'a', expect: 7, value: json(2) },
    ];
    const before = await store.changed(0);
    expect(await store.commit(changes)).toBe(false);
    expect(await store.get('s', 'new')).toBeUndefined();
    expect(await store.get('s', 'a')).toEqual({ value: json(1), version: 1 });
    expect(await store.changed(0)).toEqual(before);
  });

  it('refuses to create what exists, to change or delete what does not, and the same row twice', async () => {
    const store = await opened(':memory:');
    await store.commit([{ space: 's', key: 'a', expect: 0, value: json(1) }]);
    expect(await store.commit([{ space: 's', key: 'a', expect: 0, value: json(2) }])).toBe(false);
    expect(await store.commit([{ space: 's', key: 'b', expect: 1, value: json(2) }])).toBe(false);
    expect(await store.commit([{ space: 's', key: 'b', expect: 1 }])).toBe(false);
    const twice: Change = { space: 's', key: 'a', expect: 1, value: json(3) };
    expect(await store.commit([twice, twice])).toBe(false);
    expect(await store.get('s', 'a')).toEqual({ value: json(1), version: 1 });
  });

  it('never takes a row that was deleted and made again for the old one', async () => {
    const store = await opened(':memory:');
    await store.commit([{ space: 's', key: 'a', expect: 0, value: json('old') }]);
    await store.commit([{ space: 's', key: 'a', expect: 1 }]);
    expect(await store.get('s', 'a')).toBeUndefined();
    expect(await store.commit([{ space: 's', key: 'a', expect: 2, value: json('x') }])).toBe(false);
    expect(await store.commit([{ space: 's', key: 'a', expect: 0, value: json('new') }])).toBe(true);
    expect(await store.commit([{ space: 's', key: 'a', expect: 1, value: json('stale') }])).toBe(false);
  });

  it('survives a reopen', async () => {
    const path = join(folder(), 'db');
    const first = await opened(path);
    await first.commit([{ space: 's', key: 'a', expect: 0, value: json(1) }]);
    await first.append('audit', [json('x')]);
    await first.close?.();
    expect((await refusal(first.get('s', 'a'))).code).toBe('internal_error');
    const second = await opened(path);
    expect(await second.get('s', 'a')).toEqual({ value: json(1), version: 1 });
    expect(await second.changed(0)).toEqual({ epoch: 1, keys: ['s/a'] });
    await second.append('audit', [json('y')]);
    expect(await second.read('audit', 0, 10)).toEqual([
      { sequence: 1, row: json('x') },
      { sequence: 2, row: json('y') },
    ]);
  });

  it('does what a map does, for any sequence of commits', async () => {
    const change = fc.record({ key: fc.constantFrom('a', 'b', 'c'), expect: fc.nat(4), value: fc.option(fc.nat(9), { nil: undefined }) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 12 }), async (commits) => {
        const store = await opened(':memory:');
        let model = new Map<string, { value: number; version: number }>();
        const spent = new Map<string, number>();
        for (const commit of commits) {
          const next = new Map(model);
          const counted = new Map(spent);
          const good = commit.every(({ key, expect: version, value }) => {
            if ((next.get(key)?.version ?? 0) !== version) return false;
            if (value === undefined && version === 0) return true;
            counted.set(key, (counted.get(key) ?? 0) + 1);
            if (value === undefined) next.delete(key);
            else next.set(key, { value, version: counted.get(key) ?? 0 });
            return true;
          });
          const changes = commit.map((c) => ({ space: 's', key: c.key, expect: c.expect, value: c.value === undefined ? undefined : json(c.value) }));
          expect(await store.commit(changes)).toBe(good);
          if (!good) continue;
          model = next;
          for (const [key, version] of counted) spent.set(key, version);
        }
        const rows = await store.list('s', undefined, 100);
        const expected = [...model].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, row]) => ({ key, value: json(row.value), version: row.version }));
        expect(rows).toEqual(expected);
        await store.close?.();
      }),
      { numRuns: 60 },
    );
  });

  it('is not fooled by what stands in spaces, keys and values', async () => {
    const store = await opened(':memory:');
    const strange = fc.string({ unit: 'grapheme', maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(strange, strange, fc.oneof(strange, fc.constantFrom("'; DROP TABLE entries;--", '%', '_', '\0', 'a\0b')), async (space, key, value) => {
        const before = await store.get(space, key);
        expect(await store.commit([{ space, key, expect: before?.version ?? 0, value: json(value) }])).toBe(true);
        expect((await store.get(space, key))?.value).toEqual(json(value));
      }),
      { numRuns: 200 },
    );
  });

  it('refuses names that SQLite would cut or change, and writes nothing', async () => {
    const store = await opened(':memory:');
    for (const bad of ['a\0b', '\0', 'a\ud800']) {
      const good: Change = { space: 's', key: 'good', expect: 0, value: json(1) };
      expect((await refusal(store.commit([good, { ...good, key: bad }]))).code).toBe('invalid_request');
      expect((await refusal(store.commit([good, { ...good, space: bad }]))).code).toBe('invalid_request');
      expect((await refusal(store.append(bad, [json(1)]))).code).toBe('invalid_request');
    }
    expect(await store.changed(0)).toEqual({ epoch: 0, keys: [] });
    expect(await store.get('s', 'a\0b')).toBeUndefined();
  });
});

describe('list', () => {
  it('pages through in key order, strictly after, without deleted rows', async () => {
    const store = await opened(':memory:');
    const keys = ['', 'B', 'a', 'a1', 'b', 'é'];
    await store.commit(keys.map((key) => ({ space: 's', key, expect: 0, value: json(key) })));
    await store.commit([{ space: 's', key: 'a1', expect: 1 }]);
    expect((await store.list('s', undefined, 3)).map((row) => row.key)).toEqual(['', 'B', 'a']);
    expect((await store.list('s', 'a', 3)).map((row) => row.key)).toEqual(['b', 'é']);
    expect((await store.list('s', 'a1', 1)).map((row) => row.key)).toEqual(['b']);
    expect(await store.list('s', undefined, 0)).toEqual([]);
    expect(await store.list('s', undefined, -1)).toEqual([]);
  });
});

describe('logs', () => {
  it('number each log on its own and read strictly after', async () => {
    const store = await opened(':memory:');
    await store.append('audit', [json(1), json(2)]);
    await store.append('usage', [json('u')]);
    await store.append('audit', []);
    await store.append('audit', [json(3)]);
    expect(await store.read('audit', 1, 10)).toEqual([
      { sequence: 2, row: json(2) },
      { sequence: 3, row: json(3) },
    ]);
    expect(await store.read('audit', 0, 1)).toEqual([{ sequence: 1, row: json(1) }]);
    expect(await store.read('usage', 0, 10)).toEqual([{ sequence: 1, row: json('u') }]);
    expect(await store.read('audit', 3, 10)).toEqual([]);
    expect(await store.read('none', 0, 10)).toEqual([]);
  });
});

describe('changed', () => {
  it('names what was committed since, deletions included, by another connection too', async () => {
    const path = join(folder(), 'db');
    const here = await opened(path);
    const there = await opened(path);
    expect(await here.changed(0)).toEqual({ epoch: 0, keys: [] });
    await there.commit([
      { space: 's', key: 'a', expect: 0, value: json(1) },
      { space: 's', key: 'b', expect: 0, value: json(1) },
    ]);
    const first = await here.changed(0);
    expect(first.keys.toSorted()).toEqual(['s/a', 's/b']);
    await there.commit([{ space: 's', key: 'b', expect: 1 }]);
    const second = await here.changed(first.epoch);
    expect(second.keys).toEqual(['s/b']);
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect((await here.changed(second.epoch)).keys).toEqual([]);
  });

  it('forgets a deletion after a week and not before', async () => {
    let now = 1_000_000;
    const store = await opened(':memory:', () => now);
    await store.commit([{ space: 's', key: 'gone', expect: 0, value: json(1) }]);
    await store.commit([{ space: 's', key: 'gone', expect: 1 }]);
    const remove = async (key: string): Promise<readonly string[]> => {
      await store.commit([{ space: 's', key, expect: 0, value: json(1) }]);
      const row = await store.get('s', key);
      await store.commit([{ space: 's', key, expect: row?.version ?? 0 }]);
      return (await store.changed(0)).keys;
    };
    now += DELETIONS_KEPT;
    expect(await remove('x')).toContain('s/gone');
    now += 1;
    expect(await remove('y')).not.toContain('s/gone');
  });
});
