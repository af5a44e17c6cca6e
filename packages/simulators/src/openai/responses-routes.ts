import { type Fields, listOf, textOf } from './check.ts';
import type { Context } from './context.ts';
import { page } from './pages.ts';
import { refuse } from './refusal.ts';
import { inputTokens, itemsOf, respond } from './responses.ts';
import { checkResponses } from './responses-check.ts';
import { responseStream } from './responses-stream.ts';
import { jsonReply, type Reply, type Route, streamReply } from './routes.ts';

type Stored = { response: Fields; readonly input: readonly Fields[]; readonly history: readonly Fields[] };

/** /v1/responses with its own store of answers. */
export const responseRoutes = (call: Context): readonly Route[] => {
  const stored = new Map<string, Stored>();

  const find = (id: string): Stored => {
    const found = stored.get(id);
    if (found === undefined) throw refuse.notFound(`Response with id '${id}' not found.`);
    return found;
  };

  const historyOf = (previous: unknown): readonly Fields[] => {
    if (previous === undefined || previous === null) return [];
    const found = stored.get(textOf(previous));
    if (found === undefined)
      throw refuse.plain(`Previous response with id '${textOf(previous)}' not found.`, 'previous_response_id', 'previous_response_not_found');
    return [...found.history, ...found.input, ...listOf(found.response.output)];
  };

  const create = (fields: Fields): Reply => {
    const model = checkResponses(fields, call.models);
    const history = historyOf(fields.previous_response_id);
    const input = itemsOf(fields.input).map((item) => ({ id: call.id('msg_'), ...item }));
    const response = respond(call, fields, [...history, ...input], model);
    if (fields.store !== false) stored.set(textOf(response.id), { response, input, history });
    if (fields.stream === true) return streamReply(responseStream(call, fields, response));
    // A background response is still queued when its creation is answered; the next look finds it done.
    return jsonReply(fields.background === true ? { ...response, status: 'queued', completed_at: null, output: [], usage: null } : response);
  };

  const cancel = (id: string): Reply => {
    const entry = find(id);
    if (entry.response.background !== true) throw refuse.plain('Only background responses can be cancelled.', null, null);
    entry.response = { ...entry.response, status: 'cancelled', completed_at: null, output: [], usage: null };
    return jsonReply(entry.response);
  };

  const path = '/v1/responses';
  const one = `${path}/{id}`;
  return [
    { method: 'POST', path, takes: 'json', handle: ({ fields }) => create(fields) },
    {
      method: 'POST',
      path: `${path}/input_tokens`,
      takes: 'json',
      handle: ({ fields }) => {
        const model = checkResponses(fields, call.models);
        const items = [...historyOf(fields.previous_response_id), ...itemsOf(fields.input)];
        return jsonReply({ object: 'response.input_tokens', input_tokens: inputTokens(fields, items, model) });
      },
    },
    { method: 'GET', path: one, takes: 'nothing', handle: ({ params: [id = ''] }) => jsonReply(find(id).response) },
    {
      method: 'DELETE',
      path: one,
      takes: 'nothing',
      handle: ({ params: [id = ''] }) => {
        find(id);
        stored.delete(id);
        return jsonReply({ id, object: 'response', deleted: true });
      },
    },
    { method: 'POST', path: `${one}/cancel`, takes: 'nothing', handle: ({ params: [id = ''] }) => cancel(id) },
    { method: 'GET', path: `${one}/input_items`, takes: 'nothing', handle: ({ params: [id = ''], query }) => jsonReply(page(find(id).input, query)) },
  ];
};
