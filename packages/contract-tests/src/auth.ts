import assert from 'node:assert/strict';
import type { Credential, Principal } from '@llm-proxy-auth/plugin';
import { awayRules } from './auth-away.ts';
import { type AuthSubject, ask, longestCacheMs, principalOf, using } from './auth-subject.ts';
import { type Rule, type Runner, runRules } from './runner.ts';
import { secretsIn } from './secret.ts';

const slots: readonly Credential['slot'][] = ['bearer', 'basic', 'api-key', 'session', 'aws4', 'oci-signature', 'certificate', 'proxy'];
const foreign: Readonly<Record<Credential['slot'], string>> = {
  bearer: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYWxsb3J5In0.',
  basic: 'bWFsbG9yeTpwYXNzd29yZA==',
  'api-key': 'sk-proj-not-of-this-gateway',
  session: 'lpas_not-a-session',
  aws4: 'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=00',
  'oci-signature': 'Signature version="1",keyId="a/b/c",signature="AA=="',
  certificate: 'CN=mallory',
  proxy: 'mallory',
};
const garbage = [
  '',
  ' ',
  '\u0000',
  '{}',
  '💥',
  'null',
  "' OR 1=1 --",
  '%00%ff',
  '..',
  'a'.repeat(100_000),
  '\ud800',
  'Bearer Bearer',
  '==',
  '.',
  '..',
  '_',
  'lpa__',
  'lpa_0_0',
  '-1',
  '1e400',
];
const year = 365 * 86_400_000;

const answerRules: readonly Rule<AuthSubject>[] = [
  {
    id: 'auth.declared',
    says: 'slots are known and not empty, the challenge is a header value that names a scheme',
    check: using(async ({ strategy }, { revoke }) => {
      assert.notEqual(strategy.slots.length, 0, 'no slots');
      assert.ok((strategy.epoch === undefined) === (revoke === undefined), 'a strategy with epochs, and no other, shows that a credential can be taken back');
      for (const slot of strategy.slots) assert.ok(slots.includes(slot), `${slot} is no slot`);
      assert.match(strategy.challenge, /^[A-Za-z][A-Za-z0-9-]*( [\x20-\x7e]+)?$/);
      assert.equal(typeof strategy.issued, 'boolean');
    }),
  },
  {
    id: 'auth.accepts-valid',
    says: 'a good credential in a declared slot gives a principal of this strategy',
    check: using(async (made, subject) => {
      const credential = await subject.valid(made);
      assert.ok(made.strategy.slots.includes(credential.slot), `the subject's credential is in ${credential.slot}`);
      const { principal, cacheUntil, epoch } = principalOf(await ask(made, subject, credential));
      assert.match(principal.id, /^[a-z]+:.+$/, 'id is a kind, a colon and a name');
      assert.equal(principal.strategy, subject.kind);
      for (const name of ['owner', 'credential'] as const satisfies readonly (keyof Principal)[]) assert.notEqual(principal[name], '', `${name} is empty`);
      assert.ok(['none', 'needed', 'done'].includes(principal.factor), `factor ${principal.factor}`);
      assert.ok(Array.isArray(principal.groups) && Array.isArray(principal.scopes), 'groups and scopes are lists');
      assert.ok(Number.isFinite(cacheUntil) && Number.isInteger(epoch), 'cacheUntil and epoch are numbers');
    }),
  },
  {
    id: 'auth.principal-is-stable',
    says: 'asking again gives the same principal',
    check: using(async (made, subject) => {
      const credential = await subject.valid(made);
      const first = principalOf(await ask(made, subject, credential));
      assert.deepEqual(principalOf(await ask(made, subject, credential)).principal, first.principal);
    }),
  },
  {
    id: 'auth.never-throws-on-garbage',
    says: 'no text in any slot makes it throw, hang or let anybody in',
    check: using(async (made, subject) => {
      for (const slot of slots) {
        for (const value of garbage) {
          const result = await ask(made, subject, { slot, value });
          assert.ok(['denied', 'not-mine', 'unavailable'].includes(result.is), `${slot} ${value.slice(0, 20)} gave ${result.is}`);
        }
      }
    }),
  },
  {
    id: 'auth.near-misses',
    says: 'a good credential with one character changed, added or cut is no credential',
    check: using(async (made, subject) => {
      const { slot, value } = await subject.valid(made);
      const middle = Math.floor(value.length / 2);
      const changed = value[middle] === 'A' ? 'B' : 'A';
      const misses = [
        value.slice(0, middle) + changed + value.slice(middle + 1),
        value.slice(0, -1),
        `${value}A`,
        ` ${value}`,
        `${value} `,
        `${value}\u0000`,
        `${value},${value}`,
      ];
      for (const miss of misses) assert.notEqual((await ask(made, subject, { slot, value: miss })).is, 'principal', `${JSON.stringify(miss)} is let in`);
    }),
  },
  {
    id: 'auth.denied-is-uniform',
    says: 'every credential of its own form that is no good gets the same answer, with nothing but a reason and an id for the audit log',
    check: using(async (made, subject) => {
      const credentials = Object.entries(await subject.denied(made));
      assert.notEqual(credentials.length, 0, 'the subject lists no credential that is denied');
      for (const [name, credential] of credentials) {
        const result = await ask(made, subject, credential);
        assert.equal(result.is, 'denied', `${name} gave ${result.is}`);
        const more = Object.keys(result).filter((member) => !['is', 'reason', 'credential'].includes(member));
        assert.deepEqual(more, [], `${name}: more than a reason and an id`);
        assert.notEqual('credential' in result ? result.credential : undefined, credential.value, `${name}: the credential for its id`);
      }
    }),
  },
  {
    id: 'auth.not-mine-for-foreign-slots',
    says: 'what stands in another strategy’s slot is not-mine, so that the next strategy is asked',
    check: using(async (made, subject) => {
      const { value } = await subject.valid(made);
      for (const slot of slots.filter((name) => !made.strategy.slots.includes(name))) {
        for (const text of [foreign[slot], value])
          assert.equal((await ask(made, subject, { slot, value: text })).is, 'not-mine', `${slot} ${text.slice(0, 20)}`);
      }
    }),
  },
];

