import type { AuthResult, Host } from '@llm-proxy-auth/plugin';
import { endOfToken, type Jws, keyFits } from '@llm-proxy-auth/plugin/jwt';
import { claimFault } from './claims.ts';
import type { IssuerConfig } from './config.ts';
import { issuerKeys } from './keys.ts';
import { denied, principalOf } from './principal.ts';
import { isSignedBy } from './signature.ts';

export interface Issuer {
  /** A token that says it is of this issuer. */
  verify(token: string, jws: Jws): Promise<AuthResult>;
}
/** The algorithm before any key is asked for, then key, signature, claims. */
export const issuerOf = (host: Host, config: IssuerConfig): Issuer => {
  const keys = issuerKeys(host, config);
  const algorithms: ReadonlySet<string> = new Set(config.algorithms);
  return {
    verify: async (token, jws) => {
      const { alg, kid, claims } = jws;
      if (!algorithms.has(alg)) return denied('algorithm');
      const found = await keys.find(kid);
      if (found.is === 'unavailable') return { is: 'unavailable', reason: 'keys_unavailable', retryAfterMs: found.retryAfterMs };
      if (found.is === 'unknown') return denied('unknown_key');
      const [key, another] = found.keys.filter((one) => keyFits(one, alg));
      if (key === undefined) return denied('key_does_not_fit');
      if (another !== undefined) return denied('key_not_named');
      if (!(await isSignedBy(token, key, alg))) return denied('signature');
      const now = host.now();
      const fault = claimFault(jws, config, now);
      if (fault !== undefined) return denied(fault);
      return principalOf(claims, config, { now, exp: endOfToken(claims, { tolerance: 0 }), end: endOfToken(claims, config) });
    },
  };
};
