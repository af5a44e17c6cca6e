import { createHash } from 'node:crypto';

/** About 1,800 characters that do not compress, where the prompt says `think at length`. */
export const longThought = (prompt: string): string | undefined =>
  /\bthink at length\b/i.test(prompt)
    ? Array.from({ length: 40 }, (_, i) => createHash('sha256').update(`${i} ${prompt}`).digest('base64')).join(' ')
    : undefined;
