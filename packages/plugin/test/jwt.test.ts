import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { audienceFits, type ClaimGrants, claimAt, grantsOf, keyFits, keySet, type PublicJwk, readKeySet, timeFault } from '../src/jwt/index.ts';

const setOf = (...keys: readonly object[]): readonly PublicJwk[] | undefined => readKeySet(Buffer.from(JSON.stringify({ keys })));
const rsa = (bits: number): JsonWebKey => generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' });
const curve = (namedCurve: string): JsonWebKey => generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' });
const [RSA, P256, P384, ED] = [rsa(2048), curve('P-256'), curve('P-384'), generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })];

describe('a key and an algorithm', () => {
  const fits = (jwk: object, alg: string): boolean => (setOf(jwk) ?? []).some((key) => keyFits(key, alg));
  test.each([
    ['RSA', RSA, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    ['P-256', P256, ['ES256']],
    ['P-384', P384, ['ES384']],
    ['Ed25519', ED, ['EdDSA']],
  ])('%s verifies its own algorithms and no other', (_, jwk, algs) => {
    const all = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'HS256', 'HS512', 'none', 'dir', '', 'rs256'];
    expect(all.filter((alg) => fits(jwk, alg))).toEqual(algs);
  });
  test.each([
    ['wrong use', { ...RSA, use: 'enc' }],
    ['operations without verify', { ...RSA, key_ops: ['sign'] }],
    ['operations that are no list', { ...RSA, key_ops: 'verify' }],
    ['JWT alg is not JWK alg', { ...RSA, alg: 'RS512' }],
    ['an RSA key of 1024 bits', rsa(1024)],
    ['an RSA key with leading zeros to look longer', { ...rsa(1024), n: `${'A'.repeat(200)}${rsa(1024).n ?? ''}` }],
    ['an RSA key with exponent 1', { ...RSA, e: 'AQ' }],
    ['missing n', { ...RSA, n: undefined }],
    ['missing e', { ...RSA, e: undefined }],
    ['a secret as a key', { kty: 'oct', k: 'AAAA' }],
    ['kid not a string', { ...RSA, kid: 5 }],
    ['use not a string', { ...RSA, use: ['sig'] }],
    ['no type', { ...RSA, kty: undefined }],
  ])('%s: does not fit RS256', (_, jwk) => {
    expect(fits(RSA, 'RS256')).toBe(true);
    expect(fits(jwk, 'RS256')).toBe(false);
  });
  test.each(['crv', 'x', 'y'])('missing %s: does not fit ES256', (member) => {
    expect(fits({ ...P256, [member]: undefined }, 'ES256')).toBe(false);
  });
  test('of a key only its public members are kept', () => {
    const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    expect(Object.keys(setOf({ ...jwk, kid: 'k', x5c: ['x'] })?.[0]?.key ?? {})).toEqual(['kty', 'crv', 'x']);
  });
  test.each([
    ['no JSON', Buffer.from('{')],
    ['no list', Buffer.from('{"keys":{}}')],
    ['101 keys', Buffer.from(JSON.stringify({ keys: Array.from({ length: 101 }, () => ED) }))],
    ['more than 512 KiB', Buffer.from(`{"keys":[]}${' '.repeat(524_288)}`)],
  ])('%s is no set', (_, body) => {
    expect(readKeySet(body)).toBeUndefined();
  });
});

