import { type Fields, listOf, textOf } from './check.ts';
import type { Context } from './context.ts';
import { page } from './pages.ts';
import { refuse } from './refusal.ts';
import { inputTokens, itemsOf, respond } from './responses.ts';
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

const create = (call: Context, store: Answers, fields: Fields): Reply => {
  const model = checkResponses(fields, call.models);
  const history = store.historyOf(fields.previous_response_id);
  const input = store.itemsFor(fields.input);
  const response = respond(call, fields, [...history, ...input], model);
  if (fields.store !== false) store.keep({ response, input, history });
  if (fields.stream === true) return streamReply(responseStream(call, fields, response));
  // A background response is still queued when its creation is answered; the next look finds it done.
  return jsonReply(fields.background === true ? { ...response, status: 'queued', completed_at: null, output: [], usage: null } : response);
};

const countTokens = (call: Context, store: Answers, fields: Fields): Reply => {
  const model = checkResponses(fields, call.models);
  const items = [...store.historyOf(fields.previous_response_id), ...itemsOf(fields.input)];
  return jsonReply({ object: 'response.input_tokens', input_tokens: inputTokens(fields, items, model) });
};

export const responseRoutes = (call: Context): readonly Route[] => {
  const store = answers(call);
  const path = '/v1/responses';
  const one = `${path}/{id}`;
  return [
    { method: 'POST', path, takes: 'json', handle: ({ fields }) => create(call, store, fields) },
    { method: 'POST', path: `${path}/input_tokens`, takes: 'json', handle: ({ fields }) => countTokens(call, store, fields) },
    { method: 'GET', path: one, takes: 'nothing', handle: ({ params: [id = ''] }) => jsonReply(store.find(id).response) },
    { method: 'DELETE', path: one, takes: 'nothing', handle: ({ params: [id = ''] }) => jsonReply(store.remove(id)) },
    { method: 'POST', path: `${one}/cancel`, takes: 'nothing', handle: ({ params: [id = ''] }) => jsonReply(store.cancel(id)) },
    { method: 'GET', path: `${one}/input_items`, takes: 'nothing', handle: ({ params: [id = ''], query }) => jsonReply(page(store.find(id).input, query)) },
  ];
};
