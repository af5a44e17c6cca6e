import { type FakeHost, type FakeHostOptions, fakeHost } from '@llm-proxy-auth/contract-tests';
import type { AuthRequest, AuthResult, AuthStrategy, Principal } from '@llm-proxy-auth/plugin';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Config } from '../src/config.ts';
import plugin from '../src/index.ts';
import { authorization, digest, httpDate, newKeys, type Signer } from './sign.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const BODY = '{"a":1}';
const root: Principal = { id: 'key:root', owner: 'key:root', strategy: 'api-key', credential: 'root', groups: [], scopes: ['admin'], factor: 'none' };
const keys = newKeys();
const others = newKeys();

interface Gateway {
  readonly host: FakeHost;
  readonly strategy: AuthStrategy;
  readonly signer: Signer;
  run(name: string, input: object, caller?: Principal): Promise<Record<string, unknown>>;
}
const gateway = async (config: Partial<Config> = {}, more: Pick<FakeHostOptions, 'access'> = {}): Promise<Gateway> => {
  const host = fakeHost({ now: NOW, ...more });
  onTestFinished(() => host.dispose());
  const strategy = await plugin.auth?.['oci-signature']?.create({ allowReplay: false, ...config }, host);
  if (strategy === undefined) throw new Error('no strategy');
  const run: Gateway['run'] = async (name, input, caller = root) => {
    const operation = plugin.admin?.find((one) => one.name === name);
    if (operation === undefined) throw new Error(`no operation ${name}`);
    return (await operation.run(input, caller, host)) as Record<string, unknown>;
  };
  const { id } = await run('public-keys.create', { name: 'ci', publicKey: keys.publicKey });
  return { host, strategy, run, signer: { id: String(id), key: keys.key } };
};

interface Sent {
  readonly signer?: Partial<Signer>;
  readonly method?: string;
  readonly date?: string;
  readonly dateAs?: 'date' | 'x-date';
  /** Left out of the signature, but sent. */
  readonly unsigned?: readonly string[];
  readonly body?: string;
  readonly more?: readonly string[];
  readonly edit?: (request: AuthRequest) => AuthRequest;
}
const URL_SENT = '/transparent/main/20231130/actions/chat?a=%3A';
const request = (signer: Signer, sent: Sent = {}): AuthRequest => {
  const { method = 'POST', date = httpDate(NOW), dateAs = 'date', body = BODY, unsigned = [] } = sent;
  const all: (readonly [string, string])[] = [
    [dateAs, date],
    ['host', 'gateway.test'],
    ...(method === 'GET'
      ? []
      : ([
          ['content-length', String(body.length)],
          ['content-type', 'application/json'],
          ['x-content-sha256', digest(body)],
        ] as const)),
  ];
  const headers = all.filter(([name]) => !unsigned.includes(name));
  const made: AuthRequest = {
    credential: { slot: 'oci-signature', value: authorization({ ...signer, ...sent.signer }, { method, url: URL_SENT, headers }) },
    method,
    target: URL_SENT.split('?')[0] ?? '',
    url: URL_SENT,
    headers: [],
    rawHeaders: [...all.flat(), ...(sent.more ?? [])],
    peer: { address: '192.0.2.1', trusted: false, tls: true },
  };
  return sent.edit?.(made) ?? made;
};
const hexOf = (body: string): string => Buffer.from(digest(body), 'base64').toString('hex');
/** Who it is once the body has been read, or why not. */
const settle = async (
  { strategy, signer }: Pick<Gateway, 'strategy' | 'signer'>,
  sent: Sent = {},
  body: string = sent.method === 'GET' ? '' : BODY,
): Promise<string> => {
  const result: AuthResult = await strategy.authenticate(request(signer, sent));
  if (result.is !== 'principal') return 'reason' in result ? result.reason : result.is;
  return (await result.body?.sha256(hexOf(body))) === true ? result.principal.id : 'wrong_body';
};

