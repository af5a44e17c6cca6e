/** Name of the dialect; also what `Rest.from`, `Origin.dialect` and `VendorError.dialect` say. */
export const OPENAI = 'openai';
/** Azure's: what image tools of a response draw with. */
const IMAGE_DEPLOYMENT = 'x-ms-oai-image-generation-deployment';
/** Client headers an OpenAI-like provider may see; organization and project are the instance's, not the caller's. */
export const REQUEST_HEADERS: readonly string[] = Object.freeze(['openai-beta', 'idempotency-key', IMAGE_DEPLOYMENT]);
/** What of them asks for something that another provider does not do. */
export const HEADER_PARAMS: Readonly<Record<string, string>> = Object.freeze({
  'openai-beta': 'openai-beta',
  'idempotency-key': 'idempotency-key',
  [IMAGE_DEPLOYMENT]: IMAGE_DEPLOYMENT,
});
