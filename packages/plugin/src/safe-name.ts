import { createHash } from 'node:crypto';

const WORD = /^[a-zA-Z0-9_-]{1,64}$/;
/** Marks a text as one of its own: six hexadecimal digits of its hash. */
export const nameMark = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 6);
/** A word of letters, digits, `_` and `-`, at most 64 long. One that was changed ends with a mark of the original, so that two stay two. */
export const safeName = (text: string): string => (WORD.test(text) ? text : `${text.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 57)}-${nameMark(text)}`);
/** The same for a vendor of other rules. `first` and `others`: what may begin a name and go on with it, as a class of an expression says it. */
export const namesBy = (first: string, others: string): ((text: string) => string) => {
  const taken = new RegExp(`^[${first}][${others}]{0,63}$`);
  const [foreign, begins] = [new RegExp(`[^${others}]`, 'g'), new RegExp(`^[${first}]`)];
  return (text) => {
    if (taken.test(text)) return text;
    const made = text.replace(foreign, '_');
    return `${(begins.test(made) ? made : `_${made}`).slice(0, 57)}_${nameMark(text)}`;
  };
};
