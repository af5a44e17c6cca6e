import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { AUDIT_FIELDS } from '../src/audit/record.ts';
import { RING } from '../src/audit/writer.ts';
import { readWriters } from '../src/audit/writers.ts';
import { disk, exchange, openOn, recordsOf, usageOf, verify } from './audit-bench.ts';

const kinds = (store: ReturnType<typeof disk>) => recordsOf(store).map((r) => [r.kind, r.request ?? r.operation ?? r.count]);
const shutDoor = { caller: { id: 'key:root' } as never, name: 'keys.create', target: 'ci', code: undefined };

describe('records of a call', () => {
  test('batch: intent and end of a short call are one record; of a long one two', async () => {
    const store = disk();
    const { audit, call } = openOn(store);
    await call({ id: 'short' });
    const long = exchange({ id: 'long' });
    expect(audit.intent(long)).toBeUndefined();
    await audit.flush();
    audit.settle(long, 502);
    await audit.flush();
    expect(kinds(store)).toEqual([
      ['call', 'short'],
      ['intent', 'long'],
      ['settle', 'long'],
    ]);
    expect(recordsOf(store)[2]).toMatchObject({ status: 502, principal: 'key:ci', credential: 'c1', address: '203.0.113.0/24', input: 10, output: 5 });
  });
  test('sync: the intent is in the store before the call goes on, and many share one row', async () => {
    const store = disk();
    const { audit } = openOn(store, { mode: 'sync' });
    const calls = Array.from({ length: 50 }, (_, i) => exchange({ id: `r${i}` }));
    await Promise.all(calls.map((x) => audit.intent(x)));
    expect(kinds(store)).toEqual(calls.map((x) => ['intent', x.id]));
    expect(store.logs.get([...store.logs.keys()][0] ?? '')).toHaveLength(1);
  });
  test('a call that is refused before it reaches a provider has a record too', async () => {
    const store = disk();
    const { audit } = openOn(store);
    audit.settle(exchange({ id: 'refused', code: 'model_not_allowed' }), 403);
    await audit.flush();
    expect(recordsOf(store)).toMatchObject([{ kind: 'call', request: 'refused', code: 'model_not_allowed', status: 403 }]);
  });
  test('refused credentials are added up by network, and nobody fills the log by guessing', async () => {
    const store = disk();
    const { audit } = openOn(store);
    for (let i = 0; i < 5_000; i++) audit.denied({ address: '203.0.113.77', code: 'invalid_credentials', strategy: 'api-key', reason: 'unknown' });
    for (let i = 0; i < 5_000; i++) audit.denied({ address: `10.${i >> 8}.${i & 255}.1`, code: 'totp_used', strategy: undefined, reason: undefined });
    await audit.flush();
    const records = recordsOf(store);
    expect(records[0]).toMatchObject({ kind: 'auth', code: 'invalid_credentials', count: 5_000, address: '203.0.113.0/24' });
    expect(records.length).toBeLessThanOrEqual(1_001);
    expect(records.reduce((sum, r) => sum + Number(r.count), 0)).toBe(10_000);
  });
  test('credentials that were proven and are good no more are told apart, each added up', async () => {
    const store = disk();
    const { audit } = openOn(store);
    const denied = { address: '203.0.113.77', code: 'invalid_credentials', strategy: 'api-key', reason: 'revoked' };
    for (const credential of ['first', 'first', 'second', 'first']) audit.denied({ ...denied, credential });
    await audit.flush();
    expect(recordsOf(store)).toMatchObject([
      { kind: 'auth', reason: 'revoked', credential: 'first', count: 3 },
      { kind: 'auth', reason: 'revoked', credential: 'second', count: 1 },
    ]);
  });
  test('A111 no text of a caller breaks a record: one line, the members that are known, characters escaped', async () => {
    const names = ['a\r\nb', '"},{"kind":"admin"', '\u001b[31mred', '\u2028\u2029\u0085', 'nul\0', '\ud800lone', 'x'.repeat(10_000)];
    const store = disk();
    const { audit, host } = openOn(store);
    const opened = { host } as never;
    for (const [i, name] of names.entries()) audit.settle(exchange({ id: `r${i}`, model: name, principal: `key:${name}` }), 200);
    await audit.operation({ ...shutDoor, target: names.join('') });
    await audit.flush();
    const rows = [...store.logs].filter(([log]) => log.startsWith('audit/')).flatMap(([, all]) => all);
    const awkward = (c: string): boolean => c < ' ' || (c >= '\u007f' && c <= '\u009f') || c === '\u2028' || c === '\u2029' || (c >= '\ud800' && c <= '\udfff');
    for (const row of rows) expect([...row].filter(awkward)).toEqual([]);
    const records = recordsOf(store);
    expect(records).toHaveLength(names.length + 1);
    for (const record of records.slice(0, -1)) {
      expect(Object.keys(record)).toEqual(Object.keys(records[0] ?? {}));
      expect([...AUDIT_FIELDS, 'h']).toEqual(expect.arrayContaining(Object.keys(record)));
      expect(String(record.model).length).toBeLessThanOrEqual(256);
    }
    expect((await verify(store, opened)).ok).toBe(true);
  });
});

