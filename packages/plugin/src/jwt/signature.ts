import type { PublicJwk } from './jwk.ts';

/** What is asked of a JOSE library, which the plugin brings (jose 6). Both reject instead of giving a false answer. */
export interface JoseLibrary<Key> {
  importJWK(jwk: Record<string, string>, alg: string): Promise<Key>;
  compactVerify(token: string, key: Key, options: { algorithms: string[] }): Promise<unknown>;
}
/** Whether a token was signed with the private half of a key, which fits the algorithm. Keys are imported once; they go when their set does. */
export const signatureCheck = <Key>({ importJWK, compactVerify }: JoseLibrary<Key>) => {
  const imported = new WeakMap<PublicJwk, Map<string, Promise<Key>>>();
  const keyFor = (jwk: PublicJwk, alg: string): Promise<Key> => {
    const byAlg = imported.get(jwk) ?? new Map<string, Promise<Key>>();
    imported.set(jwk, byAlg);
    const key = byAlg.get(alg) ?? importJWK({ ...jwk.key }, alg);
    byAlg.set(alg, key);
    return key;
  };
  return async (token: string, jwk: PublicJwk, alg: string): Promise<boolean> => {
    try {
      await compactVerify(token, await keyFor(jwk, alg), { algorithms: [alg] });
      return true;
    } catch {
      return false;
    }
  };
};
