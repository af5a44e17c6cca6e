import { memoryStore } from '@llm-proxy-auth/contract-tests';
import { describe, expect, it, vi } from 'vitest';
import { basic, gateway, principal, refusal, type Way } from './support.ts';

interface Added {
  readonly name: string;
  readonly password: string;
}
const WRONG = 'not-the-password';

describe('a user', () => {
  it('comes in with the password as user:<name>, with the rights given, and with nothing else', async () => {
    const { ask, run } = await gateway();
    const { password } = await run<Added>('users.add', { name: 'alice', scopes: ['metrics'], models: ['fast-*'], totp: true, expires: '1h' });
    expect(password).toMatch(/^[0-9A-Za-z]{24}$/);
    expect(await ask('alice', password)).toMatchObject({
      is: 'principal',
      principal: {
        id: 'user:alice',
        owner: 'user:alice',
        strategy: 'basic',
        credential: 'alice#1',
        scopes: ['metrics'],
        restrict: { models: ['fast-*'] },
        factor: 'needed',
      },
    });
    for (const [user, wrong] of [
      ['alice', WRONG],
      ['Alice', password],
      ['bob', password],
      ['alice', password.toLowerCase()],
    ] as const)
      expect((await ask(user, wrong)).is).toBe('denied');
  });
  it('may choose the password, also with colons and beyond ASCII', async () => {
    const { ask, run } = await gateway();
    expect(await run('users.add', { name: 'bob', password: 'päss:wörd:123' })).not.toHaveProperty('password');
    expect((await ask('bob', 'päss:wörd:123')).is).toBe('principal');
  });
  it.each([[{ name: 'a', password: 'short' }], [{ name: 'a', password: 'with\nline-feed' }], [{ name: 'a:b' }], [{ name: '' }], [{ name: 'a', more: 1 }]])(
    'is not added as %j',
    async (input) => {
      const { run } = await gateway();
      expect((await refusal(run('users.add', input))).code).toBe('invalid_request');
      expect(await run('users.list', {})).toEqual({ users: [] });
    },
  );
  it('has a name that nobody else gets, not even after removal', async () => {
    const { run } = await gateway();
    await run('users.add', { name: 'alice' });
    expect(await refusal(run('users.add', { name: 'alice' }))).toMatchObject({ code: 'invalid_request', param: 'name' });
    await run('users.remove', { name: 'alice' });
    expect(await refusal(run('users.add', { name: 'alice' }))).toMatchObject({ code: 'invalid_request', param: 'name' });
    expect((await refusal(run('users.remove', { name: 'alice' }))).code).toBe('invalid_request');
    expect(await run('users.list', {})).toMatchObject({ users: [{ name: 'alice', status: 'removed' }] });
  });
  it('with a new password does not come in with the old one, and who held the old one holds nothing', async () => {
    const { ask, run, strategy } = await gateway();
    const { password: old } = await run<Added>('users.add', { name: 'alice' });
    expect(await strategy.current?.('alice#1')).toMatchObject({ id: 'user:alice' });
    const epoch = strategy.epoch?.() ?? 0;
    const { password } = await run<Added>('users.password', { name: 'alice' });
    expect(strategy.epoch?.()).toBeGreaterThan(epoch);
    expect((await ask('alice', old)).is).toBe('denied');
    expect((await ask('alice', password)).is).toBe('principal');
    expect(await strategy.current?.('alice#1')).toBeUndefined();
    expect(await strategy.current?.('alice#2')).toMatchObject({ credential: 'alice#2' });
    await run('users.remove', { name: 'alice' });
    expect(await strategy.current?.('alice#2')).toBeUndefined();
    for (const nobody of ['', '#', 'alice', 'bob#1']) expect(await strategy.current?.(nobody)).toBeUndefined();
  });
  it('is stored without anything that lets in', async () => {
    const { host, run } = await gateway();
    const { password } = await run<Added>('users.add', { name: 'alice' });
    const { value } = (await host.store.get('users', 'alice')) ?? { value: { json: '' } };
    expect(value.json).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
    expect(value.json).not.toContain(password);
    expect(JSON.stringify([await run('users.list', {}), host.lines])).not.toMatch(/argon2id|generation/);
  });
});