describe('a store that takes nothing', () => {
  test('block: calls go on until 10,000 records wait, then they are 503; nothing is lost', async () => {
    const store = disk();
    const { audit, call, counted } = openOn(store);
    await call({ id: 'first' });
    await audit.flush();
    store.full = 'before';
    for (let i = 0; i < RING; i++) await call({ id: `r${i}` });
    expect(() => audit.intent(exchange({ id: 'more' }))).toThrow(expect.objectContaining({ code: 'overloaded', status: 503 }));
    await expect(audit.operation(shutDoor)).rejects.toMatchObject({ code: 'overloaded' });
    expect(counted.get('refused')).toBe(2);
    store.full = false;
    await vi.waitFor(() => expect(recordsOf(store)).toHaveLength(RING + 1), { timeout: 10_000 });
    expect(audit.intent(exchange({ id: 'again' }))).toBeUndefined();
  });
  test('block under sync: a call does not go on without its record', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const store = disk();
      const { audit, call } = openOn(store, { mode: 'sync' });
      await call({ id: 'first' });
      store.full = 'before';
      let ended: unknown;
      Promise.resolve(audit.intent(exchange({ id: 'waits' }))).then(
        () => {
          ended = 'went on';
        },
        (error: { code: string }) => {
          ended = error.code;
        },
      );
      for (let i = 0; i < 60 && ended === undefined; i++) {
        await vi.advanceTimersByTimeAsync(250);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(ended).toBe('overloaded');
    } finally {
      vi.useRealTimers();
    }
  });
  test.each([
    ['records go to a file, in their chain, and back into the log when the store takes them', ''],
    ['what a full disk cut short takes no record behind it along', '{"number":3,"ro'],
  ])('spill: %s', async (_what, cutShort) => {
    const store = disk();
    const opened = openOn(store, { mode: 'sync', onFull: 'spill' });
    const { audit, call, counted } = opened;
    await call({ id: 'first' });
    await audit.flush();
    store.full = 'before';
    await call({ id: 'spilled' });
    expect(counted.get('spilled')).toBeGreaterThan(0);
    const [file = ''] = readdirSync(opened.spill);
    appendFileSync(join(opened.spill, file), cutShort);
    await call({ id: 'spilled too' });
    store.full = false;
    await audit.flush();
    expect(recordsOf(store).map((r) => r.request)).toEqual(expect.arrayContaining(['first', 'spilled', 'spilled too']));
    expect(await verify(store, opened)).toMatchObject({ ok: true, problems: [] });
  });
  test('drop: calls go on, what the ring cannot hold is counted, and its number is written down', async () => {
    const store = disk();
    const { audit, call, counted } = openOn(store, { onFull: 'drop' });
    await call({ id: 'first' });
    await audit.flush();
    store.full = 'before';
    await audit.flush().catch(() => undefined);
    for (let i = 0; i < RING + 7; i++) await call({ id: `r${i}` });
    expect(counted.get('dropped')).toBe(7);
    store.full = false;
    await audit.flush();
    await audit.keep();
    await audit.flush();
    expect(recordsOf(store).filter((r) => r.kind === 'dropped')).toMatchObject([{ count: 7 }]);
    expect(recordsOf(store).filter((r) => r.kind === 'call')).toHaveLength(RING + 1);
  });
  test('a write that was done although it failed is not done again', async () => {
    const store = disk();
    const opened = openOn(store);
    await opened.call({ id: 'once' });
    store.full = 'after';
    await opened.audit.flush().catch(() => undefined);
    await opened.audit.flush().catch(() => undefined);
    store.full = false;
    await opened.audit.flush();
    expect(recordsOf(store).map((r) => r.request)).toEqual(['once']);
    expect((await verify(store, opened)).ok).toBe(true);
  });
});

