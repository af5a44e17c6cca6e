import type { Part, TextPart, Turn } from '@llm-proxy-auth/plugin';

const isPlain = (part: Part | undefined): part is TextPart => part?.kind === 'text' && part.origin === undefined && part.rest === undefined;
const isEmpty = (part: Part): boolean => isPlain(part) && part.text === '';
const joinedParts = (parts: readonly Part[], more: readonly Part[]): readonly Part[] => {
  const before = parts.at(-1);
  const [first, ...others] = more;
  if (!isPlain(before) || !isPlain(first)) return [...parts, ...more];
  return [...parts.slice(0, -1), { ...before, text: before.text + first.text }, ...others];
};
/** Thoughts that came in pieces as one with the proof that stands behind them: streams tell it on a text that is empty. */
const withWholeThoughts = (parts: readonly Part[]): readonly Part[] => {
  const out: Part[] = [];
  for (const part of parts) {
    if (part.kind !== 'thinking' || part.origin === undefined || part.text !== '') {
      out.push(part);
      continue;
    }
    const from = out.findLastIndex((one) => one.kind !== 'thinking' || one.origin !== undefined) + 1;
    const pieces = out.splice(from);
    const text = pieces.map((one) => (one.kind === 'thinking' ? one.text : '')).join('');
    out.push(text === '' ? part : { ...part, text, redacted: false });
  }
  return out;
};
/**
 * Answers of the model that follow one another, as one: chats of the vendor's SDK keep the pieces of a stream as contents of their own.
 * Providers of other dialects take each for an answer, or for one whose calls have no results.
 */
export const joinedTurns = (turns: readonly Turn[]): readonly Turn[] => {
  const out: Turn[] = [];
  for (const turn of turns) {
    const last = out.at(-1);
    if (turn.role !== 'assistant' || last?.role !== 'assistant' || turn.rest !== undefined || last.rest !== undefined) out.push(turn);
    else {
      const parts = joinedParts(
        last.parts.filter((part) => !isEmpty(part)),
        turn.parts.filter((part) => !isEmpty(part)),
      );
      out[out.length - 1] = { ...last, parts: parts.length > 0 ? parts : last.parts };
    }
  }
  return out.map((turn) => (turn.role === 'assistant' ? { ...turn, parts: withWholeThoughts(turn.parts) } : turn));
};
