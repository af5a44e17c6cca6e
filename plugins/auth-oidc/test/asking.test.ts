import { generateKeyPairSync } from 'node:crypto';
import { secretOf } from '@llm-proxy-auth/contract-tests';
import type { UpstreamReply } from '@llm-proxy-auth/plugin';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, test } from 'vitest';
import { type Answers, AUDIENCE, answersOf, claimsOf, ISSUER, json, opaque, START, signed, signingKey, world } from './support.ts';

const key = signingKey('k1');
const next = signingKey('k2');
const DISCOVERY = `${ISSUER}/.well-known/openid-configuration`;

describe('discovery', () => {
  const trying = async (discovered: UpstreamReply, issuer: object = {}) => {
    const answers = { ...answersOf(() => [key]), [DISCOVERY]: () => discovered };
    const { is, asked, host } = await world(answers, issuer);
    return { is: await is(await signed(key, claimsOf())), asked: asked(), lines: host.lines };
  };
  test('by https at the issuer, with its path, and a slash at its end taken away', async () => {
    const issuer = 'https://tenant.example/';
    const answers: Answers = {
      'https://tenant.example/.well-known/openid-configuration': () => json({ issuer, jwks_uri: 'https://tenant.example/keys?p=policy' }),
      'https://tenant.example/keys?p=policy': () => json({ keys: [key.jwk] }),
    };
    const { is } = await world(answers, { issuer });
    expect(await is(await signed(key, claimsOf({ iss: issuer })))).toBe('principal');
    expect(await is(await signed(key, claimsOf({ iss: 'https://tenant.example' })))).toBe('not-mine');
  });
  test.each([
    ['of another issuer', json({ issuer: `${ISSUER}/`, jwks_uri: `${ISSUER}/jwks` })],
    ['without an issuer', json({ jwks_uri: `${ISSUER}/jwks` })],
    ['with keys by plain http', json({ issuer: ISSUER, jwks_uri: 'http://idp.example/tenant/jwks' })],
    ['with keys by plain http on this machine', json({ issuer: ISSUER, jwks_uri: 'http://127.0.0.1/jwks' })],
    ['with keys behind a user name', json({ issuer: ISSUER, jwks_uri: 'https://x@idp.example/tenant/jwks' })],
    ['with keys in a file', json({ issuer: ISSUER, jwks_uri: 'file:///etc/passwd' })],
    ['with no keys', json({ issuer: ISSUER })],
    ['that is no JSON', json('<html>')],
    ['that is a list', json([])],
    [
      'that is a redirect',
      { status: 302, headers: ['location', `${ISSUER}/jwks`], body: Buffer.from(JSON.stringify({ issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` })) },
    ],
    ['that is an error', json({}, 500)],
  ])('a document %s: no keys are asked for, 503', async (_, discovered) => {
    const got = await trying(discovered);
    expect(got.is).toBe('unavailable keys_unavailable');
    expect(got.asked).toEqual([DISCOVERY]);
    expect(got.lines).toMatchObject([{ level: 'warn', fields: { issuer: 'corp' } }]);
  });
  test('is not needed where the place of the keys is configured', async () => {
    expect(await trying(json({}, 500), { jwksUri: `${ISSUER}/jwks` })).toMatchObject({ is: 'principal', asked: [`${ISSUER}/jwks`] });
  });
  test('answers are bounded, and so is the time', async () => {
    const { is, host } = await world(answersOf(() => [key]));
    await is(await signed(key, claimsOf()));
    expect(host.fetched.map(({ options }) => options.maxBytes)).toEqual([262_144, 524_288]);
    expect(host.fetched.every(({ signal }) => signal !== undefined)).toBe(true);
  });
});

describe('keys', () => {
  test('of an issuer are asked for once, whoever comes', async () => {
    const { is, asked } = await world(answersOf(() => [key]));
    expect(asked()).toEqual([]);
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, i) => signed(key, claimsOf({ sub: `u${i}` }))));
    expect(new Set(await Promise.all(tokens.map((token) => is(token))))).toEqual(new Set(['principal']));
    expect(asked()).toEqual([DISCOVERY, `${ISSUER}/jwks`]);
  });
  test('rotate: a new one is found after 30 s, an old one ends with its set', async () => {
    let keys = [key];
    const { is, host } = await world(answersOf(() => keys));
    const [before, after] = [await signed(key, claimsOf()), await signed(next, claimsOf())];
    expect(await is(before)).toBe('principal');
    keys = [next];
    expect(await is(after)).toBe('denied unknown_key');
    host.advance(30_000);
    expect([await is(after), await is(before)]).toEqual(['principal', 'denied unknown_key']);
  });
  test('an issuer that is away locks out nobody whose key is known, and refuses nobody else', async () => {
    let up = true;
    const answers = answersOf(() => [key]);
    const { is, host } = await world(Object.fromEntries(Object.entries(answers).map(([url, answer]) => [url, (r) => (up ? answer(r) : json({}, 503))])));
    const token = await signed(key, claimsOf({ exp: START + 200_000 }));
    expect(await is(token)).toBe('principal');
    up = false;
    host.advance(23 * 3_600_000);
    expect(await is(token)).toBe('principal');
    expect(await is(await signed(next, claimsOf({ exp: START + 200_000 })))).toBe('unavailable keys_unavailable');
    host.advance(3_600_001);
    expect(await is(token)).toBe('unavailable keys_unavailable');
    up = true;
    host.advance(30_000);
    expect(await is(token)).toBe('principal');
    expect(host.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
  });
});

describe('introspection', () => {
  const ENDPOINT = `${ISSUER}/introspect`;
  const secret = secretOf('s3cr3t/with+signs & more');
  const wanted = { introspection: { endpoint: ENDPOINT, clientId: 'gate way', clientSecret: secret } };
  const good = { active: true, sub: 'alice', aud: AUDIENCE, iss: ISSUER, exp: START + 3600 };
  const open = (answer: Answers[string], more: object = {}) => world({ ...answersOf(() => [key]), [ENDPOINT]: answer }, { ...wanted, ...more });

  test('an opaque token is shown to the issuer as a form, by the gateway as a client', async () => {
    const { ask, host } = await open(() => json({ ...good, groups: ['staff'] }), { groups: { claim: 'groups' } });
    const token = opaque();
    expect(await ask(token)).toMatchObject({ is: 'principal', principal: { id: 'oidc:corp:alice', groups: ['staff'] }, cacheUntil: (START + 30) * 1000 });
    const [asked] = host.fetched;
    expect(asked?.request).toMatchObject({ method: 'POST', origin: 'https://idp.example', path: '/tenant/introspect' });
    expect(String(asked?.request.body?.[0])).toBe(`token=${token}&token_type_hint=access_token`);
    const basic = asked?.request.headers[asked.request.headers.indexOf('authorization') + 1]?.slice('Basic '.length) ?? '';
    expect(Buffer.from(basic, 'base64').toString()).toBe('gate+way:s3cr3t%2Fwith%2Bsigns+%26+more');
  });
  test('the gateway may prove itself by a key', async () => {
    const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
    const { ask, host } = await open(() => json(good), {
      introspection: { endpoint: ENDPOINT, clientId: 'gw', privateKey: secretOf(String(pem)), algorithm: 'ES256', keyId: 'g1' },
    });
    expect(await ask(opaque())).toMatchObject({ is: 'principal' });
    const form = new URLSearchParams(String(host.fetched[0]?.request.body?.[0]));
    expect(form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    const assertion = form.get('client_assertion') ?? '';
    expect(decodeProtectedHeader(assertion)).toEqual({ alg: 'ES256', kid: 'g1' });
    expect(decodeJwt(assertion)).toMatchObject({ iss: 'gw', sub: 'gw', aud: ISSUER, iat: START, exp: START + 60 });
  });
  test.each([
    ['active is not true but "true"', { active: 'true' }, 'denied not_active'],
    ['not active', { active: false }, 'denied not_active'],
    ['nothing about it', { active: undefined }, 'denied not_active'],
    ['another audience', { aud: 'other' }, 'denied audience'],
    ['no audience', { aud: undefined }, 'denied audience'],
    ['another issuer', { iss: 'https://other.example' }, 'denied issuer'],
    ['expired, without tolerance', { exp: START }, 'denied expired'],
    ['an end that is none', { exp: 'soon' }, 'denied exp'],
    ['no subject', { sub: undefined }, 'denied subject'],
    ['bound to a key', { cnf: {} }, 'denied bound_to_a_key'],
    ['no end', { exp: undefined }, 'principal'],
    ['no issuer', { iss: undefined }, 'principal'],
  ])('%s', async (_, more, expected) => {
    expect(await (await open(() => json({ ...good, ...more }))).is(opaque())).toBe(expected);
  });
  test('A045 the end that the issuer tells bounds how long it is believed', async () => {
    const { ask, is, host } = await open(() => json({ ...good, exp: START + 3 }));
    const token = opaque();
    expect(await ask(token)).toMatchObject({ is: 'principal', cacheUntil: (START + 3) * 1000, principal: { expires: (START + 3) * 1000 } });
    host.advance(5_000);
    expect(await is(token)).toBe('denied expired');
  });
  test('an issuer that cannot be asked: 503, never 401', async () => {
    for (const answer of [() => json({}, 500), () => json({}, 401), () => json('no JSON'), () => Promise.reject(new Error('away'))]) {
      const { is, host } = await open(answer);
      expect([await is(opaque()), await is(opaque())]).toEqual(['unavailable introspection_unavailable', 'unavailable introspection_unavailable']);
      expect(host.lines.map(({ level }) => level)).toEqual(['warn']);
    }
  });
  test('what is no opaque token is shown to nobody', async () => {
    const { is, asked } = await open(() => json(good));
    const jwt = await signed(key, claimsOf({ iss: 'https://other.example' }));
    for (const token of [jwt, `${jwt}.`, jwt.slice(0, 60), 'lpa_0A1B2C3D4E5F_x', 'lpas_x', 'lpa-aws-v1.x', 'a b', '', 'x'.repeat(16_385)])
      expect(await is(token)).toBe('not-mine');
    expect(asked()).toEqual([]);
  });
  test('one token is asked about once at a time, and no more than 32 of one network are', async () => {
    const waiting: (() => void)[] = [];
    const { is, asked } = await open(() => new Promise((resolve) => waiting.push(() => resolve(json(good)))));
    const token = opaque();
    const same = [is(token), is(token), is(token)];
    const others = Array.from({ length: 31 }, () => is(opaque()));
    await expect(is(opaque())).resolves.toBe('unavailable too_many_questions');
    await expect.poll(() => waiting.length).toBe(32);
    for (const answer of waiting) answer();
    expect(new Set(await Promise.all([...same, ...others]))).toEqual(new Set(['principal']));
    expect(asked()).toHaveLength(32);
    const again = is(opaque());
    await expect.poll(() => waiting.length).toBe(33);
    waiting.at(-1)?.();
    expect(await again).toBe('principal');
  });
  test('made-up tokens from one address keep nobody elsewhere waiting, before the first is refused and after', async () => {
    const held: (() => void)[] = [];
    const fresh = opaque();
    const { is } = await open(({ body }) => {
      if (new URLSearchParams(Buffer.concat([...(body ?? [])]).toString()).get('token')?.startsWith('good-')) return json(good);
      return new Promise((resolve) => held.push(() => resolve(json({ active: false }))));
    });
    for (let round = 0; round < 3; round++) {
      const flood = Array.from({ length: 100 }, () => is(opaque()));
      await expect.poll(() => held.length).toBe(round === 0 ? 32 : 4);
      for (let i = 0; i < 40; i++) expect(await is(`good-${round}-${i}-${fresh}`, '198.51.100.7')).toBe('principal');
      for (const answer of held.splice(0)) answer();
      expect(new Set(await Promise.all(flood))).toEqual(new Set(['denied not_active', 'unavailable too_many_questions']));
      // And who shares the address is slowed alone.
      expect(await is(`good-${round}-${fresh}`)).toBe('principal');
    }
  });
  test('one issuer alone may be shown tokens', async () => {
    await expect(
      world({}, wanted, { name: 'b', issuer: 'https://b.example', introspection: { ...wanted.introspection, endpoint: 'https://b.example/i' } }),
    ).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});
