/** Name of the dialect; also what `Origin.dialect`, `VendorError.dialect` and `Usage.raw` say. */
export const GEMINI = 'gemini';
/** Name under which `rest` belongs to content generation, and to token counts, which are generations without an answer. */
export const GENERATE = 'gemini.generate';
