import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Argon, argon, NOBODY, verified } from '@llm-proxy-auth/plugin/issued';
import type { Pepper } from './pepper.ts';

/** What is stored of a key. */
export type Verifier =
  /** `digest`: HMAC-SHA-256(pepper, whole key), hex. */
  | { readonly alg: 'hmac'; readonly pepper: string; readonly digest: string }
  | { readonly alg: 'argon2id'; readonly phc: string }
  /** Of an imported key that has not been used yet; found by a scan alone. */
  | { readonly alg: 'bcrypt'; readonly hash: string };

const hmac = (secret: Uint8Array, key: string): Buffer => createHmac('sha256', secret).update(key).digest();
const equal = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);

export interface Verifiers {
  /** Verifier for a new key: `hmac` with a pepper, else `argon2id`. */
  make(key: string): Promise<Verifier>;
  /** Whether it is the key, as far as that is next to no work: for `hmac`, and for what this process verified before. */
  atOnce(id: string, verifier: Verifier, key: string): boolean | undefined;
  /** The same with all the work it takes. Throws `auth_unavailable` when too many argon2id wait. */
  verify(id: string, verifier: Verifier, key: string): boolean | Promise<boolean>;
  /** Costs what `verify` of a new key costs, and is always false. */
  refuse(key: string): boolean | Promise<boolean>;
  /** False: the verifier is to be made again while the key is at hand. */
  isCurrent(verifier: Verifier): boolean;
  /** What a key would be stored as under each pepper there is, hex. */
  digests(key: string): readonly string[];
  /** Makes new keys with this pepper; those made with earlier ones go on being verified by this process. */
  usePepper(pepper: Pepper): void;
}
export const verifiers = (first: Pepper | undefined, hasher: Argon = argon(() => import('@node-rs/argon2')), earlier: readonly Pepper[] = []): Verifiers => {
  let current = first;
  const peppers = new Map([...(first === undefined ? [] : [first]), ...earlier].map(({ version, bytes }) => [version, bytes]));
  const decoy = randomBytes(32);
  const known = verified();

  const refuse = (key: string): boolean | Promise<boolean> => {
    if (current === undefined) return hasher.verify(NOBODY, key).then(() => false);
    equal(hmac(current.bytes, key), decoy);
    return false;
  };
  const atOnce = (id: string, verifier: Verifier, key: string): boolean | undefined => {
    if (verifier.alg === 'hmac') {
      const pepper = peppers.get(verifier.pepper);
      return pepper === undefined ? undefined : equal(hmac(pepper, key), Buffer.from(verifier.digest, 'hex'));
    }
    return verifier.alg === 'argon2id' && known.has(id, verifier.phc, key) ? true : undefined;
  };
  const slowly = async (id: string, phc: string, key: string): Promise<boolean> => {
    const right = await hasher.verify(phc, key);
    if (right) known.add(id, phc, key);
    return right;
  };
  return {
    make: async (key) =>
      current === undefined
        ? { alg: 'argon2id', phc: await hasher.hash(key) }
        : { alg: 'hmac', pepper: current.version, digest: hmac(current.bytes, key).toString('hex') },
    atOnce,
    verify: (id, verifier, key) => atOnce(id, verifier, key) ?? (verifier.alg === 'argon2id' ? slowly(id, verifier.phc, key) : refuse(key)),
    refuse,
    isCurrent: (verifier) => (verifier.alg === 'hmac' ? verifier.pepper === current?.version : verifier.alg === 'argon2id' && current === undefined),
    digests: (key) => [...peppers.values()].map((pepper) => hmac(pepper, key).toString('hex')),
    usePepper: (pepper) => {
      current = pepper;
      peppers.set(pepper.version, pepper.bytes);
    },
  };
};
