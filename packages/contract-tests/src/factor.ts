import assert from 'node:assert/strict';
import type { AuthRequest, Encryption, Factory, Principal, SecondFactor, Store } from '@llm-proxy-auth/plugin';
import { configurationOf } from './configuration.ts';
import { type FakeHost, fakeEncryption, fakeHost } from './fake-host.ts';
import { memoryStore } from './memory-store.ts';
import { type Rule, type Runner, runRules } from './runner.ts';

export interface EnrolledFactor {
  /** A code that is good at the host's present time and has not been accepted. */
  code(): string | Promise<string>;
  /** What must stand nowhere in clear: the enrolled secret in every form it was shown in. */
  readonly secrets: readonly string[];
}
export interface FactorSubject {
  readonly kind: string;
  readonly factory: Factory<SecondFactor>;
  /** Fields beyond those that `configurationOf` can invent from the schema; secrets by `secretOf`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Enrols a principal, so that a code counts from now on. */
  enrol(made: MadeFactor, principal: Principal): EnrolledFactor | Promise<EnrolledFactor>;
  /** After this time a code is good that was not before, ms. */
  readonly freshAfterMs: number;
}
export interface MadeFactor {
  readonly factor: SecondFactor;
  readonly host: FakeHost;
}
interface Shared {
  readonly store: Store;
  readonly encryption: Encryption;
}
/** A factor on a host of its own; those made with the same `shared` are replicas of one gateway. */
export const makeFactor = async ({ factory, config }: FactorSubject, shared?: Shared): Promise<MadeFactor> => {
  const host = fakeHost(shared);
  return { factor: await factory.create(configurationOf(factory.config, config), host), host };
};
type Verified = Awaited<ReturnType<SecondFactor['verify']>>;

const alice: Principal = Object.freeze({
  id: 'key:alice',
  owner: 'key:alice',
  strategy: 'api-key',
  credential: 'aliceAlice12',
  groups: [],
  scopes: [],
  factor: 'needed',
});
const bob: Principal = Object.freeze({ ...alice, id: 'key:bob', owner: 'key:bob', credential: 'bobBobBob123' });
const requestFrom = (address: string): AuthRequest => ({
  credential: { slot: 'bearer', value: 'lpa_the-first-factor' },
  method: 'POST',
  target: '/v1/chat/completions',
  url: '/v1/chat/completions',
  headers: ['user-agent', address],
  rawHeaders: ['host', 'gateway.test', 'user-agent', address, 'x-forwarded-for', address],
  peer: { address, trusted: false, tls: true },
});
const ask = ({ factor }: MadeFactor, code: string, principal = alice, address = '192.0.2.1'): Promise<Verified> =>
  factor.verify(principal, code, requestFrom(address));
const deniedCode = (result: Verified): string => (result.is === 'denied' ? result.code : result.is);

const using = (f: (made: MadeFactor, subject: FactorSubject) => Promise<void>) => async (subject: FactorSubject) => {
  const made = await makeFactor(subject);
  try {
    await f(made, subject);
  } finally {
    await made.factor.close?.();
    made.host.dispose();
  }
};
/** Codes that are nobody's, each another one; a right one among them is as likely as winning a lottery. */
const wrongCode = (good: string, turn: number): string => {
  const digits = /^[0-9]+$/.test(good);
  const last = good.slice(-3);
  const other = digits ? String((Number(last) + turn + 1) % 1000).padStart(3, '0') : `x${turn}`;
  return good.slice(0, -3) + other;
};
const garbage = [' ', '\u0000', '{}', '💥', 'null', "' OR 1=1 --", '%00%ff', 'a'.repeat(100_000), '\ud800', '-1', '1e6', '００００００', '000000,000000', '..'];
/** Wrong codes that may pass before the factor locks; with three good codes of a million more would be a guess worth making. */
const MOST_GUESSES = 10;

