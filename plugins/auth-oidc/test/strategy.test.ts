import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { AUDIENCE, answersOf, claimsOf, forged, ISSUER, json, START, signed, signingKey, type World, world } from './support.ts';

const key = signingKey('k1');
const rsa = signingKey('r1', 'RS256');
const usual = (...issuers: readonly object[]): Promise<World> =>
  world(
    answersOf(() => [key, rsa]),
    ...issuers,
  );

describe('a good token', () => {
  test('is a principal by issuer and subject, believed for 30 s and not beyond its end', async () => {
    const { ask } = await usual({ groups: { claim: 'groups', prefix: 'corp:' }, scopes: { claim: 'scope', map: { 'llm:ops': 'metrics' } } });
    const token = await signed(key, claimsOf({ groups: ['a', 'b'], scope: 'admin llm:ops', email: 'root@corp.example' }));
    expect(await ask(token)).toEqual({
      is: 'principal',
      epoch: 0,
      cacheUntil: (START + 30) * 1000,
      principal: {
        id: 'oidc:corp:alice',
        owner: 'oidc:corp:alice',
        strategy: 'oidc',
        credential: 'oidc:corp:alice',
        groups: ['corp:a', 'corp:b'],
        scopes: ['metrics'],
        factor: 'none',
        expires: (START + 3660) * 1000,
      },
    });
    expect(await ask(await signed(key, claimsOf({ exp: START + 3 })))).toMatchObject({ cacheUntil: (START + 3) * 1000 });
  });
  test.each(['RS256', 'PS256', 'ES256', 'EdDSA', 'RS384', 'RS512', 'PS384', 'ES384', 'ES512'])('by %s, where it is allowed', async (alg) => {
    const one = signingKey('one', alg);
    const token = await signed(one, claimsOf());
    const answers = answersOf(() => [one]);
    expect(await (await world(answers, { algorithms: [alg] })).is(token)).toBe('principal');
    const standard = ['RS256', 'PS256', 'ES256', 'EdDSA'].includes(alg);
    expect(await (await world(answers)).is(token)).toBe(standard ? 'principal' : 'denied algorithm');
  });
  test.each([
    ['unicode claims', { sub: 'Žofie 💥', name: '数' }],
    ['several aud', { aud: ['other', AUDIENCE] }],
    ['no iat', { iat: undefined }],
  ])('%s', async (_, claims) => {
    expect(await (await usual()).is(await signed(key, claimsOf(claims)))).toBe('principal');
  });
  test('without kid, when one key alone fits', async () => {
    const token = await signed(key, claimsOf(), { kid: undefined });
    expect(await (await usual()).is(token)).toBe('principal');
    expect(await (await world(answersOf(() => [signingKey('k2'), key, rsa]))).is(token)).toBe('denied key_not_named');
  });
  test('keys and places that it brings along are not looked at', async () => {
    const mine = signingKey('mine');
    const header = { jwk: mine.jwk, jku: 'https://evil.example/jwks', x5u: 'https://evil.example/x', x5c: ['AAAA'] };
    const { is, asked } = await usual();
    expect(await is(await signed(key, claimsOf(), header))).toBe('principal');
    expect(await is(await signed({ ...mine, kid: 'k1' }, claimsOf(), header))).toBe('denied signature');
    expect(await is(await signed(mine, claimsOf(), header))).toBe('denied unknown_key');
    expect(asked().filter((url) => !url.startsWith(ISSUER))).toEqual([]);
  });
});

