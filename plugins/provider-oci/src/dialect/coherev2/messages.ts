import { Buffer } from 'node:buffer';
import {
  asObject,
  type Capabilities,
  type DocumentPart,
  type Fields,
  type Lost,
  losePart,
  type Part,
  parseJson,
  some,
  stringifyJson,
  type ThinkingPart,
  type ToolCallPart,
  type ToolResultPart,
  type Turn,
  unsupported,
} from '@llm-proxy-auth/plugin';
import { spoken, textContent } from '../contents.ts';
import { detailOf, urlOf } from '../media.ts';
import { OCI } from '../name.ts';

/** What writing messages depends on. */
export interface Writing {
  readonly lost: Lost;
  readonly capabilities: Partial<Capabilities>;
}
/** Reasoning of this kind stands in `toolPlan`. */
export const TOOL_PLAN: Fields = Object.freeze({ member: 'toolPlan' });
const READABLE = /^(?:text\/|application\/(?:json|xml|x-ndjson)\b)/;
const documentOf = (part: DocumentPart): Fields => {
  const { media, name, title, context } = part;
  if (!('base64' in media) || !READABLE.test(media.type))
    throw unsupported('turns.parts.media', 'The format of this model takes documents of text alone, sent along.');
  const snippet = Buffer.from(media.base64, 'base64').toString();
  return { type: 'DOCUMENT', document: { ...some('title', title ?? name), snippet, ...some('context', context) } };
};
const contentOf = (parts: readonly Part[], { lost, capabilities }: Writing): readonly Fields[] =>
  spoken(
    parts.flatMap((part): readonly Fields[] => {
      if (part.kind === 'text') return [textContent(part.text)];
      if (part.kind === 'refusal') {
        lost('turns.parts.refusal', 'a refusal is text here', 'emulated');
        return [textContent(part.text)];
      }
      if (part.kind === 'document') return [documentOf(part)];
      if (part.kind === 'image') return [{ type: 'IMAGE_URL', imageUrl: { url: urlOf(part, capabilities, lost), ...some('detail', detailOf(part, lost)) } }];
      if (part.kind === 'audio' || part.kind === 'video') throw unsupported('turns.parts.media', `The format of this model takes no ${part.kind}.`);
      losePart(part, 'turns', 'the format of this model has no place for it', lost);
      return [];
    }),
  );
const resultMessage = (part: ToolResultPart, { lost }: Writing): Fields => {
  const texts = part.parts.flatMap((inner) => {
    if (inner.kind === 'text' || inner.kind === 'refusal') return [textContent(inner.text)];
    losePart(inner, 'turns.parts.parts', 'a result is text here', lost);
    return [];
  });
  if (part.failed) lost('turns.parts.failed', 'the provider is not told that a call failed');
  return { role: 'TOOL', toolCallId: part.id, content: texts.length === 0 ? [textContent('')] : spoken(texts) };
};
const userMessages = (turn: Turn, writing: Writing): readonly Fields[] => {
  const messages = turn.parts.filter((part): part is ToolResultPart => part.kind === 'toolResult').map((part) => resultMessage(part, writing));
  const said = turn.parts.filter((part) => part.kind !== 'toolResult');
  const content = contentOf(said, writing);
  return content.length === 0 && said.length + messages.length > 0 ? messages : [...messages, { role: 'USER', content }];
};
const callOf = ({ id, name, input }: ToolCallPart, lost: Lost): Fields => {
  if ('text' in input) lost('turns.parts.input', 'free text is a member of an object here', 'emulated');
  return { id, type: 'FUNCTION', function: { name, arguments: 'text' in input ? stringifyJson({ input: input.text }) : input.json } };
};
const isOwnThought = (part: ThinkingPart): boolean => !part.redacted && (part.origin === undefined || part.origin.dialect === OCI);
const isPlan = ({ origin }: ThinkingPart): boolean => origin !== undefined && asObject(parseJson(origin.payload.json))?.member === TOOL_PLAN.member;
const assistantMessage = (turn: Turn, writing: Writing): Fields => {
  const { lost } = writing;
  const contents: Fields[] = [];
  const calls: ToolCallPart[] = [];
  const plans: string[] = [];
  for (const part of turn.parts) {
    if (part.kind === 'toolCall') calls.push(part);
    else if (part.kind === 'thinking' && isOwnThought(part)) {
      if (isPlan(part)) plans.push(part.text);
      else contents.push({ type: 'THINKING', thinking: part.text });
    } else if (part.kind === 'text' || part.kind === 'refusal') {
      if (part.kind === 'text' && part.citations !== undefined) lost('turns.parts.citations', 'the provider is not given citations back');
      contents.push(...contentOf([part], writing));
    } else losePart(part, 'turns', part.kind === 'thinking' ? 'the provider takes back reasoning of its own' : 'only the user can show it', lost);
  }
  if (plans.length > 1) lost('turns.parts', 'a message has one plan: an empty line stands between what was thought', 'emulated');
  const plan = plans.join('\n\n');
  const firstCall = turn.parts.findIndex((part) => part.kind === 'toolCall');
  if (firstCall >= 0 && turn.parts.slice(firstCall).some((part) => part.kind !== 'toolCall'))
    lost('turns.parts', 'calls stand behind what is said', 'emulated');
  return {
    role: 'ASSISTANT',
    content: spoken(contents),
    ...some('toolPlan', plan === '' ? undefined : plan),
    ...some('toolCalls', calls.length === 0 ? undefined : calls.map((call) => callOf(call, lost))),
  };
};
const systemMessage = (turn: Turn, writing: Writing): Fields => {
  for (const part of turn.parts) if (part.kind !== 'text') losePart(part, 'turns', 'the system says text alone', writing.lost);
  return {
    role: 'SYSTEM',
    content: contentOf(
      turn.parts.filter((part) => part.kind === 'text'),
      writing,
    ),
  };
};
/** The messages of a conversation. */
export const writeMessages = (turns: readonly Turn[], writing: Writing): readonly Fields[] => {
  const messages = turns.flatMap((turn) => {
    if (turn.role === 'assistant') return [assistantMessage(turn, writing)];
    return turn.role === 'system' ? [systemMessage(turn, writing)] : userMessages(turn, writing);
  });
  if (messages.length === 0 && turns.length > 0) throw unsupported('turns', 'Nothing of this conversation can be said to the provider of this call.');
  return messages;
};
