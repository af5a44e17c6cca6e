import { type Fields, isFields, listOf, textOf } from './check.ts';
import type { Context } from './context.ts';
import type { Conversations } from './conversations.ts';
import { page } from './pages.ts';
import { refuse } from './refusal.ts';
import { checkReasoning, inputTokens, itemsOf, respond } from './responses.ts';
import { checkResponses } from './responses-check.ts';
import { responseStream } from './responses-stream.ts';
import { jsonReply, type Reply, type Route, streamReply } from './routes.ts';

type Stored = { response: Fields; readonly input: readonly Fields[]; readonly history: readonly Fields[] };

/** The answers of one simulator that were stored, with the turns before them. */
const answers = (call: Context) => {
  const stored = new Map<string, Stored>();
  const find = (id: string): Stored => {
    const found = stored.get(id);
    if (found === undefined) throw refuse.notFound(`Response with id '${id}' not found.`);
    return found;
  };
  return {
    find,
    /** Whether an answer that was stored holds this item. */
    holds: (id: string): boolean => [...stored.values()].some(({ response }) => listOf(response.output).some((item) => item.id === id)),
    keep: (entry: Stored): void => {
      stored.set(textOf(entry.response.id), entry);
    },
    remove: (id: string): Fields => {
      find(id);
      stored.delete(id);
      return { id, object: 'response', deleted: true };
    },
    cancel: (id: string): Fields => {
      const entry = find(id);
      if (entry.response.background !== true) throw refuse.plain('Only background responses can be cancelled.');
      entry.response = { ...entry.response, status: 'cancelled', completed_at: null, output: [], usage: null };
      return entry.response;
    },
    /** Every item before a request that names a response as the one before. */
    historyOf: (previous: unknown): readonly Fields[] => {
      if (previous === undefined || previous === null) return [];
      const found = stored.get(textOf(previous));
      if (found === undefined)
        throw refuse.plain(`Previous response with id '${textOf(previous)}' not found.`, 'previous_response_id', 'previous_response_not_found');
      return [...found.history, ...found.input, ...listOf(found.response.output)];
    },
    itemsFor: (input: unknown): Fields[] => itemsOf(input).map((item) => ({ id: call.id('msg_'), ...item })),
  };
};

type Answers = ReturnType<typeof answers>;

const conversationOf = (fields: Fields): string | undefined => {
  const { conversation } = fields;
  if (conversation === undefined || conversation === null) return undefined;
  return textOf(isFields(conversation) ? conversation.id : conversation);
};

const create = (call: Context, store: Answers, talks: Conversations, fields: Fields): Reply => {
  const model = checkResponses(fields, call.models);
  const conversation = conversationOf(fields);
  if (conversation !== undefined && fields.previous_response_id !== undefined && fields.previous_response_id !== null) {
    throw refuse.plain("Mutually exclusive parameters: 'previous_response_id' and 'conversation'.", 'previous_response_id', 'mutually_exclusive_parameters');
  }
  const history = conversation === undefined ? store.historyOf(fields.previous_response_id) : [...talks.find(conversation).items];
  const input = store.itemsFor(fields.input);
  checkReasoning(input, model, store.holds);
  const made = respond(call, fields, [...history, ...input], model);
  const response = conversation === undefined ? made : { ...made, conversation: { id: conversation } };
  if (conversation !== undefined) talks.append(conversation, [...input, ...listOf(response.output)]);
  if (fields.store !== false) store.keep({ response, input, history });
  if (fields.stream === true) return streamReply(responseStream(call, fields, response));
  // A background response is still queued when its creation is answered; the next look finds it done.
  return jsonReply(fields.background === true ? { ...response, status: 'queued', completed_at: null, output: [], usage: null } : response);
};

/** Shrinks a conversation to one opaque item; what stood in it is not kept. */
const compact = (call: Context, store: Answers, fields: Fields): Reply => {
  const model = checkResponses(fields, call.models);
  const items = [...store.historyOf(fields.previous_response_id), ...itemsOf(fields.input)];
  const input_tokens = inputTokens(fields, items, model);
  const output = [{ id: call.id('cmp_'), type: 'compaction', encrypted_content: Buffer.from(`compacted:${items.length}`).toString('base64') }];
  const usage = {
    input_tokens,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: 1,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input_tokens + 1,
  };
  return jsonReply({ id: call.id('resp_'), object: 'response.compaction', created_at: call.seconds(), output, usage });
};

const retrieve = (call: Context, { response }: Stored, query: URLSearchParams): Reply => {
  if (query.get('stream') !== 'true') return jsonReply(response);
  const after = Number(query.get('starting_after') ?? -1);
  return streamReply([...responseStream(call, {}, response)].slice(after + 1));
};

/** What counting takes, by the type of its parameters in the vendor's SDK. */
const COUNTED: ReadonlySet<string> = new Set(
  'conversation input instructions model parallel_tool_calls personality previous_response_id reasoning text tool_choice tools truncation'.split(' '),
);
const countTokens = (call: Context, store: Answers, fields: Fields): Reply => {
  for (const name of Object.keys(fields)) if (!COUNTED.has(name)) throw refuse.unknown(name);
  const model = checkResponses(fields, call.models);
  const items = [...store.historyOf(fields.previous_response_id), ...itemsOf(fields.input)];
  return jsonReply({ object: 'response.input_tokens', input_tokens: inputTokens(fields, items, model) });
};

export const responseRoutes = (call: Context, talks: Conversations): readonly Route[] => {
  const store = answers(call);
  const path = '/v1/responses';
  const one = `${path}/{id}`;
  return [
    { method: 'POST', path, takes: 'json', handle: ({ fields }) => create(call, store, talks, fields) },
    { method: 'POST', path: `${path}/input_tokens`, takes: 'json', handle: ({ fields }) => countTokens(call, store, fields) },
    { method: 'POST', path: `${path}/compact`, takes: 'json', handle: ({ fields }) => compact(call, store, fields) },
    { method: 'GET', path: one, takes: 'nothing', handle: ({ params: [id = ''], query }) => retrieve(call, store.find(id), query) },
    { method: 'DELETE', path: one, takes: 'nothing', handle: ({ params: [id = ''] }) => jsonReply(store.remove(id)) },
    { method: 'POST', path: `${one}/cancel`, takes: 'nothing', handle: ({ params: [id = ''] }) => jsonReply(store.cancel(id)) },
    { method: 'GET', path: `${one}/input_items`, takes: 'nothing', handle: ({ params: [id = ''], query }) => jsonReply(page(store.find(id).input, query)) },
  ];
};
