import { Buffer } from 'node:buffer';
import {
  asObject,
  type DocumentPart,
  type Fields,
  type Json,
  type Lost,
  losePart,
  oneText,
  type Part,
  parseJson,
  some,
  type ToolCallPart,
  type ToolResultPart,
  type Turn,
  unsupported,
} from '@llm-proxy-auth/plugin';

/** What writing a conversation depends on. */
export interface Writing {
  readonly lost: Lost;
  /** Name at the provider of a tool of the client's. */
  readonly toolName: (name: string) => string;
}
/** A conversation as this format has it: what is said now, and what was said before. */
export interface Conversation {
  readonly message: string;
  readonly chatHistory: readonly Fields[];
  readonly toolResults: readonly Fields[] | undefined;
  readonly preambleOverride: string | undefined;
  readonly documents: readonly Fields[];
}
const isText = (part: Part): part is Extract<Part, { kind: 'text' | 'refusal' }> => part.kind === 'text' || part.kind === 'refusal';
const isResult = (part: Part): part is ToolResultPart => part.kind === 'toolResult';
const READABLE = /^(?:text\/|application\/(?:json|xml|x-ndjson)\b)/;
const documentOf = (part: DocumentPart): Fields => {
  const { media, name, title, context } = part;
  if (!('base64' in media) || !READABLE.test(media.type))
    throw unsupported('turns.parts.media', 'The format of this model takes documents of text alone, sent along.');
  const text = Buffer.from(media.base64, 'base64').toString();
  return { ...some('title', title ?? name), snippet: text, ...some('context', context) };
};
const textOf = (parts: readonly Part[], { lost }: Writing): string => {
  for (const part of parts) {
    if (part.kind === 'refusal') lost('turns.parts.refusal', 'a refusal is text here', 'emulated');
    if (part.kind === 'image' || part.kind === 'audio' || part.kind === 'video')
      throw unsupported('turns.parts.media', `The format of this model takes no ${part.kind}.`);
    if (!isText(part)) losePart(part, 'turns', 'the format of this model has no place for it', lost);
  }
  return oneText(parts, lost);
};
const parametersOf = ({ input }: ToolCallPart, lost: Lost): Json => {
  if ('text' in input) {
    lost('turns.parts.input', 'free text is a member of an object here', 'emulated');
    return { input: input.text };
  }
  if (input.json.trim() === '') return {};
  let value: Json;
  try {
    value = parseJson(input.json);
  } catch {
    value = undefined;
  }
  const object = asObject(value);
  if (object !== undefined) return object;
  lost('turns.parts.input', 'input that is no JSON object is a member of one', 'emulated');
  return { rawInvalidInput: input.json };
};
/** Calls have no ids here: a result repeats the call that it answers. */
const callReader = (turns: readonly Turn[], { lost, toolName }: Writing): ((part: ToolResultPart) => Fields) => {
  const calls = new Map<string, Fields>();
  for (const { parts } of turns)
    for (const part of parts) if (part.kind === 'toolCall') calls.set(part.id, { name: toolName(part.name), parameters: parametersOf(part, () => undefined) });
  return (part) => {
    const call = calls.get(part.id);
    if (call === undefined) throw unsupported('turns.parts.id', 'A tool result answers no call of this conversation.');
    const texts = part.parts.flatMap((inner) => {
      if (isText(inner)) return inner.text === '' ? [] : [inner.text];
      losePart(inner, 'turns.parts.parts', 'a result is text here', lost);
      return [];
    });
    if (part.failed) lost('turns.parts.failed', 'that a call failed is a member of its output', 'emulated');
    const failed = part.failed ? { failed: true } : {};
    return { call, outputs: (texts.length === 0 ? [''] : texts).map((output) => ({ output, ...failed })) };
  };
};
const chatBot = (turn: Turn, writing: Writing): Fields => {
  const calls = turn.parts.filter((part): part is ToolCallPart => part.kind === 'toolCall');
  const said = turn.parts.filter((part) => part.kind !== 'toolCall');
  for (const part of said) {
    if (part.kind === 'text' && part.citations !== undefined) writing.lost('turns.parts.citations', 'the provider takes no citations back');
  }
  const firstCall = turn.parts.findIndex((part) => part.kind === 'toolCall');
  if (firstCall >= 0 && turn.parts.slice(firstCall).some((part) => part.kind !== 'toolCall'))
    writing.lost('turns.parts', 'calls stand behind what is said', 'emulated');
  const toolCalls = calls.map((call) => ({ name: writing.toolName(call.name), parameters: parametersOf(call, writing.lost) }));
  const spoken = said.filter((part) => {
    if (isText(part)) return true;
    losePart(part, 'turns', 'the format of this model takes text of answers alone', writing.lost);
    return false;
  });
  return { role: 'CHATBOT', message: textOf(spoken, writing), ...some('toolCalls', toolCalls.length === 0 ? undefined : toolCalls) };
};
const systemText = (turns: readonly Turn[], writing: Writing): string => {
  if (turns.length > 1) writing.lost('turns', 'what the system says is one text before the conversation', 'emulated');
  return turns
    .map(({ parts }) => {
      for (const part of parts) if (part.kind !== 'text') losePart(part, 'turns', 'the system says text alone', writing.lost);
      return textOf(
        parts.filter((part) => part.kind === 'text'),
        writing,
      );
    })
    .join('\n\n');
};
/** The user's turns that follow one another are one, as results and what is said with them. */
const last = (turns: readonly Turn[]): { readonly before: readonly Turn[]; readonly now: readonly Turn[] } => {
  let at = turns.length;
  while (at > 0 && turns[at - 1]?.role === 'user') at -= 1;
  return { before: turns.slice(0, at), now: turns.slice(at) };
};

