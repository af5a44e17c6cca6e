import { globWithin, rangeWithin } from '@llm-proxy-auth/plugin/issued';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import plugin from '../src/index.ts';
import { fresh, gateway, type Made, principal, refusal, START, secret } from './support.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
interface Listed {
  readonly keys: readonly Record<string, unknown>[];
  readonly configured: readonly string[];
}

describe('create', () => {
  it('gives the key, its id, name and end, and nothing secret else', async () => {
    const { run } = await fresh();
    const made = await run('keys.create', { name: 'ci', models: ['fast-*'], expires: '90d' });
    expect(made).toEqual({
      id: expect.stringMatching(/^[0-9A-Za-z]{12}$/),
      key: expect.stringMatching(/^lpa_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/),
      name: 'ci',
      status: 'active',
      models: ['fast-*'],
      createdAt: '2026-01-01T00:00:00.000Z',
      createdBy: 'key:root',
      expiresAt: '2026-04-01T00:00:00.000Z',
    });
  });

  it('takes an ISO date', async () => {
    const { run } = await fresh();
    expect(await run('keys.create', { name: 'a', expires: '2027-01-31' })).toMatchObject({ expiresAt: '2027-01-31T00:00:00.000Z' });
    expect(await run('keys.create', { name: 'b', expires: '2027-01-31T10:00:00+02:00' })).toMatchObject({ expiresAt: '2027-01-31T08:00:00.000Z' });
  });

  it('refuses a name that is, or was, in use, also one of the configuration', async () => {
    const { run } = await fresh({ keys: [{ name: 'written', key: secret('0123456789abcdef0123456789abcdef') }] });
    await run('keys.create', { name: 'ci' });
    expect(await refusal(run('keys.create', { name: 'ci' }))).toMatchObject({ code: 'invalid_request', param: 'name' });
    await run('keys.revoke', { key: 'ci' });
    expect(await refusal(run('keys.create', { name: 'ci' }))).toMatchObject({ code: 'invalid_request', param: 'name' });
    expect(await refusal(run('keys.create', { name: 'written' }))).toMatchObject({ code: 'invalid_request', param: 'name' });
  });

  it('gives one name to one of many that ask at once', async () => {
    const { run, store, clock } = await fresh();
    const other = await gateway(store, clock);
    const all = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? run : other.run)('keys.create', { name: 'ci' })));
    expect(all.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    expect((await run<Listed>('keys.list', {})).keys).toHaveLength(1);
  });

  it.each([
    [{}, 'name'],
    [{ name: 'a b' }, 'name'],
    [{ name: '' }, 'name'],
    [{ name: 'x'.repeat(65) }, 'name'],
    [{ name: 'a', scopes: ['root'] }, 'scopes.0'],
    [{ name: 'a', modes: ['other'] }, 'modes.0'],
    [{ name: 'a', models: [] }, 'models'],
    [{ name: 'a', cidr: ['10.0.0.0/33'] }, 'cidr'],
    [{ name: 'a', cidr: ['localhost'] }, 'cidr'],
    [{ name: 'a', expires: 'soon' }, 'expires'],
    [{ name: 'a', expires: '2025-12-31' }, 'expires'],
    [{ name: 'a', expires: '2026-13-01' }, 'expires'],
    [{ name: 'a', expires: '0s' }, 'expires'],
    [{ name: 'a', notBefore: '-1h' }, 'notBefore'],
  ])('refuses %j', async (input, param) => {
    const { run } = await fresh();
    const error = await refusal(run('keys.create', input));
    expect(error.code).toBe('invalid_request');
    if ('name' in input) expect(error.param).toBe(param);
    expect((await run<Listed>('keys.list', {})).keys).toEqual([]);
  });

  it('refuses keys it does not know', async () => {
    const { run } = await fresh();
    expect((await refusal(run('keys.create', { name: 'a', owner: 'key:root' }))).code).toBe('invalid_request');
  });
});

