import { GatewayError, type UpstreamReply } from '@llm-proxy-auth/plugin';
import { describe, expect, it, vi } from 'vitest';
import { callerOf, KEYS, make, makeToken, refusalOf, reply, START } from './support.ts';

const good = await makeToken();
const ROLE = 'arn:aws:sts::123456789012:assumed-role/app-one/session-1';

describe('who it is', () => {
  const everybody = ['role/*', 'user/*', 'federated-user/*', 'root'].map((who) => `123456789012:${who}`);
  it.each([
    ['a role', ROLE, 'AROAEXAMPLEROLEID0000:session-1', 'aws:123456789012:role/app-one', []],
    [
      'a permission set of Identity Center',
      'arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_Team_0123456789abcdef/alice@example.com',
      'AROAEXAMPLEROLEID0000:alice@example.com',
      'aws:123456789012:role/AWSReservedSSO_Dev_Team_0123456789abcdef',
      ['permission-set/Dev_Team'],
    ],
    ['a user', 'arn:aws:iam::123456789012:user/division/a/bob', 'AIDAEXAMPLEUSERID0000', 'aws:123456789012:user/bob', []],
    ['a federated user', 'arn:aws:sts::123456789012:federated-user/carol', '123456789012:carol', 'aws:123456789012:federated-user/carol', []],
    ['the root user', 'arn:aws:iam::123456789012:root', '123456789012', 'aws:123456789012:root', []],
  ])('%s', async (_name, arn, userId, id, groups) => {
    const { ask } = await make({ allow: everybody }, () => callerOf(arn, userId));
    expect(await ask(good)).toEqual({
      is: 'principal',
      epoch: 0,
      cacheUntil: START + 60_000,
      principal: { id, owner: id, strategy: 'aws-iam', credential: userId, groups, scopes: [], factor: 'none', expires: START + 900_000 },
    });
  });
  it.each([
    ['an ARN that is none', 'arn', 'AROAEXAMPLEROLEID0000:session-1', 'arn_malformed'],
    ['another partition', ROLE.replace('arn:aws:', 'arn:aws-cn:'), 'AROAEXAMPLEROLEID0000:session-1', 'arn_malformed'],
    ['a kind that is not known', 'arn:aws:sts::123456789012:something/x', 'x', 'arn_malformed'],
    ['a role that was not assumed', 'arn:aws:iam::123456789012:role/app-one', 'AROAEXAMPLEROLEID0000', 'arn_malformed'],
    ['a role without a session', 'arn:aws:sts::123456789012:assumed-role/app-one', 'AROAEXAMPLEROLEID0000', 'arn_malformed'],
    ['a user id of three parts', ROLE, 'AROAEXAMPLEROLEID0000:session-1:x', 'user_id_malformed'],
    ['a user id of another session', ROLE, 'AROAEXAMPLEROLEID0000:session-2', 'user_id_malformed'],
    ['a user id without a session', ROLE, 'AROAEXAMPLEROLEID0000', 'user_id_malformed'],
    ['a user id that is none', 'arn:aws:iam::123456789012:user/example', 'not:valid', 'user_id_malformed'],
    ['a root user with another id', 'arn:aws:iam::123456789012:root', '210987654321', 'user_id_malformed'],
    ['a federated user with another id', 'arn:aws:sts::123456789012:federated-user/carol', '123456789012:dave', 'user_id_malformed'],
  ])('%s is nobody', async (_name, arn, userId, reason) => {
    const { ask } = await make({ allow: everybody }, () => callerOf(arn, userId));
    expect(await ask(good)).toEqual({ is: 'denied', reason });
  });
  it('an account that is not the ARN’s is nobody', async () => {
    const { ask } = await make({}, () => callerOf(ROLE, 'AROAEXAMPLEROLEID0000:session-1', '210987654321'));
    expect(await ask(good)).toEqual({ is: 'denied', reason: 'arn_malformed' });
  });
});

