import { createHash } from 'node:crypto';
import { type Jws, readJws, readKeySet, timeFault } from '@llm-proxy-auth/plugin/jwt';
import { describe, expect, test } from 'vitest';
import { isSignedBy } from '../src/signature.ts';
import { answersOf, forged, world } from './support.ts';

/** RFC 7515, appendix A: the claims of A.1 to A.3 and A.5. */
const JOE = 'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
const A1 = `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${JOE}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`;
const A2 = `eyJhbGciOiJSUzI1NiJ9.${JOE}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw`;
const A2_KEY = {
  kty: 'RSA',
  n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
  e: 'AQAB',
};
const A3 = `eyJhbGciOiJFUzI1NiJ9.${JOE}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q`;
const A3_KEY = { kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' };
const A4 =
  'eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn';
const A4_KEY = {
  kty: 'EC',
  crv: 'P-521',
  x: 'AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk',
  y: 'ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2',
};
const A5 = `eyJhbGciOiJub25lIn0.${JOE}.`;
/** RFC 8037, appendix A.4; its payload is a text, so only the signature can be looked at. */
const ED = 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg';
const ED_KEY = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };

const key = (jwk: object) => {
  const [first] = readKeySet(Buffer.from(JSON.stringify({ keys: [jwk] }))) ?? [];
  if (first === undefined) throw new Error('no key');
  return first;
};
describe('RFC 7515', () => {
  test('A.1 HS256 is refused at the gateway, whoever knows the secret', async () => {
    expect(A1).toContain('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk');
    const secret = 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow';
    expect(readKeySet(Buffer.from(JSON.stringify({ keys: [{ kty: 'oct', k: secret }] })))).toEqual([]);
  });
  test.each([
    ['A.2 RS256', A2, A2_KEY, 'RS256'],
    ['A.3 ES256', A3, A3_KEY, 'ES256'],
    ['A.4 ES512', A4, A4_KEY, 'ES512'],
  ])('%s has a good signature, and one bit less has none', async (_, token, jwk, alg) => {
    expect(await isSignedBy(token, key(jwk), alg)).toBe(true);
    const [head, body, signature = ''] = token.split('.');
    const spoiled = Buffer.from(signature, 'base64url');
    spoiled[5] = (spoiled[5] ?? 0) ^ 1;
    expect(await isSignedBy(`${head}.${body}.${spoiled.toString('base64url')}`, key(jwk), alg)).toBe(false);
  });
  test('A.3 with r = s = 0', async () => {
    const [head, body] = A3.split('.');
    expect(await isSignedBy(`${head}.${body}.${Buffer.alloc(64).toString('base64url')}`, key(A3_KEY), 'ES256')).toBe(false);
  });
  test('A.3 with its signature in DER', async () => {
    const [head, body, signature = ''] = A3.split('.');
    const [r, s] = [Buffer.from(signature, 'base64url').subarray(0, 32), Buffer.from(signature, 'base64url').subarray(32)];
    const integer = (bytes: Buffer): Buffer => Buffer.concat([Buffer.of(2, 33, 0), bytes]);
    const der = Buffer.concat([Buffer.of(0x30, 70), integer(r), integer(s)]);
    expect(await isSignedBy(`${head}.${body}.${der.toString('base64url')}`, key(A3_KEY), 'ES256')).toBe(false);
  });
  test('RFC 8037 A.4 Ed25519', async () => {
    expect(await isSignedBy(ED, key(ED_KEY), 'EdDSA')).toBe(true);
    expect(await isSignedBy(ED.replace('RXhh', 'RXhi'), key(ED_KEY), 'EdDSA')).toBe(false);
  });
  test('RFC 7638: the key of the example is read as its thumbprint says', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
    const { kty, e, n: read } = key({ kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' }).key;
    expect(
      createHash('sha256')
        .update(JSON.stringify({ e, kty, n: read }))
        .digest('base64url'),
    ).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  });
});

describe('the vectors at the gateway', () => {
  test('A.2 and A.3 have expired, and had not before', () => {
    for (const token of [A2, A3]) {
      const { claims } = readJws(token) as Jws;
      expect([1_300_819_379, 1_300_819_380, 1_800_000_000].map((now) => timeFault(claims, now * 1000, { tolerance: 0 }))).toEqual([
        undefined,
        'expired',
        'expired',
      ]);
    }
  });
  test('none of them is of a configured issuer', async () => {
    const { is, asked } = await world(answersOf(() => []));
    for (const token of [A1, A2, A3, A4, A5, ED]) expect(await is(token)).toMatch(/^not-mine/);
    expect(asked()).toEqual([]);
  });
  test('A001 alg none and its spellings, with good claims: refused without asking for keys', async () => {
    const { is, asked } = await world(answersOf(() => []));
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      const token = forged({ alg, typ: 'JWT' }, { iss: 'https://idp.example/tenant', sub: 'alice', aud: 'llm-gateway', exp: 4e9 });
      expect(await is(token)).toBe('denied algorithm');
      expect(await is(`${token.slice(0, token.lastIndexOf('.'))}.`)).toBe('not-mine');
    }
    expect(asked()).toEqual([]);
  });
});
