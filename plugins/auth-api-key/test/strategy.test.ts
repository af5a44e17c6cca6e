import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checksum, newKey } from '../src/key.ts';
import { KEYS, textOf } from '../src/record.ts';
import { folder, fresh, gateway, type Made, openStore, PEPPER, START, secret, VECTOR } from './support.ts';

const DAY = 86_400_000;
/** Another secret for the same id, well formed. */
const otherSecret = (key: string): string => {
  const body = `${key.slice(0, 17)}${newKey().key.slice(17, -6)}`;
  return body + checksum(body);
};

describe('a key of the store', () => {
  it('is a principal by its name, with its scopes and restrictions', async () => {
    const { ask, run, clock } = await fresh();
    const made = await run('keys.create', {
      name: 'ci',
      scopes: ['metrics'],
      models: ['fast-*'],
      modes: ['protocol'],
      instances: ['a'],
      cidr: ['10.0.0.0/8'],
      expires: '90d',
    });
    const result = await ask(made.key);
    expect(result).toEqual({
      is: 'principal',
      epoch: expect.any(Number),
      cacheUntil: expect.any(Number),
      principal: {
        id: 'key:ci',
        owner: 'key:ci',
        strategy: 'api-key',
        credential: made.id,
        groups: [],
        scopes: ['metrics'],
        restrict: { models: ['fast-*'], modes: ['protocol'], instances: ['a'], cidr: ['10.0.0.0/8'] },
        factor: 'none',
        expires: clock.now + 90 * DAY,
      },
    });
    expect(await ask(made.key, 'api-key')).toEqual(result);
  });

  it('restricts nothing when nothing was asked for', async () => {
    const { ask, run } = await fresh();
    const result = await ask((await run('keys.create', { name: 'ci' })).key);
    expect(result).toMatchObject({ is: 'principal', principal: { scopes: [], restrict: undefined, expires: undefined } });
  });

  it('is believed for 30 s, and no longer than it is valid', async () => {
    const { ask, run, clock } = await fresh();
    const { key } = await run('keys.create', { name: 'ci', expires: '60s' });
    expect(await ask(key)).toMatchObject({ cacheUntil: START + 30_000 });
    clock.now += 45_000;
    expect(await ask(key)).toMatchObject({ cacheUntil: START + 60_000 });
    clock.now = START + 59_999;
    expect(await ask(key)).toMatchObject({ is: 'principal' });
    clock.now = START + 60_000;
    expect(await ask(key)).toMatchObject({ is: 'denied' });
  });

  it('works from a process that has never seen it, at once', async () => {
    const clock = { now: START };
    const path = join(folder(), 'db');
    const here = await gateway(await openStore(path, clock), clock);
    const there = await gateway(await openStore(path, clock), clock);
    const { key } = await here.run('keys.create', { name: 'ci' });
    expect(await there.ask(key)).toMatchObject({ is: 'principal' });
  });

  it('works without a pepper', async () => {
    const { ask, run } = await fresh({});
    const { key } = await run('keys.create', { name: 'ci' });
    expect(await ask(key)).toMatchObject({ is: 'principal' });
    expect(await ask(key)).toMatchObject({ is: 'principal' });
    expect(await ask(otherSecret(key))).toEqual({ is: 'denied', reason: 'wrong_secret' });
  });

  it('made with a pepper does not work with another one or without', async () => {
    const { run, store, clock } = await fresh();
    const { key } = await run('keys.create', { name: 'ci' });
    for (const pepper of [secret('another pepper of at least 32 bytes'), undefined]) {
      const other = await gateway(store, clock, { pepper });
      expect(await other.ask(key)).toEqual({ is: 'denied', reason: 'wrong_secret' });
    }
  });

  it('works on after the pepper was rotated, and so do new ones', async () => {
    const pepper = secret(PEPPER);
    const { ask, run } = await fresh({ pepper });
    const before = await run('keys.create', { name: 'before' });
    pepper.turn('another pepper of at least 32 bytes');
    await new Promise(setImmediate);
    const after = await run('keys.create', { name: 'after' });
    for (const { key } of [before, after]) expect(await ask(key)).toMatchObject({ is: 'principal' });
  });

  it('whose row says more than 64 MiB of argon2id is refused without computing it', async () => {
    const { run, store } = await fresh({});
    const { id, key } = await run('keys.create', { name: 'ci' });
    const row = await store.get(KEYS, id);
    const record = JSON.parse(row?.value.json ?? '');
    record.verifier.phc = record.verifier.phc.replace('m=19456', 'm=4194304');
    await store.commit([{ space: KEYS, key: id, expect: row?.version ?? 0, value: textOf(record) }]);
    const { ask: elsewhere } = await gateway(store, { now: START }, {});
    expect(await elsewhere(key)).toEqual({ is: 'denied', reason: 'wrong_secret' });
  });

  it('whose row is not readable, or is a copy of another row, is nobody', async () => {
    const { run, store, clock } = await fresh();
    const { id, key } = await run('keys.create', { name: 'ci' });
    const row = await store.get(KEYS, id);
    const copy = newKey();
    await store.commit([
      { space: KEYS, key: id, expect: row?.version ?? 0, value: { json: '{"id":' } },
      { space: KEYS, key: copy.id, expect: 0, value: row?.value },
    ]);
    const { ask, host } = await gateway(store, clock);
    expect(await ask(key)).toEqual({ is: 'denied', reason: 'unknown' });
    expect(await ask(copy.key)).toEqual({ is: 'denied', reason: 'unknown' });
    expect(host.logged.filter((line) => line.level === 'warn')).toHaveLength(2);
  });
});

