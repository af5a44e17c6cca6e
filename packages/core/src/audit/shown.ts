const MOST = 256;
/** A text that somebody else wrote, cut and without halves of characters and NUL, which not every store keeps. */
export const shown = (text: string | undefined): string | undefined =>
  text === undefined || text === '' ? undefined : text.slice(0, MOST).toWellFormed().replaceAll('\0', '\ufffd');
