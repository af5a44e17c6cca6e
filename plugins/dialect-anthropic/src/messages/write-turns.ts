import { type Building, type Fields, type Lost, losePart, type Part, type Turn, unsupported } from '@llm-proxy-auth/plugin';
import { formOf } from '../form.ts';
import { restore } from '../remainder.ts';
import { isPlainText, spoken, type Writing, writeBlock, writeCache, writeContent } from './write-blocks.ts';

export interface WrittenTurns {
  readonly system: string | readonly Fields[] | undefined;
  readonly messages: readonly Fields[];
}

/** A message that was read from this dialect. */
const ownMessage = (turn: Turn, writing: Writing): Fields => {
  const form = formOf(turn);
  const head = restore({ role: turn.role, ...turn.rest }, form?.left?.value);
  if (form?.absent === true && turn.parts.length === 0) return head;
  return { ...head, content: writeContent(turn.parts, form?.text === true, writing) };
};
const isSystem = (turn: Turn): boolean => turn.role === 'system' && formOf(turn)?.place !== 'messages';
const ownSystem = (turns: readonly Turn[], writing: Writing): WrittenTurns['system'] => {
  const [only] = turns;
  if (only === undefined) return undefined;
  if (turns.length === 1 && formOf(only)?.text === true && isPlainText(only.parts[0]) && only.parts.length === 1) return only.parts[0].text;
  return turns.flatMap(({ parts }) => parts.flatMap((part) => writeBlock(part, writing)));
};
/** Turns that were read from this dialect, as they came; system turns without a place of their own stand where a client puts them. */
export const writeOwnTurns = (turns: readonly Turn[], writing: Writing): WrittenTurns => ({
  system: ownSystem(turns.filter(isSystem), writing),
  messages: turns.filter((turn) => !isSystem(turn)).map((turn) => ownMessage(turn, writing)),
});

const isResult = ({ type }: Fields): boolean => type === 'tool_result';
/** A hint on a whole turn stands on its last block that may have one. */
const hinted = (blocks: readonly Fields[], turn: Turn, lost: Lost): readonly Fields[] => {
  if (turn.cache === undefined) return blocks;
  const at = blocks.findLastIndex(({ type }) => type !== 'thinking' && type !== 'redacted_thinking');
  lost('turns.cache', 'the hint stands on the last block', at < 0 ? 'ignored' : 'emulated');
  return blocks.map((block, index) => (index === at ? { ...writeCache(turn), ...block } : block));
};
const blocksOf = (turn: Turn, parts: readonly Part[], writing: Writing): readonly Fields[] =>
  hinted(
    spoken(parts, writing.lost).flatMap((part) => writeBlock(part, writing)),
    turn,
    writing.lost,
  );
const systemParts = (turn: Turn, lost: Lost): readonly Part[] => {
  const texts = turn.parts.filter((part) => part.kind === 'text');
  for (const part of turn.parts) if (part.kind !== 'text') losePart(part, `turns.parts.${part.kind}`, 'only text can stand here', lost);
  return texts;
};

interface Message {
  readonly role: string;
  blocks: readonly Fields[];
}
/** Results go to the front of the user's message, in the order in which their calls were made; of two for one call the last, which corrects the first. */
const ordered = (results: readonly Fields[], before: Message | undefined, lost: Lost): readonly Fields[] => {
  if (results.length === 0) return results;
  const calls = (before?.blocks ?? []).filter(({ type }) => type === 'tool_use').map(({ id }) => id);
  const rank = ({ tool_use_id }: Fields): number => (calls.includes(tool_use_id) ? calls.indexOf(tool_use_id) : calls.length);
  const last = new Map(results.map((one) => [one.tool_use_id, one]));
  if (last.size < results.length) lost('turns.parts', 'of several results of one call the last counts');
  const sorted = results.filter((one) => last.get(one.tool_use_id) === one).toSorted((a, b) => rank(a) - rank(b));
  const kept = results.filter((one) => sorted.includes(one));
  if (sorted.some((one, index) => one !== kept[index])) lost('turns.parts', 'results stand in the order of their calls', 'emulated');
  return sorted;
};
/** One message a turn, but neighbours of one role are one message, whose results come first. */
const joiner = (lost: Lost) => {
  const messages: Message[] = [];
  const add = (role: string, blocks: readonly Fields[]): void => {
    if (blocks.length === 0) return;
    const last = messages.at(-1);
    const results = blocks.filter(isResult);
    const others = blocks.filter((block) => !isResult(block));
    if (last?.role !== role || role === 'system') {
      messages.push({ role, blocks: [...ordered(results, last, lost), ...others] });
      return;
    }
    const said = last.blocks.filter((block) => !isResult(block));
    if (role === 'user' && said.length > 0) lost('turns', 'turns of one role that follow one another are one message', 'emulated');
    last.blocks = [...ordered([...last.blocks.filter(isResult), ...results], messages.at(-2), lost), ...said, ...others];
  };
  return { messages, add };
};

/** An answer that is to be continued may not end with white space. */
const trimmed = (blocks: readonly Fields[], lost: Lost): readonly Fields[] => {
  const last = blocks.at(-1);
  if (typeof last?.text !== 'string' || last.text === last.text.trimEnd()) return blocks;
  lost('turns.parts.text', 'an answer to be continued may not end with white space', 'clamped');
  return [...blocks.slice(0, -1), { ...last, text: last.text.trimEnd() }];
};

/** Without the sound or film that a question is about it is another question. */
const refuseMedia = (parts: readonly Part[]): void => {
  const part = parts.find(({ kind }) => kind === 'audio' || kind === 'video');
  if (part !== undefined) throw unsupported('turns.parts.media', `The provider of this call takes no ${part.kind}.`);
};
/**
 * Turns of another dialect. Leading system turns are the system prompt; later ones stay where they are where the provider takes them
 * there (`midSystem`), else they follow the prompt. Throws 400 when no message is left.
 */
export const writeTurns = (turns: readonly Turn[], midSystem: boolean, writing: Writing): WrittenTurns => {
  const { lost } = writing;
  const system: Fields[] = [];
  const { messages, add } = joiner(lost);
  let prompts = 0;
  for (const turn of turns) {
    if (turn.role === 'system') {
      const blocks = blocksOf(turn, systemParts(turn, lost), writing);
      if (messages.length > 0 && midSystem) {
        add('system', blocks);
        continue;
      }
      if (messages.length > 0 && blocks.length > 0) lost('turns', 'the provider takes system turns at the beginning only', 'emulated');
      else if (prompts > 0 && blocks.length > 0) lost('turns', 'system turns that follow one another are one prompt', 'emulated');
      if (blocks.length > 0) prompts += 1;
      system.push(...blocks);
    } else {
      if (turn.role === 'user') refuseMedia(turn.parts);
      add(turn.role, blocksOf(turn, turn.parts, writing));
    }
  }
  if (messages.length === 0) throw unsupported('turns', 'There is nothing to answer: no message has content that the provider takes.');
  const last = messages.at(-1);
  if (last?.role === 'assistant') last.blocks = trimmed(last.blocks, lost);
  return { system: system.length > 0 ? system : undefined, messages: messages.map(({ role, blocks }): Building => ({ role, content: blocks })) };
};
