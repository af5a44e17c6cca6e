import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { GatewayError } from '@llm-proxy-auth/plugin';
import type { PairKind } from '@llm-proxy-auth/plugin/issued';

const SHORTEST = 2048;
const LONGEST = 8192;

const rsaOf = (pem: string): KeyObject | undefined => {
  try {
    // A private key would be taken too, and its public half used: it has no business here.
    if (!/^\s*-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(pem)) return undefined;
    const key = createPublicKey(pem);
    const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
    return key.asymmetricKeyType === 'rsa' && modulusLength >= SHORTEST && modulusLength <= LONGEST ? key : undefined;
  } catch {
    return undefined;
  }
};
/** PEM of a public RSA key as it is kept. Throws `invalid_request`. */
export const publicKeyOf = (pem: string): string => {
  const key = rsaOf(pem);
  if (key === undefined)
    throw new GatewayError('invalid_request', `publicKey must be the PEM text of a public RSA key of ${SHORTEST} to ${LONGEST} bits.`, { param: 'publicKey' });
  return key.export({ type: 'spki', format: 'pem' }).toString();
};
/** Of nobody: an unknown id costs what a wrong signature costs. */
export const nobodysKey = (): KeyObject => generateKeyPairSync('rsa', { modulusLength: SHORTEST }).publicKey;

export const kind: PairKind<KeyObject> = {
  strategy: 'oci-signature',
  caller: 'ocikey',
  what: 'public keys',
  open: ({ material }) => rsaOf(material),
};
