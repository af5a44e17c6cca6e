import { type PairParts, pairOperations, sharedParts } from '@llm-proxy-auth/plugin/issued';
import { Type } from 'typebox';
import { kind, publicKeyOf } from './key.ts';

export const parts = sharedParts<PairParts>('Public keys', '{ use: oci-signature }');

export const admin = pairOperations({
  prefix: 'public-keys',
  summaries: {
    create: 'Registers the public half of a key that OCI SDKs sign with, and gives it an id.',
    list: 'Lists all public keys, revoked ones too.',
    rotate: 'Registers another public key under the same name and gives it an id; the old one stays valid for a while.',
    revoke: 'Makes a key invalid: here at once, in other processes within 5 s.',
  },
  extra: {
    publicKey: Type.String({ minLength: 1, maxLength: 10_000, description: 'PEM text of the public RSA key; the private half stays with the client.' }),
  },
  examples: {
    create: '--name ci --public-key="$(cat ci.pub.pem)" --expires 90d',
    rotate: 'ci --public-key="$(cat ci2.pub.pem)" --grace 24h',
  },
  shown: {},
  partsOf: parts.of,
  kind,
  make: ({ publicKey }) => ({ material: publicKeyOf(String(publicKey)), shown: {} }),
});
