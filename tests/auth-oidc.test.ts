import { createHmac } from 'node:crypto';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';
import { API, AUDIENCE, type IdentityProvider, identityProvider, OPAQUE, OTHER } from './support/identity-provider.ts';
import { chat, SMALL } from './support/limited.ts';
import { ask, codeOf, type Got } from './support/raw.ts';

const PATHS = ['/openai/main/v1/chat/completions', '/transparent/main/v1/chat/completions'] as const;
const API_KEY = { use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef' };
const POLICIES = [
  { match: { group: 'idp:llm-users' }, allow: { models: [SMALL] } },
  { match: { principal: 'key:*' }, allow: {} },
];
let idp: IdentityProvider;
let offset = 0;
const opened: Bench[] = [];
const open = async (issuer: object = {}): Promise<Bench> => {
  const bench = await openBench({
    now: () => Date.now() + offset,
    plugins: ['@llm-proxy-auth/auth-oidc'],
    sections: {
      auth: [
        API_KEY,
        {
          use: 'oidc',
          issuers: [
            {
              name: 'corp',
              issuer: idp.issuer,
              insecureIssuer: true,
              audience: AUDIENCE,
              profile: 'rfc9068',
              groups: { claim: 'groups', prefix: 'idp:' },
              scopes: { claim: 'groups', map: { ops: 'metrics' } },
              ...issuer,
            },
          ],
        },
      ],
      policies: POLICIES,
    },
  });
  opened.push(bench);
  return bench;
};
beforeAll(async () => {
  idp = await identityProvider();
});
beforeEach(() => {
  offset = 0;
  idp.available = true;
  idp.clear();
});
afterEach(async () => {
  for (const bench of opened.splice(0)) await bench.close();
});
afterAll(() => idp.close());

const send = (bench: Bench, token: string, path: string = PATHS[0]): Promise<Got> =>
  ask(bench.url, { path, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: chat(SMALL) });
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`.trim();
const caller = (bench: Bench): unknown => bench.lines.findLast((line) => line.msg === 'request')?.principal;
const keysAsked = (): number => idp.asked.filter((path) => path === '/jwks').length;
const parts = (token: string): [Record<string, unknown>, Record<string, unknown>] => {
  const [head = '', body = ''] = token.split('.');
  return [JSON.parse(Buffer.from(head, 'base64url').toString()), JSON.parse(Buffer.from(body, 'base64url').toString())];
};
const joined = (header: object, claims: object, signature = ''): string =>
  `${[header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.${signature}`;

describe('tokens of a real OpenID Connect server', () => {
  test('the OpenAI SDK calls with the token of a person who signed in, within the policy of a group', async () => {
    const bench = await open();
    const { access } = await idp.signIn('alice');
    const client = new OpenAI({ apiKey: access, baseURL: `${bench.url}/openai/main/v1`, maxRetries: 0 });
    const reply = await client.chat.completions.create({ model: SMALL, messages: [{ role: 'user', content: 'hi' }] });
    expect(reply.choices).toHaveLength(1);
    expect(caller(bench)).toBe('oidc:corp:alice');
    await expect(client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] })).rejects.toMatchObject({
      status: 403,
      code: 'model_not_allowed',
    });
    // `metrics` by the map of a group, not by any scope of the token.
    const metrics = await ask(bench.url, { method: 'GET', path: '/metrics', headers: { authorization: `Bearer ${access}` } });
    expect(metrics.status).toBe(200);
  });
  test('a program calls with its own token, and nothing of it reaches the provider, in either mode', async () => {
    const bench = await open();
    const token = await idp.clientToken('robot');
    for (const path of PATHS) {
      bench.simulator.clear();
      expect(answer(await send(bench, token, path))).toBe('200');
      expect(caller(bench)).toBe('oidc:corp:robot');
      const [captured] = bench.simulator.requests;
      expect(captured?.headers.filter(([name]) => name.toLowerCase() === 'authorization')).toEqual([['authorization', `Bearer ${PROVIDER_KEY}`]]);
      expect(JSON.stringify(captured?.headers)).not.toContain(token.slice(0, 30));
    }
    expect(bench.logText()).not.toContain(token.split('.')[2]);
    const metrics = await ask(bench.url, { method: 'GET', path: '/metrics', headers: { authorization: `Bearer ${token}` } });
    expect(answer(metrics)).toBe('403 scope_required');
    expect(keysAsked()).toBe(1);
  });
  test('who is in no group of a policy is known, and may nothing: 403', async () => {
    const bench = await open();
    expect(answer(await send(bench, (await idp.signIn('bob')).access))).toMatch(/^403 /);
    expect(answer(await send(bench, await idp.clientToken('stranger')))).toMatch(/^403 /);
    expect(bench.simulator.requests).toEqual([]);
  });
  test('A001 A002 A006 a token that nobody signed, of a shared secret, for another API, and an ID token: 401 all the same', async () => {
    const bench = await open();
    const good = await idp.clientToken('robot');
    const [header, claims] = parts(good);
    const input = joined({ ...header, alg: 'HS256' }, claims).slice(0, -1);
    const keys = await (await fetch(`${idp.issuer}/jwks`)).text();
    idp.clear();
    const refused = [
      joined({ ...header, alg: 'none' }, claims),
      joined({ ...header, alg: 'nOnE' }, claims, 'AA'),
      `${input}.${createHmac('sha256', keys).update(input).digest('base64url')}`,
    ];
    const answers: Got[] = [];
    for (const token of refused) answers.push(await send(bench, token));
    expect(idp.asked).toEqual([]);
    for (const token of [
      await idp.clientToken('robot', OTHER),
      (await idp.signIn('alice')).id,
      joined(header, { ...claims, sub: 'root' }, good.split('.')[2]),
    ]) {
      answers.push(await send(bench, token));
    }
    expect(new Set(answers.map(answer))).toEqual(new Set(['401 invalid_credentials']));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(bench.simulator.requests).toEqual([]);
  });
  test('A113 what a refusal says: no token, no claim, no reason, no place', async () => {
    const bench = await open();
    const token = await idp.clientToken('robot', OTHER);
    const [, claims] = parts(token);
    idp.available = false;
    const away = await open();
    for (const got of [await send(bench, token), await send(away, await Promise.resolve(token))]) {
      const said = JSON.stringify([got.headers, got.text]);
      for (const word of [...token.split('.'), String(claims.sub), String(claims.jti), 'other-api', idp.issuer, 'audience', 'jwks', 'stack'])
        expect(said).not.toContain(word);
      expect(JSON.parse(got.text)).toMatchObject({ error: { message: expect.any(String), type: expect.any(String) } });
    }
  });
  test('A009 as a user pool of Cognito: the use and the client of a token, and 403 for who is in no group of a policy', async () => {
    const pool = { type: 'cognito', audience: '${NONE?}', profile: 'any', groups: { claim: 'cognito:groups', prefix: 'idp:' }, jwksUri: `${idp.issuer}/jwks` };
    const bench = await open({ ...pool, tokenUse: 'access', clientId: ['app', 'robot'] });
    const { access, id } = await idp.signIn('alice');
    expect(answer(await send(bench, access))).toBe('200');
    expect(answer(await send(bench, id))).toBe('401 invalid_credentials');
    expect(answer(await send(bench, await idp.clientToken('stranger')))).toBe('401 invalid_credentials');
    expect(answer(await send(bench, (await idp.signIn('bob')).access))).toMatch(/^403 /);
    const ids = await open({ ...pool, tokenUse: 'id', clientId: null });
    expect(answer(await send(ids, access))).toBe('401 invalid_credentials');
  });
  test('a token and a key in one request are ambiguous', async () => {
    const bench = await open();
    const got = await ask(bench.url, {
      path: PATHS[0],
      headers: { authorization: `Bearer ${await idp.clientToken('robot')}`, 'x-api-key': bench.key, 'content-type': 'application/json' },
      body: chat(SMALL),
    });
    expect(answer(got)).toBe('400 ambiguous_credentials');
  });
});

describe('keys that rotate, and a server that is away', () => {
  test('a token of a new key is let in 30 s after the last look; one of a key that is gone is refused', async () => {
    const bench = await open();
    const before = await idp.clientToken('robot');
    expect(answer(await send(bench, before))).toBe('200');
    idp.rotate(true);
    const after = await idp.clientToken('robot');
    expect(answer(await send(bench, after))).toBe('401 invalid_credentials');
    offset += 31_000;
    expect(answer(await send(bench, after))).toBe('200');
    expect(answer(await send(bench, before))).toBe('200');
    idp.rotate();
    offset += 601_000;
    expect(answer(await send(bench, after))).toBe('401 invalid_credentials');
    expect(answer(await send(bench, await idp.clientToken('robot')))).toBe('200');
    expect(keysAsked()).toBe(3);
  });
  test('away from the start: 503, never 401, and the gateway serves others; back: 200', async () => {
    const token = await idp.clientToken('robot');
    idp.available = false;
    const bench = await open();
    const got = await send(bench, token);
    expect(answer(got)).toBe('503 auth_unavailable');
    expect(Number(got.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer(await send(bench, bench.key))).toBe('200');
    idp.available = true;
    offset += 5_000;
    expect(answer(await send(bench, token))).toBe('200');
  });
  test('away later: known keys go on, a token of an unknown one is 503', async () => {
    const bench = await open();
    const token = await idp.clientToken('robot');
    expect(answer(await send(bench, token))).toBe('200');
    idp.rotate();
    const unknown = await idp.clientToken('robot');
    idp.available = false;
    offset += 1_200_000;
    expect(answer(await send(bench, unknown))).toBe('503 auth_unavailable');
    expect(answer(await send(bench, token))).toBe('200');
    expect(bench.lines.filter((line) => line.issuer === 'corp' && line.level === 'warn' && String(line.msg).includes('keys of an issuer'))).toHaveLength(1);
  });
  test('A045 a token is not remembered beyond its end', async () => {
    const bench = await open({ tolerance: '0s' });
    const token = await idp.clientToken('robot');
    const [, { exp }] = parts(token);
    offset = Number(exp) * 1000 - Date.now() - 3_000;
    expect(answer(await send(bench, token))).toBe('200');
    offset += 5_000;
    expect(answer(await send(bench, token))).toBe('401 invalid_credentials');
  });
});

describe.each(['secret', 'key'])('opaque tokens, asked about with a %s', (proof) => {
  const introspection = (): object => ({
    endpoint: `${idp.issuer}/token/introspection`,
    ...(proof === 'secret'
      ? { clientId: 'gateway', clientSecret: idp.clientSecret }
      : { clientId: 'gateway-key', privateKey: idp.clientKey, algorithm: 'ES256' }),
  });
  test('let in whom the server names, once for 30 s', async () => {
    const bench = await open({ introspection: introspection() });
    const { access } = await idp.signIn('alice', OPAQUE);
    expect(access).not.toContain('.');
    idp.clear();
    expect([answer(await send(bench, access)), answer(await send(bench, access))]).toEqual(['200', '200']);
    expect(caller(bench)).toBe('oidc:corp:alice');
    expect(idp.asked).toEqual(['/token/introspection']);
    expect(bench.logText()).not.toContain(access);
    expect(answer(await send(bench, `${access}x`))).toBe('401 invalid_credentials');
    expect(answer(await send(bench, (await idp.signIn('alice', API)).access))).toBe('200');
  });
  test('the server away: 503', async () => {
    const bench = await open({ introspection: introspection() });
    const { access } = await idp.signIn('alice', OPAQUE);
    idp.available = false;
    expect(answer(await send(bench, access))).toBe('503 auth_unavailable');
    idp.available = true;
    expect(answer(await send(bench, access))).toBe('200');
  });
});

test('without policies the gateway does not start: nobody said what their holders may do', async () => {
  await expect(
    openBench({
      plugins: ['@llm-proxy-auth/auth-oidc'],
      sections: { auth: [API_KEY, { use: 'oidc', issuers: [{ name: 'corp', issuer: idp.issuer, insecureIssuer: true, audience: AUDIENCE }] }] },
    }),
  ).rejects.toMatchObject({ problems: [{ path: 'auth[1]', code: 'policies_missing' }] });
});
