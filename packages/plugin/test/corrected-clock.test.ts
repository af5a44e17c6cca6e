import { describe, expect, it } from 'vitest';
import { correctedClock } from '../src/index.ts';

describe('a clock that learns', () => {
  it('is ours until a vendor refuses it, then the vendor’s', () => {
    let now = 1_790_000_000_000;
    const clock = correctedClock(() => now);
    expect([clock.now(), clock.ahead]).toEqual([now, 0]);
    clock.learn({ headers: ['date', new Date(now + 600_000).toUTCString()] });
    expect([clock.now() - now, clock.ahead]).toEqual([600_000, 600_000]);
    now += 1_000;
    expect(clock.now() - now).toBe(600_000);
  });
  it('takes what the text says where no date stands in the head, and nothing where neither does', () => {
    const now = 1_790_000_000_000;
    const clock = correctedClock(() => now);
    clock.learn({ headers: ['date', 'soon'] }, now - 60_000);
    expect(clock.ahead).toBe(-60_000);
    clock.learn({ headers: [] });
    expect(clock.ahead).toBe(-60_000);
  });
});