describe('A021 nobody gives a user more than they have', () => {
  const limited = principal({ id: 'key:limited', scopes: ['keys'], restrict: { models: ['fast-*'] } });
  it('neither by adding nor by a new password nor by removing', async () => {
    const { run, ask } = await gateway();
    const { password } = await run<Added>('users.add', { name: 'strong', scopes: ['admin'] });
    for (const work of [
      run('users.add', { name: 'x', models: ['*'] }, limited),
      run('users.add', { name: 'x', models: ['fast-a'], scopes: ['admin'] }, limited),
      run('users.password', { name: 'strong' }, limited),
      run('users.remove', { name: 'strong' }, limited),
      run('users.list', {}, principal({ scopes: ['usage'] })),
      run('users.remove', { name: 'strong' }, principal({ scopes: ['viewer'] })),
    ])
      expect((await refusal(work)).status).toBe(403);
    expect((await ask('strong', password)).is).toBe('principal');
    await run('users.add', { name: 'weak', models: ['fast-a'] }, limited);
    expect(await run('users.list', {})).toMatchObject({ users: [{ name: 'strong' }, { name: 'weak', createdBy: 'key:limited' }] });
  });
});

describe('the way', () => {
  const cases: readonly (readonly [string, Way, boolean])[] = [
    ['TLS', { tls: true }, true],
    ['no TLS from elsewhere', { tls: false }, false],
    ['no TLS, and the caller says https', { tls: false, proto: 'https' }, false],
    ['this machine', { tls: false, address: '127.0.0.1' }, true],
    ['this machine by IPv6', { tls: false, address: '::1' }, true],
    ['an address that looks like this machine', { tls: false, address: '12.7.0.1' }, false],
    ['a trusted proxy that says https', { tls: false, trusted: true, proto: 'https' }, true],
    ['a trusted proxy that says HTTPS', { tls: false, trusted: true, proto: 'HTTPS' }, true],
    ['a trusted proxy that says http', { tls: false, trusted: true, proto: 'http' }, false],
    ['a trusted proxy over TLS that says http', { tls: true, trusted: true, proto: 'http' }, false],
    ['a trusted proxy that says both', { tls: false, trusted: true, proto: 'https, http' }, false],
    ['a trusted proxy that says nothing', { tls: false, trusted: true }, false],
    ['a trusted proxy that forwards this machine', { tls: false, trusted: true, address: '127.0.0.1' }, false],
  ];
  it.each(cases)('%s', async (_name, way, passes) => {
    const { ask, run } = await gateway();
    const { password } = await run<Added>('users.add', { name: 'alice' });
    expect(await ask('alice', password, way)).toMatchObject(passes ? { is: 'principal' } : { is: 'denied', reason: 'insecure_connection' });
  });
  it('does not matter with allowInsecureBasic', async () => {
    const { ask, run } = await gateway({ allowInsecureBasic: true });
    const { password } = await run<Added>('users.add', { name: 'alice' });
    expect((await ask('alice', password, { tls: false })).is).toBe('principal');
  });
});

