import { asText, GatewayError, type Host } from '@llm-proxy-auth/plugin';
import { type KeySet, keySet, type PublicJwk, readKeySet } from '@llm-proxy-auth/plugin/jwt';
import { ask, objectOf } from './ask.ts';
import { mayAsk } from './check.ts';
import type { IssuerConfig } from './config.ts';

const TIMEOUT = 5000;
/** Longest discovery document and set of keys, bytes. */
const [MOST_DISCOVERED, MOST_KEYS] = [256 * 1024, 512 * 1024];

const bad = (message: string): GatewayError => new GatewayError('upstream_bad_response', message);

/** OpenID Connect Discovery 1.0, 4: a slash at the end of the issuer goes before the well-known path is put there. */
const discover = async (host: Host, config: IssuerConfig, ca: string | undefined): Promise<string> => {
  const url = `${config.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const found = objectOf(await ask(host, { url, timeoutMs: TIMEOUT, maxBytes: MOST_DISCOVERED, ca }));
  if (found.issuer !== config.issuer) throw bad('The discovery document is of another issuer.');
  const uri = asText(found.jwks_uri);
  if (uri === undefined || !mayAsk(uri, config)) throw bad('The discovery document names no place for keys that may be asked.');
  return uri;
};
const whereKeysAre = async (host: Host, config: IssuerConfig, ca: string | undefined): Promise<string> => {
  if (config.jwksUri !== undefined) return config.jwksUri;
  return config.type === 'cognito' ? `${config.issuer}/.well-known/jwks.json` : await discover(host, config, ca);
};

/** The keys of an issuer, from the place that is configured or that it names itself. */
export const issuerKeys = (host: Host, config: IssuerConfig): KeySet => {
  const load = async (): Promise<readonly PublicJwk[]> => {
    const ca = config.ca === undefined ? undefined : await host.secret(config.ca);
    const url = await whereKeysAre(host, config, ca);
    const keys = readKeySet((await ask(host, { url, timeoutMs: TIMEOUT, maxBytes: MOST_KEYS, ca })).body);
    if (keys === undefined) throw bad('The issuer answered with no set of keys.');
    return keys;
  };
  return keySet({
    now: host.now,
    load,
    changed: (failure) => {
      if (failure === undefined) return host.log.info({ issuer: config.name }, 'the keys of an issuer can be had again');
      const reason = failure instanceof Error ? failure.message : 'unknown';
      host.log.warn({ issuer: config.name, reason }, 'the keys of an issuer cannot be had; those that are known are used for 24 h');
    },
  });
};