describe('who is let in', () => {
  const SSO = 'arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_MyPerm_0123456789abcdef/alice';
  const id = (arn: string): string => (arn.includes('assumed-role') ? `AROAEXAMPLEROLEID0000:${arn.split('/').at(-1)}` : 'AIDAEXAMPLEUSERID0000');
  const of = (account: string, arn: string): string => arn.replace('123456789012', account);
  it.each([
    ['role/app-one', ROLE, true],
    ['role/app-*', ROLE, true],
    ['role/app-two', ROLE, false],
    ['role/one', ROLE, false],
    ['role/app', ROLE, false],
    ['role/APP-*', ROLE, false],
    ['user/app-one', ROLE, false],
    ['federated-user/app-one', ROLE, false],
    ['root', ROLE, false],
    ['permission-set/app-one', ROLE, false],
    ['role/example', 'arn:aws:iam::123456789012:user/example', false],
    ['user/example', 'arn:aws:iam::123456789012:user/example', true],
    ['role/*', of('210987654321', ROLE), false],
    ['role/app-one#AROAEXAMPLEROLEID0000', ROLE, true],
    ['role/app-one#AROAANOTHERROLEID000', ROLE, false],
    ['permission-set/MyPerm', SSO, true],
    ['permission-set/My*', SSO, true],
    ['permission-set/Perm', SSO, false],
    ['permission-set/MyPerm', of('210987654321', SSO), false],
    ['permission-set/MyPerm', SSO.replace('0123456789abcdef', '0123456789abcde'), false],
    ['permission-set/MyPerm', SSO.replace('0123456789abcdef', '0123456789ABCDEF'), false],
    ['permission-set/MyPerm', SSO.replace('AWSReservedSSO', 'XAWSReservedSSO'), false],
    ['permission-set/MyPerm', SSO.replace('0123456789abcdef', '0123456789abcdef0'), false],
  ])('%s, asked by %s: %s', async (entry, arn, allowed) => {
    const account = arn.split(':')[4] ?? '';
    const { ask } = await make({ allow: [`123456789012:${entry}`] }, () => callerOf(arn, id(arn), account));
    expect(await ask(good)).toMatchObject(allowed ? { is: 'principal' } : { is: 'denied', reason: 'not_allowed' });
  });
});

