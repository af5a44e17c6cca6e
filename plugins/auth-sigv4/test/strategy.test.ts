import { type FakeHost, fakeEncryption, fakeHost } from '@llm-proxy-auth/contract-tests';
import type { AuthRequest, AuthResult, AuthStrategy, Principal } from '@llm-proxy-auth/plugin';
import { canonicalHeaders, signatureOf, signingKey } from '@llm-proxy-auth/plugin/sigv4';
import { awsSignatureSuite } from '@llm-proxy-auth/simulators';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Config } from '../src/config.ts';
import plugin from '../src/index.ts';
import { canonicalSent, sentOf } from '../src/signed.ts';
import { authorization, type Signer, sha256, stamp } from './sign.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const BODY = '{"a":1}';
const root: Principal = { id: 'key:root', owner: 'key:root', strategy: 'api-key', credential: 'root', groups: [], scopes: ['admin'], factor: 'none' };

interface Gateway {
  readonly host: FakeHost;
  readonly strategy: AuthStrategy;
  readonly pair: Signer;
  run(name: string, input: object, caller?: Principal): Promise<Record<string, unknown>>;
}
const gateway = async (config: Partial<Config> = {}): Promise<Gateway> => {
  const host = fakeHost({ now: NOW });
  onTestFinished(() => host.dispose());
  const strategy = await plugin.auth?.sigv4?.create({ services: ['bedrock', 'bedrock-mantle'], allowReplay: false, ...config }, host);
  if (strategy === undefined) throw new Error('no strategy');
  const run: Gateway['run'] = async (name, input, caller = root) => {
    const operation = plugin.admin?.find((one) => one.name === name);
    if (operation === undefined) throw new Error(`no operation ${name}`);
    return (await operation.run(input, caller, host)) as Record<string, unknown>;
  };
  const made = await run('signing-keys.create', { name: 'ci' });
  return { host, strategy, run, pair: { id: String(made.id), secret: String(made.secret) } };
};

interface Sent {
  readonly signer?: Partial<Signer>;
  readonly method?: string;
  readonly url?: string;
  readonly at?: number;
  /** Signed beside host and date. */
  readonly signed?: readonly (readonly [string, string])[];
  /** Sent unsigned. */
  readonly unsigned?: readonly string[];
  /** Hash of what is signed as body; the header too unless `says` is false. */
  readonly payload?: string;
  readonly says?: boolean;
  readonly edit?: (request: AuthRequest) => AuthRequest;
}
const request = (pair: Signer, sent: Sent = {}): AuthRequest => {
  const { method = 'POST', url = '/transparent/main/model/x', at = NOW, payload = sha256(BODY), says = true } = sent;
  const all: (readonly [string, string])[] = [
    ['host', 'gateway.test'],
    ['x-amz-date', stamp(at)],
    ...(says ? [['x-amz-content-sha256', payload] as const] : []),
    ...(sent.signed ?? []),
  ];
  const headers = all.toSorted(([a], [b]) => (a < b ? -1 : 1));
  const made: AuthRequest = {
    credential: { slot: 'aws4', value: authorization({ ...pair, ...sent.signer }, { method, url, headers, at, payload }) },
    method,
    target: url.split('?')[0] ?? '',
    url,
    headers: [],
    rawHeaders: [...headers.flat(), ...(sent.unsigned ?? [])],
    peer: { address: '192.0.2.1', trusted: false, tls: true },
  };
  return sent.edit?.(made) ?? made;
};
/** Who it is once the body has been read, or why not. */
const settle = async ({ strategy, pair }: Pick<Gateway, 'strategy' | 'pair'>, sent: Sent = {}, body: string = BODY): Promise<string> => {
  const result: AuthResult = await strategy.authenticate(request(pair, sent));
  if (result.is !== 'principal') return 'reason' in result ? result.reason : result.is;
  return (await result.body?.sha256(sha256(body))) === true ? result.principal.id : 'wrong_body';
};

