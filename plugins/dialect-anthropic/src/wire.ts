/** Name of the dialect; also what `Origin.dialect`, `VendorError.dialect` and `Usage.raw` say. */
export const ANTHROPIC = 'anthropic';
/** Name under which `rest` belongs to messages, and to token counts, which are messages without an answer. */
export const MESSAGES = 'anthropic.messages';
