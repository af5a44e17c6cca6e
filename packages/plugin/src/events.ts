import type { ChatEvent, ChatReply, Choice, Part, TokenLogprob, Usage } from './conversation.ts';
import { GatewayError } from './error.ts';

type EventOf<T extends ChatEvent['type']> = Extract<ChatEvent, { type: T }>;
interface OpenChoice {
  readonly parts: Map<number, Part>;
  finish: EventOf<'finish'> | undefined;
}
const NO_USAGE: Usage = Object.freeze({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: true });
const wrong = (why: string): GatewayError => new GatewayError('internal_error', `A stream reader gave events that do not fit together: ${why}.`);

const withLogprobs = <P extends Part & { readonly logprobs?: readonly TokenLogprob[] | undefined }>(part: P, more: readonly TokenLogprob[] | undefined): P =>
  more === undefined ? part : { ...part, logprobs: [...(part.logprobs ?? []), ...more] };

const withData = (part: Part, text: string): Part => {
  const holder = part.kind === 'image' || part.kind === 'audio' || part.kind === 'video' || part.kind === 'document' ? part : undefined;
  if (holder === undefined || !('base64' in holder.media)) throw wrong(`data for a part of kind ${part.kind}`);
  return { ...holder, media: { ...holder.media, base64: holder.media.base64 + text } };
};
const withText = (part: Part, event: EventOf<'delta'>): Part => {
  if (part.kind === 'text' || part.kind === 'refusal') return withLogprobs({ ...part, text: part.text + event.text }, event.logprobs);
  if (part.kind === 'thinking') return { ...part, text: part.text + event.text };
  throw wrong(`text for a part of kind ${part.kind}`);
};
const withInput = (part: Part, text: string): Part => {
  if (part.kind !== 'toolCall') throw wrong(`input for a part of kind ${part.kind}`);
  return { ...part, input: 'json' in part.input ? { json: part.input.json + text } : { text: part.input.text + text } };
};
const withTranscript = (part: Part, text: string): Part => {
  if (part.kind !== 'audio' && part.kind !== 'video' && part.kind !== 'image') throw wrong(`a transcript for a part of kind ${part.kind}`);
  return { ...part, transcript: (part.transcript ?? '') + text };
};
const grown = (part: Part, event: EventOf<'delta'>): Part => {
  if (event.field === 'text') return withText(part, event);
  if (event.field === 'input') return withInput(part, event.text);
  if (event.field === 'data') return withData(part, event.text);
  return event.field === 'transcript' ? withTranscript(part, event.text) : part;
};
const withDelta = (part: Part, event: EventOf<'delta'>): Part => {
  const after = grown(part, event);
  return event.rest === undefined ? after : { ...after, rest: { ...after.rest, ...event.rest } };
};
const withEnd = (part: Part, { origin, rest }: EventOf<'part-end'>): Part => {
  const ended = origin === undefined ? part : { ...part, origin };
  return rest === undefined ? ended : { ...ended, rest: { ...ended.rest, ...rest } };
};
const closed = ([index, { parts, finish }]: [number, OpenChoice]): Choice => {
  if (finish === undefined) throw wrong(`choice ${index} has no finish`);
  const { stopSequence, rest, reason } = finish;
  const ordered = [...parts].sort(([a], [b]) => a - b).map(([, part]) => part);
  return { index, parts: ordered, finish: reason, ...(stopSequence === undefined ? {} : { stopSequence }), ...(rest === undefined ? {} : { rest }) };
};

/**
 * The reply that a stream tells piece by piece. `signature` deltas count for nothing: the whole stands in the origin of `part-end`.
 * What `keep` brings is an opaque part after the others of the first choice. Without a usage event the usage is zero and estimated.
 * Throws the stream's own error, `upstream_stream_truncated` without `end`, `internal_error` for events that do not fit together.
 */