/** The conversation in this format. Throws `unsupported_parameter` where it cannot be said. */
export const writeConversation = (turns: readonly Turn[], writing: Writing): Conversation => {
  const { lost } = writing;
  const systems = turns.findIndex(({ role }) => role !== 'system');
  const leading = systems < 0 ? turns : turns.slice(0, systems);
  const { before, now } = last(turns.slice(leading.length));
  if (now.length === 0) throw unsupported('turns', 'The format of this model wants the user to speak last.');
  const resultOf = callReader(turns, writing);
  const documents: Fields[] = [];
  const said = (parts: readonly Part[]): string => {
    documents.push(...parts.flatMap((part) => (part.kind === 'document' ? [documentOf(part)] : [])));
    return textOf(
      parts.filter((part) => part.kind !== 'document' && !isResult(part)),
      writing,
    );
  };
  const userEntries = ({ parts }: Turn): readonly Fields[] => {
    const results = parts.filter(isResult).map(resultOf);
    const spoken = parts.some((part) => !isResult(part));
    const message = said(parts);
    return [...(results.length === 0 ? [] : [{ role: 'TOOL', toolResults: results }]), ...(spoken ? [{ role: 'USER', message }] : [])];
  };
  const entry = (turn: Turn): readonly Fields[] => {
    if (turn.role === 'system') return [{ role: 'SYSTEM', message: systemText([turn], writing) }];
    return turn.role === 'assistant' ? [chatBot(turn, writing)] : userEntries(turn);
  };
  const history = before.flatMap(entry);
  const spoken = now.some(({ parts }) => parts.some((part) => !isResult(part)));
  const earlier = spoken ? now.slice(0, -1).flatMap(entry) : [];
  const final = spoken ? now.slice(-1) : now;
  const results = final.flatMap(({ parts }) => parts.filter(isResult).map(resultOf));
  const message = said(final.flatMap(({ parts }) => parts));
  const named = spoken && results.length > 0 ? [{ role: 'TOOL', toolResults: results }] : [];
  if (documents.length > 0) lost('turns.parts.document', 'documents stand beside the conversation', 'emulated');
  return {
    message,
    chatHistory: [...history, ...earlier, ...named],
    toolResults: spoken || results.length === 0 ? undefined : results,
    preambleOverride: leading.length === 0 ? undefined : systemText(leading, writing),
    documents,
  };
};
