/** Tokens that somebody else signed: what strategies share that accept them. */
export { audienceFits, type ClaimPath, claimAt, endOfToken, type TokenTimes, timeFault } from './claims.ts';
export { type ClaimGrants, claimGrants, grantsOf } from './grants.ts';
export { keyFits, type PublicJwk, readKeySet, SIGNATURES, type Signature } from './jwk.ts';
export { type Jws, type JwsFault, type JwsForm, LONGEST_TOKEN, readJws } from './jws.ts';
export { type FoundKeys, type KeySet, type KeySetOptions, keySet } from './key-set.ts';
export { type JoseLibrary, signatureCheck } from './signature.ts';
