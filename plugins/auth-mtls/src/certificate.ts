import { X509Certificate } from 'node:crypto';

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** What a certificate says of its holder. */
export interface Held {
  readonly uris: readonly string[];
  /** Given by the authority, hex. */
  readonly serial: string;
  /** RFC 2253; empty when there is none. */
  readonly subject: string;
  /** Epoch ms. */
  readonly from: number;
  readonly until: number;
}
const NAME = /(?:^|, )([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^",]*)/y;

/**
 * URIs among the alternative names, from the text that Node makes of them: names with `,` `"` or control characters are written as JSON
 * there. Undefined when the text is anything else, so that no name can pass for two.
 */
export const urisOf = (names: string): readonly string[] | undefined => {
  const uris: string[] = [];
  for (let at = 0; at < names.length; at = NAME.lastIndex) {
    NAME.lastIndex = at;
    const [, type, written = ''] = NAME.exec(names) ?? [];
    if (type === undefined) return undefined;
    let value = written;
    try {
      if (written.startsWith('"')) value = String(JSON.parse(written));
    } catch {
      return undefined;
    }
    if (type === 'URI') uris.push(value);
  }
  return uris;
};

/** Why it says nothing that can be relied on, else what it says. `subjectOf` is given what Node prints. */
export const readCertificate = (der: Uint8Array, subjectOf: (lines: string) => string): Held | 'unreadable' | 'authority' | 'not_for_clients' => {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch {
    return 'unreadable';
  }
  if (certificate.ca) return 'authority';
  // Node's name for the extended key usage; absent = for anything.
  const usages: readonly string[] | undefined = certificate.keyUsage;
  if (usages !== undefined && !usages.includes(CLIENT_AUTH)) return 'not_for_clients';
  const uris = urisOf(certificate.subjectAltName ?? '');
  const [from, until] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  if (uris === undefined || Number.isNaN(from) || Number.isNaN(until)) return 'unreadable';
  return { uris, serial: certificate.serialNumber, subject: subjectOf(certificate.subject ?? ''), from, until };
};
