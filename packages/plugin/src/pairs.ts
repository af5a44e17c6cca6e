import type { Part, Turn } from './conversation.ts';
import { invalid } from './json/checks.ts';

const idsOf = (parts: readonly Part[], kind: 'toolCall' | 'toolResult'): readonly string[] => parts.flatMap((part) => (part.kind === kind ? [part.id] : []));
/** Neighbours of one role, as providers read them; what the system says stands beside the conversation. */
const merged = (turns: readonly Turn[]): readonly { readonly role: Turn['role']; readonly parts: readonly Part[] }[] => {
  const out: { role: Turn['role']; parts: readonly Part[] }[] = [];
  for (const { role, parts } of turns) {
    const last = out.at(-1);
    if (role === 'system') continue;
    if (last?.role === role) last.parts = [...last.parts, ...parts];
    else out.push({ role, parts });
  }
  return out;
};
/**
 * Throws 400 `invalid_request` unless each call of a tool has its result in what the user says next, and each result its call in what
 * the model said before it. For providers that refuse the conversation otherwise, in words about their own form of it.
 */
export const checkPairs = (turns: readonly Turn[]): void => {
  if (!turns.some(({ parts }) => parts.some(({ kind }) => kind === 'toolCall' || kind === 'toolResult'))) return;
  const said = merged(turns);
  for (const [i, { role, parts }] of said.entries()) {
    if (role !== 'assistant') continue;
    const given = idsOf(said[i + 1]?.parts ?? [], 'toolResult');
    const lacking = idsOf(parts, 'toolCall').find((id) => !given.includes(id));
    if (lacking !== undefined) throw invalid('turns.parts.id', `The call ${lacking} of a tool has no result behind it.`);
  }
  for (const [i, { role, parts }] of said.entries()) {
    const before = said[i - 1];
    const asked = role === 'user' && before !== undefined ? idsOf(before.parts, 'toolCall') : [];
    const orphan = idsOf(parts, 'toolResult').find((id) => !asked.includes(id));
    if (orphan !== undefined) throw invalid('turns.parts.id', `The result ${orphan} answers no call of the answer before it.`);
  }
};