const answerRules: readonly Rule<FactorSubject>[] = [
  {
    id: 'factor.declared',
    says: 'the header is a lower-case name of its own, no slot of a first factor',
    check: using(async ({ factor }) => {
      assert.match(factor.header, /^x-[a-z0-9]+(-[a-z0-9]+)*$/);
      assert.ok(!['x-api-key', 'x-goog-api-key', 'x-session-token', 'x-forwarded-for', 'x-amzn-oidc-data'].includes(factor.header), factor.header);
    }),
  },
  {
    id: 'factor.accepts-valid',
    says: 'a good code of an enrolled caller is done',
    check: using(async (made, subject) => {
      const enrolled = await subject.enrol(made, alice);
      const { by, ...answer } = (await ask(made, await enrolled.code())) as Extract<Verified, { is: 'done' }>;
      assert.deepEqual(answer, { is: 'done' });
      assert.ok(by === undefined || by === 'backup-code' || by === 'first-code', `by ${String(by)}`);
    }),
  },
  {
    id: 'factor.required',
    says: 'without an enrolment and without a code the answer is totp_required, never done',
    check: using(async (made, subject) => {
      assert.equal(deniedCode(await ask(made, '123456')), 'totp_required', 'nobody is enrolled');
      assert.equal(deniedCode(await ask(made, '')), 'totp_required', 'nobody is enrolled, no code');
      await subject.enrol(made, alice);
      assert.equal(deniedCode(await ask(made, '')), 'totp_required', 'no code');
    }),
  },
  {
    id: 'factor.wrong-is-uniform',
    says: 'every wrong code, whatever its form, is invalid_credentials',
    check: using(async (made, subject) => {
      const enrolled = await subject.enrol(made, alice);
      const good = await enrolled.code();
      for (const code of [wrongCode(good, 1), good.slice(1), `${good}0`]) assert.equal(deniedCode(await ask(made, code)), 'invalid_credentials', code);
    }),
  },
  {
    id: 'factor.never-throws-on-garbage',
    says: 'no text makes it throw, hang or let anybody in',
    check: using(async (made, subject) => {
      await subject.enrol(made, alice);
      for (const code of garbage) {
        const result = await ask(made, code);
        assert.equal(result.is, 'denied', `${code.slice(0, 20)} gave ${result.is}`);
      }
    }),
  },
  {
    id: 'factor.own-alone',
    says: 'one caller’s code is no code of another, enrolled or not',
    check: using(async (made, subject) => {
      const enrolled = await subject.enrol(made, alice);
      const code = await enrolled.code();
      assert.notEqual((await ask(made, code, bob)).is, 'done', 'not enrolled');
      await subject.enrol(made, bob);
      assert.notEqual((await ask(made, code, bob)).is, 'done', 'enrolled with a secret of their own');
    }),
  },
];

const replicas = async (subject: FactorSubject, f: (one: MadeFactor, other: MadeFactor) => Promise<void>): Promise<void> => {
  const shared = { store: memoryStore(), encryption: fakeEncryption() };
  const [one, other] = [await makeFactor(subject, shared), await makeFactor(subject, shared)];
  try {
    await f(one, other);
  } finally {
    for (const { factor, host } of [one, other]) {
      await factor.close?.();
      host.dispose();
    }
  }
};
const onceRules: readonly Rule<FactorSubject>[] = [
  {
    id: 'factor.once',
    says: 'an accepted code is not accepted again, and the next one is',
    check: using(async (made, subject) => {
      const enrolled = await subject.enrol(made, alice);
      const code = await enrolled.code();
      assert.equal((await ask(made, code)).is, 'done');
      for (const turn of [2, 3]) assert.equal(deniedCode(await ask(made, code)), 'totp_used', `use ${turn}`);
      made.host.advance(subject.freshAfterMs);
      assert.equal((await ask(made, await enrolled.code())).is, 'done', 'the next code');
    }),
  },
  {
    id: 'factor.once-at-once',
    says: 'one code sent twenty times at once to two replicas lets in exactly once',
    check: (subject) =>
      replicas(subject, async (one, other) => {
        const enrolled = await subject.enrol(one, alice);
        const code = await enrolled.code();
        const results = await Promise.all(Array.from({ length: 20 }, (_, turn) => ask(turn % 2 === 0 ? one : other, code)));
        assert.equal(results.filter(({ is }) => is === 'done').length, 1);
        assert.equal(results.filter(({ is }) => is === 'denied').length, 19, 'the others are denied');
      }),
  },
];

