import type { Part, ThinkingPart, Turn } from './conversation.ts';

const isSilent = (part: Part): boolean => (part.kind === 'text' || part.kind === 'refusal') && part.text.trim() === '';
/**
 * Whether a tool loop goes on whose last answer, as the provider will see it, does not begin with thinking. Models that think within a
 * budget refuse to go on then. `isCarried`: thinking that the provider gets back.
 */
export const lacksThinking = (turns: readonly Turn[], isCarried: (part: ThinkingPart) => boolean): boolean => {
  const end = turns.findLastIndex(({ role }) => role === 'assistant');
  const next = turns.slice(end + 1);
  if (end < 0 || !next.some(({ role, parts }) => role === 'user' && parts.some(({ kind }) => kind === 'toolResult'))) return false;
  const before = turns.slice(0, end).findLastIndex(({ role }) => role !== 'assistant');
  const answer = turns.slice(before + 1, end + 1).flatMap(({ parts }) => parts);
  const first = answer.find((part) => (part.kind === 'thinking' ? isCarried(part) : !isSilent(part)));
  return first !== undefined && first.kind !== 'thinking';
};
