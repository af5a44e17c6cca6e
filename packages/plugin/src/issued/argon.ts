import { createHmac, randomBytes } from 'node:crypto';
import { flights } from '../flights.ts';
import { turns } from './turns.ts';

/** OWASP's floor for argon2id, about 16 ms: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html */
const COST = Object.freeze({ memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 });
/** A row may ask for this much and no more, or whoever can write rows can exhaust the memory. KiB, passes, lanes. */
const CEILING = Object.freeze({ memory: 65_536, passes: 10, lanes: 4 });
const CONCURRENT = 2;
const QUEUE = 32;
const PHC = /^\$argon2id\$v=19\$m=([1-9][0-9]{0,9}),t=([1-9][0-9]{0,9}),p=([1-9][0-9]{0,2})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{43}$/;

/** Whether the verifier is argon2id with a whole tag and affordable parameters. */
export const isAffordable = (phc: string): boolean => {
  const [, memory, passes, lanes] = PHC.exec(phc) ?? [];
  if (memory === undefined) return false;
  return Number(memory) <= CEILING.memory && Number(passes) <= CEILING.passes && Number(lanes) <= CEILING.lanes && Number(memory) >= 8 * Number(lanes);
};

/** A real verifier of a secret nobody has, at the cost of new ones: an unknown name costs what a wrong secret costs. */
export const NOBODY = '$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlzIQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';

/** On whose behalf secrets are verified. */
export interface Asker {
  /** Shares computations with nobody of another name. */
  readonly name: string;
  mayAsk(): boolean;
}
export interface Argon {
  /** PHC string of a new verifier. */
  hash(secret: string): Promise<string>;
  /**
   * False also for a verifier that is not affordable, which is never computed. Throws `auth_unavailable` when too many wait. What waited is
   * computed only if `asker` may still ask when its turn comes, and is false otherwise.
   */
  verify(phc: string, secret: string, asker?: Asker): Promise<boolean>;
}
/** What is used of a library for argon2id; `@node-rs/argon2` has it. */
export interface ArgonLibrary {
  hash(secret: string, cost: { memoryCost: number; timeCost: number; parallelism: number; outputLen: number }): Promise<string>;
  verify(phc: string, secret: string): Promise<boolean>;
}
/**
 * argon2id on the thread pool: at most 2 at once and 32 waiting, as each takes memory and a core. Who verifies the same at the same time
 * for the same asker shares one computation: many calls of one caller do not fill the queue. The library is loaded when it is first needed.
 */
export const argon = (library: () => Promise<ArgonLibrary>): Argon => {
  const turn = turns({ concurrent: CONCURRENT, waiting: QUEUE, refusal: 'Too many secrets are being verified; try again.' });
  const same = flights<boolean>(Number.POSITIVE_INFINITY);
  const prefix = randomBytes(32);
  const compute = (phc: string, secret: string, asker?: Asker): Promise<boolean> =>
    turn(async () => (asker === undefined || asker.mayAsk()) && (await library()).verify(phc, secret));
  return {
    hash: (secret) => turn(async () => (await library()).hash(secret, { ...COST })),
    verify: async (phc, secret, asker) => {
      if (!isAffordable(phc)) return false;
      const key = createHmac('sha256', prefix)
        .update(JSON.stringify([phc, asker?.name, secret]))
        .digest('base64');
      return (await same.share(key, () => compute(phc, secret, asker))) === true;
    },
  };
};