describe('A017 state: a key that is not valid', () => {
  it('is denied, whatever the reason, in the same form', async () => {
    const { ask, run, clock, reasons } = await fresh();
    const expired = await run('keys.create', { name: 'expired', expires: '1s' });
    const revoked = await run('keys.create', { name: 'revoked' });
    const early = await run('keys.create', { name: 'early', notBefore: '1h' });
    const rotated = await run('keys.create', { name: 'rotated' });
    await run('keys.rotate', { key: 'rotated', grace: '1s' });
    await run('keys.revoke', { key: 'revoked' });
    const unknown = newKey();
    clock.now += 1000;
    const keys = [expired.key, revoked.key, early.key, rotated.key, unknown.key, otherSecret(expired.key)];
    expect(await reasons(keys)).toEqual([
      'denied expired',
      'denied revoked',
      'denied not_yet_valid',
      'denied grace_over',
      'denied unknown',
      'denied wrong_secret',
    ]);
    const answers = await Promise.all(keys.map((key) => ask(key)));
    for (const answer of answers) expect(Object.keys(answer).toSorted()).toEqual(['credential', 'is', 'reason']);
    // For the log: whose it was, where whoever sent it holds it.
    const ids = [expired.id, revoked.id, early.id, rotated.id, undefined, undefined];
    expect(answers).toEqual(ids.map((credential) => expect.objectContaining({ credential })));
    clock.now += 3_600_000;
    expect(await ask(early.key)).toMatchObject({ is: 'principal' });
  });

  it('shows its state to nobody without the secret', async () => {
    const { run, clock, reasons } = await fresh();
    const expired = await run('keys.create', { name: 'expired', expires: '1s' });
    const revoked = await run('keys.create', { name: 'revoked' });
    await run('keys.revoke', { key: 'revoked' });
    clock.now += 1000;
    expect(await reasons([otherSecret(expired.key), otherSecret(revoked.key)])).toEqual(['denied wrong_secret', 'denied wrong_secret']);
  });
});

