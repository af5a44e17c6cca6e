import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { certificateAuthority, SERVER_AUTH } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { chat, SMALL } from './support/limited.ts';
import { ask, codeOf } from './support/raw.ts';

const authority = certificateAuthority();
const { pem, key } = authority.issue({ subject: [['CN', 'localhost']], dns: ['localhost'], usages: [SERVER_AUTH] });
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const JWKS = { keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' }] };
let server: Server;
let issuer = '';
/** Where the discovery document leads. */
let keysAt: (origin: string) => string = (origin) => `${origin}/keys`;
const asked: string[] = [];
const opened: Bench[] = [];

beforeAll(async () => {
  server = createServer({ cert: pem, key }, (request, response) => {
    asked.push(request.url ?? '');
    const json = (body: unknown): void => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.url === '/.well-known/openid-configuration') return json({ issuer, jwks_uri: keysAt(issuer) });
    if (request.url === '/keys') return json(JWKS);
    if (request.url === '/moved') return void response.writeHead(302, { location: '/keys' }).end();
    // More than a set of keys may be, in pieces: it is not read to its end.
    if (request.url === '/endless') return void response.writeHead(200).end(JSON.stringify({ ...JWKS, padding: 'x'.repeat(1_000_000) }));
    response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  issuer = `https://localhost:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  keysAt = (origin) => `${origin}/keys`;
  asked.splice(0);
  for (const bench of opened.splice(0)) await bench.close();
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const token = (): string => {
  const seconds = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, sub: 'alice', aud: 'gateway', iat: seconds, exp: seconds + 600 };
  const input = [{ alg: 'ES256', kid: 'k1' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${input}.${sign('sha256', Buffer.from(input), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
};
const answerWith = async (more: object): Promise<string> => {
  const bench = await openBench({
    plugins: ['@llm-proxy-auth/auth-oidc'],
    sections: {
      auth: [
        { use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef' },
        { use: 'oidc', issuers: [{ name: 'corp', issuer, audience: 'gateway', ...more }] },
      ],
      policies: [{ match: { principal: '*' }, allow: {} }],
    },
  });
  opened.push(bench);
  const got = await ask(bench.url, {
    path: '/openai/main/v1/chat/completions',
    headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json' },
    body: chat(SMALL),
  });
  return `${got.status} ${codeOf(got)}`.trim();
};

test('an issuer with a certificate of a private authority is asked when that authority is configured, and not otherwise', async () => {
  expect(await answerWith({ ca: authority.pem })).toBe('200');
  expect(asked).toEqual(['/.well-known/openid-configuration', '/keys']);
  expect(await answerWith({})).toBe('503 auth_unavailable');
  expect(await answerWith({ ca: certificateAuthority('Another').pem })).toBe('503 auth_unavailable');
  expect(asked).toHaveLength(2);
});
test.each<[string, (origin: string) => string]>([
  ['a place that leads on', (origin) => `${origin}/moved`],
  ['a set of keys without an end', (origin) => `${origin}/endless`],
  ['a host that is not configured', (origin) => origin.replace('localhost', '127.0.0.1').concat('/keys')],
  ['plain http', (origin) => origin.replace('https:', 'http:').concat('/keys')],
])('%s: 503, and nothing beyond is asked', async (_name, place) => {
  keysAt = place;
  expect(await answerWith({ ca: authority.pem })).toBe('503 auth_unavailable');
  expect(asked).not.toContain('/keys');
});
test('the place of the keys may be configured, and then nothing else is asked', async () => {
  expect(await answerWith({ ca: authority.pem, jwksUri: `${issuer}/keys` })).toBe('200');
  expect(asked).toEqual(['/keys']);
});
