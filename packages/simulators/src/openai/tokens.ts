/** A stand-in for the tokenizer: words with their leading space, at most six characters a token. Whole characters only. */
export const tokens = (text: string): string[] => text.match(/\s*[^\s]{1,6}|\s+$/gu) ?? [];

export const count = (text: string): number => tokens(text).length;