describe('A014 checksum and prefix, A011: what is no key', () => {
  it('is denied without a read of the store when it begins like a key of ours', async () => {
    const { host, ask, run } = await fresh();
    const { key } = await run('keys.create', { name: 'ci' });
    host.asked.length = 0;
    const wrong = Array.from(key, (c, i) => `${key.slice(0, i)}${c === 'Z' ? 'Y' : 'Z'}${key.slice(i + 1)}`).slice(4);
    // Of a header HTTP takes white space off the ends before anybody sees it; within the key, and from elsewhere, it stays.
    for (const value of [...wrong, `${key} `, `${key.slice(0, 20)} ${key.slice(20)}`, 'lpa_', `lpa_${'x'.repeat(8192)}`, "lpa_' OR 1=1--"])
      expect(await ask(value)).toEqual({ is: 'denied', reason: 'malformed' });
    expect(host.asked).toEqual([]);
  });

  it('is left to others when it does not', async () => {
    const { host, ask, run } = await fresh({ pepper: secret(PEPPER), keys: [{ name: 'w', key: secret(randomBytes(32).toString('hex')) }] });
    const { key } = await run('keys.create', { name: 'ci' });
    host.asked.length = 0;
    const injections = [
      "' OR 1=1--",
      '"; DROP TABLE keys',
      '%',
      '_',
      '\0',
      '😀',
      'x'.repeat(8192),
      '',
      ' ',
      `lpb_${key.slice(4)}`,
      key.toUpperCase(),
      key.slice(1),
      `lpas_${key.slice(4)}`,
      'eyJhbGciOiJub25lIn0.e30.',
    ];
    for (const value of injections) expect(await ask(value), value.slice(0, 20)).toEqual({ is: 'not-mine' });
    expect(host.asked).toEqual([]);
  });

  it('changes nothing that is stored', async () => {
    const { ask, run, store } = await fresh();
    await run('keys.create', { name: 'ci' });
    const before = await store.changed(0);
    for (const value of ["lpa_'; DELETE FROM entries;--", newKey().key, '\0']) await ask(value);
    expect(await store.changed(0)).toEqual(before);
  });
});

