import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A caller that signs as OCI's documentation describes it; nothing of the code under test. */
export interface Signer {
  readonly id: string;
  readonly key: KeyObject;
}
export interface Signing {
  readonly method?: string;
  readonly url?: string;
  /** Everything that is signed beside the target, lower case, in the order it is signed in. */
  readonly headers: readonly (readonly [string, string])[];
}
export const newKeys = (modulusLength = 2048): { readonly key: KeyObject; readonly publicKey: string } => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
  return { key: privateKey, publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
};
export const digest = (text: string): string => createHash('sha256').update(text).digest('base64');
export const httpDate = (at: number): string => new Date(at).toUTCString();
/** What stands behind `Signature `. */
export const authorization = ({ id, key }: Signer, { method = 'POST', url = '/v1/chat/completions', headers }: Signing): string => {
  const lines = [`(request-target): ${method.toLowerCase()} ${url}`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  const signature = sign('sha256', Buffer.from(lines.join('\n')), key).toString('base64');
  const names = ['(request-target)', ...headers.map(([name]) => name)].join(' ');
  return `version="1",keyId="${id}",algorithm="rsa-sha256",headers="${names}",signature="${signature}"`;
};
