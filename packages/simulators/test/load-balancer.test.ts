import { createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoadBalancerKeys, loadBalancerKeys } from '../src/index.ts';

let keys: LoadBalancerKeys;
beforeAll(async () => {
  keys = await loadBalancerKeys();
});
afterAll(() => keys.close());
const RULE = { arn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/50dc6c495c0c9188', clientId: 'c', issuer: 'https://idp.example' };

test('what a load balancer writes is padded, lives 120 s, and is signed with the key that the server shows', async () => {
  const alb = keys.loadBalancer(RULE);
  const data = alb.data({ sub: 'alice', email: 'a' }, 1_000_500);
  const [head = '', body = '', signature = ''] = data.split('.');
  expect([head, body, signature].every((part) => part.length % 4 === 0)).toBe(true);
  expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toEqual({
    typ: 'JWT',
    kid: alb.keyId(),
    alg: 'ES256',
    iss: RULE.issuer,
    client: 'c',
    signer: RULE.arn,
    exp: 1120,
  });
  expect(JSON.parse(Buffer.from(body, 'base64url').toString())).toEqual({ sub: 'alice', email: 'a', exp: 1120, iss: RULE.issuer });
  const pem = await (await fetch(`${keys.url}/${alb.keyId()}`)).text();
  const key = { key: createPublicKey(pem), dsaEncoding: 'ieee-p1363' as const };
  expect(verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))).toBe(true);
});
test('after a rotation both keys are shown; nothing else is', async () => {
  const alb = keys.loadBalancer(RULE);
  const before = alb.keyId();
  alb.rotate();
  expect(alb.keyId()).not.toBe(before);
  const status = async (path: string, init?: RequestInit): Promise<number> => (await fetch(keys.url + path, init)).status;
  expect([await status(`/${before}`), await status(`/${alb.keyId()}`), await status('/'), await status(`/${before}/x`)]).toEqual([200, 200, 404, 404]);
  expect(await status(`/${before}`, { method: 'POST' })).toBe(405);
});
