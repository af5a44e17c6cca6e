import { fakeHost } from '@llm-proxy-auth/contract-tests';
import type { UpstreamReply } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { profilesOf } from '../src/profiles.ts';

const AT = Date.UTC(2026, 10, 23);
const ARN = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456';
const CLAUDE = 'anthropic.claude-opus-5-5';
const told = (body: unknown, status = 200): UpstreamReply => ({
  status,
  headers: [],
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const good = told({ models: [{ modelArn: `arn:aws:bedrock:us-west-2::foundation-model/${CLAUDE}` }] });
const open = (answer: () => UpstreamReply | Promise<UpstreamReply>, account: string | undefined = undefined) => {
  const host = fakeHost({ now: AT, answer });
  const plane = { origin: 'https://bedrock.us-east-1.amazonaws.com', path: '', host, sign: () => undefined };
  return { host, profiles: profilesOf(plane, { region: 'us-east-1', account }) };
};

describe('what an application inference profile stands for', () => {
  it('is asked once, however many calls name it at a time, and then known', async () => {
    const { host, profiles } = open(() => good);
    expect(profiles.stands(ARN)).toBeUndefined();
    await Promise.all(Array.from({ length: 50 }, () => profiles.learn(ARN)));
    expect(host.fetched.map(({ request }) => request.path)).toEqual([`/inference-profiles/${encodeURIComponent(ARN)}`]);
    expect([profiles.stands(ARN), profiles.learn(ARN)]).toEqual([CLAUDE, undefined]);
  });
  it.each([
    ['access denied', () => told({ message: 'no' }, 403)],
    ['no such profile', () => told({ message: 'no' }, 404)],
    ['no model', () => told({ models: [] })],
    ['no JSON', () => told('<html>')],
    ['a model of no known form', () => told({ models: [{ modelArn: 'x' }] })],
    ['no answer', () => Promise.reject(new Error('connect ECONNREFUSED'))],
  ])('is unknown after %s, told in the log, and left alone for ten minutes', async (_name, answer) => {
    const { host, profiles } = open(answer);
    await profiles.learn(ARN);
    expect([profiles.stands(ARN), host.lines.length]).toEqual([undefined, 1]);
    expect(profiles.learn(ARN)).toBeUndefined();
    host.advance(600_001);
    await profiles.learn(ARN);
    expect(host.fetched.length).toBe(2);
  });
  it.each([
    'amazon.nova-lite-v1:0',
    'abc123def456',
    'arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc',
    'arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0',
    ARN.replace('us-east-1', 'eu-west-1'),
    ARN.replace('123456789012', '999999999999'),
  ])('is nothing to ask of %s', (model) => {
    const { host, profiles } = open(() => good, '123456789012');
    expect([profiles.learn(model), host.fetched.length]).toEqual([undefined, 0]);
  });
  it('is known where a list said it', () => {
    const { host, profiles } = open(() => good);
    profiles.know(ARN, `arn:aws:bedrock:us-east-1::foundation-model/${CLAUDE}`);
    profiles.know('us.amazon.nova-lite-v1:0', 'arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0');
    expect([profiles.stands(ARN), profiles.stands('us.amazon.nova-lite-v1:0'), host.fetched.length]).toEqual([CLAUDE, undefined, 0]);
    expect([profiles.learn(ARN), profiles.learn(ARN), host.fetched.length]).toEqual([expect.any(Promise), undefined, 0]);
  });
});
