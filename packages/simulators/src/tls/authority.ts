import { generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { der, flag, octets, oid, sequence, set, text } from './der.ts';

/** Attributes of a distinguished name in their order: `[['C', 'DE'], ['O', 'Acme'], ['CN', 'billing']]`. */
export type DistinguishedName = readonly (readonly [type: 'C' | 'O' | 'OU' | 'CN', value: string])[];
export type CertificateWanted = {
  readonly subject?: DistinguishedName;
  /** URIs of the alternative names. */
  readonly uris?: readonly string[];
  readonly dns?: readonly string[];
  /** Object identifiers of the extended key usage; `clientAuth` if absent, none at all when empty. */
  readonly usages?: readonly string[];
  readonly ca?: boolean;
  /** Epoch ms. */
  readonly notBefore?: number;
  readonly notAfter?: number;
};
export type IssuedCertificate = { readonly pem: string; readonly key: string; readonly der: Uint8Array };
export type RevocationList = {
  /** PEM text of certificates of the authority. */
  readonly revoked: readonly string[];
  /** Epoch ms. */
  readonly nextUpdate?: number;
};
export type CertificateAuthority = {
  readonly pem: string;
  issue(wanted?: CertificateWanted): IssuedCertificate;
  /** A list of certificates that count no longer (RFC 5280, 5), as PEM text. */
  revoke(wanted: RevocationList): string;
};

export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

const TYPES = { C: '2.5.4.6', O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3' };
const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const nameOf = (name: DistinguishedName): Buffer => sequence(...name.map(([type, value]) => set(sequence(oid(TYPES[type]), text(0x0c, value)))));
const time = (at: number): Buffer => text(0x18, `${new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`);
const extension = (id: string, critical: boolean, value: Buffer): Buffer => sequence(oid(id), ...(critical ? [flag(true)] : []), octets(value));
const pemOf = (bytes: Buffer, what = 'CERTIFICATE'): string =>
  `-----BEGIN ${what}-----\n${bytes
    .toString('base64')
    .match(/.{1,64}/g)
    ?.join('\n')}\n-----END ${what}-----\n`;

const extensionsOf = ({ uris = [], dns = [], usages = [CLIENT_AUTH], ca = false }: CertificateWanted): Buffer => {
  const names = [...uris.map((uri) => text(0x86, uri)), ...dns.map((name) => text(0x82, name))];
  return der(
    0xa3,
    sequence(
      extension('2.5.29.19', true, ca ? sequence(flag(true)) : sequence()),
      ...(names.length === 0 ? [] : [extension('2.5.29.17', false, sequence(...names))]),
      ...(usages.length === 0 ? [] : [extension('2.5.29.37', false, sequence(...usages.map(oid)))]),
    ),
  );
};
type Issuer = { readonly name: Buffer; readonly privateKey: KeyObject };
const signed = (body: Buffer, { privateKey }: Issuer): Buffer => sequence(body, ECDSA_SHA256, der(0x03, Buffer.from([0]), sign('sha256', body, privateKey)));
const listOf = ({ revoked, nextUpdate = Date.UTC(2099, 0, 1) }: RevocationList, issuer: Issuer): string => {
  const at = time(Date.UTC(2020, 0, 1));
  const entries = revoked.map((pem) => sequence(der(0x02, Buffer.from(new X509Certificate(pem).serialNumber, 'hex')), at));
  const body = sequence(ECDSA_SHA256, issuer.name, at, time(nextUpdate), ...(entries.length === 0 ? [] : [sequence(...entries)]));
  return pemOf(signed(body, issuer), 'X509 CRL');
};
const certify = (wanted: CertificateWanted, issuer: Issuer | undefined): IssuedCertificate & { readonly issuer: Issuer } => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = nameOf(wanted.subject ?? []);
  const by = issuer ?? { name, privateKey };
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_SHA256,
    by.name,
    sequence(time(wanted.notBefore ?? Date.UTC(2020, 0, 1)), time(wanted.notAfter ?? Date.UTC(2099, 0, 1))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    extensionsOf(wanted),
  );
  const whole = signed(body, by);
  return { pem: pemOf(whole), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), der: whole, issuer: { name, privateKey } };
};

/** A certificate authority that puts into certificates what it is told to, right or wrong. */
export const certificateAuthority = (common = 'Test CA'): CertificateAuthority => {
  const root = certify({ subject: [['CN', common]], ca: true, usages: [] }, undefined);
  return { pem: root.pem, issue: (wanted = {}) => certify(wanted, root.issuer), revoke: (wanted) => listOf(wanted, root.issuer) };
};