describe('what the token service answers', () => {
  const huge = (): never => {
    throw new GatewayError('upstream_bad_response', 'The answer is larger than 65536 bytes.');
  };
  const silent = (): never => {
    throw new GatewayError('upstream_timeout', 'No answer in time.');
  };
  const redirect: UpstreamReply = { status: 302, headers: ['location', 'https://evil.example/'], body: Buffer.alloc(0) };
  const xml = reply(200, '<GetCallerIdentityResponse/>', 'text/xml');
  const rows: [string, () => UpstreamReply, object][] = [
    ['a wrong signature', () => refusalOf(403, 'SignatureDoesNotMatch'), { is: 'denied', reason: 'sts_SignatureDoesNotMatch' }],
    ['ended credentials', () => refusalOf(403, 'ExpiredToken'), { is: 'denied', reason: 'sts_ExpiredToken' }],
    ['a refusal that is no JSON', () => reply(403, '<html>', 'text/html'), { is: 'denied', reason: 'sts_status_403' }],
    ['a code with other characters', () => refusalOf(400, '<b>'), { is: 'denied', reason: 'sts_status_400' }],
    ['a redirect', () => redirect, { is: 'denied', reason: 'sts_status_302' }],
    ['XML', () => xml, { is: 'denied', reason: 'answer_not_json' }],
    ['JSON that says it is text', () => ({ ...callerOf(), headers: ['content-type', 'text/plain'] }), { is: 'denied', reason: 'answer_not_json' }],
    ['no type', () => ({ ...callerOf(), headers: [] }), { is: 'denied', reason: 'answer_not_json' }],
    ['no JSON', () => reply(200, 'xxxx'), { is: 'denied', reason: 'answer_malformed' }],
    ['nobody', () => reply(200, {}), { is: 'denied', reason: 'answer_malformed' }],
    ['another success', () => ({ ...callerOf(), status: 201 }), { is: 'denied', reason: 'sts_status_201' }],
    ['more than 64 KiB', huge, { is: 'denied', reason: 'answer_too_long' }],
    ['nothing', silent, { is: 'unavailable', reason: 'sts_unreachable', retryAfterMs: 1000 }],
    ['a failure of its own', () => refusalOf(500, 'InternalFailure'), { is: 'unavailable', reason: 'sts_failing', retryAfterMs: 1000 }],
    ['a gateway’s failure', () => reply(503, 'x', 'text/html'), { is: 'unavailable', reason: 'sts_failing', retryAfterMs: 1000 }],
    ['throttling', () => refusalOf(400, 'Throttling'), { is: 'unavailable', reason: 'sts_throttling', retryAfterMs: 1000 }],
    ['429', () => reply(429, 'x', 'text/html'), { is: 'unavailable', reason: 'sts_throttling', retryAfterMs: 1000 }],
  ];
  it.each(rows)('%s', async (_name, answer, expected) => {
    const { ask } = await make({}, answer);
    expect(await ask(good)).toEqual(expected);
  });
  it('throttling is counted apart', async () => {
    const { ask, host } = await make({}, () => refusalOf(400, 'Throttling'));
    await ask(good);
    expect([...host.counted]).toEqual([['llm_proxy_auth_sts_throttled_total{}', 1]]);
  });
  it('is awaited for five seconds', async () => {
    const { ask, host } = await make();
    const before = AbortSignal.timeout;
    const waits: number[] = [];
    AbortSignal.timeout = (ms) => {
      waits.push(ms);
      return before.call(AbortSignal, ms);
    };
    try {
      await ask(good);
    } finally {
      AbortSignal.timeout = before;
    }
    expect([waits, host.fetched[0]?.signal?.aborted]).toEqual([[5000], false]);
  });
  it('a question runs once for all who show the same token, and 32 of one network at a time', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { ask, host } = await make({}, async () => {
      await gate;
      return callerOf();
    });
    const same = [ask(good), ask(good)];
    const others = await Promise.all(Array.from({ length: 32 }, (_, i) => makeToken({ at: START - (i + 1) * 1000 })));
    const asked = others.map((token) => ask(token));
    expect(await asked[31]).toEqual({ is: 'unavailable', reason: 'too_many_questions', retryAfterMs: 1000 });
    release();
    const results = await Promise.all([...same, ...asked.slice(0, 31)]);
    expect(results.every(({ is }) => is === 'principal')).toBe(true);
    expect(host.fetched).toHaveLength(32);
    expect(await ask(others[31] ?? '')).toMatchObject({ is: 'principal' });
  });
  it('made-up tokens from one address keep nobody elsewhere waiting', async () => {
    const held: (() => void)[] = [];
    const { ask, host } = await make({}, ({ path }) =>
      path.includes(KEYS.accessKeyId) ? callerOf() : new Promise((resolve) => held.push(() => resolve(refusalOf(403, 'InvalidClientTokenId')))),
    );
    const stranger = { ...KEYS, accessKeyId: 'AKIAI44QH8DHBEXAMPLE' };
    const madeUp = await Promise.all(Array.from({ length: 100 }, (_, i) => makeToken({ at: START - (i + 1) * 1000, keys: stranger })));
    const real = await Promise.all(Array.from({ length: 10 }, (_, i) => makeToken({ at: START - (i + 1) * 1000 })));
    // Before the first is refused, and when a network has had its refusals.
    for (const most of [32, 4]) {
      const flood = madeUp.map((token) => ask(token));
      await expect.poll(() => held.length).toBe(most);
      const elsewhere = await Promise.all(real.map((token) => ask(token, 'bearer', '198.51.100.7')));
      expect(new Set(elsewhere.map(({ is }) => is))).toEqual(new Set(['principal']));
      for (const answer of held.splice(0)) answer();
      await Promise.all(flood);
      // Who shares the address is slowed alone.
      expect(await ask(good)).toMatchObject({ is: 'principal' });
    }
    expect(host.fetched).toHaveLength(32 + 4 + 2 * 11);
  });
});

