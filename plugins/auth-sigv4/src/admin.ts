import { GatewayError } from '@llm-proxy-auth/plugin';
import { type PairParts, pairOperations, sharedParts } from '@llm-proxy-auth/plugin/issued';
import { Type } from 'typebox';
import { kind, newSecret, placeOf } from './key.ts';

export const parts = sharedParts<PairParts>('Signing keys', '{ use: sigv4 }');

export const admin = pairOperations({
  prefix: 'signing-keys',
  summaries: {
    create: 'Makes a key pair that AWS SDKs sign with, and shows its secret once.',
    list: 'Lists all signing keys, revoked ones too.',
    rotate: 'Gives a new key pair under the same name; the old one stays valid for a while.',
    revoke: 'Makes a signing key invalid: here at once, in other processes within 5 s.',
  },
  extra: {},
  examples: { create: '--name ci --instances bedrock_us1 --expires 90d', rotate: 'ci --grace 24h' },
  shown: { secret: Type.String({ description: 'The secret access key, shown this once.' }) },
  partsOf: parts.of,
  kind,
  make: (_input, id, { encryption }) => {
    if (encryption === undefined) throw new GatewayError('invalid_request', 'Signing keys are kept encrypted: write `keyEncryption`.');
    const secret = newSecret();
    return { material: encryption.encrypt(placeOf(id), Buffer.from(secret, 'utf8')), shown: { secret } };
  },
});
