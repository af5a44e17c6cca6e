import { Sha256 } from '@aws-crypto/sha256-js';
import { type IdentityOptions, identityRequest, tokenOf } from '@llm-proxy-auth/auth-aws-iam/token';
import {
  type AwsCredential,
  type AwsCredentials,
  awsCredentials,
  exampleCredential,
  type StsSimulator,
  stsSimulator,
  stsThrottling,
} from '@llm-proxy-auth/simulators';
import { SignatureV4 } from '@smithy/signature-v4';
import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

const ACCOUNT = '123456789012';
const ROLE = `arn:aws:sts::${ACCOUNT}:assumed-role/app-one/session-1`;
let sts: StsSimulator;
let credentials: AwsCredentials;
let bench: Bench;
let role: AwsCredential;
const strategy = (more: object = {}): object => ({
  use: 'aws-iam',
  gatewayId: 'prod',
  regions: ['us-east-1'],
  allow: [`${ACCOUNT}:role/app-*`, `${ACCOUNT}:permission-set/Developers`],
  endpoint: sts.url,
  insecureEndpoint: true,
  ...more,
});
const open = (more: object = {}): Promise<Bench> =>
  openBench({
    plugins: ['@llm-proxy-auth/auth-aws-iam'],
    sections: {
      auth: [{ use: 'api-key' }, strategy(more)],
      policies: [
        { match: { principal: `aws:${ACCOUNT}:role/app-*` }, allow: { models: ['gpt-4o*'] } },
        { match: { group: 'permission-set/Developers' }, allow: { models: ['gpt-4o'] } },
        { match: { principal: 'key:*' } },
      ],
    },
  });
beforeAll(async () => {
  credentials = awsCredentials({ known: [exampleCredential] });
  sts = await stsSimulator({ credentials });
  bench = await open();
  role = credentials.issue({ arn: ROLE, seconds: 3600 });
});
afterAll(async () => {
  await bench.close();
  await sts.close();
});
beforeEach(() => sts.clear());

const tokenFor = async (by: AwsCredential, wanted: Partial<IdentityOptions> & { readonly at?: Date } = {}): Promise<string> => {
  const { region = 'us-east-1', gatewayId = 'prod', nonce, at = new Date() } = wanted;
  const { accessKeyId, secretAccessKey, sessionToken } = by;
  const keys = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  const signer = new SignatureV4({ service: 'sts', region, credentials: keys, sha256: Sha256 });
  return tokenOf(await signer.presign(identityRequest({ region, gatewayId, nonce }), { expiresIn: 900, signingDate: at }));
};
const inside = (token: string): string => Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
const tokenOfText = (text: string): string => `lpa-aws-v1.${Buffer.from(text).toString('base64url')}`;
const chat = async (apiKey: string, model = 'gpt-4o', at = bench): Promise<string> => {
  const client = new OpenAI({ baseURL: `${at.url}/openai/main/v1`, apiKey, maxRetries: 0 });
  try {
    const reply = await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello' }] });
    return reply.choices[0]?.finish_reason ?? '';
  } catch (error) {
    if (error instanceof APIError) return `${error.status} ${error.headers?.get('x-lpa-code')}`;
    throw error;
  }
};

