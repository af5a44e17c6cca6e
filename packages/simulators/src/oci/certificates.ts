import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts);
const text = (tag: number, value: string): Buffer => der(tag, Buffer.from(value, 'latin1'));
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const COMMON_NAME = '550403';
const UNIT = '55040b';
/** CN, then units. */
const nameOf = (common: string, units: readonly string[] = []): Buffer =>
  sequence(
    ...[[COMMON_NAME, common] as const, ...units.map((unit) => [UNIT, unit] as const)].map(([type, value]) =>
      der(0x31, sequence(oid(type), text(0x0c, value))),
    ),
  );
const RSA_SHA256 = sequence(oid('2a864886f70d01010b'), der(0x05));
const VALIDITY = sequence(text(0x17, '250101000000Z'), text(0x17, '491231235959Z'));

export type Certified = { readonly certificate: string; readonly key: string; readonly privateKey: KeyObject; readonly publicKey: KeyObject };
export type Issuer = { readonly name: Buffer; readonly privateKey: KeyObject };
const pem = (bytes: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${bytes
    .toString('base64')
    .match(/.{1,64}/g)
    ?.join('\n')}\n-----END CERTIFICATE-----\n`;

/** A certificate with an RSA key made for it. Without an issuer it signs itself; `address`: an IP address that it is good for. */
export const certify = (
  common: string,
  {
    units = [],
    issuer,
    address,
    serial = 1,
  }: { readonly units?: readonly string[]; readonly issuer?: Issuer; readonly address?: readonly number[]; readonly serial?: number } = {},
): Certified & { readonly issuer: Issuer } => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const name = nameOf(common, units);
  const by = issuer ?? { name, privateKey };
  const extensions = address === undefined ? [] : [der(0xa3, sequence(sequence(oid('551d11'), der(0x04, sequence(der(0x87, Buffer.from(address)))))))];
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([serial & 0x7f])),
    RSA_SHA256,
    by.name,
    VALIDITY,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    ...extensions,
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, by.privateKey));
  return {
    certificate: pem(sequence(body, RSA_SHA256, signature)),
    key: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    privateKey,
    publicKey,
    issuer: { name, privateKey },
  };
};
