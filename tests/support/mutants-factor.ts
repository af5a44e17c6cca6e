import type { Mutant } from './mutants.ts';

const rules =
  (plugin: string, test: string) =>
  (rule: string, named: string, file: string, from: string, to: string): Mutant => ({
    rule: `${plugin}: ${rule}`,
    edits: [{ file: `plugins/${plugin}/src/${file}`, from, to }],
    test: `plugins/${plugin}/test/${test}.test.ts`,
    named,
  });

const FACTOR = rules('factor-totp', 'factor');
const CODE = rules('factor-totp', 'code');
const ADMIN = rules('factor-totp', 'admin');
const totp: readonly Mutant[] = [
  FACTOR('an accepted step is kept', 'A030 replay in window', 'judge.ts', 'lastStep: match.step,', ''),
  FACTOR(
    'a code counts once its use is written',
    'A030 replay in window',
    'rows.ts',
    'if (await store.commit([next === undefined ? change : { ...change, value: textOf(next) }])) return result;',
    'await store.commit([next === undefined ? change : { ...change, value: textOf(next) }]);\n    return result;',
  ),
  FACTOR('five wrong codes lock', 'A032 brute force', 'attempts.ts', 'before.wrong + 1 < FREE', 'before.wrong + 1 < 1000'),
  FACTOR('a lock is a lock', 'A032 brute force', 'judge.ts', "if (lock > 0) return unchanged(refused(lock), 'locked', enrolment);", ''),
  FACTOR('locks double', 'A032 brute force', 'attempts.ts', ' * 2 ** before.locks', ''),
  FACTOR(
    'locks end within 15 minutes',
    'A032 brute force',
    'attempts.ts',
    'Math.min(FIRST_LOCK * 2 ** before.locks, LONGEST_LOCK)',
    'FIRST_LOCK * 2 ** before.locks',
  ),
  FACTOR('a right code ends the counting', 'A032 brute force', 'attempts.ts', '({ ...NONE, day, today })', '({ ...NONE, locks: 1, day, today })'),
  FACTOR('many wrong codes are told', 'twenty wrong codes in a day', 'told.ts', " === ALARM) alarm('credential', who);", " === -1) alarm('credential', who);"),
  FACTOR('a backup code is used up', 'A036 backup codes', 'judge.ts', 'codes: enrolment.codes.toSpliced(index, 1)', 'codes: enrolment.codes'),
  FACTOR(
    'backup codes lock',
    'A036 backup codes',
    'judge.ts',
    "return wrong(enrolment, 'codeGuesses', now);",
    "return unchanged(refused(0), 'wrong', enrolment);",
  ),
  FACTOR('backup codes do not confirm', 'a backup code does not', 'judge.ts', " || enrolment.status === 'pending'", ''),
  FACTOR('what is pending is not active', 'one that is pending', 'rows.ts', "found.find(({ enrolment }) => enrolment.status === 'active') ?? ", ''),
  FACTOR(
    'a store that fails lets nobody in',
    'F33 2FA lookup error > with and without a code',
    'factor.ts',
    "return { is: 'unavailable', retryAfterMs: ASK_AGAIN };",
    "return { is: 'done' };",
  ),
  CODE('codes of T-1 to T+1', 'A035 window', 'code.ts', 'epochTolerance: PERIOD }', 'epochTolerance: 2 * PERIOD }'),
  CODE('steps before the last one', 'a code of a step that is not later', 'code.ts', '{ afterTimeStep: last }', '{}'),
  CODE('digits of ASCII alone', 'property: text', 'code.ts', 'if (!new RegExp(`^[0-9]{${digits}}$`).test(code)) return WRONG;', ''),
  ADMIN('administrators alone', 'is for administrators alone', 'admin/operation.ts', "operations(parts.of, 'admin')", "operations(parts.of, 'keys')"),
  ADMIN('nothing without keyEncryption', 'without keyEncryption nothing starts', 'made.ts', 'if (encryption === undefined)', 'if (encryption === null)'),
  ADMIN('secrets are kept for their place', 'cannot be opened', 'kept-secret.ts', "JSON.stringify(['totp', subject, generation])", "'totp'"),
  ADMIN('backup codes are kept as digests', 'A027 stored form', 'admin/enroll.ts', 'digestOf(kept.codeKey, code)', 'code'),
  ADMIN(
    'new backup codes make the old ones void',
    'totp codes makes the ones before void',
    'admin/codes.ts',
    'codes: backupCodes.map((code) => digestOf(codeKey, code)),',
    'codes: [...enrolment.codes, ...backupCodes.map((code) => digestOf(codeKey, code))],',
  ),
  {
    rule: 'factor-totp: an enrolment is that of the owner',
    edits: [{ file: 'plugins/factor-totp/src/admin/operation.ts', from: '(await access?.ownerOf?.(key)) ?? key', to: 'key' }],
    test: 'tests/totp.test.ts',
    named: 'what is enrolled by the id of a key',
  },
  {
    rule: 'factor-totp: nobody is enrolled who is not there',
    edits: [{ file: 'plugins/factor-totp/src/admin/operation.ts', from: 'if (known !== false) return;', to: 'if (known !== null) return;' }],
    test: 'tests/totp.test.ts',
    named: 'enrols nobody who is not there: key:nobody',
  },
  ADMIN('nobody is enrolled over', 'is refused for who is enrolled', 'admin/enroll.ts', "if (row?.enrolment.status === 'active')", 'if (row === null)'),
];

