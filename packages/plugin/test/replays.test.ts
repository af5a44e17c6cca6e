import { describe, expect, it } from 'vitest';
import { replays } from '../src/issued/pairs/replays.ts';

const LIFE = 600_000;
describe('signatures that were used', () => {
  it('are known at least as long as they live, whenever in that time they came', () => {
    for (let first = 0; first < 3 * LIFE; first += 50_000) {
      const used = replays(LIFE);
      used.use('another', 0);
      expect(used.use('a', first)).toBe(true);
      for (let now = first; now < first + LIFE; now += 50_000) {
        // Others turn the generations meanwhile.
        used.use(`other ${now}`, now);
        expect(used.has('a', now)).toBe(true);
        expect(used.use('a', now)).toBe(false);
      }
    }
  });
  it('may be used again for a while after the first use, where that is said', () => {
    const used = replays(LIFE, 2000);
    expect([used.use('a', 0), used.has('a', 0), used.use('a', 1999), used.has('a', 2000), used.use('a', 2000)]).toEqual([true, false, true, true, false]);
    expect(replays(LIFE).use('a', 0)).toBe(true);
  });
  it('take bounded memory: the last 125,000 are known in any case, and then the oldest are forgotten', () => {
    const used = replays(LIFE);
    for (let i = 0; i < 249_999; i++) used.use(`s${i}`, 0);
    expect(used.has('s0', 1)).toBe(true);
    for (let i = 249_999; i < 260_000; i++) used.use(`s${i}`, 0);
    expect(used.has('s0', 1)).toBe(false);
    expect(used.has('s135000', 1)).toBe(true);
  });
});