const lifeRules: readonly Rule<AuthSubject>[] = [
  {
    id: 'auth.no-secret-in-reason',
    says: 'neither the credential nor a secret of the configuration stands in a result, a log line or a metric',
    check: using(async (made, subject) => {
      const good = await subject.valid(made);
      const bad = Object.values(await subject.denied(made));
      const results = [];
      for (const credential of [good, ...bad]) results.push(await ask(made, subject, credential));
      const told = JSON.stringify([results, made.host.lines, [...made.host.counted.keys()]]);
      const secrets = [...[good, ...bad].map(({ value }) => value), ...secretsIn(made.config).map((secret) => secret.peek() ?? '')].filter(
        (value) => value.length >= 8,
      );
      for (const secret of secrets) assert.ok(!told.includes(JSON.stringify(secret).slice(1, -1)), `${secret.slice(0, 6)}… stands in ${told.slice(0, 200)}`);
    }),
  },
  {
    id: 'auth.cache-bounded-by-expiry',
    says: 'a result is believed neither longer than a minute nor beyond the end of its credential',
    check: using(async (made, subject) => {
      const now = made.host.now();
      for (const life of [5000, Math.min(year, subject.longestLife ?? year)]) {
        const { cacheUntil, principal } = principalOf(await ask(made, subject, await subject.valid(made, now + life)));
        assert.equal(principal.expires, now + life, 'the principal tells when its credential ends');
        assert.ok(cacheUntil <= now + life, `believed ${cacheUntil - now} ms of ${life}`);
        assert.ok(cacheUntil <= now + longestCacheMs, `believed for ${cacheUntil - now} ms`);
      }
    }),
  },
  {
    id: 'auth.expired-is-denied',
    says: 'a credential past its end is denied',
    check: using(async (made, subject) => {
      const credential = await subject.valid(made, made.host.now() + 5000);
      made.host.advance(5000);
      assert.equal((await ask(made, subject, credential)).is, 'denied', 'at its end');
      made.host.advance(year);
      assert.equal((await ask(made, subject, credential)).is, 'denied', 'long after');
    }),
  },
  {
    id: 'auth.revoked-is-denied',
    says: 'a credential that was taken back is denied at once, and the epoch tells those who remember it',
    absent: (subject) => (subject.revoke === undefined ? 'its credentials cannot be taken back' : undefined),
    check: using(async (made, subject) => {
      const credential = await subject.valid(made);
      const { epoch } = principalOf(await ask(made, subject, credential));
      await subject.revoke?.(made, credential);
      assert.equal((await ask(made, subject, credential)).is, 'denied');
      assert.ok(made.strategy.epoch !== undefined && made.strategy.epoch() > epoch, 'the epoch did not rise');
    }),
  },
  {
    id: 'auth.current',
    says: 'who holds a credential now is told by its id, and nobody by the id of none or of one that has ended',
    check: using(async (made, subject) => {
      const { current } = made.strategy;
      if (current === undefined) return;
      const holder = async (expires?: number): Promise<Principal> => principalOf(await ask(made, subject, await subject.valid(made, expires))).principal;
      for (const nobody of ['', 'nobody', '\u0000']) assert.equal(await current(nobody), undefined, `${JSON.stringify(nobody)} is held by somebody`);
      const short = await holder(made.host.now() + 5000);
      assert.equal((await current(short.credential))?.id, short.id, 'somebody else than the credential says');
      made.host.advance(5000);
      assert.equal(await current(short.credential), undefined, 'still held after its end');
      if (subject.revoke === undefined) return;
      const credential = await subject.valid(made);
      const { principal } = principalOf(await ask(made, subject, credential));
      assert.equal((await current(principal.credential))?.id, principal.id);
      await subject.revoke(made, credential);
      assert.equal(await current(principal.credential), undefined, 'still held after it was taken back');
    }),
  },
];

export const authRules: readonly Rule<AuthSubject>[] = [...answerRules, ...lifeRules, ...awayRules];

/** Rules of an auth plugin. */
export const authSuite = (runner: Runner, subject: AuthSubject): void => runRules(runner, `auth ${subject.kind}`, authRules, subject);
