import { asObject, asText, type Host, parseJson } from '@llm-proxy-auth/plugin';
import { type Jws, keyFits, keySet, type PublicJwk, readKeySet } from '@llm-proxy-auth/plugin/jwt';
import { type ApiServer, Away } from './api-server.ts';
import type { Config } from './config.ts';
import { isSignedBy } from './signature.ts';

/** What an API server signs with: pkg/serviceaccount/openidmetadata.go, algorithmForPublicKey. */
const ALGORITHMS: ReadonlySet<string> = new Set(['RS256', 'ES256', 'ES384', 'ES512']);

/** Verifies tokens with the keys of the cluster. */
export interface Offline {
  /** Why the signature is none of the cluster's; undefined when it is. Throws Away. */
  fault(token: string, jws: Jws): Promise<string | undefined>;
}
export const offline = (host: Host, api: ApiServer, { issuer: written }: Config): Offline => {
  /** What the cluster called itself when its keys were last had. */
  let issuer = written;
  const issuerOfCluster = async (): Promise<string> => {
    const { body } = await api.get('/.well-known/openid-configuration');
    const named = asText(asObject(parseJson(body))?.issuer);
    if (named === undefined) throw new Away('issuer_unknown');
    return named;
  };
  const load = async (): Promise<readonly PublicJwk[]> => {
    const named = written ?? (await issuerOfCluster());
    const keys = readKeySet((await api.get('/openid/v1/jwks')).body);
    if (keys === undefined) throw new Away('keys_malformed');
    issuer = named;
    return keys;
  };
  const keys = keySet({
    now: host.now,
    load,
    changed: (failure) => {
      if (failure === undefined) return host.log.info({}, 'the keys of the cluster can be had again');
      host.log.warn({ reason: failure instanceof Error ? failure.message : 'unknown' }, 'the keys of the cluster cannot be had; known ones are used for 24 h');
    },
  });
  return {
    fault: async (token, { alg, kid, claims }) => {
      if (!ALGORITHMS.has(alg)) return 'algorithm';
      const found = await keys.find(kid);
      if (found.is === 'unavailable') throw new Away('keys_unavailable');
      if (found.is === 'unknown') return 'unknown_key';
      const [key, another] = found.keys.filter((one) => keyFits(one, alg));
      if (key === undefined) return 'key_does_not_fit';
      if (another !== undefined) return 'key_not_named';
      if (!(await isSignedBy(token, key, alg))) return 'signature';
      // The cluster may have another issuer by now. Only who shows what it has signed makes the gateway ask.
      if (claims.iss !== issuer && !(await keys.renew())) throw new Away('issuer_unknown');
      return claims.iss === issuer ? undefined : 'issuer';
    },
  };
};
