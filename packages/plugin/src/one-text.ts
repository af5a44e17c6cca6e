import type { Part, RefusalPart, TextPart } from './conversation.ts';
import type { Lost } from './lost.ts';

const isText = (part: Part): part is TextPart | RefusalPart => part.kind === 'text' || part.kind === 'refusal';
const isCited = (part: Part): boolean => part.kind === 'text' && part.citations !== undefined && part.citations.length > 0;
/**
 * The texts of a message where its format takes one text: apart by an empty line, which is noted. Beside a text with citations nothing
 * stands between: it is a piece of the sentence around it.
 */
export const oneText = (parts: readonly Part[], lost: Lost): string => {
  const texts = parts.filter(isText).filter(({ text }) => text !== '');
  const [first, ...others] = texts;
  let said = first?.text ?? '';
  let apart = false;
  for (const [at, part] of others.entries()) {
    const near = isCited(part) || isCited(texts[at] as Part);
    apart ||= !near;
    said += `${near ? '' : '\n\n'}${part.text}`;
  }
  if (apart) lost('turns.parts', 'a message has one text here: its texts stand apart by an empty line', 'emulated');
  return said;
};
