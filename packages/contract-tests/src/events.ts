import type { ChatEvent, ChatReply, Finish, Part } from '@llm-proxy-auth/plugin';

/** Text of a part that streams, the field it grows in, and the part as it opens. */
const growth = (part: Part): { readonly field: 'text' | 'input'; readonly text: string; readonly opens: Part } | undefined => {
  if (part.kind === 'text' || part.kind === 'refusal' || part.kind === 'thinking') return { field: 'text', text: part.text, opens: { ...part, text: '' } };
  if (part.kind !== 'toolCall') return undefined;
  const free = 'text' in part.input;
  return { field: 'input', text: 'text' in part.input ? part.input.text : part.input.json, opens: { ...part, input: free ? { text: '' } : { json: '' } } };
};
const halvesOf = (text: string): readonly string[] => {
  const characters = [...text];
  const middle = Math.ceil(characters.length / 2);
  return [characters.slice(0, middle).join(''), characters.slice(middle).join('')].filter((piece) => piece !== '');
};
const playPart = (part: Part, choice: number, index: number): readonly ChatEvent[] => {
  const grows = growth(part);
  if (grows === undefined)
    return [
      { type: 'part', choice, index, part },
      { type: 'part-end', choice, index },
    ];
  const deltas = halvesOf(grows.text).map((text): ChatEvent => ({ type: 'delta', choice, index, field: grows.field, text }));
  return [{ type: 'part', choice, index, part: grows.opens }, ...deltas, { type: 'part-end', choice, index }];
};
/** The events of an answer that streams, its texts in two pieces. */
export const play = (reply: ChatReply): readonly ChatEvent[] => [
  { type: 'start', id: reply.id, model: reply.model, ...(reply.created === undefined ? {} : { created: reply.created }) },
  ...reply.choices.flatMap(({ index, parts, finish }): readonly ChatEvent[] => [
    ...parts.flatMap((part, at) => playPart(part, index, at)),
    { type: 'finish', choice: index, reason: finish },
  ]),
  { type: 'usage', usage: reply.usage },
  { type: 'end' },
];

interface Growing {
  readonly part: Part;
  text: string;
}
const grown = ({ part, text }: Growing): Part => {
  if (part.kind === 'text' || part.kind === 'refusal' || part.kind === 'thinking') return { ...part, text: part.text + text };
  if (part.kind !== 'toolCall') return part;
  return { ...part, input: 'text' in part.input ? { text: part.input.text + text } : { json: part.input.json + text } };
};
/** The answer that events add up to, as far as the rules compare it: parts with their texts, finish, usage. */
export const collected = (events: readonly ChatEvent[]): ChatReply => {
  const parts = new Map<number, Growing[]>();
  const choice = (index: number): Growing[] => {
    const found = parts.get(index) ?? [];
    parts.set(index, found);
    return found;
  };
  let reply: Omit<ChatReply, 'choices'> = { id: '', model: '', usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: true } };
  const finishes = new Map<number, Finish>();
  for (const event of events) {
    if (event.type === 'start') reply = { ...reply, id: event.id, model: event.model, ...(event.created === undefined ? {} : { created: event.created }) };
    if (event.type === 'part') choice(event.choice)[event.index] = { part: event.part, text: '' };
    const growing = event.type === 'delta' ? choice(event.choice)[event.index] : undefined;
    if (growing !== undefined && event.type === 'delta') growing.text += event.text;
    if (event.type === 'finish') finishes.set(event.choice, event.reason);
    if (event.type === 'usage') reply = { ...reply, usage: event.usage };
  }
  return { ...reply, choices: [...finishes].map(([index, finish]) => ({ index, parts: choice(index).map(grown), finish })) };
};
