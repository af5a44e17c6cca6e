import { randomUUID } from 'node:crypto';
import { GatewayError, type Host } from '@llm-proxy-auth/plugin';
import { importPKCS8, SignJWT } from 'jose';
import type { IntrospectionConfig } from './config.ts';

/** What the gateway shows an issuer to be one of its clients. */
export interface ClientProof {
  readonly headers: readonly string[];
  readonly form: Readonly<Record<string, string>>;
}
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** Life of an assertion, s. */
const LIFE = 60;

/** RFC 6749, 2.3.1: both halves are encoded as in a form before they are joined. */
const encoded = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);
const basic = (id: string, secret: string): ClientProof => ({
  headers: ['authorization', `Basic ${Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString('base64')}`],
  form: {},
});
const assertion = async (config: IntrospectionConfig, pem: string, audience: string, now: number): Promise<ClientProof> => {
  const { algorithm: alg = 'RS256', keyId, clientId } = config;
  const seconds = Math.floor(now / 1000);
  const signed = await new SignJWT({})
    .setProtectedHeader({ alg, ...(keyId === undefined ? {} : { kid: keyId }) })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(audience)
    .setJti(randomUUID())
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + LIFE)
    .sign(await importPKCS8(pem, alg));
  return { headers: [], form: { client_id: clientId, client_assertion_type: ASSERTION, client_assertion: signed } };
};
/** By secret (HTTP Basic) or private key (`private_key_jwt`, for the issuer as audience). */
export const clientProof = async (host: Host, config: IntrospectionConfig, issuer: string): Promise<ClientProof> => {
  if (config.clientSecret !== undefined) return basic(config.clientId, await host.secret(config.clientSecret));
  if (config.privateKey !== undefined) return await assertion(config, await host.secret(config.privateKey), issuer, host.now());
  throw new GatewayError('internal_error', 'Introspection has neither secret nor key.');
};
