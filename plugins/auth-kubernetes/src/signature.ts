import type { PublicJwk } from '@llm-proxy-auth/plugin/jwt';
import { type CryptoKey, compactVerify, importJWK } from 'jose';

/** Keys as the verifier wants them, by key and algorithm; they go when their set does. */
const imported = new WeakMap<PublicJwk, Map<string, Promise<CryptoKey | Uint8Array>>>();
const keyFor = (jwk: PublicJwk, alg: string): Promise<CryptoKey | Uint8Array> => {
  const byAlg = imported.get(jwk) ?? new Map<string, Promise<CryptoKey | Uint8Array>>();
  imported.set(jwk, byAlg);
  const key = byAlg.get(alg) ?? importJWK({ ...jwk.key }, alg);
  byAlg.set(alg, key);
  return key;
};
/** Whether the token was signed with the private half of the key, which fits the algorithm. */
export const isSignedBy = async (token: string, jwk: PublicJwk, alg: string): Promise<boolean> => {
  try {
    await compactVerify(token, await keyFor(jwk, alg), { algorithms: [alg] });
    return true;
  } catch {
    return false;
  }
};