describe('after a crash', () => {
  test.each(['batch', 'sync'] as const)('F24 %s: open calls become interrupted once, usage is whole, the chains hold', async (mode) => {
    const store = disk();
    const dying = openOn(store, { mode });
    await dying.call({ id: 'settled', input: 100 });
    const open = Object.assign(exchange({ id: 'open' }), { dispatchedAt: 1, stream: true, bytesIn: 400, bytesOut: 0, linesOut: 0, upstreamModel: undefined });
    const wait = dying.audit.intent(open);
    await dying.audit.flush();
    await wait;
    // What it used is known by the last sign of life.
    open.bytesOut = 1_200;
    await dying.audit.flush();
    open.bytesOut = 9_999;
    await dying.kill();
    const next = openOn(store, { mode }, dying);
    await Promise.all([next.audit.recover(), next.audit.recover()]);
    await next.audit.recover();
    await next.audit.flush();
    expect(recordsOf(store).filter((r) => r.kind === 'interrupted')).toMatchObject([
      { request: 'open', principal: 'key:ci', instance: 'main', input: 100, output: 100, estimated: true },
    ]);
    const usage = await usageOf(store);
    expect(usage.map((u) => [u.requests, u.interrupted, u.input, u.output, u.estimated])).toEqual([[1, 1, 200, 105, 1]]);
    expect(await verify(store, next)).toMatchObject({ ok: true, writers: 2 });
    expect((await readWriters(store)).map(({ row }) => [row.ended, row.interrupted]).sort()).toEqual([
      [false, []],
      [true, []],
    ]);
  });
  test('a clock that is set back holds up no sign of life and no checkpoint', async () => {
    const store = disk();
    const opened = openOn(store, { mode: 'sync' });
    await opened.call({ id: 'first' });
    await opened.audit.flush();
    const checkpoints = (): number => store.logs.get('audit-heads')?.length ?? 0;
    const before = checkpoints();
    opened.host.advance(-3_600_000);
    await opened.call({ id: 'second' });
    await opened.audit.keep();
    expect(checkpoints()).toBe(before + 1);
    expect((await readWriters(store))[0]?.row.beat).toBe(opened.host.now());
    expect(await verify(store, opened)).toMatchObject({ ok: true });
  });
  test('what was spilled by a writer that died goes into its log', async () => {
    const store = disk();
    const dying = openOn(store, { mode: 'sync', onFull: 'spill' });
    await dying.call({ id: 'first' });
    await dying.audit.flush();
    store.full = 'before';
    await dying.call({ id: 'spilled', input: 7 });
    await dying.kill();
    store.full = false;
    const next = openOn(store, { mode: 'sync', onFull: 'spill', spill: dying.spill }, dying);
    await next.audit.recover();
    expect(recordsOf(store).map((r) => r.request)).toEqual(expect.arrayContaining(['first', 'spilled']));
    expect(readdirSync(dying.spill)).toEqual([]);
    expect(await verify(store, next)).toMatchObject({ ok: true });
  });
  test('a writer that lives is left alone', async () => {
    const store = disk();
    const first = openOn(store, { mode: 'sync' });
    await first.audit.intent(exchange({ id: 'open' }));
    const second = openOn(store, {}, first);
    await second.audit.recover();
    expect(recordsOf(store).map((r) => r.kind)).toEqual(['intent']);
  });
});

describe('usage', () => {
  test('is what the calls add up to, whatever fails and whoever dies in between', async () => {
    const step = fc.oneof(
      fc.record({ is: fc.constant('call' as const), input: fc.integer({ min: -5, max: 1_000 }), cost: fc.double({ min: -1, max: 2, noNaN: true }) }),
      fc.constantFrom({ is: 'flush' as const }, { is: 'keep' as const }, { is: 'kill' as const }, { is: 'lose' as const }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const store = disk();
        let now = openOn(store, { mode: 'sync' });
        let serial = 0;
        let [requests, input, cost] = [0, 0, 0];
        for (const each of steps) {
          if (each.is === 'call') {
            await now.call({ id: `r${++serial}`, input: each.input, cost: each.cost });
            await now.audit.flush();
            requests++;
            input += Math.max(0, each.input);
            cost += Math.max(0, each.cost);
          } else if (each.is === 'kill') {
            await now.kill();
            now = openOn(store, { mode: 'sync' }, now);
            await now.audit.recover();
          } else if (each.is === 'lose') {
            store.full = 'after';
            await now.audit.keep();
            store.full = false;
          } else if (each.is === 'keep') await now.audit.keep();
          else await now.audit.flush();
        }
        await now.audit.close();
        const usage = await usageOf(store);
        const sum = (name: string): number => usage.reduce((all, u) => all + Number(u[name]), 0);
        expect([sum('requests'), sum('input')]).toEqual([requests, input]);
        expect(sum('cost')).toBeCloseTo(cost, 5);
        for (const row of usage) for (const value of Object.values(row)) if (typeof value === 'number') expect(value).toBeGreaterThanOrEqual(0);
        expect((await verify(store, now)).problems).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});
