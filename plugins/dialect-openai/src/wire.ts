/** Name of the dialect; also what `Rest.from`, `Origin.dialect` and `VendorError.dialect` say. */
export const OPENAI = 'openai';
