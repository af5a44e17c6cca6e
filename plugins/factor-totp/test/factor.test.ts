import { memoryStore } from '@llm-proxy-auth/contract-tests';
import { describe, expect, test } from 'vitest';
import { ci, gateway, replicas, rotated, STEP, wrong } from './support.ts';

const DAY = 86_400_000;

describe('enrolment', () => {
  test('by owner it holds for the key that follows in rotation, and one code is used up for both', async () => {
    const at = await gateway();
    const enrolled = await at.run('totp.enroll', { key: 'key:ci' });
    expect(await at.ask(at.code(enrolled))).toBe('done');
    expect(await at.ask(at.code(enrolled), rotated)).toBe('totp_used');
    expect(await at.ask(at.code(enrolled, 1), rotated)).toBe('done');
  });
  test('by id it holds for that key alone, and before the one of the owner', async () => {
    const at = await gateway();
    const own = await at.run('totp.enroll', { key: ci.credential });
    expect(await at.ask(at.code(own), rotated)).toBe('totp_required');
    const owner = await at.run('totp.enroll', { key: 'key:ci' });
    expect(await at.ask(at.code(own))).toBe('done');
    expect(await at.ask(at.code(owner, 1))).toBe('invalid_credentials');
    expect(await at.ask(at.code(owner), rotated)).toBe('done');
  });
  test('one that is pending does not take the place of an active one', async () => {
    const at = await gateway();
    const owner = await at.run('totp.enroll', { key: 'key:ci' });
    expect(await at.ask(at.code(owner))).toBe('done');
    const own = await at.run('totp.enroll', { key: ci.credential });
    expect(await at.ask(at.code(own, 1))).toBe('invalid_credentials');
    expect(await at.ask(at.code(owner, 1))).toBe('done');
    await at.run('totp.verify', { key: ci.credential, code: at.code(own) });
    expect(await at.ask(at.code(own, 1))).toBe('done');
  });
  test('the first valid code of a request makes it active; a backup code does not', async () => {
    const at = await gateway();
    const enrolled = await at.run('totp.enroll', { key: 'key:ci' });
    expect(await at.ask(enrolled.backupCodes[0] ?? '')).toBe('invalid_credentials');
    expect(await at.ask(at.code(enrolled))).toBe('done');
    expect(await at.ask(enrolled.backupCodes[0] ?? '')).toBe('done');
  });
});

test('A030 replay in window: a code once in sequence, then one of twenty at once over two replicas', async () => {
  const [one, other] = await replicas();
  const enrolled = await one.run('totp.enroll', { key: 'key:ci' });
  const first = one.code(enrolled, -1);
  expect([await one.ask(first), await one.ask(first), await other.ask(first)]).toEqual(['done', 'totp_used', 'totp_used']);
  const next = one.code(enrolled);
  const results = await Promise.all(Array.from({ length: 20 }, (_, turn) => (turn % 2 === 0 ? one : other).ask(next)));
  expect(results.toSorted()).toEqual(['done', ...Array.from({ length: 19 }, () => 'totp_used')]);
});

test('A032 brute force: locked after five, whatever the address; a right code during the lock is refused; a wait that doubles', async () => {
  const at = await gateway();
  const enrolled = await at.run('totp.enroll', { key: 'key:ci' });
  const guesses = await Promise.all(
    Array.from({ length: 200 }, (_, turn) => at.ask(wrong(at, enrolled, turn), turn % 2 === 0 ? ci : rotated, `192.0.2.${turn}`)),
  );
  expect(new Set(guesses)).toEqual(new Set(['invalid_credentials']));
  expect(at.host.counted.get('llm_proxy_totp_total{"result":"wrong"}')).toBe(4);
  expect(at.host.counted.get('llm_proxy_totp_total{"result":"lock"}')).toBe(1);
  expect(at.host.counted.get('llm_proxy_totp_total{"result":"locked"}')).toBe(195);
  expect([await at.ask(at.code(enrolled)), await at.wait(at.code(enrolled))]).toEqual(['invalid_credentials', 30_000]);

  for (const seconds of [60, 120, 240, 480, 900, 900]) {
    at.host.advance((await at.wait('000000')) ?? 0);
    for (let turn = 0; turn < 5; turn += 1) expect(await at.ask(wrong(at, enrolled, turn))).toBe('invalid_credentials');
    expect(await at.wait(at.code(enrolled))).toBe(seconds * 1000);
  }
  at.host.advance(900_000);
  expect(await at.ask(at.code(enrolled))).toBe('done');
  for (let turn = 0; turn < 5; turn += 1) await at.ask(wrong(at, enrolled, turn));
  expect(await at.wait('000000')).toBe(30_000);
});
test('no wait is told before the lock, and a used code is not counted as a wrong one', async () => {
  const at = await gateway();
  const enrolled = await at.run('totp.enroll', { key: 'key:ci' });
  expect(await at.ask(at.code(enrolled))).toBe('done');
  for (let turn = 0; turn < 4; turn += 1) expect(await at.wait(wrong(at, enrolled, turn))).toBeUndefined();
  for (let turn = 0; turn < 10; turn += 1) expect(await at.ask(at.code(enrolled))).toBe('totp_used');
  expect(await at.wait(wrong(at, enrolled, 4))).toBe(30_000);
});
test('twenty wrong codes in a day are told to the operator once, for the caller; the next day counts anew', async () => {
  const at = await gateway();
  const enrolled = await at.run('totp.enroll', { key: 'key:ci' });
  const guess = async (count: number): Promise<void> => {
    for (let turn = 0; turn < count; turn += 1) {
      at.host.advance((await at.wait('')) ?? 0);
      if ((await at.wait(wrong(at, enrolled, turn))) !== undefined) at.host.advance(900_000);
    }
  };
  const alarms = () => at.host.counted.get('llm_proxy_totp_alarm_total{"of":"credential"}') ?? 0;
  await guess(19);
  expect(alarms()).toBe(0);
  await guess(6);
  expect(alarms()).toBe(1);
  expect(at.host.lines.filter(({ level }) => level === 'error')).toEqual([
    { level: 'error', message: 'many wrong one-time codes', fields: { of: 'credential', principal: 'key:ci', credential: ci.credential } },
  ]);
  at.host.advance(DAY);
  await guess(20);
  expect(alarms()).toBe(2);
});