describe('a signed request', () => {
  const changed = (from: string, to: string) => (r: AuthRequest) => ({ ...r, rawHeaders: r.rawHeaders.map((v) => (v === from ? to : v)) });
  const cases: readonly (readonly [string, Sent, string])[] = [
    ['comes in as ocikey:<name>', {}, 'ocikey:ci'],
    ['without a body too', { method: 'GET' }, 'ocikey:ci'],
    ['with x-date', { dateAs: 'x-date' }, 'ocikey:ci'],
    ['of another key', { signer: { key: others.key } }, 'wrong_signature'],
    ['of an unknown id', { signer: { id: 'LPAKAAAAAAAAAAAAAAAA' } }, 'unknown'],
    ["of a vendor's key id", { signer: { id: 'AAAAAAAA/b/c' } }, 'malformed'],
    ['of another method', { edit: (r) => ({ ...r, method: 'PUT' }) }, 'wrong_signature'],
    ['of another path', { edit: (r) => ({ ...r, url: r.url.replace('chat', 'chap') }) }, 'wrong_signature'],
    ['of another spelling of the query', { edit: (r) => ({ ...r, url: r.url.replace('%3A', ':') }) }, 'wrong_signature'],
    ['of another host', { edit: changed('gateway.test', 'other.test') }, 'wrong_signature'],
    ['of another hash', { edit: changed(digest(BODY), digest('x')) }, 'wrong_signature'],
    ['of another type', { edit: changed('application/json', 'text/plain') }, 'wrong_signature'],
    [
      'without the target',
      { edit: (r) => ({ ...r, credential: { ...r.credential, value: r.credential.value.replace('(request-target) ', '') } }) },
      'header_not_signed',
    ],
    ['without the host', { unsigned: ['host'] }, 'header_not_signed'],
    ['without the hash', { unsigned: ['x-content-sha256'] }, 'header_not_signed'],
    ['without the length', { unsigned: ['content-length'] }, 'header_not_signed'],
    ['without the type', { unsigned: ['content-type'] }, 'header_not_signed'],
    ['without the date', { unsigned: ['date'] }, 'date_not_signed'],
    ['with an unsigned hash where none is needed', { method: 'GET', more: ['x-content-sha256', digest('x')] }, 'header_not_signed'],
    ['with a signed header twice', { more: ['Host', 'other.test'] }, 'signed_header_missing'],
    ['without a header that was signed', { edit: changed('content-type', 'content-tide') }, 'signed_header_missing'],
    ['in time by a hair, early', { date: httpDate(NOW + 300_000) }, 'ocikey:ci'],
    ['in time by a hair, late', { date: httpDate(NOW - 300_000) }, 'ocikey:ci'],
    ['too early', { date: httpDate(NOW + 301_000) }, 'out_of_time'],
    ['too late', { date: httpDate(NOW - 301_000) }, 'out_of_time'],
    ['whose signed date is old beside a fresh one', { date: httpDate(NOW - 900_000), dateAs: 'x-date', more: ['date', httpDate(NOW)] }, 'out_of_time'],
    ['of no date', { date: 'now' }, 'malformed_date'],
  ];
  it.each(cases)('%s', async (_name, sent, want) => expect(await settle(await gateway(), sent)).toBe(want));
  it('whose body was changed on the way is nobody', async () => {
    const g = await gateway();
    expect(await settle(g, {}, '{"a":2}')).toBe('wrong_body');
    expect(await settle(g, { method: 'GET' }, 'a body')).toBe('wrong_body');
  });
  it('carries user and fingerprint behind the id, as SDKs do', async () => {
    const g = await gateway();
    expect(await settle(g, { signer: { id: `${g.signer.id}/ocid1.user.oc1..x/00:11` } })).toBe('ocikey:ci');
  });
  it('over HTTP/2 has its host in :authority', async () => {
    const g = await gateway();
    expect(await settle(g, { edit: changed('host', ':authority') })).toBe('ocikey:ci');
  });
  it('again is refused after two seconds; a body that nobody signed does not use it up', async () => {
    const g = await gateway();
    expect(await settle(g, {}, 'other')).toBe('wrong_body');
    // Two equal calls of one second cannot be told apart.
    expect([await settle(g), await settle(g)]).toEqual(['ocikey:ci', 'ocikey:ci']);
    g.host.advance(2000);
    expect(await settle(g)).toBe('replayed');
    // The same text signed again, in other bytes, is the same request.
    expect(
      await settle(g, {
        edit: (r) => ({ ...r, credential: { ...r.credential, value: r.credential.value.replace('version="1",', '').concat(',version="1"') } }),
      }),
    ).toBe('replayed');
    expect(await settle(g, { date: httpDate(NOW + 1000) })).toBe('ocikey:ci');
    const lenient = await gateway({ allowReplay: true });
    expect(await settle(lenient)).toBe('ocikey:ci');
    lenient.host.advance(60_000);
    expect(await settle(lenient)).toBe('ocikey:ci');
  });
  it('again is refused by every process that shares the store, two seconds after the first use by any', async () => {
    const g = await gateway();
    const other = fakeHost({ now: NOW, store: g.host.store });
    onTestFinished(() => other.dispose());
    const strategy = await plugin.auth?.['oci-signature']?.create({ allowReplay: false }, other);
    if (strategy === undefined) throw new Error('no strategy');
    expect([await settle(g), await settle({ ...g, strategy })]).toEqual(['ocikey:ci', 'ocikey:ci']);
    expect(await settle(g, { date: httpDate(NOW - 1000) })).toBe('ocikey:ci');
    g.host.advance(2000);
    other.advance(2000);
    expect(await settle({ ...g, strategy })).toBe('replayed');
    expect(await settle({ ...g, strategy }, { date: httpDate(NOW - 1000) })).toBe('wrong_body');
  });
  it('A018 in another slot is not looked at', async () => {
    const { strategy, signer } = await gateway();
    const { credential, ...rest } = request(signer);
    for (const slot of ['bearer', 'api-key', 'basic', 'aws4'] as const)
      for (const value of [credential.value, signer.id])
        expect(await strategy.authenticate({ ...rest, credential: { slot, value } })).toEqual({ is: 'not-mine' });
  });
});

