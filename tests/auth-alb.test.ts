import { type LoadBalancer, type LoadBalancerKeys, loadBalancerKeys } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { chat, SMALL } from './support/limited.ts';
import { ask, ask2, codeOf, type Got } from './support/raw.ts';

const PATHS = ['/openai/main/v1/chat/completions', '/transparent/main/v1/chat/completions'] as const;
const ARN = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/gateway/50dc6c495c0c9188';
const RULE = { arn: ARN, clientId: 'console', issuer: 'https://idp.example' };
const HEADER = 'x-amzn-oidc-data';
let keys: LoadBalancerKeys;
let alb: LoadBalancer;
let offset = 0;
const now = (): number => Date.now() + offset;
const opened: Bench[] = [];
const open = async (trustedProxies: readonly string[] = ['127.0.0.1']): Promise<Bench> => {
  const bench = await openBench({
    now,
    plugins: ['@llm-proxy-auth/auth-alb'],
    sections: {
      server: { port: 0, trustedProxies },
      auth: [
        { use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef' },
        {
          use: 'alb',
          arns: [ARN],
          clientId: 'console',
          issuer: 'https://idp.example',
          keys: keys.url,
          insecureKeys: true,
          groups: { claim: 'team', prefix: 'team:' },
        },
      ],
      policies: [
        { match: { group: 'team:research' }, allow: { models: [SMALL] } },
        { match: { principal: 'key:*' }, allow: {} },
      ],
    },
  });
  opened.push(bench);
  return bench;
};
beforeAll(async () => {
  keys = await loadBalancerKeys();
  alb = keys.loadBalancer(RULE);
});
afterEach(async () => {
  offset = 0;
  keys.clear();
  for (const bench of opened.splice(0)) await bench.close();
});
afterAll(() => keys.close());

const data = (claims: object = {}, of = alb): string => of.data({ sub: 'alice', team: 'research', ...claims }, now());
const send = (bench: Bench, headers: Record<string, string | readonly string[]>, path: string = PATHS[0]): Promise<Got> =>
  ask(bench.url, { path, headers: { 'content-type': 'application/json', ...headers }, body: chat(SMALL) });
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`.trim();
const caller = (bench: Bench): unknown => bench.lines.findLast((line) => line.msg === 'request')?.principal;

describe('people that a load balancer has signed in', () => {
  test('come in as alb:<sub> within the policy of their group, over both protocols, and nothing of the header reaches the provider', async () => {
    const bench = await open();
    for (const path of PATHS) {
      bench.simulator.clear();
      expect(answer(await send(bench, { [HEADER]: data(), 'x-amzn-oidc-identity': 'alice', 'x-amzn-oidc-accesstoken': 'opaque-token' }, path))).toBe('200');
      expect(caller(bench)).toBe('alb:alice');
      expect(bench.simulator.requests[0]?.headers.filter(([name]) => name.toLowerCase().startsWith('x-amzn-oidc'))).toEqual([]);
    }
    expect(answer(await ask2(bench.url, { path: PATHS[0], headers: { 'content-type': 'application/json', [HEADER]: data() }, body: chat(SMALL) }))).toBe('200');
    expect(answer(await send(bench, { [HEADER]: data({ team: 'sales' }) }))).toMatch(/^403 /);
    const client = new OpenAI({ apiKey: bench.key, baseURL: `${bench.url}/openai/main/v1`, maxRetries: 0, defaultHeaders: { [HEADER]: data() } });
    await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] });
    expect(caller(bench), 'a credential of the request beats what comes with the connection').toBe('key:k1');
  });
  test('A050 from a peer that nobody trusts the header is no credential', async () => {
    const bench = await open(['10.0.0.0/8']);
    expect(answer(await send(bench, { [HEADER]: data() }))).toBe('401 missing_credentials');
    expect(answer(await send(bench, { [HEADER]: data(), 'x-forwarded-for': '10.0.0.1' }))).toBe('401 missing_credentials');
    expect(keys.requests).toEqual([]);
  });
  test('A050 of another load balancer, client or key, expired, or twice: 401, and no key is asked for by a bad id', async () => {
    const bench = await open();
    const mallory = keys.loadBalancer({ ...RULE, arn: ARN.replace('123456789012', '210987654321') });
    const [, body = '', signature = ''] = data().split('.');
    const header = (more: object): string =>
      Buffer.from(JSON.stringify({ typ: 'JWT', alg: 'ES256', kid: alb.keyId(), iss: RULE.issuer, client: 'console', signer: ARN, exp: 4e9, ...more })).toString(
        'base64url',
      );
    const bad = [
      data({}, mallory),
      data({}, keys.loadBalancer({ ...RULE, clientId: 'other' })),
      ...['../../x', 'not-a-uuid', `${alb.keyId()}/../x`].map((kid) => `${header({ kid })}.${body}.${signature}`),
      ...['HS256', 'none', 'RS256'].map((alg) => `${header({ alg })}.${body}.${signature}`),
      'mallory',
    ];
    const answers: Got[] = [];
    for (const value of bad) answers.push(await send(bench, { [HEADER]: value }));
    expect(keys.requests).toEqual([]);
    answers.push(await send(bench, { [HEADER]: `${header({ sub: 'root' })}.${body}.${signature}` }), await send(bench, { [HEADER]: [data(), data()] }));
    offset = -200_000;
    const old = data();
    offset = 0;
    answers.push(await send(bench, { [HEADER]: old }));
    expect(new Set(answers.map(answer))).toEqual(new Set(['401 invalid_credentials']));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const other = await send(bench, { [HEADER.replaceAll('-', '_')]: data() });
    expect(answer(other)).toBe('401 missing_credentials');
    expect(answer(await send(bench, { [HEADER]: data() }))).toBe('200');
    expect(bench.simulator.requests).toHaveLength(1);
  });
  test('without the header: 401, not anybody', async () => {
    expect(answer(await send(await open(), {}))).toBe('401 missing_credentials');
  });
  test('a key that rotates is found; a server of keys that is away is 503, and the key in use goes on', async () => {
    const bench = await open();
    const before = data();
    expect(answer(await send(bench, { [HEADER]: before }))).toBe('200');
    alb.rotate();
    expect(answer(await send(bench, { [HEADER]: data() }))).toBe('200');
    const withKey = data({ sub: 'bob' });
    alb.rotate();
    const back = keys.script({ status: 503 });
    expect(answer(await send(bench, { [HEADER]: data() }))).toBe('503 auth_unavailable');
    expect(answer(await send(bench, { [HEADER]: withKey }))).toBe('200');
    back();
    expect(answer(await send(bench, { [HEADER]: data() }))).toBe('200');
  });
  test('A045 what it wrote is not remembered beyond its end', async () => {
    const bench = await open();
    const value = data();
    offset = 178_000;
    expect(answer(await send(bench, { [HEADER]: value }))).toBe('200');
    offset = 181_000;
    expect(answer(await send(bench, { [HEADER]: value }))).toBe('401 invalid_credentials');
  });
});
