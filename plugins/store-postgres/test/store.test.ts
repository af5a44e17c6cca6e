import type { Change, Store } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { DELETIONS_KEPT } from '../src/statements.ts';
import { dropSchemas, json, opened, refusal, SERVER } from './support.ts';

afterAll(dropSchemas);
const put = (key: string, expected: number, value: unknown = 1): Change => ({ space: 's', key, expect: expected, value: json(value) });

describe.skipIf(SERVER === undefined)('rows', () => {
  it('give back the text and count versions from 1', async () => {
    const store = await opened();
    expect(await store.commit([{ space: 'keys', key: 'a', expect: 0, value: { json: '{"n":1e400, "b":1.0, "s":"\\u0000\\\\\\"{}"}' } }])).toBe(true);
    expect(await store.get('keys', 'a')).toEqual({ value: { json: '{"n":1e400, "b":1.0, "s":"\\u0000\\\\\\"{}"}' }, version: 1 });
    expect(await store.commit([])).toBe(true);
    expect(await store.changed(0)).toEqual({ epoch: 1, keys: ['keys/a'] });
  });

  it('refuse a commit whole when one row has another version, and the same row twice', async () => {
    const store = await opened();
    await store.commit([put('a', 0)]);
    const before = await store.changed(0);
    expect(await store.commit([put('new', 0), put('a', 7)])).toBe(false);
    expect(await store.commit([put('a', 1, 3), put('a', 1, 4)])).toBe(false);
    expect(await store.get('s', 'new')).toBeUndefined();
    expect(await store.changed(0)).toEqual(before);
  });

  it('do what a map does, for any sequence of commits', async () => {
    const store = await opened();
    const change = fc.record({ key: fc.constantFrom('a', 'b', 'c'), expect: fc.nat(4), value: fc.option(fc.nat(9), { nil: undefined }) });
    let round = 0;
    const runs = async (commits: readonly (readonly { key: string; expect: number; value: number | undefined }[])[]): Promise<void> => {
      const space = `run ${round++}`;
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
        const changes = commit.map((c) => ({ space, key: c.key, expect: c.expect, value: c.value === undefined ? undefined : json(c.value) }));
        expect(await store.commit(changes)).toBe(good);
        if (!good) continue;
        model = next;
        for (const [key, version] of counted) spent.set(key, version);
      }
      const expected = [...model].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, row]) => ({ key, value: json(row.value), version: row.version }));
      expect(await store.list(space, undefined, 100)).toEqual(expected);
    };
    await fc.assert(fc.asyncProperty(fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 12 }), runs), { numRuns: 60 });
  });

  it('are not fooled by what stands in spaces, keys and values', async () => {
    const store = await opened();
    const strange = fc.string({ unit: 'grapheme', maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(strange, strange, fc.oneof(strange, fc.constantFrom("'; DROP TABLE entries;--", '{NULL}', 'NULL', '\0')), async (space, key, value) => {
        const before = await store.get(space, key);
        expect(await store.commit([{ space, key, expect: before?.version ?? 0, value: json(value) }])).toBe(true);
        expect((await store.get(space, key))?.value).toEqual(json(value));
      }),
      { numRuns: 100 },
    );
  });

  it('refuse names and values that the server would cut, change or not index, and write nothing', async () => {
    const store = await opened();
    const good = put('good', 0);
    for (const bad of ['a\0b', '\0', 'a\ud800', 'x'.repeat(2601)]) {
      expect((await refusal(store.commit([good, { ...good, key: bad }]))).code).toBe('invalid_request');
      expect((await refusal(store.commit([good, { ...good, space: bad }]))).code).toBe('invalid_request');
      expect((await refusal(store.append(bad, [json(1)]))).code).toBe('invalid_request');
    }
    expect((await refusal(store.commit([{ ...good, value: { json: '"\ud800"' } }]))).code).toBe('invalid_request');
    expect((await refusal(store.append('log', [{ json: '"\0"' }]))).code).toBe('invalid_request');
    expect(await store.changed(0)).toEqual({ epoch: 0, keys: [] });
    expect(await store.get('s', 'a\0b')).toBeUndefined();
    // Nothing that can be compressed: what the index holds is the whole key.
    const longest = Array.from({ length: 2599 }, (_, i) => String.fromCharCode(33 + ((i * i * 31) % 90))).join('');
    expect(await store.commit([put(longest, 0)])).toBe(true);
  });

  it('are paged in the order of their bytes, strictly after, without those deleted', async () => {
    const store = await opened();
    await store.commit(['', 'B', 'a', 'a1', 'b', 'é'].map((key) => put(key, 0, key)));
    await store.commit([{ space: 's', key: 'a1', expect: 1 }]);
    expect((await store.list('s', undefined, 3)).map((row) => row.key)).toEqual(['', 'B', 'a']);
    expect((await store.list('s', 'a', 3)).map((row) => row.key)).toEqual(['b', 'é']);
    expect((await store.list('s', 'a1', 1)).map((row) => row.key)).toEqual(['b']);
    expect(await store.list('s', undefined, -1)).toEqual([]);
  });
});

describe.skipIf(SERVER === undefined)('changed', () => {
  const remove = async (store: Store, key: string): Promise<readonly string[]> => {
    await store.commit([put(key, 0)]);
    await store.commit([{ space: 's', key, expect: 1 }]);
    return (await store.changed(0)).keys;
  };
  it('forgets a deletion after a week and not before', async () => {
    let now = 1_000_000;
    const store = await opened({}, () => now);
    await remove(store, 'gone');
    now += DELETIONS_KEPT;
    expect(await remove(store, 'x')).toContain('s/gone');
    now += 1;
    expect(await remove(store, 'y')).not.toContain('s/gone');
  });
});

describe.skipIf(SERVER === undefined)('logs', () => {
  it('number each log on its own, without gaps, and read strictly after', async () => {
    const store = await opened();
    await store.append('audit', [json(1), json(2)]);
    await store.append('usage', [json('u')]);
    await store.append('audit', []);
    await store.append('audit', [json(3)]);
    expect(await store.read('audit', 1, 10)).toEqual([
      { sequence: 2, row: json(2) },
      { sequence: 3, row: json(3) },
    ]);
    expect(await store.read('usage', 0, 10)).toEqual([{ sequence: 1, row: json('u') }]);
    expect(await store.read('audit', 3, 10)).toEqual([]);
  });
});

it.skipIf(SERVER === undefined)('a closed store says so', async () => {
  const store = await opened();
  await store.close?.();
  await store.close?.();
  expect((await refusal(store.get('s', 'a'))).code).toBe('internal_error');
});