describe('a registered key', () => {
  it.each([
    ['no key', 'x'],
    ['a private one', keys.key.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['a short one', newKeys(1024).publicKey],
    ['two keys of which the first is no PEM', `x\n${keys.publicKey}`],
  ])('is not %s', async (_name, publicKey) => {
    const { run } = await gateway();
    await expect(run('public-keys.create', { name: 'x', publicKey })).rejects.toMatchObject({ code: 'invalid_request', param: 'publicKey' });
  });
  it('ends with revocation and expiry, and is listed without its material', async () => {
    const g = await gateway();
    expect(await g.strategy.current?.(g.signer.id)).toMatchObject({ id: 'ocikey:ci' });
    expect(JSON.stringify(await g.run('public-keys.list', {}))).not.toContain('PUBLIC KEY');
    const short = {
      ...g,
      signer: { ...g.signer, id: String((await g.run('public-keys.create', { name: 'short', publicKey: keys.publicKey, expires: '1m' })).id) },
    };
    expect(await settle(short)).toBe('ocikey:short');
    g.host.advance(60_000);
    expect(await settle(short, { date: httpDate(NOW + 2000) })).toBe('expired');
    await g.run('public-keys.revoke', { key: 'ci' });
    expect(await settle(g)).toBe('revoked');
    expect(await g.strategy.current?.(g.signer.id)).toBeUndefined();
  });
  it('A024 rotation: another key under the same name is the same caller at once, the old one until the grace is over', async () => {
    const g = await gateway();
    await expect(g.run('public-keys.rotate', { key: 'ci' })).rejects.toMatchObject({ code: 'invalid_request' });
    const made = await g.run('public-keys.rotate', { key: 'ci', publicKey: others.publicKey, grace: '1m' });
    expect(made).toMatchObject({ name: 'ci', previous: { id: g.signer.id } });
    const next = { ...g, signer: { id: String(made.id), key: others.key } };
    expect([await settle(next), await settle({ ...g, signer: { ...next.signer, key: keys.key } })]).toEqual(['ocikey:ci', 'wrong_signature']);
    expect(await settle(g)).toBe('ocikey:ci');
    expect(g.host.counted.get('llm_proxy_auth_grace_total{}')).toBe(1);
    g.host.advance(60_000);
    expect([await settle(g, { date: httpDate(NOW + 1000) }), await settle(next, { date: httpDate(NOW + 1000) })]).toEqual(['grace_over', 'ocikey:ci']);
  });
  it('A021 has no more rights than who registers it', async () => {
    const { run } = await gateway();
    const limited = { ...root, scopes: ['keys'], restrict: { models: ['m'] } };
    await expect(run('public-keys.create', { name: 'x', publicKey: keys.publicKey }, limited)).rejects.toMatchObject({ code: 'model_not_allowed' });
    await expect(run('public-keys.revoke', { key: 'ci' }, limited)).rejects.toMatchObject({ code: 'model_not_allowed' });
  });
  it('A021 is registered by administrators alone where nothing is known of policies', async () => {
    const { run } = await gateway({}, { access: undefined });
    const input = { name: 'x', publicKey: keys.publicKey };
    await expect(run('public-keys.create', input, { ...root, id: 'key:lead', scopes: ['keys'] })).rejects.toMatchObject({ code: 'scope_required' });
    expect(await run('public-keys.create', input)).toMatchObject({ name: 'x' });
  });
  it('A021 has power without a second factor of its own only where everybody is asked for one', async () => {
    const guarded = { ...root, factor: 'done' } as const;
    const input = { name: 'x', publicKey: keys.publicKey, scopes: ['admin'] };
    const { run } = await gateway();
    await expect(run('public-keys.create', input, guarded)).rejects.toMatchObject({ code: 'scope_required', param: 'totp' });
    const always = await gateway({}, { access: { covers: () => true, factorAlways: true } });
    expect(await always.run('public-keys.create', input, guarded)).toMatchObject({ name: 'x' });
  });
  it('tells when it is in wrong hands', async () => {
    const { run, strategy, signer } = await gateway();
    const told: string[] = [];
    strategy.onCompromised?.((credential) => told.push(credential));
    await run('public-keys.create', { name: 'lost', publicKey: keys.publicKey });
    await run('public-keys.revoke', { key: 'lost', reason: 'laptop lost' });
    await run('public-keys.revoke', { key: 'ci', reason: 'compromised' });
    expect(told).toEqual([signer.id]);
  });
  it('is unavailable, not unknown, when the store does not answer', async () => {
    const { host, strategy, signer } = await gateway();
    host.breakStore();
    expect(await strategy.authenticate(request({ ...signer, id: 'LPAKAAAAAAAAAAAAAAAA' }))).toMatchObject({ is: 'unavailable' });
    expect((await strategy.authenticate(request(signer))).is).toBe('principal');
  });
});
