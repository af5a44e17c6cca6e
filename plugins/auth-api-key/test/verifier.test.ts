import crypto from 'node:crypto';
import { type Argon, argon, isAffordable } from '@llm-proxy-auth/plugin/issued';
import { describe, expect, it } from 'vitest';
import { pepperOf } from '../src/pepper.ts';
import { verifiers } from '../src/verifier.ts';
import { PEPPER, refusal, VECTOR } from './support.ts';

const MUST_PASS = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';

describe('hmac', () => {
  it('is the published vector', async () => {
    const made = await verifiers(pepperOf(PEPPER)).make(VECTOR);
    expect(made).toMatchObject({ alg: 'hmac', digest: '015a33496f8d93bc38864dd9f7d7eb85c47bfe8140577055ac04d8cea7b1e675' });
  });

  it('verifies the key alone, and only with the pepper it was made with', async () => {
    const use = verifiers(pepperOf(PEPPER));
    const made = await use.make(VECTOR);
    expect(use.verify('x', made, VECTOR)).toBe(true);
    expect(use.verify('x', made, `${VECTOR}x`)).toBe(false);
    expect(verifiers(pepperOf('another pepper of at least 32 bytes')).verify('x', made, VECTOR)).toBe(false);
    expect(await verifiers(undefined, { hash: async () => '', verify: async () => false }).verify('x', made, VECTOR)).toBe(false);
    expect(use.verify('x', { alg: 'hmac', pepper: pepperOf(PEPPER).version, digest: '00' }, VECTOR)).toBe(false);
  });

  it('goes on verifying with the pepper before after a rotation', async () => {
    const use = verifiers(pepperOf(PEPPER));
    const before = await use.make(VECTOR);
    use.usePepper(pepperOf('another pepper of at least 32 bytes'));
    const now = await use.make(VECTOR);
    expect(use.verify('x', before, VECTOR)).toBe(true);
    expect(use.verify('x', now, VECTOR)).toBe(true);
    expect(now).not.toEqual(before);
  });

  it('wants 32 bytes of pepper, counted as UTF-8, and does not repeat it', () => {
    expect(pepperOf('é'.repeat(16)).bytes).toHaveLength(32);
    expect(() => pepperOf('0123456789abcdef0123456789abcde')).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'pepper' }));
    expect(() => pepperOf('0123456789abcdef')).toThrow(expect.not.objectContaining({ message: expect.stringContaining('0123456789abcdef') }));
  });
});