const LEGACY = rules('auth-api-key', 'legacy');
const PEPPERS = rules('auth-api-key', 'peppers');
const DEMANDS = rules('auth-api-key', 'demands');
const REPLICAS = rules('auth-api-key', 'replicas');
const GUESSES = rules('auth-api-key', 'guesses');
const keys: readonly Mutant[] = [
  DEMANDS('a key says that it needs a code', 'a key made with totp', 'principal.ts', "grant.totp === true ? 'needed' : 'none'", "'none'"),
  PEPPERS(
    'a key moves to the current pepper',
    'keys of an earlier one let in',
    'rehash.ts',
    'if (verifiers.isCurrent(verifier) || running.has(id)) return;',
    'return;',
  ),
  REPLICAS('strict keys end with the store', 'with staleAuth allow', 'strategy.ts', ' && record.strict !== true', ''),
  GUESSES('guesses are counted', 'waits after ten', 'strategy.ts', 'if (GUESSED.has(result)) wrong.wrong(source, now);', ''),
  GUESSES(
    'little of the store for who guesses',
    'makes the store look for four keys',
    'strategy.ts',
    'if (!waits(shown.address, shown.now)) return lookedUp(id, shown);',
    'if (id.length > 0) return lookedUp(id, shown);',
  ),
  GUESSES(
    'little argon2id for who guesses',
    'does not shut out a good key that nobody',
    'strategy.ts',
    'waits(address, now) ? apart(async () => slowly()) : slowly()',
    'slowly()',
  ),
  GUESSES('good keys are let in where others guess', 'does not shut out a good key that nobody', 'strategy.ts', 'apart(async () => slowly())', 'false'),
  GUESSES(
    'one wait for every refusal',
    'A017 state',
    'strategy.ts',
    'if (wait > 0) return { ...result, retryAfterMs: wait };',
    'if (wait > 0 && result === LOCKED) return { ...result, retryAfterMs: wait };',
  ),
  {
    rule: 'auth-api-key: the state of a key counts',
    edits: [{ file: 'plugins/auth-api-key/src/strategy.ts', from: '    if (reason !== undefined) return denied(reason, record.id);\n', to: '' }],
    test: 'plugins/auth-api-key/test/strategy.test.ts',
    named: 'A017 state: a key that is not valid > is denied, whatever the reason',
  },
  {
    rule: 'auth-api-key: nobody makes a key that may do more',
    edits: [{ file: 'plugins/auth-api-key/src/admin/create.ts', from: '  bounds.give(holderOf(rights));\n', to: '' }],
    test: 'plugins/auth-api-key/test/admin.test.ts',
    named: 'A021 privilege escalation: bounds of who creates > refuses the scope admin',
  },
  LEGACY(
    'no bcrypt for who guesses',
    'are looked for no more by who guesses',
    'strategy.ts',
    "if (waits(address, now)) return unavailable('locked', Math.min(MINUTE, wrong.waitOf(networkOf(address), now)));",
    '',
  ),
  LEGACY('costs of bcrypt', 'is the published vector', 'bcrypt.ts', '!FORM.test(hash) || ', ''),
  LEGACY('what bcrypt would cut', 'refuses what bcrypt would cut', 'bcrypt.ts', 'Buffer.byteLength(key) > LONGEST || ', ''),
  LEGACY('scans are bounded', 'A013 verify cost: in a minute', 'legacy.ts', 'if (work >= WORK_A_MINUTE)', 'if (work >= 4_000)'),
  LEGACY('a dear hash is dear', 'A013 verify cost: in a minute', 'legacy.ts', '2 ** (Number(hash.slice(4, 6)) - 10)', 'Number(hash !== "")'),
  LEGACY('scans wait for each other', 'A013 verify cost: unknown ones', 'legacy.ts', 'concurrent: 1, waiting: 8', 'concurrent: 100, waiting: 800'),
  {
    rule: 'auth-api-key: bcrypt leaves the event loop alone',
    edits: [
      { file: 'plugins/auth-api-key/src/bcrypt.ts', from: 'const { verify } = await', to: 'const { verifySync } = await' },
      { file: 'plugins/auth-api-key/src/bcrypt.ts', from: 'return await verify(key, hash);', to: 'return verifySync(key, hash);' },
    ],
    test: 'plugins/auth-api-key/test/legacy.test.ts',
    named: 'leaves the event loop alone',
  },
  LEGACY('few imported keys wait', 'takes 64 that wait', 'admin/import.ts', 'if (unused + records.length > MOST)', 'if (unused + records.length > 1_000)'),
  LEGACY('no more rights than who imports', 'gives nobody more than they have', 'admin/import.ts', '    bounds.give(holderOf(record));\n', ''),
  GUESSES(
    'new keys are let in where others guess',
    'does not shut out a key that another process has made',
    'strategy.ts',
    'aside.share(shown.value, () => lookedUp(id, shown)) ?? LOCKED',
    'LOCKED',
  ),
];
export const factorMutants: readonly Mutant[] = [...totp, ...keys];
