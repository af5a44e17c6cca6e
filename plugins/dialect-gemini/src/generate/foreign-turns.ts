import { type Fields, type Lost, losePart, type Part, type ToolResultPart, type Turn, unsupported } from '@llm-proxy-auth/plugin';
import { foreignPart, foreignResult, type Writing } from './foreign-parts.ts';
import { signedAgain } from './signed-text.ts';

export interface WrittenTurns {
  readonly system: readonly Fields[];
  readonly contents: readonly Fields[];
}
interface Content {
  readonly role: string;
  readonly results: boolean;
  parts: readonly Fields[];
}
const isResult = (part: Part): part is ToolResultPart => part.kind === 'toolResult';
const systemParts = (turn: Turn, lost: Lost): readonly Fields[] =>
  turn.parts.flatMap((part): readonly Fields[] => {
    if (part.kind === 'text') return part.text === '' ? [] : [{ text: part.text }];
    losePart(part, `turns.parts.${part.kind}`, 'only text can stand here', lost);
    return [];
  });
/** Number of the turn that begins the current exchange: the last of the user's that says something. */
const currentFrom = (turns: readonly Turn[]): number => turns.findLastIndex(({ role, parts }) => role === 'user' && parts.some((part) => !isResult(part)));
/** Results in the order of their calls, because the vendor pairs them by it. */
const sorted = (results: readonly ToolResultPart[], before: Turn | undefined, lost: Lost): readonly ToolResultPart[] => {
  const calls = (before?.parts ?? []).flatMap((part) => (part.kind === 'toolCall' ? [part.id] : []));
  const rank = ({ id }: ToolResultPart): number => (calls.includes(id) ? calls.indexOf(id) : calls.length);
  const out = results.toSorted((a, b) => rank(a) - rank(b));
  if (out.some((one, index) => one !== results[index])) lost('turns.parts', 'results stand in the order of their calls', 'emulated');
  return out;
};
/** One content for neighbours of one role; results stand in one of their own, beside which newer models take nothing. */
const joiner = (lost: Lost) => {
  const contents: Content[] = [];
  const add = (role: string, parts: readonly Fields[], results: boolean): void => {
    if (parts.length === 0) return;
    const last = contents.at(-1);
    if (last?.role !== role || last.results !== results) contents.push({ role, results, parts });
    else {
      if (role === 'user' && !results) lost('turns', 'turns of one role that follow one another are one', 'emulated');
      last.parts = [...last.parts, ...parts];
    }
  };
  return { contents, add };
};
const answerParts = (turn: Turn, current: boolean, writing: Writing): readonly Fields[] => {
  let mustSign = current && writing.family.signed;
  const parts = writing.unsigned ? turn.parts : signedAgain(turn.parts, writing.lost);
  return parts.flatMap((part): readonly Fields[] => {
    if (isResult(part)) {
      losePart(part, `turns.parts.${part.kind}`, 'only the user can show it', writing.lost);
      return [];
    }
    const written = foreignPart(part, mustSign && part.kind === 'toolCall', writing);
    if (part.kind === 'toolCall') mustSign = false;
    return written;
  });
};
/** A turn of nothing but empty text keeps its place, as the vendor takes turns in turn; it takes no text that is empty. */
const isSilent = ({ parts }: Turn): boolean => parts.length > 0 && parts.every((part) => part.kind === 'text' && part.text === '');
const silence = (lost: Lost): readonly Fields[] => {
  lost('turns.parts', 'a blank stands for a text that is empty', 'emulated');
  return [{ text: ' ' }];
};
/** Turns of another dialect: system turns are the prompt, the rest alternates. Throws 400 when nothing is left to answer. */
export const foreignTurns = (turns: readonly Turn[], writing: Writing): WrittenTurns => {
  const { lost } = writing;
  const system: Fields[] = [];
  const { contents, add } = joiner(lost);
  const current = currentFrom(turns);
  let prompts = 0;
  for (const [index, turn] of turns.entries()) {
    if (turn.role === 'system') {
      const parts = systemParts(turn, lost);
      if (contents.length > 0 && parts.length > 0) lost('turns', 'the provider takes system turns at the beginning only', 'emulated');
      else if (prompts > 0 && parts.length > 0) lost('turns', 'system turns that follow one another are one prompt', 'emulated');
      prompts += parts.length > 0 ? 1 : 0;
      system.push(...parts);
      continue;
    }
    if (turn.role === 'assistant') {
      add('model', answerParts(turn, index > current, writing), false);
      continue;
    }
    const results = sorted(turn.parts.filter(isResult), turns[index - 1], lost).map((part) => foreignResult(part, writing));
    add(
      'user',
      results.map(({ wire }) => wire),
      true,
    );
    const others = turn.parts.flatMap((part) => (isResult(part) ? [] : foreignPart(part, false, writing)));
    add('user', [...results.flatMap(({ moved }) => moved), ...(isSilent(turn) ? silence(lost) : others)], false);
  }
  if (contents.length === 0) throw unsupported('turns', 'There is nothing to answer: no message has content that the provider takes.');
  if (contents.at(-1)?.role === 'model') lost('turns', 'an answer that is to be continued may be begun anew', 'emulated');
  return { system, contents: contents.map(({ role, parts }) => ({ role, parts })) };
};
