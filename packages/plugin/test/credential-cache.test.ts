import { describe, expect, it } from 'vitest';
import { type CredentialCache, credentialCache } from '../src/credential-cache.ts';

interface Held {
  readonly name: string;
  readonly expiration?: number | undefined;
}
const HOUR = 3_600_000;
/** A source that answers when it is told to, and a clock that is set by hand. */
const scene = (random = 0.5) => {
  let now = 1_000_000;
  const asked: { resolve(found: Held): void; reject(cause: unknown): void }[] = [];
  const failures: unknown[] = [];
  const cache: CredentialCache<Held> = credentialCache({
    ask: () => new Promise((resolve, reject) => void asked.push({ resolve, reject })),
    now: () => now,
    random: () => random,
    failed: (cause) => void failures.push(cause),
    vendor: 'Acme',
  });
  const issued = (name: string, life = HOUR): Held => ({ name, expiration: now + life });
  return {
    cache,
    asked,
    failures,
    issued,
    at: () => now,
    advance: (ms: number) => {
      now += ms;
    },
    /** Lets what was settled reach those who wait. */
    settle: async () => {
      for (let i = 0; i < 10; i++) await Promise.resolve();
    },
    async hold(name: string, life = HOUR) {
      const first = Promise.resolve(cache.get(false));
      asked.at(-1)?.resolve(issued(name, life));
      return first;
    },
  };
};
const name = async (found: Held | Promise<Held>): Promise<string> => (await found).name;

describe('first use', () => {
  it('asks the source once for a thousand callers', async () => {
    const s = scene();
    const callers = Array.from({ length: 1_000 }, () => Promise.resolve(s.cache.get(false)));
    expect(s.asked).toHaveLength(1);
    s.asked[0]?.resolve(s.issued('one'));
    expect(new Set(await Promise.all(callers.map(name)))).toEqual(new Set(['one']));
    expect(s.cache.get(false)).toMatchObject({ name: 'one' });
    expect(s.asked).toHaveLength(1);
  });
  it('that fails fails for everybody who waits, with a time to come back, and is told once', async () => {
    const s = scene();
    const callers = Array.from({ length: 1_000 }, () => Promise.resolve(s.cache.get(false)).catch((e: unknown) => e));
    s.asked[0]?.reject(new Error('no source'));
    for (const failure of await Promise.all(callers))
      expect(failure).toMatchObject({ code: 'upstream_credentials_unavailable', status: 503, retryAfterMs: 1_000 });
    expect(s.failures).toHaveLength(1);
  });
  it('that failed is not repeated before its time, and then is', async () => {
    const s = scene();
    const first = Promise.resolve(s.cache.get(false)).catch(() => undefined);
    s.asked[0]?.reject(new Error('no source'));
    await first;
    await expect(s.cache.get(false)).rejects.toMatchObject({ code: 'upstream_credentials_unavailable' });
    expect(s.asked).toHaveLength(1);
    s.advance(1_000);
    const second = Promise.resolve(s.cache.get(false));
    s.asked[1]?.resolve(s.issued('two'));
    expect(await name(second)).toBe('two');
  });
});

describe('renewal', () => {
  it.each([
    [0, 0.75],
    [0.5, 0.8],
    [1, 0.85],
  ])('with chance %d begins at %d of the life, in the background', async (random, part) => {
    const s = scene(random);
    await s.hold('one');
    s.advance(HOUR * part - 1);
    expect(await name(s.cache.get(false))).toBe('one');
    expect(s.asked).toHaveLength(1);
    s.advance(1);
    expect(s.cache.get(false)).toMatchObject({ name: 'one' });
    expect(s.asked).toHaveLength(2);
    for (let i = 0; i < 1_000; i++) s.cache.get(false);
    expect(s.asked).toHaveLength(2);
    s.asked[1]?.resolve(s.issued('two'));
    await s.settle();
    expect(s.cache.get(false)).toMatchObject({ name: 'two' });
    expect(s.cache.expires()).toBe(s.at() + HOUR);
  });
  it('never begins for keys that do not end', async () => {
    const s = scene();
    const first = Promise.resolve(s.cache.get(false));
    s.asked[0]?.resolve({ name: 'for-ever' });
    await first;
    s.advance(1_000 * HOUR);
    expect(s.cache.get(false)).toMatchObject({ name: 'for-ever' });
    expect(s.asked).toHaveLength(1);
  });
});