describe('whose token it is', () => {
  test('a token of another issuer, by any byte, is nobody’s, and nothing is fetched', async () => {
    const { is, asked } = await usual();
    for (const iss of [`${ISSUER}/`, ISSUER.toUpperCase(), 'https://idp.example', `${ISSUER}%2e`, undefined, 7, [ISSUER], '__proto__'])
      expect(await is(await signed(key, claimsOf({ iss })))).toBe('not-mine');
    for (const token of ['lpa_0A1B2C3D4E5F_AAAA', 'sk-x', `${await signed(key, claimsOf())}.AA`, 'a.b.c']) expect(await is(token)).toBe('not-mine');
    expect(asked()).toEqual([]);
  });
  test('an encrypted token is nobody’s', async () => {
    expect(
      await (await usual()).is(
        [{ alg: 'dir', enc: 'A256GCM', zip: 'DEF' }, '', '', '', ''].map((p) => Buffer.from(JSON.stringify(p)).toString('base64url')).join('.'),
      ),
    ).toBe('not-mine');
  });
  test('RFC 8725: the key of one issuer is none of another', async () => {
    const second = signingKey('k1');
    const other = 'https://second.example';
    const { is } = await world({ ...answersOf(() => [key]), ...answersOf(() => [second], other) }, {}, { name: 'second', issuer: other });
    expect(await is(await signed(key, claimsOf()))).toBe('principal');
    expect(await is(await signed(second, claimsOf({ iss: other })))).toBe('principal');
    expect(await is(await signed(second, claimsOf()))).toBe('denied signature');
    expect(await is(await signed(key, claimsOf({ iss: other })))).toBe('denied signature');
  });
});

describe('algorithm and key', () => {
  test('A002 HS256 with the public key as PEM, DER and JWK text', async () => {
    const texts = [
      rsa.publicKey.export({ type: 'spki', format: 'pem' }),
      rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }),
      rsa.publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(rsa.jwk),
      String(rsa.jwk.n),
    ];
    const { is } = await usual();
    for (const text of texts)
      for (const alg of ['HS256', 'hs256', 'HS512']) {
        const token = forged({ alg, kid: 'r1' }, claimsOf(), (input) =>
          createHmac(alg.toLowerCase() === 'hs256' ? 'sha256' : 'sha512', text)
            .update(input)
            .digest(),
        );
        expect(await is(token)).toBe('denied algorithm');
      }
    // The same signature under an algorithm that is allowed.
    expect(
      await is(
        forged({ alg: 'RS256', kid: 'r1' }, claimsOf(), (input) =>
          createHmac('sha256', texts[0] ?? '')
            .update(input)
            .digest(),
        ),
      ),
    ).toBe('denied signature');
  });
  test.each([
    ['JWT alg is not JWK alg', { ...rsa.jwk, alg: 'PS256' }],
    ['wrong use', { ...rsa.jwk, use: 'enc' }],
    ['operations without verify', { ...rsa.jwk, key_ops: ['encrypt'] }],
    ['another type', { ...key.jwk, alg: undefined, kid: 'r1' }],
    ['missing n', { ...rsa.jwk, n: undefined }],
    ['missing e', { ...rsa.jwk, e: undefined }],
  ])('%s', async (_, jwk) => {
    const { is } = await world(answersOf(() => [{ jwk }]));
    expect(await is(await signed(rsa, claimsOf()))).toMatch(/^denied (key_does_not_fit|unknown_key)$/);
  });
  test('an RSA key of 1024 bits', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const { is } = await world(answersOf(() => [{ jwk: { ...publicKey.export({ format: 'jwk' }), kid: 'short' } }]));
    expect(await is(forged({ alg: 'RS256', kid: 'short' }, claimsOf(), (input) => createSign('sha256').update(input).sign(privateKey)))).toBe(
      'denied key_does_not_fit',
    );
  });
  test('a critical extension is refused, known to a library or not', async () => {
    const { is } = await usual();
    for (const crit of [['exp'], ['b64'], ['http://example.invalid/UNDEFINED'], []])
      expect(await is(forged({ alg: 'ES256', kid: 'k1', crit, b64: true, exp: 1 }, claimsOf()))).toBe('not-mine');
  });
});

