import type { Fields } from '@llm-proxy-auth/plugin';

export const textContent = (text: string): Fields => ({ type: 'TEXT', text });
/** Without texts that say nothing, where others say something. */
export const spoken = (contents: readonly Fields[]): readonly Fields[] => {
  const out = contents.filter(({ text }) => text !== '');
  return out.length > 0 ? out : contents.slice(0, 1);
};
