import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { AuthStrategy, Credential } from '@llm-proxy-auth/plugin';
import { type AuthSubject, ask, longestCacheMs, type MadeAuth, makeAuth, principalOf, using } from './auth-subject.ts';
import { configurationOf } from './configuration.ts';
import type { Rule } from './runner.ts';
import { secretsIn, type TestSecret, withOwnSecrets } from './secret.ts';

/** A certificate or key in a file of its own format has no other value that could be made up. */
const rotatable = (config: unknown): readonly TestSecret[] => secretsIn(config).filter((secret) => secret.peek()?.startsWith('-----BEGIN') !== true);
const withoutSecret = ({ factory, config }: AuthSubject): string | undefined =>
  rotatable(configurationOf(factory.config, config)).length === 0 ? 'its configuration has no secret' : undefined;
/** 64 hex digits: long enough for whatever is derived from a secret. */
const nextValue = (index: number): string => createHash('sha256').update(`rotated ${index}`).digest('hex');
const rotateAll = (config: unknown): void => {
  for (const [index, secret] of rotatable(config).entries()) secret.rotate(nextValue(index));
};
const lettingInOrUnavailable = async (made: MadeAuth, subject: AuthSubject, credential: Credential): Promise<void> => {
  const result = await ask(made, subject, credential);
  assert.ok(result.is === 'principal' || result.is === 'unavailable', `gave ${result.is}`);
  if (result.is === 'unavailable') assert.ok(result.retryAfterMs > 0, 'retryAfterMs is above 0');
};
const lettingNobodyIn = async (made: MadeAuth, subject: AuthSubject, bad: Readonly<Record<string, Credential>>): Promise<void> => {
  for (const [name, credential] of Object.entries(bad)) assert.notEqual((await ask(made, subject, credential)).is, 'principal', `${name} is let in`);
};
/** Whether other secrets, on the same host, take a credential for none of theirs: it was made with a secret. */
const madeWithSecret = async (made: MadeAuth, subject: AuthSubject, credential: Credential): Promise<boolean> => {
  const config = withOwnSecrets(made.config);
  rotateAll(config);
  const strategy: AuthStrategy = await subject.factory.create(config, made.host);
  const { is } = await ask({ ...made, config, strategy }, subject, credential);
  await strategy.close?.();
  return is !== 'principal';
};

/** What a strategy answers when something that it needs is away, or is another than before. */
export const awayRules: readonly Rule<AuthSubject>[] = [
  {
    id: 'auth.unavailable-not-denied',
    says: 'when the store is out of reach a good credential is let in or unavailable, never denied, not-mine or an exception, and a bad one is not let in',
    check: using(async (made, subject) => {
      const credential = await subject.valid(made);
      const bad = await subject.denied(made);
      made.host.breakStore();
      made.host.advance(2 * longestCacheMs);
      await lettingInOrUnavailable(made, subject, credential);
      await lettingNobodyIn(made, subject, bad);
    }),
  },
  {
    id: 'auth.unreachable-not-denied',
    says: 'when what it fetches is out of reach a good credential is let in or unavailable, and a bad one is not let in',
    absent: ({ answer }) => (answer === undefined ? 'it fetches nothing' : undefined),
    check: using(async (made, subject) => {
      const credential = await subject.valid(made);
      const bad = await subject.denied(made);
      made.host.breakFetch();
      await lettingInOrUnavailable(made, subject, credential);
      await lettingNobodyIn(made, subject, bad);
    }),
  },
  {
    id: 'auth.secret-away-not-denied',
    says: 'while a secret has no value a good credential is let in or unavailable and a bad one is not let in; when the value is back the good one is let in',
    absent: withoutSecret,
    async check(subject) {
      const { length } = rotatable((await makeAuth(subject)).config);
      for (let index = 0; index < length; index += 1) await withSecretAway(index)(subject);
    },
  },
  {
    id: 'auth.follows-rotation',
    says: 'after a secret has rotated, what is made with the new one is let in, and what others made with the old one is not for longer than a minute',
    absent: withoutSecret,
    check: using(async (made, subject) => {
      const old = await subject.valid(made);
      principalOf(await ask(made, subject, old));
      const bound = !made.strategy.issued && (await madeWithSecret(made, subject, old));
      rotateAll(made.config);
      await setImmediate();
      made.host.advance(longestCacheMs);
      principalOf(await ask(made, subject, await subject.valid(made)));
      if (bound) assert.notEqual((await ask(made, subject, old)).is, 'principal', 'the old secret still lets in');
    }),
  },
];

const withSecretAway = (index: number): ((subject: AuthSubject) => Promise<void>) =>
  using(async (made, subject) => {
    const secret = rotatable(made.config)[index];
    const value = secret?.peek();
    assert.ok(secret !== undefined && value !== undefined);
    const credential = await subject.valid(made);
    const bad = await subject.denied(made);
    secret.revoke();
    await setImmediate();
    await lettingInOrUnavailable(made, subject, credential);
    await lettingNobodyIn(made, subject, bad);
    secret.rotate(value);
    await setImmediate();
    made.host.advance(longestCacheMs);
    principalOf(await ask(made, subject, credential));
  });
