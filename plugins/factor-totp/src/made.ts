import type { Encryption, Host, SecondFactor } from '@llm-proxy-auth/plugin';
import { GatewayError } from '@llm-proxy-auth/plugin';
import { sharedParts } from '@llm-proxy-auth/plugin/issued';
import type { Shape } from './code.ts';
import type { Config } from './config.ts';
import { factor } from './factor.ts';

/** What the administration of enrolments shares with the factor that reads them. */
export interface Parts {
  readonly encryption: Encryption;
  readonly issuer: string;
  /** Of new enrolments. */
  readonly shape: Shape;
}
export const parts = sharedParts<Parts>('One-time codes', 'factor: { use: totp }');

/** Throws `invalid_request` without `keyEncryption`: a secret is never kept in clear. */
export const makeFactor = ({ issuer = 'LLM Proxy Auth', algorithm = 'sha1', digits = 6 }: Config, host: Host): SecondFactor => {
  const { encryption } = host;
  if (encryption === undefined)
    throw new GatewayError(
      'invalid_request',
      'The secrets of one-time codes are kept encrypted: write keyEncryption, such as { current: k1, keys: { k1: "${file:/run/secrets/kek}" } }.',
      { param: 'keyEncryption' },
    );
  parts.keep(host, { encryption, issuer, shape: { algorithm, digits } });
  return factor(host, encryption);
};