/** Guesses one after the other, each from another address, until a lock shows by its wait; the guesses it took. */
const guessUntilLocked = async (made: MadeFactor, good: string): Promise<number> => {
  for (let turn = 1; turn <= MOST_GUESSES; turn += 1) {
    const result = await ask(made, wrongCode(good, turn), alice, `192.0.2.${turn}`);
    assert.equal(deniedCode(result), 'invalid_credentials');
    if (result.is === 'denied' && result.retryAfterMs !== undefined) return turn;
  }
  return assert.fail(`${MOST_GUESSES} wrong codes did not lock`);
};
const lockRules: readonly Rule<FactorSubject>[] = [
  {
    id: 'factor.locks',
    says: `at most ${MOST_GUESSES} wrong codes lock, from whatever address; then a good code gets the answer of a wrong one, with a wait`,
    check: using(async (made, subject) => {
      const enrolled = await subject.enrol(made, alice);
      const good = await enrolled.code();
      await guessUntilLocked(made, good);
      for (const address of ['192.0.2.77', '2001:db8::7']) {
        const result = await ask(made, good, alice, address);
        assert.equal(deniedCode(result), 'invalid_credentials', 'a good code during the lock');
        assert.ok(result.is === 'denied' && (result.retryAfterMs ?? 0) > 0, 'the wait is above 0');
      }
    }),
  },
  {
    id: 'factor.lock-ends',
    says: 'a lock ends after the wait it names, within an hour, and a good code ends the counting',
    check: using(async (made, subject) => {
      const enrolled = await subject.enrol(made, alice);
      await guessUntilLocked(made, await enrolled.code());
      const locked = await ask(made, await enrolled.code());
      const wait = locked.is === 'denied' ? (locked.retryAfterMs ?? 0) : 0;
      assert.ok(wait <= 3_600_000, `waits ${wait} ms`);
      made.host.advance(wait + subject.freshAfterMs);
      assert.equal((await ask(made, await enrolled.code())).is, 'done');
    }),
  },
  {
    id: 'factor.lock-everywhere',
    says: 'wrong codes at one replica lock at the other, and guesses sent at once are counted each',
    check: (subject) =>
      replicas(subject, async (one, other) => {
        const enrolled = await subject.enrol(one, alice);
        const good = await enrolled.code();
        await Promise.all(Array.from({ length: 4 * MOST_GUESSES }, (_, turn) => ask(turn % 2 === 0 ? one : other, wrongCode(good, turn + 1))));
        for (const replica of [one, other]) assert.equal(deniedCode(await ask(replica, good)), 'invalid_credentials');
      }),
  },
  {
    id: 'factor.lock-own-alone',
    says: 'one caller’s wrong codes lock nobody else',
    check: using(async (made, subject) => {
      const enrolled = await subject.enrol(made, alice);
      const other = await subject.enrol(made, bob);
      await guessUntilLocked(made, await enrolled.code());
      assert.equal((await ask(made, await other.code(), bob)).is, 'done');
    }),
  },
];

const keepingRules: readonly Rule<FactorSubject>[] = [
  {
    id: 'factor.unavailable-when-broken',
    says: 'when the store is out of reach every answer is unavailable: with a good code, with none, enrolled or not',
    check: using(async (made, subject) => {
      const enrolled = await subject.enrol(made, alice);
      const code = await enrolled.code();
      made.host.breakStore();
      for (const [sent, principal] of [
        [code, alice],
        ['', alice],
        ['123456', bob],
        ['', bob],
      ] as const) {
        const result = await ask(made, sent, principal);
        assert.equal(result.is, 'unavailable', `"${sent}" gave ${result.is}`);
        assert.ok(result.is === 'unavailable' && result.retryAfterMs > 0, 'retryAfterMs is above 0');
      }
    }),
  },
  {
    id: 'factor.no-secret-told',
    says: 'neither a code nor the enrolled secret stands in a result, a log line, a metric or the store',
    check: using(async (made, subject) => {
      const kept: string[] = [];
      const { commit, append } = made.host.store;
      Object.assign(made.host.store, {
        commit: (changes: Parameters<Store['commit']>[0]) => {
          kept.push(...changes.map(({ key, value }) => `${key} ${value?.json ?? ''}`));
          return commit(changes);
        },
        append: (log: string, rows: Parameters<Store['append']>[1]) => {
          kept.push(...rows.map(({ json }) => json));
          return append(log, rows);
        },
      });
      const enrolled = await subject.enrol(made, alice);
      const code = await enrolled.code();
      const wrong = wrongCode(code, 1);
      const results = [await ask(made, wrong), await ask(made, code), await ask(made, code)];
      const told = JSON.stringify([results, made.host.lines, [...made.host.counted.keys()], kept]);
      for (const secret of [code, wrong, ...enrolled.secrets]) assert.ok(!told.includes(JSON.stringify(secret).slice(1, -1)), `${secret.slice(0, 4)}… is told`);
    }),
  },
];

export const factorRules: readonly Rule<FactorSubject>[] = [...answerRules, ...onceRules, ...lockRules, ...keepingRules];

/** Rules of a second factor. */
export const factorSuite = (runner: Runner, subject: FactorSubject): void => runRules(runner, `factor ${subject.kind}`, factorRules, subject);