export const collect = (events: readonly ChatEvent[]): ChatReply => {
  const choices = new Map<number, OpenChoice>();
  const keeps: Part[] = [];
  let start: EventOf<'start'> | undefined;
  let end: EventOf<'end'> | undefined;
  let usage: Usage = NO_USAGE;
  const open = (index: number): OpenChoice => {
    const choice = choices.get(index) ?? { parts: new Map<number, Part>(), finish: undefined };
    choices.set(index, choice);
    return choice;
  };
  const change = (event: { readonly choice: number; readonly index: number }, to: (part: Part) => Part): void => {
    const { parts } = open(event.choice);
    const part = parts.get(event.index);
    if (part === undefined) throw wrong(`part ${event.index} was not opened`);
    parts.set(event.index, to(part));
  };
  const take = (event: ChatEvent): void => {
    if (end !== undefined) throw wrong('something follows the end');
    if (event.type === 'start') start = event;
    else if (event.type === 'part') open(event.choice).parts.set(event.index, event.part);
    else if (event.type === 'delta') change(event, (part) => withDelta(part, event));
    else if (event.type === 'part-end') change(event, (part) => withEnd(part, event));
    else if (event.type === 'citation') change(event, (part) => cited(part, event));
    else if (event.type === 'finish') open(event.choice).finish = event;
    else if (event.type === 'usage') usage = event.usage;
    else if (event.type === 'keep') keeps.push(...(event.progress === true ? [] : [{ kind: 'opaque', origin: event.origin } as const]));
    else if (event.type === 'end') end = event;
    else throw new GatewayError(event.error.code, event.error.message, event.error);
  };
  for (const event of events) take(event);
  if (end === undefined) throw new GatewayError('upstream_stream_truncated', 'The provider ended its stream before its end.');
  if (start === undefined) throw wrong('there is no start');
  const first = keeps.length === 0 ? undefined : open(0).parts;
  keeps.forEach((part, index) => void first?.set(Number.MAX_SAFE_INTEGER - keeps.length + index, part));
  const { type, rest: early, ...head } = start;
  const rest = early === undefined ? end.rest : { ...early, fields: { ...early.fields, ...end.rest?.fields } };
  const list = [...choices].sort(([a], [b]) => a - b).map(closed);
  return { ...head, choices: list, usage, ...(rest === undefined ? {} : { rest }) };
};
const cited = (part: Part, { citation }: EventOf<'citation'>): Part => {
  if (part.kind !== 'text') throw wrong(`a citation for a part of kind ${part.kind}`);
  return { ...part, citations: [...(part.citations ?? []), citation] };
};

type Delta = Pick<EventOf<'delta'>, 'field' | 'text' | 'logprobs'>;
/** A part as it opens, without what grows, and the deltas that make it grow. */
const opened = (part: Part): { readonly part: Part; readonly deltas: readonly Delta[] } => {
  if (part.kind === 'text') {
    const { citations, logprobs, ...rest } = part;
    return { part: { ...rest, text: '' }, deltas: [{ field: 'text', text: part.text, ...(logprobs === undefined ? {} : { logprobs }) }] };
  }
  if (part.kind === 'refusal') {
    const { logprobs, ...rest } = part;
    return { part: { ...rest, text: '' }, deltas: [{ field: 'text', text: part.text, ...(logprobs === undefined ? {} : { logprobs }) }] };
  }
  if (part.kind === 'thinking') return { part: { ...part, text: '' }, deltas: [{ field: 'text', text: part.text }] };
  if (part.kind === 'toolCall') {
    const [input, text] = 'json' in part.input ? [{ json: '' }, part.input.json] : [{ text: '' }, part.input.text];
    return { part: { ...part, input }, deltas: [{ field: 'input', text }] };
  }
  if (part.kind === 'audio' && 'base64' in part.media) {
    const { transcript, ...rest } = part;
    const data: Delta = { field: 'data', text: part.media.base64 };
    return {
      part: { ...rest, media: { ...part.media, base64: '' } },
      deltas: transcript === undefined ? [data] : [data, { field: 'transcript', text: transcript }],
    };
  }
  return { part, deltas: [] };
};
const partEvents = (part: Part, choice: number, index: number): ChatEvent[] => {
  const { part: first, deltas } = opened(part);
  const { origin, ...bare } = first;
  // An opaque part is nothing but its origin, and a call opens with its own, which may have to travel in its id; others get theirs when
  // they end, as vendors sign what is complete.
  const early = first.kind === 'opaque' || first.kind === 'toolCall';
  const opening = early ? first : (bare as Part);
  const ending = early || origin === undefined ? {} : { origin };
  const citations = part.kind === 'text' ? (part.citations ?? []) : [];
  return [
    { type: 'part', choice, index, part: opening },
    ...deltas.map((delta): ChatEvent => ({ type: 'delta', choice, index, ...delta })),
    ...citations.map((citation): ChatEvent => ({ type: 'citation', choice, index, citation })),
    { type: 'part-end', choice, index, ...ending },
  ];
};

/** The stream that tells a reply: `collect(eventsOf(reply))` is the reply, in normal form. */
export const eventsOf = (reply: ChatReply): ChatEvent[] => {
  const { choices, usage, rest, ...head } = reply;
  const told = choices.flatMap(({ index, parts, finish, ...more }): ChatEvent[] => {
    const events = parts.flatMap((part, at) => partEvents(part, index, at));
    const { stopSequence, rest: kept } = more;
    return [
      ...events,
      { type: 'finish', choice: index, reason: finish, ...(stopSequence === undefined ? {} : { stopSequence }), ...(kept === undefined ? {} : { rest: kept }) },
    ];
  });
  return [{ type: 'start', ...head }, ...told, { type: 'usage', usage }, { type: 'end', ...(rest === undefined ? {} : { rest }) }];
};