describe('a set of keys', () => {
  const key = (kid: string): PublicJwk => (setOf({ ...ED, kid }) ?? [])[0] as PublicJwk;
  const open = () => {
    const world = { now: 1_000_000, loads: 0, keys: [key('a')] as readonly PublicJwk[] | undefined, changes: [] as unknown[] };
    const set = keySet({
      now: () => world.now,
      load: async () => {
        world.loads++;
        await Promise.resolve();
        if (world.keys === undefined) throw new Error('away');
        return world.keys;
      },
      changed: (failure) => void world.changes.push(failure instanceof Error ? failure.message : failure),
    });
    return { world, is: async (kid: string | undefined) => (await set.find(kid)).is, find: set.find, renew: set.renew };
  };
  test('is asked for once by any number at a time, and again after 10 minutes', async () => {
    const { world, is } = open();
    expect(await Promise.all([is('a'), is('a'), is(undefined)])).toEqual(['keys', 'keys', 'keys']);
    world.now += 600_000;
    await is('a');
    expect(world.loads).toBe(1);
    world.now += 1;
    await is('a');
    expect(world.loads).toBe(2);
  });
  test('a clock that is set back keeps no new key away, and none that is known', async () => {
    const { world, is } = open();
    expect(await is('a')).toBe('keys');
    world.now -= 3_600_000;
    world.keys = setOf({ ...RSA, kid: 'new' });
    expect([await is('new'), await is('a')]).toEqual(['keys', 'unknown']);
    world.now -= 3_600_000;
    world.keys = undefined;
    expect([await is('new'), await is('new')]).toEqual(['keys', 'keys']);
  });
  test('an unknown key is looked for again, but not within 30 s of the last time, and one that was not there not for a minute', async () => {
    const { world, is } = open();
    await is('a');
    world.keys = [key('a'), key('b')];
    expect(await is('b')).toBe('unknown');
    world.now += 29_999;
    expect([await is('b'), world.loads]).toEqual(['unknown', 1]);
    world.now += 1;
    expect([await is('b'), world.loads]).toEqual(['keys', 2]);
    world.now += 30_000;
    expect([await is('c'), world.loads]).toEqual(['unknown', 3]);
    world.now += 30_000;
    expect([await is('c'), world.loads]).toEqual(['unknown', 3]);
    expect([await is('d'), world.loads]).toEqual(['unknown', 4]);
    world.now += 30_000;
    expect([await is('c'), world.loads]).toEqual(['unknown', 5]);
  });
  test('during an outage known keys go on for 24 hours and unknown ones are unavailable', async () => {
    const { world, is, find } = open();
    await is('a');
    world.keys = undefined;
    world.now += 600_001;
    expect(await find('b')).toEqual({ is: 'unavailable', retryAfterMs: 30_000 });
    expect(await is('a')).toBe('keys');
    world.now = 1_000_000 + 86_400_000;
    expect(await is('a')).toBe('keys');
    world.now += 1;
    expect(await is('a')).toBe('unavailable');
    expect(world.changes).toEqual(['away']);
    world.keys = [key('a')];
    world.now += 5_000;
    expect(await is('a')).toBe('keys');
    expect(world.changes).toEqual(['away', undefined]);
  });
  test('an issuer that never answered is asked again every 5 s', async () => {
    const { world, is, find } = open();
    world.keys = undefined;
    expect([await is('a'), await is('a'), world.loads]).toEqual(['unavailable', 'unavailable', 1]);
    world.now += 4_000;
    expect(await find('a')).toEqual({ is: 'unavailable', retryAfterMs: 1_000 });
    world.now += 1_000;
    world.keys = [key('a')];
    expect([await is('a'), world.loads]).toEqual(['keys', 2]);
  });
  test('is asked for once more when somebody wants that, but not within 30 s of the last time', async () => {
    const { world, is, renew } = open();
    await is('a');
    world.now += 29_999;
    expect([await renew(), world.loads]).toEqual([true, 1]);
    world.now += 1;
    expect([...(await Promise.all([renew(), renew()])), world.loads]).toEqual([true, true, 2]);
    world.keys = undefined;
    world.now += 30_000;
    expect([await renew(), await renew(), world.loads]).toEqual([false, false, 3]);
    expect(await is('a')).toBe('keys');
  });
  test('a key that was taken out is unknown after 10 minutes', async () => {
    const { world, is } = open();
    await is('a');
    world.keys = [key('b')];
    world.now += 600_001;
    expect(await is('a')).toBe('unknown');
  });
});