test('A036 backup codes: one of twenty at once, in any writing, and a lock of their own after five wrong ones', async () => {
  const [one, other] = await replicas();
  const enrolled = await one.run('totp.enroll', { key: 'key:ci' });
  const { backupCodes } = enrolled;
  expect(await one.ask(one.code(enrolled))).toBe('done');
  expect(backupCodes).toHaveLength(10);
  for (const code of backupCodes) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);

  const [first = '', second = '', third = '', fourth = ''] = backupCodes;
  const results = await Promise.all(Array.from({ length: 20 }, (_, turn) => (turn % 2 === 0 ? one : other).ask(first)));
  expect(results.filter((is) => is === 'done')).toHaveLength(1);
  one.host.advance(900_000);
  other.host.advance(900_000);
  expect(await one.ask(second.toLowerCase())).toBe('done');
  expect(await one.ask(second)).toBe('invalid_credentials');
  expect(await one.ask(third.replace('-', ''))).toBe('done');
  expect(await one.ask(third.replaceAll('0', 'o').replaceAll('1', 'l'))).toBe('invalid_credentials');

  const used = [...one.host.lines, ...other.host.lines].filter(({ message }) => message === 'a backup code was used');
  expect(used.map(({ fields }) => fields)).toEqual([9, 8, 7].map((left) => ({ principal: 'key:ci', credential: ci.credential, left })));
  for (let turn = 0; turn < 200; turn += 1) await one.ask(String(turn).padStart(10, 'Z'));
  expect(await one.ask(fourth)).toBe('invalid_credentials');
  one.host.advance(STEP);
  expect(await one.ask(one.code(enrolled))).toBe('done');
});
test('A035 window: each code around now lets in once, in time order, and those further off do not', async () => {
  const at = await gateway();
  const enrolled = await at.run('totp.enroll', { key: 'key:ci' });
  const codes = [-2, -1, 0, 1, 2].map((steps) => at.code(enrolled, steps));
  const asked: string[] = [];
  for (const code of codes) asked.push(await at.ask(code), await at.ask(code));
  expect(asked).toEqual([
    ...Array(2).fill('invalid_credentials'),
    'done',
    'totp_used',
    'done',
    'totp_used',
    'done',
    'totp_used',
    ...Array(2).fill('invalid_credentials'),
  ]);
});

describe('F33 2FA lookup error', () => {
  test('with and without a code, enrolled or not, nobody passes and nobody is denied', async () => {
    const at = await gateway();
    const enrolled = await at.run('totp.enroll', { key: 'key:ci' });
    at.host.breakStore();
    for (const code of [at.code(enrolled), '', enrolled.backupCodes[0] ?? '']) expect(await at.ask(code)).toBe('unavailable');
    expect(await at.ask('', { ...ci, credential: 'nobody', owner: 'key:nobody' })).toBe('unavailable');
  });
  test.each(['{}', 'no json', '{"subject":"key:other"}'])('a row that cannot be read is no missing enrolment: %s', async (json) => {
    const store = memoryStore();
    const at = await gateway({ store });
    await store.commit([{ space: 'enrolments', key: 'key:ci', expect: 0, value: { json } }]);
    expect(await at.ask('')).toBe('unavailable');
    expect(await at.ask('123456')).toBe('unavailable');
  });
  test('a code whose use cannot be written does not pass', async () => {
    const store = memoryStore();
    const at = await gateway({ store });
    const enrolled = await at.run('totp.enroll', { key: 'key:ci' });
    const { commit } = store;
    Object.assign(store, { commit: () => Promise.reject(new Error('disk full')) });
    const broken = await gateway({ store });
    expect(await broken.ask(broken.code(enrolled))).toBe('unavailable');
    Object.assign(store, { commit: async () => false });
    expect(await broken.ask(broken.code(enrolled))).toBe('unavailable');
    Object.assign(store, { commit });
    expect(await at.ask(at.code(enrolled))).toBe('done');
  });
});