describe('claims', () => {
  const cases = async (issuer: object, list: readonly (readonly [claims: object, expected: string])[]): Promise<void> => {
    const { is } = await usual(issuer);
    for (const [claims, expected] of list) expect(await is(await signed(key, claimsOf(claims))), JSON.stringify(claims)).toBe(expected);
  };
  test('A004 expiry and skew edges', async () => {
    await cases({}, [
      [{ exp: START - 59 }, 'principal'],
      [{ exp: START - 61 }, 'denied expired'],
      [{ nbf: START + 59 }, 'principal'],
      [{ nbf: START + 61 }, 'denied nbf'],
      [{ iat: START + 61 }, 'denied iat'],
      [{ exp: undefined }, 'denied exp'],
      [{ exp: 'soon' }, 'denied exp'],
    ]);
    const { is } = await usual();
    const body = JSON.stringify(claimsOf()).replace(/"exp":\d+/, '"exp":1e400');
    const input = `${Buffer.from('{"alg":"RS256","kid":"r1"}').toString('base64url')}.${Buffer.from(body).toString('base64url')}`;
    expect(await is(`${input}.${createSign('sha256').update(input).sign(rsa.privateKey).toString('base64url')}`)).toBe('denied exp');
  });
  test('A006 audience', async () => {
    await cases({}, [
      [{ aud: 'other' }, 'denied audience'],
      [{ aud: ['other', AUDIENCE] }, 'principal'],
      [{ aud: undefined }, 'denied audience'],
      [{ aud: 5 }, 'denied audience'],
      [{ aud: AUDIENCE.slice(0, -1) }, 'denied audience'],
    ]);
    await cases({ audience: ['first', 'second'] }, [
      [{ aud: 'second' }, 'principal'],
      [{ aud: AUDIENCE }, 'denied audience'],
    ]);
  });
  test('A045 a token with 3 s left is not believed longer', async () => {
    const { ask, is, host } = await usual({ tolerance: 0 });
    const token = await signed(key, claimsOf({ exp: START + 3 }));
    expect(await ask(token)).toMatchObject({ is: 'principal', cacheUntil: (START + 3) * 1000 });
    host.advance(5_000);
    expect(await is(token)).toBe('denied expired');
  });
  test('an ID token is none for an API, unless that was said', async () => {
    const tokens = [{ nonce: 'n' }, { at_hash: 'h' }, { c_hash: 'h' }, { token_use: 'id' }];
    await cases(
      {},
      tokens.map((claims) => [claims, 'denied id_token'] as const),
    );
    await cases(
      { idTokens: true },
      tokens.map((claims) => [claims, 'principal'] as const),
    );
  });
  test('clients', async () => {
    await cases({ clients: ['app'] }, [
      [{ azp: 'app' }, 'principal'],
      [{ client_id: 'app' }, 'principal'],
      [{ cid: 'app' }, 'principal'],
      [{ azp: 'app', client_id: 'app' }, 'principal'],
      [{ azp: 'app', client_id: 'other' }, 'denied client'],
      [{ azp: 'other' }, 'denied client'],
      [{ azp: ['app'] }, 'denied client'],
      [{}, 'denied client'],
    ]);
  });
  test('subject', async () => {
    await cases({}, [
      [{ sub: undefined, email: 'a@b.example', email_verified: true }, 'denied subject'],
      [{ sub: '' }, 'denied subject'],
      [{ sub: 5 }, 'denied subject'],
      [{ sub: 'a\nb' }, 'denied subject'],
      [{ sub: 'a'.repeat(256) }, 'denied subject'],
    ]);
  });
  test('a token that is bound to a key of the caller', () => cases({}, [[{ cnf: { jkt: 'x' } }, 'denied bound_to_a_key']]));
  test('a longest age', () =>
    cases({ maxAge: 600_000 }, [
      [{ iat: START - 600 }, 'principal'],
      [{ iat: START - 661 }, 'denied too_old'],
      [{ iat: undefined }, 'denied too_old'],
    ]));
  test('groups that are no list of texts', () => cases({ groups: { claim: ['realm', 'roles'] } }, [[{ realm: { roles: [{}] } }, 'denied groups']]));
  test('types of token', async () => {
    const { is } = await usual();
    const profile = await usual({ profile: 'rfc9068' });
    const whole = claimsOf({ client_id: 'app', jti: '1' });
    for (const [typ, expected, strict] of [
      [undefined, 'principal', 'denied profile'],
      ['JWT', 'principal', 'denied profile'],
      ['at+jwt', 'principal', 'principal'],
      ['application/AT+JWT', 'principal', 'principal'],
      ['logout+jwt', 'denied type', 'denied type'],
      ['dpop+jwt', 'denied type', 'denied type'],
      [5, 'denied type', 'denied type'],
    ] as const) {
      const token = await signed(key, whole, typ === undefined ? {} : { typ });
      expect([await is(token), await profile.is(token)], String(typ)).toEqual([expected, strict]);
    }
    for (const missing of ['client_id', 'jti', 'iat'])
      expect(await profile.is(await signed(key, { ...whole, [missing]: undefined }, { typ: 'at+jwt' }))).toBe('denied profile');
  });
});