describe('times', () => {
  const NOW = 1_800_000_000_000;
  const at = (seconds: number): number => NOW / 1000 + seconds;
  const fault = (claims: object, more: object = {}) => timeFault({ exp: at(600), ...claims }, NOW, { tolerance: 60_000, ...more });
  test.each([
    ['exp a second before the edge', { exp: at(-59) }, undefined],
    ['exp at the edge', { exp: at(-60) }, 'expired'],
    ['exp a second after', { exp: at(-61) }, 'expired'],
    ['empty exp', { exp: undefined }, 'exp'],
    ['exp null', { exp: null }, 'exp'],
    ['exp not a number', { exp: 'soon' }, 'exp'],
    ['exp a number as text', { exp: String(at(600)) }, 'exp'],
    ['exp infinite', { exp: Number.POSITIVE_INFINITY }, 'exp'],
    ['exp that no double holds', { exp: (JSON as unknown as { rawJSON(s: string): unknown }).rawJSON('1e400') }, 'exp'],
    ['exp negative', { exp: -1 }, 'expired'],
    ['nbf at the edge', { nbf: at(60) }, undefined],
    ['nbf after it', { nbf: at(61) }, 'nbf'],
    ['nbf invalid', { nbf: 'now' }, 'nbf'],
    ['iat at the edge', { iat: at(60) }, undefined],
    ['iat in the future', { iat: at(61) }, 'iat'],
    ['iat invalid', { iat: {} }, 'iat'],
  ])('%s', (_, claims, expected) => {
    expect(fault(claims)).toBe(expected);
  });
  test('a longest age needs iat', () => {
    expect(fault({ iat: at(-3_660) }, { maxAge: 3_600_000 })).toBeUndefined();
    expect(fault({ iat: at(-3_661) }, { maxAge: 3_600_000 })).toBe('too_old');
    expect(fault({}, { maxAge: 3_600_000 })).toBe('too_old');
  });
});

describe('claims', () => {
  test.each([
    ['ours', 'gateway', true],
    ['a list with ours', ['x', 'gateway'], true],
    ['another', 'other', false],
    ['missing', undefined, false],
    ['a number', 5, false],
    ['a beginning of ours', 'gate', false],
    ['ours and more', 'gateway2', false],
    ['an empty list', [], false],
    ['a list that is not all text', ['gateway', 5], false],
    ['an object', { gateway: true }, false],
  ])('audience: %s', (_, aud, expected) => {
    expect(audienceFits(aud, ['gateway', 'second'])).toBe(expected);
  });
  test('a claim inside others, by its names, dots being part of them', () => {
    const claims = { 'https://a.example/roles': ['x'], realm_access: { roles: ['y'] }, 'realm_access.roles': 'z' };
    expect(claimAt(claims, 'https://a.example/roles')).toEqual(['x']);
    expect(claimAt(claims, ['realm_access', 'roles'])).toEqual(['y']);
    for (const path of ['toString', ['realm_access', 'constructor'], ['realm_access', 'roles', 'length']]) expect(claimAt(claims, path)).toBeUndefined();
  });
  const given = (claims: object, wanted: ClaimGrants) => grantsOf(claims as Record<string, unknown>, wanted);
  test('groups come from the configured claims, with their prefix, each once', () => {
    const wanted: ClaimGrants = { groups: [{ claim: 'groups', prefix: 'corp:' }, { claim: ['a', 'b'] }, { claim: 'scope', prefix: 'scope:' }] };
    expect(given({ groups: ['x', 'x', 'y z'], a: { b: 'one two' }, scope: 'r  w' }, wanted)).toEqual({
      groups: ['corp:x', 'corp:y z', 'one two', 'scope:r', 'scope:w'],
      scopes: [],
    });
    expect(given({ groups: null, roles: ['admin'] }, wanted)).toEqual({ groups: [], scopes: [] });
    for (const groups of [{ x: true }, [1], ['x', null], 7]) expect(given({ groups }, wanted)).toBeUndefined();
  });
  test('scopes come from the map alone', () => {
    const wanted: ClaimGrants = { scopes: { claim: 'scope', map: { 'llm:ops': ['metrics', 'usage'], 'llm:see': 'viewer' } } };
    expect(given({ scope: 'admin llm:ops toString llm:see' }, wanted)).toEqual({ groups: [], scopes: ['metrics', 'usage', 'viewer'] });
    expect(given({ scope: 'admin' }, {})).toEqual({ groups: [], scopes: [] });
    expect(given({ scope: 5 }, wanted)).toBeUndefined();
  });
  test.each([
    [true, 'a@b.example', ['a@b.example']],
    [false, 'a@b.example', []],
    ['true', 'a@b.example', []],
    [undefined, 'a@b.example', []],
    [true, 'a@b@c.example', []],
    [true, 'nobody', []],
  ])('an e-mail is a group when it is verified (%s) and one address (%s)', (email_verified, email, groups) => {
    expect(given({ email, email_verified }, { groups: { claim: 'email' } })?.groups).toEqual(groups);
  });
});