describe('keys of the configuration', () => {
  const hex = '0123456789abcdef0123456789abcdef';
  const base64 = randomBytes(24).toString('base64');
  const seed = `bdrk_${'0123456789abcdef'.repeat(4)}`;

  it('are principals by their name in both slots, without a store', async () => {
    const keys = [
      { name: 'admin', key: secret(hex), scopes: ['admin' as const], models: ['m'], expires: '2026-01-02' },
      { name: 'b64', key: secret(base64) },
      { name: 'seed', key: secret(seed) },
      { name: 'ours', key: secret(VECTOR) },
    ];
    const { ask, host } = await fresh({ keys });
    host.asked.length = 0;
    expect(await ask(hex)).toMatchObject({
      is: 'principal',
      cacheUntil: START + 30_000,
      principal: { id: 'key:admin', owner: 'key:admin', credential: 'written:admin', scopes: ['admin'], restrict: { models: ['m'] }, expires: START + DAY },
    });
    expect(await ask(base64, 'api-key')).toMatchObject({ principal: { id: 'key:b64' } });
    expect(await ask(seed)).toMatchObject({ principal: { id: 'key:seed' } });
    expect(await ask(VECTOR)).toMatchObject({ principal: { id: 'key:ours' } });
    expect(host.asked).toEqual([]);
  });

  it('expire on their date', async () => {
    const { ask, clock } = await fresh({ keys: [{ name: 'a', key: secret(hex), expires: '2026-01-02' }] });
    clock.now = START + DAY - 1;
    expect(await ask(hex)).toMatchObject({ is: 'principal', cacheUntil: START + DAY });
    clock.now = START + DAY;
    expect(await ask(hex)).toMatchObject({ is: 'denied', reason: 'expired' });
  });

  it('that are no longer written let nobody in', async () => {
    const { store, clock } = await fresh({ keys: [{ name: 'a', key: secret(hex) }] });
    const later = await gateway(store, clock, { keys: [] });
    expect(await later.ask(hex)).toEqual({ is: 'not-mine' });
  });

  it('follow their secret, at once and for all cached results', async () => {
    const key = secret(hex);
    const { ask, strategy, host } = await fresh({ keys: [{ name: 'a', key }] });
    const before = await ask(hex);
    expect(before).toMatchObject({ epoch: strategy.epoch?.() });
    key.turn(base64);
    await new Promise(setImmediate);
    expect(await ask(hex)).toEqual({ is: 'not-mine' });
    expect(await ask(base64)).toMatchObject({ principal: { id: 'key:a' } });
    expect(strategy.epoch?.()).not.toBe('epoch' in before ? before.epoch : undefined);
    key.turn('weak');
    await new Promise(setImmediate);
    expect(await ask(base64)).toMatchObject({ principal: { id: 'key:a' } });
    expect(await ask('weak')).toEqual({ is: 'not-mine' });
    expect(host.logged.filter((line) => line.level === 'error')).toHaveLength(1);
  });

  it('tell sessions apart by their value, the same in every process', async () => {
    const version = async (made: Awaited<ReturnType<typeof fresh>>): Promise<string> => String((await made.strategy.current?.('written:a'))?.secretVersion);
    const key = secret(hex);
    const first = await fresh({ keys: [{ name: 'a', key }] });
    const before = await version(first);
    expect(before).toMatch(/^[A-Za-z0-9_-]{11}$/);
    expect(await version(await fresh({ keys: [{ name: 'a', key: secret(hex) }] }))).toBe(before);
    key.turn(base64);
    await new Promise(setImmediate);
    expect(await version(first)).not.toBe(before);
  });

  it('come from the environment by the name behind the prefix', async () => {
    const { ask, run } = await fresh({ keys: { env: { ADMIN: secret(hex), CI_BOT: secret(base64) } } });
    expect(await ask(hex)).toMatchObject({ principal: { id: 'key:admin' } });
    expect(await ask(base64)).toMatchObject({ principal: { id: 'key:ci_bot' } });
    expect(await run('keys.list', {})).toEqual({ keys: [], configured: ['admin', 'ci_bot'] });
  });

  it.each([
    ['31 characters', { name: 'a', key: secret(hex.slice(1)) }, 'key'],
    ['513 characters', { name: 'a', key: secret('a'.repeat(513)) }, 'key'],
    ['words with spaces', { name: 'a', key: secret('correct horse battery staple and more') }, 'key'],
    ['a damaged key of ours', { name: 'a', key: secret(`${VECTOR.slice(0, -1)}0`) }, 'key'],
    ['a name with a star', { name: 'a*', key: secret(hex) }, 'name'],
    ['an address range that is none', { name: 'a', key: secret(hex), cidr: ['10.0.0.0/33'] }, 'cidr'],
    ['a date that is none', { name: 'a', key: secret(hex), expires: 'soon' }, 'expires'],
    ['a duration for a date', { name: 'a', key: secret(hex), expires: '90d' }, 'expires'],
  ])('stop the start with %s', async (_, key, param) => {
    await expect(fresh({ keys: [key] })).rejects.toMatchObject({ code: 'invalid_request', param });
    await expect(fresh({ keys: [key] })).rejects.not.toMatchObject({ message: expect.stringContaining(key.key.peek() ?? '') });
  });

  it('stop the start when two have one name or one value, or the environment was not read', async () => {
    await expect(
      fresh({
        keys: [
          { name: 'a', key: secret(hex) },
          { name: 'a', key: secret(base64) },
        ],
      }),
    ).rejects.toMatchObject({ param: 'name' });
    await expect(
      fresh({
        keys: [
          { name: 'a', key: secret(hex) },
          { name: 'b', key: secret(hex) },
        ],
      }),
    ).rejects.toMatchObject({ param: 'key' });
    await expect(fresh({ keys: { env: 'API_KEY_*' } })).rejects.toMatchObject({ code: 'internal_error', param: 'keys.env' });
  });

  it('stop the start with a short pepper', async () => {
    await expect(fresh({ pepper: secret('short') })).rejects.toMatchObject({ code: 'invalid_request', param: 'pepper' });
  });
});

it('A027 stored form: nothing that is stored lets anybody in', async () => {
  const clock = { now: START };
  const path = join(folder(), 'db');
  const store = await openStore(path, clock);
  const peppered = await gateway(store, clock);
  const bare = await gateway(store, clock, {});
  const made: readonly Made[] = [
    await peppered.run('keys.create', { name: 'one' }),
    await bare.run('keys.create', { name: 'two' }),
    await peppered.run('keys.rotate', { key: 'one' }),
    await bare.run('keys.rotate', { key: 'two' }),
  ];
  for (const { key } of made) expect((await peppered.ask(key)).is === 'principal' || (await bare.ask(key)).is === 'principal').toBe(true);
  await peppered.strategy.close?.();
  const bytes = [path, `${path}-wal`].map((file) => readFileSync(file).toString('latin1')).join('');
  for (const { id, key } of made) {
    expect(bytes).toContain(id);
    for (const part of [key, key.slice(17), key.slice(17, 60), key.slice(17, 40)]) expect(bytes).not.toContain(part);
  }
  expect(bytes).not.toContain(PEPPER);
});