describe('argon2id', () => {
  it('verifies the published vector and no other secret', async () => {
    const hasher = argon(() => import('@node-rs/argon2'));
    expect(await hasher.verify(MUST_PASS, 'password')).toBe(true);
    expect(await hasher.verify(MUST_PASS, 'Password')).toBe(false);
  });

  // What Node has makes the tag of RFC 9106, section 5.3, which needs associated data; the library that verifies has none to give.
  it.skipIf(crypto.argon2Sync === undefined)('is what makes the tag of RFC 9106, and Node and the library make the same of the same secret', async () => {
    const shape = { message: Buffer.alloc(32, 1), nonce: Buffer.alloc(16, 2), parallelism: 4, tagLength: 32, memory: 32, passes: 3 };
    const secret = Buffer.alloc(8, 3);
    const rfc = crypto.argon2Sync('argon2id', { ...shape, secret, associatedData: Buffer.alloc(12, 4) });
    expect(rfc.toString('hex')).toBe('0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659');
    const { hashRaw } = await import('@node-rs/argon2');
    const cost = { memoryCost: shape.memory, timeCost: shape.passes, parallelism: shape.parallelism, outputLen: shape.tagLength };
    expect(await hashRaw(shape.message, { ...cost, secret, salt: shape.nonce })).toEqual(crypto.argon2Sync('argon2id', { ...shape, secret }));
  });

  it('is made at the floor, with another salt each time', async () => {
    const hasher = argon(() => import('@node-rs/argon2'));
    const [one, two] = await Promise.all([hasher.hash('a'), hasher.hash('a')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(two);
    expect(await hasher.verify(one, 'a')).toBe(true);
  });

  it.each([
    ['4 GiB of memory', MUST_PASS.replace('m=65536', 'm=4194304')],
    ['just over the ceiling', MUST_PASS.replace('m=65536', 'm=65537')],
    ['a memory of more digits than fit', MUST_PASS.replace('m=65536', 'm=99999999999999999999')],
    ['no passes', MUST_PASS.replace('t=2', 't=0')],
    ['too many passes', MUST_PASS.replace('t=2', 't=11')],
    ['no lanes', MUST_PASS.replace('p=1', 'p=0')],
    ['too many lanes', MUST_PASS.replace('p=1', 'p=5')],
    ['a truncated tag', MUST_PASS.slice(0, -4)],
    ['no tag', MUST_PASS.slice(0, MUST_PASS.lastIndexOf('$'))],
    ['argon2i', MUST_PASS.replace('argon2id', 'argon2i')],
    ['argon2d', MUST_PASS.replace('argon2id', 'argon2d')],
    ['another version', MUST_PASS.replace('v=19', 'v=16')],
    ['no version', MUST_PASS.replace('v=19$', '')],
    ['nothing', ''],
  ])('is never computed with %s', async (_, phc) => {
    let computed = 0;
    const hasher = argon(async () => ({ hash: async () => '', verify: async () => ++computed > 0 }));
    expect(await hasher.verify(phc, 'password')).toBe(false);
    expect(await hasher.verify(MUST_PASS, 'password')).toBe(true);
    expect(computed).toBe(1);
  });

  it('runs 2 at once, lets 32 wait and refuses more', async () => {
    const hasher = argon(() => import('@node-rs/argon2'));
    const results = await Promise.allSettled(Array.from({ length: 40 }, () => hasher.hash('a')));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(40 - 34);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'auth_unavailable', status: 503 });
    expect(await hasher.hash('a')).toMatch(/^\$argon2id/);
  });

  it('verifies the same once for all who ask at the same time, and again later', async () => {
    let computed = 0;
    const hasher = argon(async () => ({ hash: async () => '', verify: async (_phc, secret) => ++computed > 0 && secret === 'password' }));
    const results = await Promise.all(Array.from({ length: 100 }, (_, i) => hasher.verify(MUST_PASS, i % 2 === 0 ? 'password' : 'wrong')));
    expect(results).toEqual(Array.from({ length: 100 }, (_, i) => i % 2 === 0));
    expect(computed).toBe(2);
    expect(await hasher.verify(MUST_PASS, 'password')).toBe(true);
    expect(computed).toBe(3);
  });

  it('goes on after a verification that failed', async () => {
    const hasher = argon(() => import('@node-rs/argon2'));
    const results = await Promise.all(Array.from({ length: 10 }, (_, i) => hasher.verify(MUST_PASS.replace('m=65536', 'm=64'), `wrong ${i}`)));
    expect(results).toEqual(Array.from({ length: 10 }, () => false));
    expect(await hasher.verify(MUST_PASS, 'password')).toBe(true);
  });
});

describe('without a pepper', () => {
  const counting = (): { hasher: Argon; calls: string[] } => {
    const calls: string[] = [];
    const hasher: Argon = {
      hash: async (secret) => `hash of ${secret}`,
      verify: async (phc, secret) => {
        calls.push(phc);
        return phc === `hash of ${secret}`;
      },
    };
    return { calls, hasher };
  };

  it('computes argon2id once for a key, and again when its verifier changes', async () => {
    const { hasher, calls } = counting();
    const use = verifiers(undefined, hasher);
    const made = await use.make('secret');
    expect(made).toEqual({ alg: 'argon2id', phc: 'hash of secret' });
    expect(await use.verify('id', made, 'secret')).toBe(true);
    expect(use.verify('id', made, 'secret')).toBe(true);
    expect(calls).toHaveLength(1);
    expect(await use.verify('id', made, 'wrong')).toBe(false);
    expect(await use.verify('id', { alg: 'argon2id', phc: 'hash of another' }, 'secret')).toBe(false);
    expect(await use.verify('other id', made, 'secret')).toBe(true);
    expect(calls).toHaveLength(4);
  });

  it('computes a real argon2id for an unknown id', async () => {
    const { hasher, calls } = counting();
    expect(await verifiers(undefined, hasher).refuse('secret')).toBe(false);
    expect(calls.map(isAffordable)).toEqual([true]);
  });
});

it('a refusal of too many is the code, not a wrong secret', async () => {
  const use = verifiers(undefined);
  const all = Array.from({ length: 36 }, (_, i) => Promise.resolve(use.refuse(`${VECTOR}${i}`)));
  expect((await refusal(Promise.all(all))).code).toBe('auth_unavailable');
  await Promise.allSettled(all);
});
