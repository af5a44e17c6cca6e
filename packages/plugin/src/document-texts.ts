import { Buffer } from 'node:buffer';
import type { DocumentPart } from './conversation.ts';

const BETWEEN = '\n';
/** A document of plain text that was given in several texts: they stand under one another, and how long each is stays known. */
export const textDocument = (texts: readonly string[]): Pick<DocumentPart, 'media' | 'pieces'> => ({
  media: { base64: Buffer.from(texts.join(BETWEEN)).toString('base64'), type: 'text/plain' },
  ...(texts.length > 1 ? { pieces: texts.map((text) => text.length) } : {}),
});
/** The texts that a document was given in; one where it was, or where its text was changed since. */
export const textsOf = (text: string, pieces: readonly number[] = [text.length]): readonly string[] => {
  const total = pieces.reduce((sum, length) => sum + length + BETWEEN.length, -BETWEEN.length);
  if (total !== text.length) return [text];
  let at = 0;
  return pieces.map((length) => {
    const from = at;
    at += length + BETWEEN.length;
    return text.slice(from, from + length);
  });
};