describe('A021 privilege escalation: bounds of who creates', () => {
  const limited = principal({
    id: 'key:limited',
    scopes: ['keys', 'metrics'],
    restrict: { modes: ['protocol'], instances: ['bedrock_*'], models: ['fast-*', 'exact'], cidr: ['10.0.0.0/8'] },
    expires: START + 30 * DAY,
  });
  const within = {
    scopes: ['metrics'],
    modes: ['protocol'],
    instances: ['bedrock_us1'],
    models: ['fast-chat', 'fast-*', 'exact'],
    cidr: ['10.1.0.0/16'],
    expires: '30d',
  };

  it('lets through what lies within', async () => {
    const { run } = await fresh();
    expect(await run('keys.create', { name: 'a', ...within }, limited)).toMatchObject({ name: 'a', createdBy: 'key:limited' });
  });

  it.each([
    ['the scope admin', { scopes: ['admin'] }, 'scope_required'],
    ['a scope it lacks', { scopes: ['metrics', 'usage'] }, 'scope_required'],
    ['another mode', { modes: ['protocol', 'transparent'] }, 'mode_not_allowed'],
    ['every mode', { modes: undefined }, 'mode_not_allowed'],
    ['every instance', { instances: undefined }, 'instance_not_allowed'],
    ['any instance', { instances: ['*'] }, 'instance_not_allowed'],
    ['another instance', { instances: ['bedrock_us1', 'openai'] }, 'instance_not_allowed'],
    ['every model', { models: undefined }, 'model_not_allowed'],
    ['a wider glob', { models: ['f*'] }, 'model_not_allowed'],
    ['a glob with the same end', { models: ['*fast-'] }, 'model_not_allowed'],
    ['a wider address range', { cidr: ['0.0.0.0/0'] }, 'address_not_allowed'],
    ['another address range', { cidr: ['11.0.0.0/8'] }, 'address_not_allowed'],
    ['every address', { cidr: undefined }, 'address_not_allowed'],
    ['a longer life', { expires: '31d' }, 'scope_required'],
    ['an endless life', { expires: undefined }, 'scope_required'],
  ])('refuses %s, and makes no key', async (_, over, code) => {
    const { run } = await fresh();
    const input = JSON.parse(JSON.stringify({ name: 'a', ...within, ...over }));
    expect(await refusal(run('keys.create', input, limited))).toMatchObject({ code, status: 403 });
    expect((await run<Listed>('keys.list', {})).keys).toEqual([]);
  });

  it('the session of who may do everything ends sooner than the keys that it makes', async () => {
    const { run } = await fresh();
    const session = principal({ id: 'key:root', scopes: ['admin'], expires: START + DAY / 2 });
    expect(await run('keys.create', { name: 'a', expires: '90d' }, session)).toMatchObject({ createdBy: 'key:root' });
    expect(await run('keys.create', { name: 'b' }, session)).toMatchObject({ createdBy: 'key:root' });
  });

  it('holds for rotating and revoking: nobody gets a stronger key that way', async () => {
    const { run, ask } = await fresh();
    const strong = await run('keys.create', { name: 'strong', scopes: ['admin'] });
    expect((await refusal(run('keys.rotate', { key: 'strong' }, limited))).status).toBe(403);
    expect((await refusal(run('keys.revoke', { key: strong.id }, limited))).status).toBe(403);
    expect(await ask(strong.key)).toMatchObject({ is: 'principal' });
    await run('keys.create', { name: 'weak', ...within, expires: '10d' });
    expect((await refusal(run('keys.rotate', { key: 'weak', expires: '31d' }, limited))).code).toBe('scope_required');
    expect(await run('keys.rotate', { key: 'weak' }, limited)).toMatchObject({ name: 'weak' });
  });

  it('refuses a caller without the scope, for every operation; a viewer may read', async () => {
    const { run } = await fresh();
    await run('keys.create', { name: 'x' });
    for (const { name, reads } of plugin.admin ?? []) {
      const input = { 'keys.list': {}, 'keys.create': { name: 'x' }, 'keys.import': { file: '[]' } }[name] ?? { key: 'x' };
      expect(await refusal(run(name, input, principal({ scopes: ['usage', 'metrics'] })))).toMatchObject({ code: 'scope_required' });
      const looking = run(name, input, principal({ scopes: ['viewer'] }));
      if (reads === true) expect(await looking).toMatchObject({ keys: [{ name: 'x' }] });
      else expect(await refusal(looking)).toMatchObject({ code: 'scope_required' });
    }
  });

  it('binds an administrator with restrictions too', async () => {
    const { run } = await fresh();
    const admin = principal({ scopes: ['admin'], restrict: { models: ['m'] } });
    expect((await refusal(run('keys.create', { name: 'a', models: ['*'] }, admin))).code).toBe('model_not_allowed');
  });
});