describe('an outage of the source', () => {
  it('is not noticed before the credential ends', async () => {
    const s = scene();
    await s.hold('one');
    s.advance(HOUR * 0.8);
    while (s.at() < 1_000_000 + HOUR) {
      expect(s.cache.get(false)).toMatchObject({ name: 'one' });
      for (const { reject } of s.asked.slice(1)) reject(new Error('down'));
      await s.settle();
      s.advance(30_000);
    }
    await expect(Promise.resolve(s.cache.get(false))).rejects.toMatchObject({ code: 'upstream_credentials_unavailable' });
  });
  it('is asked about at growing distances, at least every minute', async () => {
    const s = scene();
    await s.hold('one', 10 * HOUR);
    s.advance(8 * HOUR);
    const tries: number[] = [];
    for (let second = 0; second < 300; second++) {
      s.cache.get(false);
      if (s.asked.length - 1 > tries.length) tries.push(second);
      s.asked.at(-1)?.reject(new Error('down'));
      await s.settle();
      s.advance(1_000);
    }
    expect(tries).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
  });
  it('that ends is over for everybody', async () => {
    const s = scene();
    await s.hold('one');
    s.advance(HOUR);
    const waiting = Array.from({ length: 10 }, () => Promise.resolve(s.cache.get(false)));
    expect(s.asked).toHaveLength(2);
    s.asked[1]?.resolve(s.issued('two'));
    expect(new Set(await Promise.all(waiting.map(name)))).toEqual(new Set(['two']));
  });
});

describe('a credential that was refused', () => {
  it('is renewed at once, by one question for all who were refused', async () => {
    const s = scene();
    await s.hold('revoked');
    const refused = Array.from({ length: 1_000 }, () => Promise.resolve(s.cache.get(true)));
    expect(s.asked).toHaveLength(2);
    s.asked[1]?.resolve(s.issued('new'));
    expect(new Set(await Promise.all(refused.map(name)))).toEqual(new Set(['new']));
    expect(await name(s.cache.get(true))).toBe('new');
    expect(s.asked).toHaveLength(2);
  });
  it('that stays refused is asked for once a second', async () => {
    const s = scene();
    await s.hold('one');
    for (let i = 0; i < 50; i++) {
      const found = Promise.resolve(s.cache.get(true));
      s.asked.at(-1)?.resolve(s.issued(`again-${i}`));
      await found;
      s.advance(100);
    }
    expect(s.asked).toHaveLength(1 + 5);
  });
  it('is not used by the refused call when the source is down, while others keep what they have', async () => {
    const s = scene();
    await s.hold('one');
    const refused = Promise.resolve(s.cache.get(true));
    s.asked[1]?.reject(new Error('down'));
    await expect(refused).rejects.toMatchObject({ code: 'upstream_credentials_unavailable' });
    expect(s.cache.get(false)).toMatchObject({ name: 'one' });
  });
});

describe('a clock that is set back', () => {
  it('keeps nobody waiting for a source that failed before', async () => {
    const at = scene();
    const first = Promise.resolve(at.cache.get(false));
    at.asked[0]?.reject(new Error('away'));
    await expect(first).rejects.toMatchObject({ code: 'upstream_credentials_unavailable' });
    at.advance(-HOUR);
    expect(await name(at.hold('later'))).toBe('later');
  });
  it('holds up no credential that is asked for because the one in use was refused', async () => {
    const at = scene();
    await at.hold('first');
    const refused = Promise.resolve(at.cache.get(true));
    at.asked[1]?.resolve(at.issued('second'));
    await refused;
    at.advance(-HOUR);
    const again = Promise.resolve(at.cache.get(true));
    at.asked[2]?.resolve(at.issued('third'));
    expect(await name(again)).toBe('third');
  });
});