describe('a signed request', () => {
  it('comes in as awskey:<name>, whether it says the hash of its body or not', async () => {
    const g = await gateway();
    expect(await settle(g)).toBe('awskey:ci');
    expect(await settle(g, { says: false })).toBe('awskey:ci');
    expect(await settle(g, { method: 'GET', says: false, payload: sha256('') }, '')).toBe('awskey:ci');
    expect(await settle(g, { url: '/transparent/main/model/x?a=1&b=2' })).toBe('awskey:ci');
  });
  const cases: readonly (readonly [string, Sent, string])[] = [
    ['with another secret', { signer: { secret: 'x'.repeat(40) } }, 'wrong_signature'],
    ['with another secret that says no hash', { signer: { secret: 'x'.repeat(40) }, says: false }, 'wrong_body'],
    ['without a body, with another secret', { method: 'GET', says: false, signer: { secret: 'x'.repeat(40) } }, 'wrong_signature'],
    ['of an unknown key', { signer: { id: 'LPAKAAAAAAAAAAAAAAAA' } }, 'unknown'],
    ['of a key of AWS', { signer: { id: 'AKIAIOSFODNN7EXAMPLE' } }, 'malformed'],
    ['of another method', { edit: (r) => ({ ...r, method: 'PUT' }) }, 'wrong_signature'],
    ['of another path', { edit: (r) => ({ ...r, url: '/transparent/main/model/y' }) }, 'wrong_signature'],
    ['of another query', { edit: (r) => ({ ...r, url: `${r.url}?a=1` }) }, 'wrong_signature'],
    ['of another host', { edit: (r) => ({ ...r, rawHeaders: r.rawHeaders.map((v) => (v === 'gateway.test' ? 'other.test' : v)) }) }, 'wrong_signature'],
    [
      'of another signed header',
      { signed: [['x-amz-meta', 'a']], edit: (r) => ({ ...r, rawHeaders: r.rawHeaders.map((v) => (v === 'a' ? 'b' : v)) }) },
      'wrong_signature',
    ],
    [
      'without a header that was signed',
      { signed: [['x-more', 'a']], edit: (r) => ({ ...r, rawHeaders: r.rawHeaders.filter((v) => v !== 'x-more' && v !== 'a') }) },
      'signed_header_missing',
    ],
    ['in time by a hair, early', { at: NOW + 300_000 }, 'awskey:ci'],
    ['in time by a hair, late', { at: NOW - 300_000 }, 'awskey:ci'],
    ['too early', { at: NOW + 301_000 }, 'out_of_time'],
    ['too late', { at: NOW - 301_000 }, 'out_of_time'],
    ['of yesterday', { at: NOW - 86_400_000 }, 'out_of_time'],
    ['for another service', { signer: { service: 's3' } }, 'out_of_scope'],
    ['for any region', { signer: { region: 'eu-west-1' } }, 'awskey:ci'],
    ['with a session token', { signed: [['x-amz-security-token', 'x']] }, 'session_token'],
    ['with an unsigned session token', { unsigned: ['X-Amz-Security-Token', 'x'] }, 'session_token'],
    ['presigned beside the header', { url: '/x?X-Amz-Signature=00' }, 'presigned'],
    ['presigned in other letters', { url: '/x?a=1&x%2Damz%2Dexpires=1' }, 'presigned'],
    ['with an unsigned header for the service', { unsigned: ['X-Amz-Target', 'x'] }, 'header_not_signed'],
    ['with the date twice', { unsigned: ['x-amz-date', stamp(NOW)] }, 'repeated_header'],
    ['of an unsigned body', { payload: 'UNSIGNED-PAYLOAD' }, 'unsigned_payload'],
    ['of a streamed body', { payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }, 'unsigned_payload'],
  ];
  it.each(cases)('%s', async (_name, sent, want) => expect(await settle(await gateway(), sent)).toBe(want));
  it('whose body was changed on the way is nobody', async () => {
    const g = await gateway();
    for (const says of [true, false]) expect(await settle(g, { says }, '{"a":2}')).toBe('wrong_body');
    expect(await settle(g, { method: 'GET', says: false, payload: sha256('') }, 'a body')).toBe('wrong_body');
  });
  it('must sign host and date', async () => {
    const { strategy, pair } = await gateway();
    const without = async (name: string): Promise<unknown> => {
      const good = request(pair);
      const headers = (['host', 'x-amz-content-sha256', 'x-amz-date'] as const)
        .filter((one) => one !== name)
        .map((one) => [one, good.rawHeaders[good.rawHeaders.indexOf(one) + 1] ?? ''] as const);
      const value = authorization(pair, { url: good.url, headers, at: NOW, payload: sha256(BODY) });
      return await strategy.authenticate({ ...good, credential: { slot: 'aws4', value } });
    };
    expect(await without('host')).toEqual({ is: 'denied', reason: 'host_not_signed' });
    expect(await without('x-amz-date')).toEqual({ is: 'denied', reason: 'date_not_signed' });
    expect(await without('x-amz-content-sha256')).toEqual({ is: 'denied', reason: 'header_not_signed' });
  });
  it('over HTTP/2 signs the host under either name', async () => {
    const { strategy, pair } = await gateway();
    const good = request(pair);
    const renamed = { ...good, rawHeaders: good.rawHeaders.map((text) => (text === 'host' ? ':authority' : text)) };
    expect((await strategy.authenticate(renamed)).is).toBe('principal');
  });
  it('only regions that are allowed', async () => {
    const g = await gateway({ regions: ['us-east-1'] });
    expect(await settle(g)).toBe('awskey:ci');
    expect(await settle(g, { signer: { region: 'eu-west-1' } })).toBe('out_of_scope');
  });
  it('A018 in another slot is not looked at', async () => {
    const { strategy, pair } = await gateway();
    for (const slot of ['bearer', 'api-key', 'basic', 'oci-signature'] as const) {
      const { credential, ...rest } = request(pair);
      for (const value of [credential.value, pair.id, pair.secret, `${pair.id}:${pair.secret}`])
        expect(await strategy.authenticate({ ...rest, credential: { slot, value } })).toEqual({ is: 'not-mine' });
    }
  });
});

