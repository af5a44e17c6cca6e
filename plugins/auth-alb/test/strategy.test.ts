import { createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { configurationOf, type FakeHost, fakeHost } from '@llm-proxy-auth/contract-tests';
import type { UpstreamReply, UpstreamRequest } from '@llm-proxy-auth/plugin';
import type { LoadBalancer, LoadBalancerKeys } from '@llm-proxy-auth/simulators';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import plugin from '../src/index.ts';
import { ARN, answeredBy, CLIENT, ISSUER, OTHER_ARN, openKeys, PLACE, RULE, requestOf } from './support.ts';

let keys: LoadBalancerKeys;
let alb: LoadBalancer;
beforeAll(async () => {
  keys = await openKeys();
  alb = keys.loadBalancer(RULE);
});
afterAll(() => keys.close());

type Answer = (request: UpstreamRequest) => UpstreamReply | Promise<UpstreamReply>;
const open = async (more: object = {}, answer: Answer = answeredBy(keys)) => {
  const host: FakeHost = fakeHost({ answer });
  const factory = plugin.auth?.alb;
  if (factory === undefined) throw new Error('no strategy');
  const config = configurationOf(factory.config, { arns: [ARN], clientId: CLIENT, issuer: ISSUER, ...more });
  const strategy = await factory.create(config, host);
  const ask = async (...request: Parameters<typeof requestOf>) => await strategy.authenticate(requestOf(...request));
  const is = async (...request: Parameters<typeof requestOf>): Promise<string> => {
    const result = await ask(...request);
    return 'reason' in result ? `${result.is} ${result.reason}` : result.is;
  };
  return { host, ask, is, asked: () => host.fetched.map(({ request }) => request.origin + request.path) };
};
const b64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** Signed by nobody the key server knows, unless told how. */
const forged = (header: object, signature: (input: string) => Uint8Array = () => Buffer.alloc(64, 1), claims: object = { sub: 'alice' }): string => {
  const input = `${b64({ typ: 'JWT', alg: 'ES256', kid: alb.keyId(), client: CLIENT, signer: ARN, iss: ISSUER, exp: 4e9, ...header })}.${b64(claims)}`;
  return `${input}.${Buffer.from(signature(input)).toString('base64url')}`;
};

describe('what a load balancer writes', () => {
  test('A050 another load balancer, client, algorithm, key id, end or peer is refused, the padded good one is not, and no key is asked for by a bad id', async () => {
    const { is, ask, host, asked } = await open();
    const now = host.now();
    const other = keys.loadBalancer({ ...RULE, arn: OTHER_ARN });
    expect(await is(other.data({ sub: 'alice' }, now))).toBe('denied signer');
    expect(await is(keys.loadBalancer({ ...RULE, clientId: 'other' }).data({ sub: 'alice' }, now))).toBe('denied client');
    expect(await is(forged({ alg: 'HS256' }, (input) => createHmac('sha256', 'x').update(input).digest()))).toBe('denied algorithm');
    expect(await is(forged({ alg: 'none' }))).toBe('denied algorithm');
    for (const kid of ['../../x', 'key-1', `${alb.keyId()}/..`, `${alb.keyId()}?x`, `${alb.keyId()}%2f`])
      expect(await is(forged({ kid }))).toBe('denied key_id');
    for (const kid of ['', 7, null]) expect(await is(forged({ kid }))).toBe('denied malformed_header');
    const good = alb.data({ sub: 'alice', email: 'a@corp.example' }, now);
    expect(await is(good, { trusted: false })).toBe('denied untrusted_peer');
    expect(asked()).toEqual([]);
    expect(good).toContain('=');
    expect(await ask(good)).toMatchObject({ is: 'principal', principal: { id: 'alb:alice', owner: 'alb:alice', strategy: 'alb', groups: [], scopes: [] } });
    expect(await is(alb.data({ sub: 'alice' }, now - 180_000))).toBe('denied expired');
    expect(asked()).toEqual([`${PLACE}/${alb.keyId()}`]);
  });
  test('another load balancer that says it is ours is refused by its key', async () => {
    const { is, host } = await open();
    const other = keys.loadBalancer({ ...RULE, arn: OTHER_ARN });
    const [, body = '', signature = ''] = other.data({ sub: 'root' }, host.now()).split('.');
    const header = b64({ typ: 'JWT', kid: other.keyId(), alg: 'ES256', iss: ISSUER, client: CLIENT, signer: ARN, exp: 4e9 });
    expect(await is(`${header}.${body}.${signature}`)).toBe('denied signature');
  });
  test('a key that a token brings along is not looked at', async () => {
    const mine = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { is, asked } = await open();
    const jwk = mine.publicKey.export({ format: 'jwk' });
    const token = forged({ jwk, jku: 'https://evil.example', x5u: 'https://evil.example' }, (input) =>
      sign('sha256', Buffer.from(input), { key: mine.privateKey, dsaEncoding: 'ieee-p1363' }),
    );
    expect(await is(token)).toBe('denied signature');
    expect(asked()).toEqual([`${PLACE}/${alb.keyId()}`]);
  });
  test('another header, another slot, two headers in one', async () => {
    const { is, host } = await open();
    const good = alb.data({ sub: 'alice' }, host.now());
    expect(await is(good, {}, 'x-forwarded-client-cert')).toBe('not-mine');
    expect(await is(`${good}, ${good}`)).toBe('denied malformed_form');
  });
  test('issuer, subject, end', async () => {
    const { is, host } = await open();
    expect(await is(keys.loadBalancer({ ...RULE, issuer: `${ISSUER}/` }).data({ sub: 'a' }, host.now()))).toBe('denied issuer');
    for (const sub of [undefined, '', 5, 'a\nb']) expect(await is(alb.data({ sub }, host.now()))).toBe('denied subject');
    const any = await open({ issuer: undefined, clientId: null });
    expect(await any.is(keys.loadBalancer({ ...RULE, issuer: 'x', clientId: 'y' }).data({ sub: 'a' }, host.now()))).toBe('principal');
  });
  test('groups and scopes as configured, and no others', async () => {
    const { ask, host } = await open({ groups: { claim: 'cognito:groups', prefix: 'p:' }, scopes: { claim: 'role', map: { ops: 'metrics' } } });
    expect(await ask(alb.data({ sub: 'a', 'cognito:groups': ['x'], role: 'ops', scope: 'admin' }, host.now()))).toMatchObject({
      principal: { groups: ['p:x'], scopes: ['metrics'] },
    });
  });
});

describe('keys of load balancers', () => {
  test('one is asked for once, whoever comes, and again when it rotates', async () => {
    const { is, host, asked } = await open();
    const one = keys.loadBalancer(RULE);
    await Promise.all(Array.from({ length: 10 }, (_, i) => is(one.data({ sub: `u${i}` }, host.now()))));
    expect(asked()).toHaveLength(1);
    one.rotate();
    expect(await is(one.data({ sub: 'a' }, host.now()))).toBe('principal');
    expect(asked()).toHaveLength(2);
  });
  test('one that is not there is not asked for again within 30 s, and does not push out the one in use', async () => {
    const { is, host, asked } = await open();
    await is(alb.data({ sub: 'a' }, host.now()));
    const kid = '00000000-0000-4000-8000-000000000000';
    expect([await is(forged({ kid })), await is(forged({ kid }))]).toEqual(['denied unknown_key', 'denied unknown_key']);
    expect(await is(alb.data({ sub: 'b' }, host.now()))).toBe('principal');
    expect(asked()).toHaveLength(2);
    host.advance(30_000);
    await is(forged({ kid }));
    expect(asked()).toHaveLength(3);
  });
  test('the one before and that of another load balancer stay known beside a new one', async () => {
    const { is, host, asked } = await open({ arns: [ARN, OTHER_ARN] });
    const [one, other] = [keys.loadBalancer(RULE), keys.loadBalancer({ ...RULE, arn: OTHER_ARN })];
    const before = one.data({ sub: 'a' }, host.now());
    one.rotate();
    const tokens = [before, one.data({ sub: 'b' }, host.now()), other.data({ sub: 'c' }, host.now())];
    for (const token of [...tokens, ...tokens, ...tokens]) expect(await is(token)).toBe('principal');
    expect(asked()).toHaveLength(3);
  });
  test('a flood of ids that nobody knows asks for ten at a time and a hundred in 30 s, and leaves the known ones and callers elsewhere alone', async () => {
    const { is, ask, host, asked } = await open();
    const one = keys.loadBalancer(RULE);
    expect(await is(one.data({ sub: 'a' }, host.now()))).toBe('principal');
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => is(forged({ kid: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}` }))));
    expect(asked()).toHaveLength(10);
    expect(new Set(answers)).toEqual(new Set(['denied unknown_key', 'unavailable keys_unavailable']));
    expect(await is(one.data({ sub: 'b' }, host.now()))).toBe('principal');
    one.rotate();
    const fresh = one.data({ sub: 'c' }, host.now());
    // Nine that were none use up nothing of what is there for keys.
    expect(await is(fresh)).toBe('principal');
    expect(asked()).toHaveLength(11);
    for (let i = 0; i < 200; i++) await is(forged({ kid: randomUUID() }));
    expect(asked()).toHaveLength(102);
    one.rotate();
    const newer = one.data({ sub: 'd' }, host.now());
    expect(await ask(newer)).toEqual({ is: 'unavailable', reason: 'keys_unavailable', retryAfterMs: 30_000 });
    expect(await is(newer, { address: '198.51.100.7' })).toBe('principal');
    one.rotate();
    host.advance(30_000);
    expect(await is(one.data({ sub: 'e' }, host.now()))).toBe('principal');
  });
  test('ids that are there, but sign nothing of ours, push out none that does', async () => {
    const { is, host, asked } = await open();
    const one = keys.loadBalancer(RULE);
    expect(await is(one.data({ sub: 'a' }, host.now()))).toBe('principal');
    for (let i = 0; i < 40; i++) {
      if (i % 10 === 0) host.advance(30_000);
      const foreign = keys.loadBalancer({ ...RULE, arn: OTHER_ARN });
      expect(await is(forged({ kid: foreign.keyId() }))).toBe('denied signature');
    }
    expect(asked()).toHaveLength(41);
    expect(await is(one.data({ sub: 'b' }, host.now()))).toBe('principal');
    expect(asked()).toHaveLength(41);
  });
  test('a clock that is set back holds no question up', async () => {
    const { is, host, asked } = await open();
    const kid = '00000000-0000-4000-8000-000000000000';
    await is(forged({ kid }));
    host.advance(-3_600_000);
    await is(forged({ kid }));
    expect(asked()).toHaveLength(2);
  });
  test('a server that does not answer is 503 and told once, and the key in use goes on', async () => {
    let up = true;
    const { is, host } = await open({}, (request) => (up ? answeredBy(keys)(request) : { status: 500, headers: [], body: Buffer.of() }));
    const one = keys.loadBalancer(RULE);
    const before = one.data({ sub: 'a' }, host.now());
    await is(before);
    up = false;
    one.rotate();
    const after = one.data({ sub: 'a' }, host.now());
    expect([await is(after), await is(after), await is(before)]).toEqual(['unavailable keys_unavailable', 'unavailable keys_unavailable', 'principal']);
    up = true;
    expect(await is(after)).toBe('principal');
    expect(host.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
  });
  test.each([
    ['a key of another curve', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'pem' })],
    ['an RSA key', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' })],
    ['no key', 'hello'],
  ])('%s is none', async (_, pem) => {
    const { is, host } = await open({}, () => ({ status: 200, headers: [], body: Buffer.from(pem) }));
    expect(await is(alb.data({ sub: 'a' }, host.now()))).toMatch(/^(unavailable keys_unavailable|denied signature)$/);
  });
  test('the place is that of the region of the configured ARN', async () => {
    const gov = 'arn:aws-us-gov:elasticloadbalancing:us-gov-west-1:123456789012:loadbalancer/app/gateway/50dc6c495c0c9188';
    const { is, asked, host } = await open({ arns: [gov] });
    await is(keys.loadBalancer({ ...RULE, arn: gov }).data({ sub: 'a' }, host.now()));
    expect(asked()[0]).toMatch(/^https:\/\/s3-us-gov-west-1\.amazonaws\.com\/aws-elb-public-keys-prod-us-gov-west-1\/[0-9a-f-]{36}$/);
  });
});

test.each([
  ['no ARN of a load balancer', { arns: ['arn:aws:iam::123456789012:role/x'] }],
  ['an ARN with another host for a region', { arns: [ARN.replace('eu-west-1', 'evil.example/')] }],
  ['a network load balancer', { arns: [ARN.replace('/app/', '/net/')] }],
  ['China without a place', { arns: [ARN.replace('aws:', 'aws-cn:').replace('eu-west-1', 'cn-north-1')] }],
  ['keys by plain http', { keys: 'http://127.0.0.1:1' }],
  ['keys by plain http elsewhere', { keys: 'http://keys.example', insecureKeys: true }],
])('%s does not start', async (_, more) => {
  await expect(open(more)).rejects.toMatchObject({ code: 'invalid_request' });
});
