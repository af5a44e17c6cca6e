import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BOUNDS, type MemoryBounds, memories } from '../src/call/memory.ts';

const HOUR = 3_600_000;
const open = (bounds: Partial<MemoryBounds> = {}) => {
  const clock = { now: 1_790_000_000_000 };
  let lost = 0;
  const all = memories(
    () => clock.now,
    () => void lost++,
    { ...BOUNDS, ...bounds },
  );
  return { all, clock, at: (owner: string, call: object = {}) => all.of(owner, call), lost: () => lost };
};
const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (value: Uint8Array | undefined): string | undefined => (value === undefined ? undefined : Buffer.from(value).toString());

describe('what is remembered for callers', () => {
  test('is there for the one who kept it, byte for byte, and for nobody else', () => {
    const { at } = open();
    const mine = at('key:a');
    expect([mine.owner, mine.keep('call_1', bytes('thought')), text(at('key:a').recall('call_1'))]).toEqual(['key:a', true, 'thought']);
    expect([at('key:b').recall('call_1'), mine.recall('call_2')]).toEqual([undefined, undefined]);
    at('key:b').keep('call_1', bytes('other'));
    expect(text(mine.recall('call_1'))).toBe('thought');
  });

  test('ends an hour after its last use', () => {
    const { at, clock, all } = open();
    at('a').keep('used', bytes('1'));
    at('a').keep('left', bytes('2'));
    clock.now += HOUR - 1;
    expect(text(at('a').recall('used'))).toBe('1');
    clock.now += 1;
    expect([at('a').recall('left'), text(at('a').recall('used'))]).toEqual([undefined, '1']);
    clock.now += HOUR;
    expect([at('a').recall('used'), all.size]).toEqual([undefined, { entries: 0, bytes: 0 }]);
  });

  test('is a copy, and what is kept again replaces what was', () => {
    const { at, all } = open();
    const given = Buffer.from('first');
    at('a').keep('k', given);
    given.fill(0);
    expect(text(at('a').recall('k'))).toBe('first');
    at('a').keep('k', bytes('second'));
    expect([text(at('a').recall('k')), all.size.entries]).toEqual(['second', 1]);
  });

  test('is bounded: what was used last stays, one caller takes nothing from another, and what has no room is said', () => {
    const { at } = open({ entries: 4, entriesPerOwner: 2 });
    at('a').keep('1', bytes('x'));
    at('a').keep('2', bytes('x'));
    at('a').recall('1');
    at('a').keep('3', bytes('x'));
    expect(['1', '2', '3'].map((key) => at('a').recall(key) !== undefined)).toEqual([true, false, true]);
    const { at: small } = open({ bytesPerOwner: 1_000 });
    expect([small('a').keep('k', new Uint8Array(2_000)), small('a').recall('k')]).toEqual([false, undefined]);
  });

  test('never holds more than its bounds, whoever keeps what', () => {
    const bounds = { entries: 7, bytes: 6_000, entriesPerOwner: 4, bytesPerOwner: 3_000 };
    const step = fc.record({
      owner: fc.constantFrom('a', 'b', 'c'),
      key: fc.constantFrom('1', '2', '3', '4', '5', '6'),
      size: fc.nat(3_500),
      wait: fc.nat(HOUR),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { at, clock, all } = open(bounds);
        for (const { owner, key, size, wait } of steps) {
          const value = new Uint8Array(size).fill(size % 251);
          const kept = at(owner).keep(key, value);
          expect(kept).toBe(256 + 2 + size <= bounds.bytesPerOwner);
          expect(at(owner).recall(key)).toEqual(kept ? value : undefined);
          expect([all.size.entries <= bounds.entries, all.size.bytes <= bounds.bytes, all.size.bytes >= 0]).toEqual([true, true, true]);
          clock.now += wait;
        }
        clock.now += HOUR;
        at('a').recall('1');
        expect(all.size).toEqual({ entries: 0, bytes: 0 });
      }),
    );
  });

  test('a call counts as lost once, however often it is tried', () => {
    const { at, lost } = open();
    const call = {};
    at('a', call).lost();
    at('a', call).lost();
    expect(lost()).toBe(1);
    at('a', {}).lost();
    expect(lost()).toBe(2);
  });
});