describe('the same request again', () => {
  it('is refused, before its body and after', async () => {
    const { strategy, pair } = await gateway();
    const [first, second] = [await strategy.authenticate(request(pair)), await strategy.authenticate(request(pair))];
    if (first.is !== 'principal' || second.is !== 'principal') throw new Error('both are good until one is settled');
    expect(await Promise.all([first.body?.sha256(sha256(BODY)), second.body?.sha256(sha256(BODY))])).toEqual([true, false]);
    expect(await strategy.authenticate(request(pair))).toMatchObject({ is: 'denied', reason: 'replayed' });
  });
  it('is not used up by a body that nobody signed', async () => {
    const g = await gateway();
    expect(await settle(g, {}, 'other')).toBe('wrong_body');
    expect(await settle(g)).toBe('awskey:ci');
    expect(await settle(g)).toBe('replayed');
  });
  it('is refused as long as its time could be believed', async () => {
    const g = await gateway();
    const early: Sent = { at: NOW + 300_000 };
    expect(await settle(g, early)).toBe('awskey:ci');
    g.host.advance(599_000);
    expect(await settle(g, early)).toBe('replayed');
    g.host.advance(2000);
    expect(await settle(g, early)).toBe('out_of_time');
  });
  it('is refused by every process that shares the store', async () => {
    const g = await gateway();
    const other = fakeHost({ now: NOW, store: g.host.store, encryption: g.host.encryption });
    onTestFinished(() => other.dispose());
    const strategy = await plugin.auth?.sigv4?.create({ services: ['bedrock'], allowReplay: false }, other);
    if (strategy === undefined) throw new Error('no strategy');
    expect(await settle(g)).toBe('awskey:ci');
    expect(await settle({ strategy, pair: g.pair })).toBe('wrong_body');
    expect(await settle({ strategy, pair: g.pair })).toBe('replayed');
  });
  it('cannot be told from the first when the store does not answer: neither is taken, but with allowReplay', async () => {
    for (const allowReplay of [false, true]) {
      const { host, strategy, pair } = await gateway({ allowReplay });
      const result = await strategy.authenticate(request(pair));
      host.breakStore();
      if (result.is !== 'principal') throw new Error('good so far');
      const proven = Promise.resolve(result.body?.sha256(sha256(BODY)));
      if (allowReplay) expect(await proven).toBe(true);
      else await expect(proven).rejects.toMatchObject({ code: 'auth_unavailable' });
    }
  });
  it('a second later is another one', async () => {
    const g = await gateway();
    expect(await settle(g)).toBe('awskey:ci');
    expect(await settle(g, { at: NOW + 1000 })).toBe('awskey:ci');
  });
  it('is taken with allowReplay', async () => {
    const g = await gateway({ allowReplay: true });
    expect(await settle(g)).toBe('awskey:ci');
    expect(await settle(g)).toBe('awskey:ci');
  });
});

