import { renderSVG, renderUnicodeCompact } from 'uqr';

export const qrSvg = (text: string): string => renderSVG(text, { ecc: 'M', border: 4 });
/** For a terminal, two rows of the code in one line of text. */
export const qrText = (text: string): string => renderUnicodeCompact(text, { ecc: 'M', border: 2 });