describe('a token that is taken once', () => {
  const nonce = '0123456789abcdef';
  it('is taken once, whoever shares the store, and never remembered', async () => {
    const { ask, host } = await make({ oneTime: true });
    const token = await makeToken({ nonce });
    expect(host.fetched).toEqual([]);
    const results = await Promise.all(Array.from({ length: 20 }, () => ask(token)));
    expect(results.filter(({ is }) => is === 'principal')).toEqual([expect.objectContaining({ cacheUntil: START })]);
    expect(results.filter(({ is }) => is === 'denied')).toHaveLength(19);
    expect(await ask(await makeToken({ nonce, at: START + 1000 }))).toEqual({ is: 'denied', reason: 'nonce_used' });
    expect(await ask(await makeToken({ nonce: `${nonce}0` }))).toMatchObject({ is: 'principal' });
  });
  it('sends the nonce that was signed', async () => {
    const { ask, host } = await make();
    await ask(await makeToken({ nonce }));
    const headers = host.fetched[0]?.request.headers ?? [];
    expect(headers[headers.indexOf('x-lpa-nonce') + 1]).toBe(nonce);
  });
  it('needs a nonce before anything is asked, and keeps none of whom AWS does not know', async () => {
    const { ask, host } = await make({ oneTime: true }, () => refusalOf(403, 'SignatureDoesNotMatch'));
    expect(await ask(good)).toEqual({ is: 'denied', reason: 'nonce_missing' });
    expect(host.fetched).toEqual([]);
    await ask(await makeToken({ nonce }));
    expect(await host.store.list('nonces', undefined, 10)).toEqual([]);
  });
  it('of somebody whom AWS knows and nobody let in is not kept either', async () => {
    const { ask, host } = await make({ oneTime: true, allow: ['123456789012:role/other'] });
    expect(await ask(await makeToken({ nonce }))).toEqual({ is: 'denied', reason: 'not_allowed' });
    expect(await host.store.list('nonces', undefined, 10)).toEqual([]);
  });
  it('is unavailable without the store', async () => {
    const { ask, host } = await make({ oneTime: true });
    host.breakStore();
    expect(await ask(await makeToken({ nonce }))).toEqual({ is: 'unavailable', reason: 'store_unavailable', retryAfterMs: 1000 });
    host.dispose();
  });
});

describe('another place of the token service', () => {
  it('gets the question for the host of AWS', async () => {
    const { ask, host } = await make({ endpoint: 'https://vpce-1.sts.us-east-1.vpce.amazonaws.com' });
    expect(await ask(good)).toMatchObject({ is: 'principal' });
    expect(host.fetched[0]?.request).toMatchObject({ origin: 'https://vpce-1.sts.us-east-1.vpce.amazonaws.com' });
    expect(host.fetched[0]?.request.headers.slice(0, 2)).toEqual(['host', 'sts.us-east-1.amazonaws.com']);
  });
  it.each([{ endpoint: 'http://127.0.0.1:1' }, { endpoint: 'https://a.example/path' }])('%j is refused at the start', async (config) => {
    await expect(make(config)).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

it('a token of a clock that is ahead is taken once too, until its own end', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const { ask, host } = await make({ oneTime: true });
    const ahead = await makeToken({ nonce: '0123456789abcdef', at: START + 5 * 60_000 });
    expect(await ask(ahead)).toMatchObject({ is: 'principal' });
    for (const minutes of [17, 2]) {
      host.advance(minutes * 60_000);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(await ask(ahead)).toEqual({ is: 'denied', reason: 'nonce_used' });
    }
    host.advance(60_000);
    expect(await ask(ahead)).toEqual({ is: 'denied', reason: 'expired' });
  } finally {
    vi.useRealTimers();
  }
});
it('nonces are forgotten when their tokens have ended long ago, and no sooner', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const { ask, host } = await make({ oneTime: true });
    await ask(await makeToken({ nonce: '0123456789abcdef' }));
    host.advance(60_000);
    await ask(await makeToken({ nonce: 'fedcba9876543210' }));
    const kept = async (): Promise<number> => (await host.store.list('nonces', undefined, 10)).length;
    host.advance(14 * 60_000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await kept()).toBe(2);
    host.advance(60_000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await kept()).toBe(1);
    host.dispose();
    host.advance(3_600_000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await kept()).toBe(1);
  } finally {
    vi.useRealTimers();
  }
});
