/** AWS Signature Version 4, for who signs and for who verifies: everything is computed from the request as it is on the wire. */
export { type CanonicalHeaders, canonicalHeaders, canonicalPath, encode } from './canonical.ts';
export { type Partition, partitionOf } from './partitions.ts';
export { reachOf, remembered, type Scope, type Signable, signatureOf, signingKey } from './signature.ts';
