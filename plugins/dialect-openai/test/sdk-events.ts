import { type Json, sseEvent, stringifyJson } from '@llm-proxy-auth/plugin';
import { callOf, readEvents, wireEvents, writeStream } from './responses-support.ts';
import type { Fields } from './sdk-types.ts';

type Event = Fields & { readonly type: string };
const event = (type: string, fields: Fields): Event => ({ type, ...fields });
/** A whole response with these items. */
export const responseOf = (output: readonly Fields[], more: Fields = {}): Fields => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status: 'completed',
  error: null,
  incomplete_details: null,
  model: 'm',
  output,
  metadata: {},
  ...more,
});
const begun = (response: Fields): Fields => ({ ...response, status: 'in_progress', output: [] });

const ID = 'item_1';
const at = { item_id: ID, output_index: 0 };
const inContent = { ...at, content_index: 0 };
const inSummary = { ...at, summary_index: 0 };
const message = (content: readonly Fields[]): Fields => ({ id: ID, type: 'message', status: 'completed', content, role: 'assistant' });
interface Told {
  readonly events: readonly Event[];
  readonly item: Fields;
}
const textAround = (text: string, given: Fields): Told => {
  const part = { type: 'output_text', annotations: [], logprobs: [], text, ...given };
  const { logprobs, annotations } = part as unknown as { readonly logprobs: readonly Json[]; readonly annotations: readonly Json[] };
  const cited = annotations.map((annotation, index) => event('response.output_text.annotation.added', { ...inContent, annotation_index: index, annotation }));
  return {
    item: message([part]),
    events: [
      event('response.content_part.added', { ...inContent, part: { type: 'output_text', annotations: [], logprobs: [], text: '' } }),
      event('response.output_text.delta', { ...inContent, delta: text, logprobs }),
      ...cited,
      event('response.output_text.done', { ...inContent, text, logprobs }),
      event('response.content_part.done', { ...inContent, part }),
    ],
  };
};
const refusalAround = (refusal: string): Told => ({
  item: message([{ type: 'refusal', refusal }]),
  events: [
    event('response.content_part.added', { ...inContent, part: { type: 'refusal', refusal: '' } }),
    event('response.refusal.delta', { ...inContent, delta: refusal }),
    event('response.refusal.done', { ...inContent, refusal }),
    event('response.content_part.done', { ...inContent, part: { type: 'refusal', refusal } }),
  ],
});
const summaryAround = (text: string): Told => ({
  item: { id: ID, type: 'reasoning', summary: [{ type: 'summary_text', text }] },
  events: [
    event('response.reasoning_summary_part.added', { ...inSummary, part: { type: 'summary_text', text: '' } }),
    event('response.reasoning_summary_text.delta', { ...inSummary, delta: text }),
    event('response.reasoning_summary_text.done', { ...inSummary, text }),
    event('response.reasoning_summary_part.done', { ...inSummary, part: { type: 'summary_text', text } }),
  ],
});
const callAround = (type: 'function_call' | 'custom_tool_call', input: string): Told => {
  const [member, stem] = type === 'function_call' ? ['arguments', 'function_call_arguments'] : ['input', 'custom_tool_call_input'];
  const done = { ...at, [member]: input, ...(type === 'function_call' ? { name: 'f' } : {}) };
  return {
    item: { id: ID, type, status: 'completed', [member]: input, call_id: 'call_1', name: 'f' },
    events: [event(`response.${stem}.delta`, { ...at, delta: input }), event(`response.${stem}.done`, done)],
  };
};
const contentAround = (part: Fields): Told => {
  if (part.type === 'refusal') return refusalAround(String(part.refusal));
  const { text, ...given } = part;
  return textAround(String(text), given);
};
/** By the type of an event of one of the items that the model holds: what the stream around it tells. */
const AROUND: Readonly<Record<string, (event: Fields) => Told>> = {
  'response.output_text.delta': ({ delta, logprobs }) => textAround(String(delta), { logprobs }),
  'response.output_text.done': ({ text, logprobs }) => textAround(String(text), { logprobs }),
  'response.output_text.annotation.added': ({ annotation }) => textAround('some text', { annotations: [annotation] }),
  'response.content_part.added': ({ part }) => contentAround(part as Fields),
  'response.content_part.done': ({ part }) => contentAround(part as Fields),
  'response.refusal.delta': ({ delta }) => refusalAround(String(delta)),
  'response.refusal.done': ({ refusal }) => refusalAround(String(refusal)),
  'response.reasoning_summary_part.added': ({ part }) => summaryAround(String((part as Fields).text)),
  'response.reasoning_summary_part.done': ({ part }) => summaryAround(String((part as Fields).text)),
  'response.reasoning_summary_text.delta': ({ delta }) => summaryAround(String(delta)),
  'response.reasoning_summary_text.done': ({ text }) => summaryAround(String(text)),
  'response.function_call_arguments.delta': ({ delta }) => callAround('function_call', String(delta)),
  'response.function_call_arguments.done': (done) => callAround('function_call', String(done.arguments)),
  'response.custom_tool_call_input.delta': ({ delta }) => callAround('custom_tool_call', String(delta)),
  'response.custom_tool_call_input.done': ({ input }) => callAround('custom_tool_call', String(input)),
};
/** The item as a stream announces it. */
const opening = ({ content, summary, status, arguments: json, input, ...item }: Fields): Fields => ({
  ...item,
  ...(content === undefined ? {} : { content: [] }),
  ...(summary === undefined ? {} : { summary: [] }),
  ...(status === undefined ? {} : { status: 'in_progress' }),
  ...(json === undefined ? {} : { arguments: '' }),
  ...(input === undefined ? {} : { input: '' }),
});
/** An item that a tool of the vendor made. */
export const HOSTED: Fields = { id: ID, type: 'web_search_call', status: 'completed', action: { type: 'search', query: 'q' } };
const numbered = (events: readonly Event[]): readonly Event[] => events.map((one, index) => ({ ...one, sequence_number: index }));
const around = (item: Fields, events: readonly Event[]): readonly Event[] => {
  const response = responseOf([item]);
  return [
    event('response.created', { response: begun(response) }),
    event('response.in_progress', { response: begun(response) }),
    event('response.output_item.added', { output_index: 0, item: opening(item) }),
    ...events,
    event('response.output_item.done', { output_index: 0, item }),
    event('response.completed', { response }),
  ];
};
const token = (entry: Fields): Fields => ({ bytes: [...Buffer.from(String(entry.token))], ...entry });
const entries = (list: unknown): unknown =>
  Array.isArray(list) ? list.map((entry: Fields) => ({ ...token(entry), top_logprobs: ((entry.top_logprobs ?? []) as readonly Fields[]).map(token) })) : list;