describe('an AWS role with the OpenAI SDK', () => {
  test('is served what its policy allows; AWS is asked once a minute', async () => {
    const token = await tokenFor(role);
    expect([await chat(token), await chat(token), await chat(token, 'gpt-4.1')]).toEqual(['stop', 'stop', '403 model_not_allowed']);
    expect(sts.requests).toHaveLength(1);
    expect(sts.requests[0]?.header('host')).toBe('sts.us-east-1.amazonaws.com');
  });
  test('people of Identity Center by their permission set', async () => {
    const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/AWSReservedSSO_Developers_0123456789abcdef/alice@example.com`;
    const token = await tokenFor(credentials.issue({ arn, seconds: 3600 }));
    expect([await chat(token), await chat(token, 'gpt-4o-mini')]).toEqual(['stop', '403 model_not_allowed']);
  });
  test('nobody who is not named', async () => {
    for (const arn of [`arn:aws:sts::${ACCOUNT}:assumed-role/other/s1`, ROLE.replace(ACCOUNT, '210987654321'), `arn:aws:iam::${ACCOUNT}:root`])
      expect(await chat(await tokenFor(credentials.issue({ arn, seconds: 3600 })))).toBe('401 invalid_credentials');
    expect(await chat(await tokenFor(exampleCredential))).toBe('401 invalid_credentials');
  });
  test('not with what was signed for another gateway, by another key or too long ago', async () => {
    expect(await chat(await tokenFor(role, { gatewayId: 'test' }))).toBe('401 invalid_credentials');
    expect(await chat(await tokenFor({ ...role, secretAccessKey: 'wrong' }))).toBe('401 invalid_credentials');
    expect(sts.requests).toHaveLength(2);
    expect(await chat(await tokenFor(role, { at: new Date(Date.now() - 901_000) }))).toBe('401 invalid_credentials');
    expect(sts.requests).toHaveLength(2);
  });
  test('503 while AWS throttles, fails or redirects to nowhere; never 401', async () => {
    // Each token is another, so that none is remembered.
    let age = 120_000;
    const another = (): Promise<string> => {
      age += 1000;
      return tokenFor(role, { at: new Date(Date.now() - age) });
    };
    for (const fault of [stsThrottling, { status: 500 }, { cut: { at: 'head', how: 'rst' } }] as const) {
      sts.script(fault);
      expect(await chat(await another())).toBe('503 auth_unavailable');
    }
    const identity = { GetCallerIdentityResult: { Account: ACCOUNT, Arn: ROLE, UserId: 'AROAEXAMPLEROLEID0000:session-1' } };
    for (const [padding, expected] of [
      [60_000, 'stop'],
      [65_536, '401 invalid_credentials'],
    ] as const) {
      const body = JSON.stringify({ GetCallerIdentityResponse: identity, padding: 'x'.repeat(padding) });
      sts.script({ headers: { 'content-type': 'application/json' }, body });
      expect(await chat(await another())).toBe(expected);
    }
    sts.script({ redirect: 'https://evil.example/' });
    expect(await chat(await another())).toBe('401 invalid_credentials');
  });
  test('once, when tokens are taken once', async () => {
    const once = await open({ oneTime: true });
    try {
      const token = await tokenFor(role, { nonce: '0123456789abcdefghij' });
      expect((await Promise.all(Array.from({ length: 5 }, () => chat(token, 'gpt-4o', once)))).toSorted()).toEqual([
        ...Array.from({ length: 4 }, () => '401 invalid_credentials'),
        'stop',
      ]);
      expect(await chat(token, 'gpt-4o', once)).toBe('401 invalid_credentials');
      expect(await chat(await tokenFor(role), 'gpt-4o', once)).toBe('401 invalid_credentials');
    } finally {
      await once.close();
    }
  });
});

describe('A046 STS URL matrix', () => {
  const edits: readonly [string, (url: string) => string][] = [
    ['http', (url) => url.replace('https:', 'http:')],
    ['another host', (url) => url.replace('sts.us-east-1.amazonaws.com', 'evil.example')],
    ['sts.amazonaws.com.evil', (url) => url.replace('sts.us-east-1.amazonaws.com', 'sts.amazonaws.com.evil')],
    ['port 444', (url) => url.replace('.com/', '.com:444/')],
    ['userinfo', (url) => url.replace('https://', 'https://x@')],
    ['path /abc', (url) => url.replace('.com/', '.com/abc')],
    ['an unknown key', (url) => `${url}&NoInWhiteList=abc`],
    ['AssumeRole', (url) => url.replace('GetCallerIdentity', 'AssumeRole')],
    ['expires 9999999', (url) => url.replace('X-Amz-Expires=900', 'X-Amz-Expires=9999999')],
    ['a bad date', (url) => url.replace(/X-Amz-Date=[^&]*/, 'X-Amz-Date=xxxxxxx')],
    ['an old date', (url) => url.replace(/X-Amz-Date=[^&]*/, 'X-Amz-Date=19900422T010203Z')],
    ['%gh', (url) => url.replace('Version=2011-06-15', 'Version=%gh')],
    ['more than 4 KiB', (url) => `${url}&X-Amz-Security-Token=${'A'.repeat(4096)}`],
    ['the gateway’s id not signed', (url) => url.replace('x-lpa-gateway-id', 'x-lpa-gateway-i')],
  ];
  test.each(edits)('%s: 401, and nobody is asked', async (_name, edit) => {
    const url = inside(await tokenFor(exampleCredential));
    expect(edit(url)).not.toBe(url);
    expect(await chat(tokenOfText(edit(url)))).toBe('401 invalid_credentials');
    expect(sts.requests).toEqual([]);
  });
});
describe('A047 duplicate parameter', () => {
  test.each([
    ['x-amz-credential=eve', '&x-amz-credential=eve'],
    ['Action twice', '&Action=GetCallerIdentity'],
    ['ACTION twice', '&ACTION=GetCallerIdentity&ACTION=GetCallerIdentity'],
  ])('%s: 401, and nobody is asked', async (_name, more) => {
    expect(await chat(tokenOfText(`${inside(await tokenFor(role))}${more}`))).toBe('401 invalid_credentials');
    expect(sts.requests).toEqual([]);
  });
});
test('no token is in the log, and none reaches the provider', async () => {
  const token = await tokenFor(role);
  await chat(token);
  expect(bench.logText()).not.toContain(token.slice(11, 60));
  expect(bench.simulator.requests.some(({ headers }) => headers.some(([, value]) => value.includes('lpa-aws-v1')))).toBe(false);
});
