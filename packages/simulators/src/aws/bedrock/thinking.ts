import { createHmac } from 'node:crypto';
import type { Talk } from './talk.ts';

/** What signs thinking here. Real signatures cannot be made; these behave alike: opaque, and refused when a byte or (where bound) the past differs. */
const secret = 'thinking-blocks-of-the-simulator';

const mac = (...parts: readonly string[]): string => createHmac('sha256', secret).update(JSON.stringify(parts)).digest('base64').slice(0, 24);

/** Everything before a message: system, tools and the earlier messages; cache marks are no part of it. */
export const prefixOf = (talk: Talk, messages: number): string => JSON.stringify([talk.system, talk.tools, talk.messages.slice(0, messages)]);

/** `Eq` and 64 characters; the second half says what the block is bound to. */
export const sign = (text: string, prefix: string): string => `Eq${mac('text', text)}${mac('prefix', prefix)}${mac('both', text, prefix).slice(0, 14)}==`;

export type Verdict = 'good' | 'forged' | 'elsewhere';

/** Whether a signature fits its text and, for `elsewhere`, the conversation before it. */
export const verify = (text: string, signature: string, prefix: string): Verdict => {
  if (!signature.startsWith(`Eq${mac('text', text)}`)) return 'forged';
  return signature === sign(text, prefix) ? 'good' : 'elsewhere';
};

/** `redactedContent` and `redacted_thinking.data`: base64 that says which text it hides. */
export const redact = (text: string): string => Buffer.from(`${text}\u0000${mac('redacted', text)}`).toString('base64');

export const isRedacted = (data: string): boolean => {
  const [text = '', check] = Buffer.from(data, 'base64').toString('utf8').split('\u0000');
  return check === mac('redacted', text);
};
