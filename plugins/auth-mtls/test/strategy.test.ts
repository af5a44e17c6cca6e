import { createHash } from 'node:crypto';
import type { AuthRequest, AuthResult, AuthStrategy } from '@llm-proxy-auth/plugin';
import { type CertificateWanted, CLIENT_AUTH, certificateAuthority, SERVER_AUTH } from '@llm-proxy-auth/simulators';
import { describe, expect, it } from 'vitest';
import type { Config } from '../src/config.ts';
import { makeStrategy } from '../src/strategy.ts';

const NOW = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;
const authority = certificateAuthority();
const strategy = (over: Partial<Config> = {}): AuthStrategy =>
  makeStrategy({ spiffe: ['spiffe://corp/apps/'], requireBoth: false, ...over }, { now: () => NOW });

const request = (
  over: Pick<AuthRequest, 'credential'> & { readonly trusted?: boolean; readonly certificate?: Uint8Array; readonly lines?: number },
): AuthRequest => ({
  credential: over.credential,
  method: 'POST',
  target: '/v1/x',
  url: '/v1/x',
  headers: [],
  rawHeaders: Array.from({ length: over.lines ?? 1 }, () => ['X-Forwarded-Client-Cert', 'x']).flat(),
  peer: { address: '10.0.0.1', trusted: over.trusted ?? true, tls: true, certificate: over.certificate },
});
const result = (answer: AuthResult | Promise<AuthResult>): string => {
  if (answer instanceof Promise) throw new Error('it answers at once');
  return answer.is === 'principal' ? answer.principal.id : 'reason' in answer ? answer.reason : answer.is;
};
const show = (wanted: CertificateWanted, config: Partial<Config> = {}): string => {
  const { der } = authority.issue(wanted);
  return result(
    strategy(config).authenticate(request({ credential: { slot: 'certificate', value: createHash('sha256').update(der).digest('hex') }, certificate: der })),
  );
};
const forward = (value: string, config: Partial<Config> = {}, over: { trusted?: boolean; lines?: number; header?: string } = {}): string =>
  result(strategy(config).authenticate(request({ credential: { slot: 'proxy', header: over.header ?? 'x-forwarded-client-cert', value }, ...over })));

const uris = ['spiffe://corp/apps/billing'];

describe('a certificate', () => {
  const cases: readonly (readonly [string, CertificateWanted, string])[] = [
    ['of an allowed id', { uris }, 'mtls:spiffe://corp/apps/billing'],
    ['of an allowed id in capitals', { uris: ['SPIFFE://CORP/apps/billing'] }, 'mtls:spiffe://corp/apps/billing'],
    ['of another path', { uris: ['spiffe://corp/admin'] }, 'spiffe_id_not_allowed'],
    ['of a path that begins alike', { uris: ['spiffe://corp/appsx/a'] }, 'spiffe_id_not_allowed'],
    ['of another trust domain', { uris: ['spiffe://corp.evil/apps/a'] }, 'spiffe_id_not_allowed'],
    ['of two ids', { uris: [...uris, 'spiffe://corp/apps/b'] }, 'spiffe_id_malformed'],
    ['of an id and another URI', { uris: [...uris, 'https://corp/'] }, 'spiffe_id_malformed'],
    ['of an id with dots', { uris: ['spiffe://corp/apps/../admin'] }, 'spiffe_id_malformed'],
    ['of no id', { subject: [['CN', 'billing']] }, 'spiffe_id_missing'],
    ['of an authority', { uris, ca: true }, 'authority'],
    ['for servers', { uris, usages: [SERVER_AUTH] }, 'not_for_clients'],
    ['for servers and clients', { uris, usages: [SERVER_AUTH, CLIENT_AUTH] }, 'mtls:spiffe://corp/apps/billing'],
    ['for anything', { uris, usages: [] }, 'mtls:spiffe://corp/apps/billing'],
    ['whose time is over', { uris, notAfter: NOW }, 'expired'],
    ['whose time has not come', { uris, notBefore: NOW + 1000 }, 'not_yet_valid'],
  ];
  it.each(cases)('%s', (_name, wanted, want) => expect(show(wanted)).toBe(want));
  it('is believed until it ends, and no longer than 30 s', () => {
    const { der } = authority.issue({ uris, notAfter: NOW + 5000 });
    const asked = request({ credential: { slot: 'certificate', value: createHash('sha256').update(der).digest('hex') }, certificate: der });
    expect(strategy().authenticate(asked)).toMatchObject({ is: 'principal', cacheUntil: NOW + 5000, principal: { expires: NOW + 5000 } });
    expect(strategy().authenticate(asked)).toEqual(strategy().authenticate(asked));
  });
  it('that is not the one of the connection, or no certificate, is refused', () => {
    const { der } = authority.issue({ uris });
    const other = createHash('sha256').update('x').digest('hex');
    expect(result(strategy().authenticate(request({ credential: { slot: 'certificate', value: other }, certificate: der })))).toBe('no_certificate');
    expect(result(strategy().authenticate(request({ credential: { slot: 'certificate', value: other } })))).toBe('no_certificate');
    const junk = Buffer.from('junk');
    const value = createHash('sha256').update(junk).digest('hex');
    expect(result(strategy().authenticate(request({ credential: { slot: 'certificate', value }, certificate: junk })))).toBe('unreadable');
  });
  it('made for longer than maxLifetime is refused', () => {
    expect(show({ uris, notBefore: NOW, notAfter: NOW + 2 * DAY }, { maxLifetime: DAY })).toBe('lives_too_long');
    expect(show({ uris, notBefore: NOW, notAfter: NOW + DAY }, { maxLifetime: DAY })).toBe('mtls:spiffe://corp/apps/billing');
  });
  it('is let in by its subject where subjects are named; one that claims a SPIFFE id is judged by that', () => {
    const bySubject: Partial<Config> = { spiffe: ['spiffe://corp/apps/'], subjects: ['CN=*,O=Acme'] };
    const acme: CertificateWanted['subject'] = [
      ['O', 'Acme'],
      ['CN', 'billing'],
    ];
    expect(show({ subject: acme }, bySubject)).toBe('mtls:CN=billing,O=Acme');
    expect(show({ subject: [['CN', 'billing']] }, bySubject)).toBe('subject_not_allowed');
    expect(show({ subject: acme, uris: ['spiffe://corp/admin'] }, bySubject)).toBe('spiffe_id_not_allowed');
    expect(show({ subject: acme, uris: ['https://acme/'] }, bySubject)).toBe('mtls:CN=billing,O=Acme');
  });
});