describe('Amazon Cognito', () => {
  const POOL = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123';
  const pool = signingKey('p1', 'RS256');
  const answers = { [`${POOL}/.well-known/jwks.json`]: () => json({ keys: [pool.jwk] }) };
  const of = (more: object) => world(answers, { type: 'cognito', issuer: POOL, audience: undefined, ...more });
  const access = (more: object = {}) => ({ iss: POOL, sub: 's', token_use: 'access', client_id: 'app', exp: START + 60, scope: 'x', ...more });
  const id = (more: object = {}) => ({ iss: POOL, sub: 's', token_use: 'id', aud: 'app', exp: START + 60, nonce: 'n', at_hash: 'h', ...more });

  test('A009 token use and client', async () => {
    const { is, ask, asked } = await of({ tokenUse: 'access', clientId: 'app' });
    expect(await is(await signed(pool, access()))).toBe('principal');
    expect(await is(await signed(pool, access({ client_id: 'other' })))).toBe('denied client');
    expect(await is(await signed(pool, access({ client_id: undefined, aud: 'app' })))).toBe('denied client');
    expect(await is(await signed(pool, id()))).toBe('denied token_use');
    expect(await is(await signed(pool, access({ token_use: undefined })))).toBe('denied token_use');
    expect(await ask(await signed(pool, access({ 'cognito:groups': ['staff', 'x'] })))).toMatchObject({
      principal: { id: 'oidc:corp:s', groups: ['staff', 'x'] },
    });
    expect(asked()).toEqual([`${POOL}/.well-known/jwks.json`]);
  });
  test('ID tokens, both, and every client, where that was said', async () => {
    const ids = await of({ tokenUse: 'id', clientId: ['app', 'second'] });
    expect(await ids.is(await signed(pool, id()))).toBe('principal');
    expect(await ids.is(await signed(pool, id({ aud: 'other' })))).toBe('denied client');
    expect(await ids.is(await signed(pool, access()))).toBe('denied token_use');
    const all = await of({ tokenUse: null, clientId: null });
    for (const claims of [id({ aud: 'any' }), access({ client_id: 'any' })]) expect(await all.is(await signed(pool, claims))).toBe('principal');
    expect(await all.is(await signed(pool, access({ token_use: 'refresh' })))).toBe('denied token_use');
  });
  test.each([
    ['no token use', { tokenUse: undefined, clientId: 'app' }],
    ['no client', { tokenUse: 'access', clientId: undefined }],
    ['an audience', { tokenUse: 'access', clientId: 'app', audience: 'x' }],
    ['another host', { tokenUse: 'access', clientId: 'app', issuer: 'https://evil.example/eu-west-1_AbCdEf123' }],
    ['a pool of another region', { tokenUse: 'access', clientId: 'app', issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/us-east-1_AbCdEf123' }],
    ['a host that goes on', { tokenUse: 'access', clientId: 'app', issuer: 'https://cognito-idp.eu-west-1.amazonaws.com.evil.example/eu-west-1_A' }],
  ])('%s does not start', async (_, more) => {
    await expect(of(more)).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('a configuration that does not start', () => {
  test.each([
    ['no audience', [{ audience: undefined }]],
    ['plain http', [{ issuer: 'http://idp.example' }]],
    ['plain http elsewhere, though it was said', [{ issuer: 'http://idp.example', insecureIssuer: true }]],
    ['plain http on this machine, not said', [{ issuer: 'http://127.0.0.1:1' }]],
    ['a host that begins like loopback', [{ issuer: 'http://127.0.0.1.evil.example', insecureIssuer: true }]],
    ['keys by plain http', [{ jwksUri: 'http://idp.example/jwks' }]],
    ['a name twice', [{}, { issuer: 'https://b.example' }]],
    ['an issuer twice', [{}, { name: 'b' }]],
    ['more than a minute', [{ tolerance: 60_001 }]],
    ['a client of Cognito', [{ clientId: 'x' }]],
    ['introspection without a proof', [{ introspection: { endpoint: 'https://idp.example/i', clientId: 'x' } }]],
  ])('%s', async (_, issuers) => {
    await expect(world({}, ...issuers)).rejects.toMatchObject({ code: 'invalid_request' });
  });
});