describe('guessing', () => {
  it('an unknown name costs what a wrong password costs', async () => {
    const { ask, run } = await gateway();
    await run('users.add', { name: 'alice' });
    const cost = async (user: string): Promise<number> => {
      const started = performance.now();
      await ask(user, WRONG);
      return performance.now() - started;
    };
    await cost('alice');
    const times = { known: [] as number[], unknown: [] as number[] };
    for (let i = 0; i < 4; i++) {
      times.known.push(await cost('alice'));
      times.unknown.push(await cost('nobody'));
    }
    // Without a computation it would take microseconds.
    expect(Math.min(...times.unknown)).toBeGreaterThan(Math.min(...times.known) / 3);
  });
  it('stops after ten wrong passwords, even for the right one, and goes on after 30 s', async () => {
    const { ask, run, host } = await gateway();
    const { password } = await run<Added>('users.add', { name: 'alice' });
    for (let i = 0; i < 10; i++) expect(await ask('alice', WRONG, { address: `192.0.2.${i}` })).toEqual({ is: 'denied', reason: 'wrong_secret' });
    expect(await ask('alice', password, { address: '192.0.2.77' })).toEqual({ is: 'denied', reason: 'locked', retryAfterMs: 30_000 });
    host.advance(30_000);
    expect((await ask('alice', password, { address: '192.0.2.77' })).is).toBe('principal');
  });
  it('stops after ten wrong passwords at once as well, and tells nothing of what had begun', async () => {
    const { ask, run } = await gateway();
    const { password } = await run<Added>('users.add', { name: 'alice' });
    const guesses = (count: number, from: number) =>
      Array.from({ length: count }, (_, i) => ask('alice', `${WRONG}-${from + i}`, { address: `192.0.2.${(from + i) % 250}` }));
    const last = ask.bind(undefined, 'alice', password, { address: '198.51.100.1' });
    const all = await Promise.all([...guesses(33, 0), last(), ...guesses(166, 34)]);
    expect(all.filter((one) => one.is === 'denied' && one.reason === 'wrong_secret')).toHaveLength(10);
    expect(all[33]).toMatchObject({ is: 'denied', reason: 'locked' });
    expect(new Set(all.map((one) => (one.is === 'denied' ? one.reason : one.is)))).toEqual(new Set(['wrong_secret', 'locked', 'unavailable']));
    expect(await last()).toEqual({ is: 'denied', reason: 'locked', retryAfterMs: 30_000 });
  });
  it('A011 what is written into names and passwords is text and nothing more', async () => {
    const { ask, send, run, host } = await gateway();
    await run('users.add', { name: 'alice' });
    const before = await run('users.list', {});
    for (const odd of ["' OR 1=1--", '"; DROP TABLE users', '%', '_', '😀', '../users/alice', 'alice#1', 'x'.repeat(500)]) {
      expect((await ask(odd, WRONG, { address: odd.slice(0, 5) })).is).toBe('denied');
      expect((await ask('alice', odd, { address: odd.slice(0, 5) })).is).toBe('denied');
      host.advance(3_600_001);
    }
    expect(await send(basic(`${'x'.repeat(8192)}:y`))).toEqual({ is: 'denied', reason: 'malformed' });
    expect(await send(basic('a\0b:c'))).toEqual({ is: 'denied', reason: 'malformed' });
    expect(await run('users.list', {})).toEqual(before);
    expect(host.lines).toEqual([]);
  });
  it('the same password asked for by forty calls at once is computed once', async () => {
    const { ask, run } = await gateway();
    const { password } = await run<Added>('users.add', { name: 'alice' });
    const all = await Promise.all(Array.from({ length: 40 }, () => ask('alice', password)));
    expect(new Set(all.map(({ is }) => is))).toEqual(new Set(['principal']));
  });
  it('of more users than the queue holds all come in at once after another was added: whose password was right is not computed again', async () => {
    const { ask, run } = await gateway();
    const users: Added[] = [];
    for (let i = 0; i < 40; i++) users.push(await run<Added>('users.add', { name: `user-${i}` }));
    const enter = ({ name, password }: Added) => ask(name, password, { address: name });
    for (const user of users) expect((await enter(user)).is).toBe('principal');
    await run('users.add', { name: 'another' });
    expect((await Promise.all(users.map(enter))).filter(({ is }) => is === 'principal')).toHaveLength(40);
  });
  it('a password that was right lets nobody in once it is another, or the user is removed or has expired', async () => {
    const { ask, run, host } = await gateway();
    const { password: first } = await run<Added>('users.add', { name: 'alice', expires: '1h' });
    expect((await ask('alice', first)).is).toBe('principal');
    const { password: second } = await run<Added>('users.password', { name: 'alice' });
    expect(await ask('alice', first)).toEqual({ is: 'denied', reason: 'wrong_secret' });
    expect((await ask('alice', second)).is).toBe('principal');
    expect(await ask('alice', `${second}x`)).toEqual({ is: 'denied', reason: 'wrong_secret' });
    host.advance(3_600_000);
    expect(await ask('alice', second)).toMatchObject({ is: 'denied', reason: 'expired' });
    await run('users.remove', { name: 'alice' });
    expect(await ask('alice', second)).toMatchObject({ is: 'denied', reason: 'removed' });
  });
  it('more different ones than the queue holds are unavailable, not wrong', async () => {
    const { ask, run } = await gateway();
    await run('users.add', { name: 'alice' });
    const all = await Promise.all(Array.from({ length: 40 }, (_, i) => ask(`user-${i}`, `${WRONG}-${i}`, { address: `192.0.2.${i}` })));
    expect(all.filter(({ is }) => is === 'unavailable')).toHaveLength(6);
    expect(all.filter(({ is }) => is === 'denied')).toHaveLength(34);
  });
});

describe('other processes with the same store', () => {
  it('let a new user in at once and a removed one no longer after the next look', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const store = memoryStore();
      const [here, there] = [await gateway({}, store), await gateway({}, store)];
      const { password } = await here.run<Added>('users.add', { name: 'alice' });
      expect((await there.ask('alice', password)).is).toBe('principal');
      await here.run('users.remove', { name: 'alice' });
      expect((await here.ask('alice', password)).is).toBe('denied');
      const epoch = there.strategy.epoch?.();
      vi.advanceTimersByTime(5000);
      await vi.waitUntil(() => there.strategy.epoch?.() !== epoch, { interval: 0, timeout: 15_000 });
      expect(await there.ask('alice', password)).toMatchObject({ is: 'denied', reason: 'removed' });
    } finally {
      vi.useRealTimers();
    }
  });
  it('without the store unknown users are unavailable, known ones come in', async () => {
    const { ask, run, host } = await gateway();
    const { password } = await run<Added>('users.add', { name: 'alice' });
    host.breakStore();
    expect((await ask('alice', password)).is).toBe('principal');
    expect(await ask('bob', password)).toMatchObject({ is: 'unavailable' });
    await expect((await gateway()).strategy.current?.('bob#1')).resolves.toBeUndefined();
  });
});
