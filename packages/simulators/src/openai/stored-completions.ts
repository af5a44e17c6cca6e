import { checkMembers, type Fields, listOf, metadata, textOf } from './check.ts';
import type { Context } from './context.ts';
import { page } from './pages.ts';
import { refuse } from './refusal.ts';
import { jsonReply, type Route } from './routes.ts';

type Stored = { completion: Fields; readonly messages: readonly Fields[] };

/** Chat completions made with `store: true`. */
export type StoredCompletions = {
  keep(body: Fields, completion: Fields): void;
  find(id: string): Stored;
  list(): readonly Fields[];
  remove(id: string): void;
};

export const storedCompletions = (call: Context): StoredCompletions => {
  const stored = new Map<string, Stored>();
  return {
    keep: (body, completion) => {
      const messages = listOf(body.messages).map((message) => ({ id: call.id('msg_'), ...message }));
      stored.set(textOf(completion.id), { completion: { ...completion, metadata: body.metadata ?? {} }, messages });
    },
    find: (id) => {
      const found = stored.get(id);
      if (found === undefined) throw refuse.notFound(`No such chat completion: ${id}`, 'completion_id');
      return found;
    },
    list: () => [...stored.values()].map(({ completion }) => completion),
    remove: (id) => {
      stored.delete(id);
    },
  };
};

const update = (store: StoredCompletions, id: string, fields: Fields): Fields => {
  if (fields.metadata === undefined) throw refuse.missing('metadata');
  checkMembers(fields, { metadata });
  const entry = store.find(id);
  entry.completion = { ...entry.completion, metadata: fields.metadata };
  return entry.completion;
};

const remove = (store: StoredCompletions, id: string): Fields => {
  store.find(id);
  store.remove(id);
  return { id, object: 'chat.completion.deleted', deleted: true };
};

export const storedCompletionRoutes = (store: StoredCompletions): readonly Route[] => {
  const path = '/v1/chat/completions';
  const one = `${path}/{id}`;
  return [
    { method: 'GET', path, takes: 'nothing', handle: ({ query }) => jsonReply(page(store.list(), query)) },
    { method: 'GET', path: one, takes: 'nothing', handle: ({ params: [id = ''] }) => jsonReply(store.find(id).completion) },
    { method: 'POST', path: one, takes: 'json', handle: ({ params: [id = ''], fields }) => jsonReply(update(store, id, fields)) },
    { method: 'DELETE', path: one, takes: 'nothing', handle: ({ params: [id = ''] }) => jsonReply(remove(store, id)) },
    { method: 'GET', path: `${one}/messages`, takes: 'nothing', handle: ({ params: [id = ''], query }) => jsonReply(page(store.find(id).messages, query)) },
  ];
};
