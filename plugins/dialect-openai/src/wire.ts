/** Name of the dialect; also what `Rest.from`, `Origin.dialect` and `VendorError.dialect` say. */
export const OPENAI = 'openai';
/** Client headers an OpenAI-like provider may see; organization and project are the instance's, not the caller's. */
export const REQUEST_HEADERS: readonly string[] = Object.freeze(['openai-beta', 'idempotency-key']);
