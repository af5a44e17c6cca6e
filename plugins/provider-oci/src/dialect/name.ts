/** Name of the dialect that this package brings. */
export const OCI = 'oci';
/** Names under which fields that the conversation has no place for belong to a surface. */
export const GENERIC = 'oci.generic';
export const COHERE = 'oci.cohere';
export const COHEREV2 = 'oci.coherev2';