describe('A040 XFCC', () => {
  const good = 'By=spiffe://corp/gateway;Hash=00ff;URI=spiffe://corp/apps/billing';
  const cases: readonly (readonly [
    name: string,
    value: string,
    want: string,
    config?: Partial<Config>,
    over?: { trusted?: boolean; lines?: number; header?: string },
  ])[] = [
    ['the good one', good, 'mtls:spiffe://corp/apps/billing'],
    ['from an untrusted peer', good, 'untrusted_peer', {}, { trusted: false }],
    ['of two elements', `${good},${good}`, 'wrong_number_of_elements'],
    ['of two lines', `${good}, ${good}`, 'repeated_header', { xfcc: { enabled: true, hops: 2 } }, { lines: 2 }],
    ['of a URI inside a subject', 'Hash=00;Subject="CN=a;URI=spiffe://corp/apps/billing"', 'spiffe_id_missing'],
    ['of a wrong trust domain', 'URI=spiffe://corp.example.evil/apps/a', 'spiffe_id_not_allowed'],
    ['of two URIs', 'URI=spiffe://corp/apps/a;URI=spiffe://corp/apps/b', 'malformed'],
    ['without a URI', 'By=spiffe://corp/apps/a;Hash=00', 'spiffe_id_missing'],
    ['over 16 KiB', `${good};Chain="${'a'.repeat(16_384)}"`, 'malformed'],
    [
      'of two elements where two proxies are',
      `${good},By=spiffe://corp/gateway;URI=spiffe://corp/mesh`,
      'mtls:spiffe://corp/apps/billing',
      { xfcc: { enabled: true, hops: 2 } },
    ],
    ['of one element where two proxies are', good, 'wrong_number_of_elements', { xfcc: { enabled: true, hops: 2 } }],
    ['of three elements where two proxies are', `${good},${good},${good}`, 'wrong_number_of_elements', { xfcc: { enabled: true, hops: 2 } }],
    ['by the proxy that is named', good, 'mtls:spiffe://corp/apps/billing', { xfcc: { enabled: true, hops: 1, by: 'spiffe://corp/gateway' } }],
    ['by another proxy', good, 'another_proxy', { xfcc: { enabled: true, hops: 1, by: 'spiffe://corp/other' } }],
    ['by nobody', 'URI=spiffe://corp/apps/billing', 'another_proxy', { xfcc: { enabled: true, hops: 1, by: 'spiffe://corp/gateway' } }],
    ['where it is off', good, 'not-mine', { xfcc: { enabled: false, hops: 1 } }],
    ['in another header', good, 'not-mine', {}, { header: 'x-amzn-oidc-data' }],
    ['of a subject', 'Hash=00;Subject="CN=billing,O=Acme"', 'mtls:CN=billing,O=Acme', { subjects: ['CN=*,O=Acme'] }],
  ];
  for (const [name, value, want, config, over] of cases) it(name, () => expect(forward(value, config, over)).toBe(want));
  it('is not even asked for where it is off', () => {
    expect(strategy({ xfcc: { enabled: false, hops: 1 } }).slots).toEqual(['certificate']);
    expect(strategy().slots).toEqual(['certificate', 'proxy']);
  });
});

describe('a configuration', () => {
  it.each([
    [{ spiffe: undefined }],
    [{ spiffe: ['spiffe://corp/*'] }],
    [{ spiffe: ['corp'] }],
    [{ subjects: ['billing'] }],
    [{ xfcc: { enabled: true, hops: 1, by: 'gateway' } }],
  ])('%j does not start', (config) => expect(() => strategy(config as Partial<Config>)).toThrow(expect.objectContaining({ code: 'invalid_request' })));
  it('may ask for a certificate beside every credential', () => {
    expect(strategy().alsoRequired).toBe(false);
    expect(strategy({ requireBoth: true }).alsoRequired).toBe(true);
  });
});
