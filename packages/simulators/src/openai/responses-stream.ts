import { sseFrame } from '../http/answer.ts';
import { type Fields, fieldsOf, listOf, textOf } from './check.ts';
import type { Context } from './context.ts';
import { tokens } from './tokens.ts';

type Event = Fields & { readonly type: string };
type Padding = () => Fields;

const messageEvents = (item: Fields, place: Fields, padding: Padding): Event[] => {
  const at = { item_id: item.id, ...place, content_index: 0 };
  const [part = {}] = listOf(item.content);
  if (part.type === 'refusal') {
    return [
      { type: 'response.content_part.added', ...at, part: { type: 'refusal', refusal: '' } },
      ...tokens(textOf(part.refusal)).map((delta) => ({ type: 'response.refusal.delta', ...at, delta, ...padding() })),
      { type: 'response.refusal.done', ...at, refusal: part.refusal },
      { type: 'response.content_part.done', ...at, part },
    ];
  }
  return [
    { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
    ...tokens(textOf(part.text)).map((delta) => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [], ...padding() })),
    { type: 'response.output_text.done', ...at, text: part.text, logprobs: [] },
    { type: 'response.content_part.done', ...at, part },
  ];
};

const reasoningEvents = (item: Fields, place: Fields, padding: Padding): Event[] =>
  listOf(item.summary).flatMap((part, summary_index): Event[] => {
    const at = { item_id: item.id, ...place, summary_index };
    return [
      { type: 'response.reasoning_summary_part.added', ...at, part: { ...part, text: '' } },
      ...tokens(textOf(part.text)).map((delta) => ({ type: 'response.reasoning_summary_text.delta', ...at, delta, ...padding() })),
      { type: 'response.reasoning_summary_text.done', ...at, text: part.text },
      { type: 'response.reasoning_summary_part.done', ...at, part },
    ];
  });

const callEvents = (item: Fields, place: Fields, padding: Padding): Event[] => {
  const at = { item_id: item.id, ...place };
  if (item.type === 'custom_tool_call') {
    return [
      ...tokens(textOf(item.input)).map((delta) => ({ type: 'response.custom_tool_call_input.delta', ...at, delta, ...padding() })),
      { type: 'response.custom_tool_call_input.done', ...at, input: item.input },
    ];
  }
  return [
    ...tokens(textOf(item.arguments)).map((delta) => ({ type: 'response.function_call_arguments.delta', ...at, delta, ...padding() })),
    { type: 'response.function_call_arguments.done', ...at, name: item.name, arguments: item.arguments },
  ];
};

/** The item as it is opened: nothing in it yet. */
const opened = (item: Fields): Fields => {
  if (item.type === 'message') return { ...item, status: 'in_progress', content: [] };
  if (item.type === 'reasoning') return { ...item, summary: [] };
  return item.type === 'custom_tool_call' ? { ...item, status: 'in_progress', input: '' } : { ...item, status: 'in_progress', arguments: '' };
};

const inside: Readonly<Record<string, (item: Fields, place: Fields, padding: Padding) => Event[]>> = {
  message: messageEvents,
  reasoning: reasoningEvents,
};

const itemEvents = (item: Fields, output_index: number, padding: Padding): Event[] => [
  { type: 'response.output_item.added', output_index, item: opened(item) },
  ...(inside[textOf(item.type)] ?? callEvents)(item, { output_index }, padding),
  { type: 'response.output_item.done', output_index, item },
];

/** The events of a finished response in the service's order, numbered from 0; there is no `[DONE]`. */
export function* responseStream(call: Context, body: Fields, response: Fields): Generator<Buffer> {
  const padded = fieldsOf(body.stream_options).include_obfuscation !== false;
  const padding: Padding = () => (padded ? { obfuscation: call.obfuscation() } : {});
  const early = { ...response, status: 'in_progress', completed_at: null, incomplete_details: null, output: [], usage: null };
  const events: Event[] = [
    { type: 'response.created', response: early },
    { type: 'response.in_progress', response: early },
    ...listOf(response.output).flatMap((item, index) => itemEvents(item, index, padding)),
    { type: `response.${textOf(response.status)}`, response },
  ];
  for (const [sequence_number, event] of events.entries()) yield sseFrame({ ...event, sequence_number }, event.type);
}
