import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { define, type Encryption, type Factory, type Host, type Principal, type SecondFactor } from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import type { FactorSubject, MadeFactor } from '../../src/index.ts';

/** A factor that keeps every rule: a nine-digit code a minute, one row a caller that is swapped for every answer that changes it. */
interface Kept {
  readonly sealed: string;
  readonly last: number;
  readonly wrong: number;
  readonly until: number;
}
const SPACE = 'enrolled';
const MINUTE = 60_000;
const FREE = 5;

const codeOf = (secret: Uint8Array, minute: number): string =>
  String(createHmac('sha256', secret).update(String(minute)).digest().readUInt32BE() % 1_000_000_000).padStart(9, '0');
const same = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
const encryptionOf = (host: Host): Encryption => {
  if (host.encryption === undefined) throw new Error('no encryption');
  return host.encryption;
};
/** What the good factor is made of; a broken one has other pieces. */
export interface Pieces {
  readonly header: string;
  readonly done: Verified;
  /** Answers to no code, to no enrolment, to a wrong code, and when the store does not answer. */
  readonly missing: Code;
  readonly absent: (code: string) => Verified;
  readonly wrong: (code: string) => Code;
  readonly broken: Verified;
  /** Length of a lock, ms. */
  readonly lock: number;
  /** Whether an answer counts only once its row is written. */
  readonly swaps: (answer: Verified) => boolean;
  readonly obeysLock: (address: string) => boolean;
  /** One lock for everybody. */
  readonly lockAll: boolean;
  /** Steps after an accepted one that count as used. */
  readonly used: number;
  readonly look: (code: string) => void;
}
type Verified = Awaited<ReturnType<SecondFactor['verify']>>;
type Code = Extract<Verified, { is: 'denied' }>['code'];
const REQUIRED: Verified = { is: 'denied', code: 'totp_required' };
const pieces: Pieces = {
  header: 'x-acme-code',
  done: { is: 'done' },
  missing: 'totp_required',
  absent: () => REQUIRED,
  wrong: () => 'invalid_credentials',
  broken: { is: 'unavailable', retryAfterMs: 1000 },
  lock: 30_000,
  swaps: () => true,
  obeysLock: () => true,
  lockAll: false,
  used: 0,
  look: () => undefined,
};

interface Asked {
  readonly kept: Kept;
  readonly subject: string;
  readonly code: string;
  readonly address: string;
  /** End of the latest lock of anybody. */
  readonly latest: number;
}
const judge = (host: Host, { kept, subject, code, address, latest }: Asked, p: Pieces): { readonly answer: Verified; readonly next?: Kept } => {
  const now = host.now();
  const until = p.lockAll ? latest : kept.until;
  if (until > now && p.obeysLock(address)) return { answer: { is: 'denied', code: 'invalid_credentials', retryAfterMs: until - now } };
  const minute = Math.floor(now / MINUTE);
  const secret = encryptionOf(host).decrypt(subject, kept.sealed) ?? randomBytes(20);
  if (same(code, codeOf(secret, minute))) {
    if (kept.last >= 0 && kept.last + p.used >= minute) return { answer: { is: 'denied', code: 'totp_used' } };
    return { answer: p.done, next: { ...kept, last: minute, wrong: 0 } };
  }
  const wrong = kept.wrong + 1;
  if (wrong < FREE) return { answer: { is: 'denied', code: p.wrong(code) }, next: { ...kept, wrong } };
  return { answer: { is: 'denied', code: 'invalid_credentials', retryAfterMs: p.lock }, next: { ...kept, wrong: 0, until: now + p.lock } };
};
const goodFactor = (host: Host, p: Pieces): SecondFactor => {
  let latest = 0;
  const verify = async ({ credential }: Principal, code: string, address: string): Promise<Verified> => {
    for (;;) {
      const row = await host.store.get(SPACE, credential);
      if (row === undefined) return p.absent(code);
      if (code === '') return { is: 'denied', code: p.missing };
      const { answer, next } = judge(host, { kept: JSON.parse(row.value.json) as Kept, subject: credential, code, address, latest }, p);
      if (next === undefined) return answer;
      const value = { json: JSON.stringify(next) };
      const committed = await host.store.commit([{ space: SPACE, key: credential, expect: row.version, value }]);
      latest = Math.max(latest, next.until);
      if (committed || !p.swaps(answer)) return answer;
    }
  };
  return {
    header: p.header,
    verify: async (principal, code, r) => {
      p.look(code);
      return verify(principal, code, r.peer.address).catch(() => p.broken);
    },
  };
};
export const factorFactory = (change: Partial<Pieces> = {}): Factory<SecondFactor> =>
  define<SecondFactor>()({
    summary: 'Acme codes',
    config: Type.Object({}, { additionalProperties: false }),
    create: (_, host) => goodFactor(host, { ...pieces, ...change }),
  });
const enrolled = async ({ host }: MadeFactor, principal: Principal, clear = false) => {
  const secret = randomBytes(20);
  const sealed = encryptionOf(host).encrypt(principal.credential, secret);
  const kept = { sealed, last: -1, wrong: 0, until: 0, ...(clear ? { secret: secret.toString('hex') } : {}) };
  await host.store.commit([{ space: SPACE, key: principal.credential, expect: 0, value: { json: JSON.stringify(kept) } }]);
  return { code: () => codeOf(secret, Math.floor(host.now() / MINUTE)), secrets: [secret.toString('hex'), secret.toString('base64')] };
};
export const factorSubject: FactorSubject = {
  kind: 'acme',
  factory: factorFactory(),
  freshAfterMs: MINUTE,
  enrol: (made, principal) => enrolled(made, principal),
};
/** Keeps the secret in clear beside itself. */
export const inClear: FactorSubject = { ...factorSubject, enrol: (made, principal) => enrolled(made, principal, true) };