describe('a key pair', () => {
  it('is shown once, has the form of one of AWS, and is stored encrypted', async () => {
    const { host, pair, run } = await gateway();
    expect(pair.id).toMatch(/^LPAK[A-Z2-7]{16}$/);
    expect(pair.secret).toMatch(/^[0-9A-Za-z]{40}$/);
    const row = await host.store.get('pairs', pair.id);
    expect(row?.value.json).not.toContain(pair.secret);
    const listed = await run('signing-keys.list', {});
    expect(listed).toMatchObject({ keys: [{ id: pair.id, name: 'ci', status: 'active', createdBy: 'key:root' }] });
    expect(JSON.stringify(listed)).not.toMatch(/secret|material/);
  });
  it('whose row was moved to another id lets nobody in', async () => {
    const { host, strategy, pair } = await gateway();
    const row = await host.store.get('pairs', pair.id);
    const moved = 'LPAKBBBBBBBBBBBBBBBB';
    await host.store.commit([{ space: 'pairs', key: moved, expect: 0, value: { json: (row?.value.json ?? '').replaceAll(pair.id, moved) } }]);
    expect(await strategy.authenticate(request({ ...pair, id: moved }))).toEqual({ is: 'denied', reason: 'unknown' });
  });
  it('ends with revocation and expiry, and so does who holds it', async () => {
    const g = await gateway();
    const short = await g.run('signing-keys.create', { name: 'short', expires: '1m' });
    const other = { ...g, pair: { id: String(short.id), secret: String(short.secret) } };
    expect(await settle(other)).toBe('awskey:short');
    expect(await g.strategy.current?.(other.pair.id)).toMatchObject({ id: 'awskey:short' });
    g.host.advance(60_000);
    expect(await settle(other, { at: NOW + 1000 })).toBe('expired');
    expect(await g.strategy.current?.(other.pair.id)).toBeUndefined();
    expect(await g.run('signing-keys.revoke', { key: 'ci', reason: 'lost' })).toMatchObject({ status: 'revoked', revokedReason: 'lost', revoked: [g.pair.id] });
    expect(await settle(g)).toBe('revoked');
    expect(await g.strategy.current?.(g.pair.id)).toBeUndefined();
    for (const nobody of ['', 'ci', 'LPAKAAAAAAAAAAAAAAAA']) expect(await g.strategy.current?.(nobody)).toBeUndefined();
  });
  it('A024 rotation: the new pair is the same caller at once, the old one until the grace is over and no longer', async () => {
    const g = await gateway();
    const before = await g.strategy.current?.(g.pair.id);
    const made = await g.run('signing-keys.rotate', { key: 'ci', grace: '1m' });
    expect(made).toMatchObject({ name: 'ci', status: 'active', previous: { id: g.pair.id, graceUntil: new Date(NOW + 60_000).toISOString() } });
    const next = { ...g, pair: { id: String(made.id), secret: String(made.secret) } };
    expect([next.pair.id === g.pair.id, next.pair.secret === g.pair.secret]).toEqual([false, false]);
    expect(await settle(next, { at: NOW - 1000 })).toBe('awskey:ci');
    expect(await g.strategy.current?.(next.pair.id)).toEqual({ ...before, credential: next.pair.id });
    expect(g.host.counted.get('llm_proxy_auth_grace_total{}')).toBeUndefined();
    expect(await settle(g)).toBe('awskey:ci');
    expect(g.host.counted.get('llm_proxy_auth_grace_total{}')).toBe(1);
    expect(await g.strategy.current?.(g.pair.id)).toMatchObject({ expires: NOW + 60_000 });
    g.host.advance(60_000);
    expect(await settle(g, { at: NOW + 1000 })).toBe('grace_over');
    expect(await g.strategy.current?.(g.pair.id)).toBeUndefined();
    expect(await settle(next)).toBe('awskey:ci');
    await expect(g.run('signing-keys.rotate', { key: g.pair.id })).rejects.toMatchObject({ code: 'invalid_request', param: 'key' });
    await expect(g.run('signing-keys.create', { name: 'ci' })).rejects.toMatchObject({ code: 'invalid_request', param: 'name' });
  });
  it('that is rotated keeps rights and end, may have another end, and a grace of seven days at most', async () => {
    const { run, host } = await gateway();
    await run('signing-keys.create', { name: 'limited', models: ['m'], scopes: ['metrics'], expires: '1d' });
    const kept = { models: ['m'], scopes: ['metrics'] };
    expect(await run('signing-keys.rotate', { key: 'limited' })).toMatchObject({ ...kept, expiresAt: new Date(NOW + 86_400_000).toISOString() });
    await expect(run('signing-keys.rotate', { key: 'limited', grace: '8d' })).rejects.toMatchObject({ code: 'invalid_request', param: 'grace' });
    host.advance(86_400_000);
    await expect(run('signing-keys.rotate', { key: 'limited' })).rejects.toMatchObject({ code: 'invalid_request', param: 'expires' });
    expect(await run('signing-keys.rotate', { key: 'limited', expires: '30d' })).toMatchObject({
      ...kept,
      expiresAt: new Date(NOW + 31 * 86_400_000).toISOString(),
    });
  });
  it('and all of its name are ended by the name, one by its id', async () => {
    const g = await gateway();
    const second = await g.run('signing-keys.rotate', { key: 'ci' });
    const third = await g.run('signing-keys.rotate', { key: 'ci' });
    expect(await g.run('signing-keys.revoke', { key: String(second.id) })).toMatchObject({ id: second.id, status: 'revoked', revoked: [second.id] });
    expect(await g.run('signing-keys.revoke', { key: 'ci' })).toMatchObject({ id: third.id, status: 'revoked', revoked: [g.pair.id, third.id] });
    expect(await settle(g)).toBe('revoked');
    expect(await g.run('signing-keys.revoke', { key: 'ci' })).toMatchObject({ revoked: [] });
    await expect(g.run('signing-keys.rotate', { key: 'ci' })).rejects.toMatchObject({ code: 'invalid_request', param: 'key' });
  });
  it('A021 is rotated by nobody who has less, as who rotates is handed the new one', async () => {
    const { run } = await gateway();
    const limited = { ...root, scopes: ['keys'], restrict: { models: ['m'] } };
    await expect(run('signing-keys.rotate', { key: 'ci' }, limited)).rejects.toMatchObject({ code: 'model_not_allowed' });
    await expect(run('signing-keys.rotate', { key: 'ci' }, { ...root, scopes: ['usage'] })).rejects.toMatchObject({ code: 'scope_required' });
    await run('signing-keys.create', { name: 'x', models: ['m'] });
    expect(await run('signing-keys.rotate', { key: 'x' }, limited)).toMatchObject({ name: 'x', models: ['m'] });
  });
  it('A021 has no more rights than who made it, and a name that nobody else gets', async () => {
    const { run } = await gateway();
    const limited = { ...root, scopes: ['keys'], restrict: { models: ['m'] } };
    await expect(run('signing-keys.create', { name: 'x' }, limited)).rejects.toMatchObject({ code: 'model_not_allowed' });
    await expect(run('signing-keys.create', { name: 'x', models: ['m'], scopes: ['admin'] }, limited)).rejects.toMatchObject({ code: 'scope_required' });
    await expect(run('signing-keys.revoke', { key: 'ci' }, limited)).rejects.toMatchObject({ code: 'model_not_allowed' });
    await expect(run('signing-keys.create', { name: 'ci' })).rejects.toMatchObject({ code: 'invalid_request', param: 'name' });
    expect(await run('signing-keys.create', { name: 'x', models: ['m'] }, limited)).toMatchObject({ name: 'x', models: ['m'] });
  });
  it('tells when it is in wrong hands', async () => {
    const { run, strategy, pair } = await gateway();
    const told: string[] = [];
    strategy.onCompromised?.((credential) => told.push(credential));
    const other = await run('signing-keys.create', { name: 'lost' });
    await run('signing-keys.revoke', { key: String(other.id), reason: 'laptop lost' });
    await run('signing-keys.revoke', { key: 'ci', reason: 'compromised' });
    expect(told).toEqual([pair.id]);
    expect(await run('signing-keys.revoke', { key: 'lost', reason: 'compromised' })).toMatchObject({ revoked: [] });
    expect(told).toEqual([pair.id, other.id]);
  });
  it('is encrypted anew under the current key, and then no earlier one is needed', async () => {
    const [first, second] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const before = await gateway();
    const old = fakeHost({ now: NOW, store: before.host.store, encryption: fakeEncryption([first]) });
    const both = fakeHost({ now: NOW, store: before.host.store, encryption: fakeEncryption([first, second]) });
    const last = fakeHost({ now: NOW, store: before.host.store, encryption: fakeEncryption([second]) });
    onTestFinished(() => {
      for (const host of [old, both, last]) host.dispose();
    });
    const config = { services: ['bedrock'], allowReplay: false };
    const run = async (host: FakeHost, name: string, input: object): Promise<Record<string, unknown>> => {
      await plugin.auth?.sigv4?.create(config, host);
      return (await plugin.admin?.find((one) => one.name === name)?.run(input, root, host)) as Record<string, unknown>;
    };
    const made = await run(old, 'signing-keys.create', { name: 'old' });
    // The pair of another gateway cannot be opened by any of these.
    expect(await run(both, 'signing-keys.reencrypt', {})).toEqual({ encrypted: 1, current: 0, failed: [before.pair.id] });
    expect(await run(both, 'signing-keys.reencrypt', {})).toEqual({ encrypted: 0, current: 1, failed: [before.pair.id] });
    const strategy = await plugin.auth?.sigv4?.create(config, last);
    if (strategy === undefined) throw new Error('no strategy');
    expect(await settle({ strategy, pair: { id: String(made.id), secret: String(made.secret) } })).toBe('awskey:old');
  });
  it('needs keyEncryption', async () => {
    const host = fakeHost({ encryption: undefined });
    onTestFinished(() => host.dispose());
    await expect(async () => plugin.auth?.sigv4?.create({ services: ['bedrock'], allowReplay: false }, host)).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
  it('is unavailable, not unknown, when the store does not answer', async () => {
    const { host, strategy, pair } = await gateway();
    host.breakStore();
    expect(await strategy.authenticate(request({ ...pair, id: 'LPAKAAAAAAAAAAAAAAAA' }))).toMatchObject({ is: 'unavailable' });
    expect((await strategy.authenticate(request(pair))).is).toBe('principal');
  });
});

describe("AWS's signing test suite, from the receiving end", () => {
  const scope = { region: 'us-east-1', service: 'service' };
  const key = signingKey('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', '20150830', scope);
  it.each(awsSignatureSuite)('%s', (_name, method, path, headers, body, want) => {
    const date = '20150830T123600Z';
    const raw = ['Host', 'example.amazonaws.com', ...headers.map((text, i) => (i % 2 === 0 ? text.toUpperCase() : text)), 'X-Amz-Date', date];
    const names = [...new Set(raw.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()))].toSorted();
    const lines = canonicalSent(sentOf(raw), names);
    expect(lines).toEqual(canonicalHeaders([...headers, 'x-amz-date', date], 'example.amazonaws.com', () => true));
    if (lines === undefined) return;
    expect(signatureOf({ method, path, headers: lines, payload: sha256(body ?? ''), date }, key, scope)).toBe(want);
  });
});
