const MOST = 256;
/** Halves of characters, whole ones among them, and NUL: few texts have any. */
const ODD = /[\0\ud800-\udfff]/;
/** A text that somebody else wrote, cut and without halves of characters and NUL, which not every store keeps. */
export const shown = (text: string | undefined): string | undefined => {
  if (text === undefined || text === '') return undefined;
  if (text.length <= MOST && !ODD.test(text)) return text;
  return text.slice(0, MOST).toWellFormed().replaceAll('\0', '\ufffd');
};