const written = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, key === 'logprobs' ? entries(inner) : written(inner)]));
};
/** Logprobs have bytes and alternatives where the surface writes them; in finished items they stand as they came. */
export const wholeLogprobs = (events: readonly Fields[]): readonly Fields[] =>
  events.map((one) => ('item' in one || 'response' in one ? one : (written(one) as Fields)));
const failureOf = ({ error }: Fields): Fields => ({ status: 'failed', error: error ?? { code: 'server_error', message: 'It failed.' } });
/** A whole stream in which an event of the SDK stands where its vendor sends it. */
export const streamAround = (given: Fields): readonly Fields[] => {
  const { type } = given as Event;
  const told = AROUND[type]?.(given);
  if (told !== undefined) return numbered(around(told.item, told.events));
  if (type === 'response.output_item.added' || type === 'response.output_item.done') return numbered(around(given.item as Fields, []));
  const opened = (response: Fields): readonly Event[] => [
    event('response.created', { response: begun(response) }),
    event('response.in_progress', { response: begun(response) }),
  ];
  const response = (given.response ?? responseOf([])) as Fields;
  if (type === 'error') return numbered([...opened(response), given as Event]);
  if (type === 'response.failed') return numbered([...opened(response), event(type, { response: { ...response, ...failureOf(response) } })]);
  if (given.response === undefined) return numbered(around(HOSTED, [given as Event]));
  const queued = type === 'response.queued' ? [given as Event] : [];
  const end = type === 'response.incomplete' ? type : 'response.completed';
  const status = end === 'response.completed' ? 'completed' : 'incomplete';
  return numbered([...opened(response), ...queued, event(end, { response: { ...response, status } })]);
};
/** A response as it streams, without pieces of its items. */
export const streamOf = (response: Fields, end = response.status === 'incomplete' ? 'response.incomplete' : 'response.completed'): readonly Event[] => {
  const items = (response.output as readonly Fields[]).flatMap((item, index) => [
    event('response.output_item.added', { output_index: index, item: opening(item) }),
    event('response.output_item.done', { output_index: index, item }),
  ]);
  return [
    event('response.created', { response: begun(response) }),
    event('response.in_progress', { response: begun(response) }),
    ...items,
    event(end, { response }),
  ];
};
/** Provider half, then client half, on the events of a stream. */
export const rewritten = (events: readonly Fields[]): readonly Fields[] => {
  const text = events.map((one) => sseEvent(stringifyJson(one as Json), String(one.type))).join('');
  const model = String((events[0]?.response as Fields | undefined)?.model ?? 'm');
  return wireEvents(writeStream(readEvents([Buffer.from(text)]), callOf({}, { model, stream: true }))).map(({ data }) => data);
};
