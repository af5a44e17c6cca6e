import { createPrivateKey, type KeyObject } from 'node:crypto';

const PEM = /-----BEGIN ([A-Z ]+)-----[\s\S]*?-----END \1-----/;
/**
 * A private key from PEM text, PKCS#1 or PKCS#8, encrypted or not. Oracle's console appends a line to its files, and variables of the
 * environment hold line breaks as two characters. Throws what `node:crypto` throws.
 */
export const readKey = (text: string, passphrase: string | undefined): KeyObject => {
  const found = PEM.exec(text.replaceAll('\\n', '\n'));
  if (found === null) throw new Error('there is no PEM text with a private key');
  return createPrivateKey({ key: found[0], format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) });
};