describe('a glob within another', () => {
  const matches = (glob: string, text: string): boolean =>
    new RegExp(
      `^${glob
        .split('*')
        .map((piece) => piece.replace(/[.]/g, '\\.'))
        .join('.*')}$`,
      's',
    ).test(text);
  const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 6 });
  const filling = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 3 }), { minLength: 7, maxLength: 7 });

  it('is never said of one that matches something the other does not', () => {
    fc.assert(
      fc.property(glob, glob, filling, (inner, outer, texts) => {
        if (!globWithin(inner, outer)) return;
        const text = inner.split('*').reduce((all, piece, i) => all + (texts[i - 1] ?? '') + piece);
        expect(matches(inner, text)).toBe(true);
        expect(matches(outer, text)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  it('is said of itself, of its instances and of everything within a star', () => {
    fc.assert(fc.property(glob, (one) => globWithin(one, one) && globWithin(one, '*') && globWithin(one.replaceAll('*', 'ab'), one)));
    expect(globWithin('*', 'a*')).toBe(false);
    expect(globWithin('a', '')).toBe(false);
    expect(globWithin('ab', 'ab*b')).toBe(false);
  });
});

describe('an address range within another', () => {
  it.each([
    ['10.1.2.3', '10.0.0.0/8', true],
    ['10.0.0.0/8', '10.0.0.0/8', true],
    ['10.0.0.0/7', '10.0.0.0/8', false],
    ['11.0.0.0/16', '10.0.0.0/8', false],
    ['10.9.9.9/16', '10.0.0.0/8', true],
    ['2001:db8:1::/48', '2001:db8::/32', true],
    ['2001:db8::/31', '2001:db8::/32', false],
    ['10.0.0.1', '::/0', false],
    ['::1', '0.0.0.0/0', false],
    ['nonsense', '0.0.0.0/0', false],
  ])('%s in %s: %s', (inner, outer, result) => {
    expect(rangeWithin(inner, outer)).toBe(result);
  });
});

describe('A024 rotation', () => {
  it('gives a new key for the same caller; the old one works until the grace is over', async () => {
    const { run, ask, clock, host } = await fresh();
    const old = await run('keys.create', { name: 'ci', models: ['fast-*'], scopes: ['metrics'] });
    const next = await run('keys.rotate', { key: 'ci' });
    expect(next).toMatchObject({ name: 'ci', models: ['fast-*'], scopes: ['metrics'], previous: { id: old.id, graceUntil: '2026-01-02T00:00:00.000Z' } });
    expect(next.id).not.toBe(old.id);
    const [before, after] = [await ask(old.key), await ask(next.key)];
    if (before.is !== 'principal' || after.is !== 'principal') throw new Error('both keys work during the grace');
    expect(before.principal).toMatchObject({ id: 'key:ci', owner: 'key:ci', expires: START + DAY });
    expect(after.principal).toMatchObject({
      id: 'key:ci',
      owner: 'key:ci',
      scopes: before.principal.scopes,
      restrict: before.principal.restrict,
      expires: undefined,
    });
    expect(host.counted.get('llm_proxy_auth_grace_total')).toBe(1);
    clock.now += DAY - 1;
    expect(await ask(old.key)).toMatchObject({ is: 'principal', cacheUntil: START + DAY });
    clock.now += 1;
    expect(await ask(old.key)).toMatchObject({ is: 'denied', reason: 'grace_over' });
    expect(await ask(next.key)).toMatchObject({ is: 'principal' });
  });

  it('ends the old key at once without grace, never later than it ends anyway, never after a week', async () => {
    const { run, ask, clock } = await fresh();
    const first = await run('keys.create', { name: 'ci', expires: '2h' });
    const second = await run('keys.rotate', { key: first.id, grace: '0s' });
    expect(await ask(first.key)).toMatchObject({ is: 'denied' });
    const third = await run('keys.rotate', { key: second.id, grace: '7d', expires: '30d' });
    expect(third.expiresAt).toBe('2026-01-31T00:00:00.000Z');
    expect((await refusal(run('keys.rotate', { key: 'ci', grace: '169h' }))).param).toBe('grace');
    expect((await refusal(run('keys.rotate', { key: 'ci', grace: 'long' }))).param).toBe('grace');
    clock.now += 2 * HOUR;
    expect(await ask(second.key)).toMatchObject({ is: 'denied', reason: 'expired' });
    expect(await ask(third.key)).toMatchObject({ is: 'principal' });
  });

  it('refuses what is not in use, and an expired key without a new end', async () => {
    const { run, clock } = await fresh();
    const old = await run('keys.create', { name: 'ci', expires: '1h' });
    await run('keys.rotate', { key: 'ci' });
    expect((await refusal(run('keys.rotate', { key: old.id }))).code).toBe('invalid_request');
    expect((await refusal(run('keys.rotate', { key: 'nobody' }))).code).toBe('invalid_request');
    clock.now += HOUR;
    expect((await refusal(run('keys.rotate', { key: 'ci' }))).param).toBe('expires');
    expect(await run('keys.rotate', { key: 'ci', expires: '1h' })).toMatchObject({ expiresAt: '2026-01-01T02:00:00.000Z' });
    await run('keys.revoke', { key: 'ci' });
    expect((await refusal(run('keys.rotate', { key: 'ci', expires: '1h' }))).code).toBe('invalid_request');
  });

  it('by two at once leaves one active key', async () => {
    const { run, store, clock } = await fresh();
    const other = await gateway(store, clock);
    await run('keys.create', { name: 'ci' });
    const results = await Promise.allSettled([run('keys.rotate', { key: 'ci' }), other.run('keys.rotate', { key: 'ci' }), run('keys.rotate', { key: 'ci' })]);
    expect(results.filter((result) => result.status === 'fulfilled').length).toBeGreaterThan(0);
    const { keys } = await run<Listed>('keys.show', { key: 'ci' });
    expect(keys.filter((key) => key.status === 'active')).toHaveLength(1);
  });
});

describe('revoke', () => {
  it('refuses the key from the next question on, and moves the epoch', async () => {
    const { run, ask, strategy } = await fresh();
    const { id, key } = await run('keys.create', { name: 'ci' });
    const before = await ask(key);
    expect(before).toMatchObject({ is: 'principal', epoch: strategy.epoch?.() });
    expect(await run('keys.revoke', { key: id, reason: 'lost' })).toEqual({ name: 'ci', revoked: [id] });
    expect(strategy.epoch?.()).not.toBe('epoch' in before ? before.epoch : undefined);
    expect(await ask(key)).toMatchObject({ is: 'denied', reason: 'revoked' });
    expect(await run('keys.revoke', { key: id })).toEqual({ name: 'ci', revoked: [] });
    expect((await run<Listed>('keys.show', { key: id })).keys[0]).toMatchObject({
      status: 'revoked',
      revokedReason: 'lost',
      revokedAt: '2026-01-01T00:00:00.000Z',
    });
  });

  it('by name takes the rotated key too, by id only the one', async () => {
    const { run, reasons } = await fresh();
    const old = await run('keys.create', { name: 'ci' });
    const next = await run('keys.rotate', { key: 'ci' });
    await run('keys.revoke', { key: old.id });
    expect(await reasons([old.key, next.key])).toEqual(['denied revoked', 'principal']);
    const other = await run('keys.create', { name: 'other' });
    const later = await run('keys.rotate', { key: 'other' });
    expect(await run<{ revoked: string[] }>('keys.revoke', { key: 'other' })).toMatchObject({ revoked: [other.id, later.id] });
    expect(await reasons([other.key, later.key])).toEqual(['denied revoked', 'denied revoked']);
  });
});

describe('list and show', () => {
  it('tell what there is and when it was used, never how to get in', async () => {
    const { run, ask, strategy, clock } = await fresh();
    const one = await run('keys.create', { name: 'one', modes: ['protocol'] });
    clock.now += 1000;
    await run('keys.create', { name: 'two' });
    clock.now += 1000;
    await ask(one.key, 'bearer', '2001:db8:7::9');
    await strategy.close?.();
    const listed = await run<Listed>('keys.list', {});
    expect(listed.keys.map((key) => key.name)).toEqual(['one', 'two']);
    expect(listed.keys[0]).toEqual({
      id: one.id,
      name: 'one',
      status: 'active',
      modes: ['protocol'],
      createdAt: '2026-01-01T00:00:00.000Z',
      createdBy: 'key:root',
      lastUsedAt: '2026-01-01T00:00:02.000Z',
      lastUsedFrom: '2001:db8:7::/48',
    });
    expect((await run<Listed>('keys.show', { key: 'one' })).keys).toEqual([listed.keys[0]]);
    expect((await run<Listed>('keys.show', { key: one.id })).keys).toEqual([listed.keys[0]]);
    expect((await refusal(run('keys.show', { key: 'nobody' }))).param).toBe('key');
  });

  it('page through more keys than one page has', async () => {
    const { run, store, clock, ask } = await fresh();
    const made: Made[] = [];
    for (let i = 0; i < 1100; i++) made.push(await run('keys.create', { name: `k${i}` }));
    expect((await run<Listed>('keys.list', {})).keys).toHaveLength(1100);
    const other = await gateway(store, clock);
    other.host.asked.length = 0;
    for (const { key } of made) expect((await other.ask(key)).is).toBe('principal');
    expect(other.host.asked).toEqual([]);
    expect((await ask(made[0]?.key ?? '')).is).toBe('principal');
  });
});

describe('every operation', () => {
  it('says what it is about, for the audit record', () => {
    const about = (name: string, input: unknown): string | undefined => plugin.admin?.find((each) => each.name === name)?.target?.(input);
    expect(about('keys.create', { name: 'ci' })).toBe('ci');
    expect(about('keys.rotate', { key: 'ci' })).toBe('ci');
    expect(about('keys.show', { key: 'ci' })).toBe('ci');
    expect(about('keys.revoke', { key: 'k1', reason: 'lost' })).toBe('k1');
    expect(about('keys.list', {})).toBe('*');
    expect(about('keys.create', { name: 7 })).toBeUndefined();
  });

  it('needs an entry in the configuration', async () => {
    const { host } = await fresh();
    const operation = plugin.admin?.find(({ name }) => name === 'keys.list');
    expect(await refusal(operation?.run({}, principal(), { ...host }) ?? Promise.resolve())).toMatchObject({ code: 'invalid_request' });
  });
});
