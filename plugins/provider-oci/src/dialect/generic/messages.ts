import {
  type Building,
  type Capabilities,
  type Fields,
  type Lost,
  losePart,
  oneText,
  type Part,
  some,
  stringifyJson,
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
  /** What stands in an answer that has nothing but calls; null, but for models that fail with it. */
  readonly silence: readonly Fields[] | null;
}
const saidContent = (part: Part, { lost, capabilities }: Writing): Fields | undefined => {
  if (part.kind === 'text') return textContent(part.text);
  if (part.kind === 'refusal') {
    lost('turns.parts.refusal', 'a refusal is text here', 'emulated');
    return textContent(part.text);
  }
  if (part.kind === 'image') return { type: 'IMAGE', imageUrl: { url: urlOf(part, capabilities, lost), ...some('detail', detailOf(part, lost)) } };
  if (part.kind === 'document') return { type: 'DOCUMENT', documentUrl: { url: urlOf(part, capabilities, lost) } };
  if (part.kind === 'audio') return { type: 'AUDIO', audioUrl: { url: urlOf(part, capabilities, lost) } };
  if (part.kind === 'video') return { type: 'VIDEO', videoUrl: { url: urlOf(part, capabilities, lost), ...some('detail', detailOf(part, lost)) } };
  losePart(part, 'turns', 'only its vendor understands it', lost);
  return undefined;
};
const contentOf = (parts: readonly Part[], writing: Writing): readonly Fields[] =>
  spoken(parts.map((part) => saidContent(part, writing)).filter((content) => content !== undefined));
const head = (role: string, { name }: Turn): Building => ({ role, ...some('name', name) });

const systemMessage = (turn: Turn, writing: Writing): Fields => {
  const texts = turn.parts.filter((part) => part.kind === 'text');
  for (const part of turn.parts) if (part.kind !== 'text') losePart(part, 'turns', 'the system says text alone', writing.lost);
  return { ...head('SYSTEM', turn), content: contentOf(texts, writing) };
};
/** A result is text here; what else it holds follows in the user's message. */
const resultMessage = (part: ToolResultPart, { lost }: Writing): Fields => {
  const texts = part.parts.flatMap((inner) => (inner.kind === 'text' || inner.kind === 'refusal' ? [textContent(inner.text)] : []));
  if (part.failed) lost('turns.parts.failed', 'the provider is not told that a call failed');
  return { role: 'TOOL', toolCallId: part.id, content: texts.length === 0 ? [textContent('')] : spoken(texts) };
};
const isSaid = (part: Part): boolean => part.kind === 'text' || part.kind === 'refusal';
const userMessages = (turn: Turn, writing: Writing): readonly Fields[] => {
  const results = turn.parts.filter((part): part is ToolResultPart => part.kind === 'toolResult');
  const media = results.flatMap((result) => result.parts.filter((part) => !isSaid(part)));
  if (media.some((part) => 'media' in part)) writing.lost('turns.parts.parts', 'media of a tool result stands in the next message', 'emulated');
  const said = [...media, ...turn.parts.filter((part) => part.kind !== 'toolResult')];
  const messages = results.map((result) => resultMessage(result, writing));
  if (said.length === 0 && messages.length > 0) return messages;
  const content = contentOf(said, writing);
  return content.length === 0 && said.length > 0 ? messages : [...messages, { ...head('USER', turn), content }];
};

const callOf = (part: ToolCallPart, { lost }: Writing): Fields => {
  const { id, name, input } = part;
  if ('text' in input) lost('turns.parts.input', 'free text is a member of an object here', 'emulated');
  return { type: 'FUNCTION', id, name, arguments: 'text' in input ? stringifyJson({ input: input.text }) : input.json };
};
/** What others signed means nothing here; reasoning without a signature, or of this vendor, is said again. */
const isOwnThought = (part: Part): boolean => part.kind === 'thinking' && !part.redacted && (part.origin === undefined || part.origin.dialect === OCI);
const annotationsOf = (parts: readonly Part[], lost: Lost): readonly Fields[] => {
  let from = 0;
  return parts.flatMap((part) => {
    if (part.kind !== 'text') return [];
    const start = from;
    from += part.text.length;
    return (part.citations ?? []).flatMap((citation) => {
      const { url, title, quote, origin } = citation;
      void origin;
      if (quote !== undefined) lost('turns.parts.citations.quote', 'the provider takes no quotes back');
      if (url === undefined) lost('turns.parts.citations', 'the provider takes back what cites an address alone');
      const place = { startIndex: start + (citation.start ?? 0), endIndex: start + (citation.end ?? part.text.length) };
      return url === undefined ? [] : [{ type: 'url_citation', urlCitation: { ...place, ...some('title', title), url } }];
    });
  });
};
const RANKS: Readonly<Partial<Record<Part['kind'], number>>> = Object.freeze({ thinking: 0, text: 1, refusal: 2, toolCall: 3 });
/** Reasoning, content, refusal and calls are members of their own: where they stood among each other is lost. */
const noteOrder = (parts: readonly Part[], lost: Lost): void => {
  const ranks = parts.map(({ kind }) => RANKS[kind] ?? 1);
  if (ranks.some((rank, at) => rank < (ranks[at - 1] ?? 0)))
    lost('turns.parts', 'a message has its reasoning, content, refusal and calls in this order', 'emulated');
};
const assistantMessage = (turn: Turn, writing: Writing): Fields => {
  const { lost } = writing;
  const kept = turn.parts.filter((part) => {
    const has = isSaid(part) || part.kind === 'toolCall' || isOwnThought(part);
    if (!has) losePart(part, 'turns', part.kind === 'thinking' ? 'the provider takes back reasoning of its own' : 'only the user can show it', lost);
    return has;
  });
  noteOrder(kept, lost);
  const calls = kept.filter((part): part is ToolCallPart => part.kind === 'toolCall');
  const texts = kept.filter((part) => part.kind === 'text');
  const refusal = oneText(
    kept.filter(({ kind }) => kind === 'refusal'),
    lost,
  );
  const thoughts = kept.flatMap((part) => (part.kind === 'thinking' ? [part.text] : []));
  if (thoughts.length > 1) lost('turns.parts', 'a message has one text of reasoning: an empty line stands between what was thought', 'emulated');
  const thought = thoughts.join('\n\n');
  const content = contentOf(texts, writing);
  const annotations = annotationsOf(texts, lost);
  const silent = content.every(({ text }) => text === '');
  if (silent && writing.silence !== null) lost('turns.parts', 'the model fails with an answer that says nothing; it says a point', 'emulated');
  return {
    ...head('ASSISTANT', turn),
    content: silent ? (writing.silence ?? (calls.length > 0 || refusal !== '' ? null : [textContent('')])) : content,
    ...some('refusal', refusal === '' ? undefined : refusal),
    ...some('reasoningContent', thought === '' ? undefined : thought),
    ...some('annotations', annotations.length === 0 ? undefined : annotations),
    ...some('toolCalls', calls.length === 0 ? undefined : calls.map((call) => callOf(call, writing))),
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
