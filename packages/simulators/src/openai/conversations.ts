import { checkMembers, type Fields, listOf, metadata, objects, textOf } from './check.ts';
import type { Context } from './context.ts';
import { page } from './pages.ts';
import { refuse } from './refusal.ts';
import { jsonReply, type Route } from './routes.ts';

type Conversation = { object: Fields; items: Fields[] };

/** Conversations and their items, oldest first. */
export type Conversations = {
  create(fields: Fields): Fields;
  /** Throws the service's 404. */
  find(id: string): Conversation;
  append(id: string, items: readonly Fields[]): readonly Fields[];
  remove(id: string): void;
};

export const conversations = (call: Context): Conversations => {
  const stored = new Map<string, Conversation>();
  const find = (id: string): Conversation => {
    const found = stored.get(id);
    if (found === undefined) throw refuse.notFound(`Conversation with id '${id}' not found.`);
    return found;
  };
  const named = (items: readonly Fields[]): Fields[] => items.map((item) => ({ id: call.id('msg_'), type: 'message', status: 'completed', ...item }));
  return {
    find,
    create: (fields) => {
      checkMembers(fields, { metadata, items: objects });
      const object: Fields = { id: call.id('conv_'), object: 'conversation', created_at: call.seconds(), metadata: fields.metadata ?? {} };
      stored.set(textOf(object.id), { object, items: named(listOf(fields.items)) });
      return object;
    },
    append: (id, items) => {
      const added = named(items);
      find(id).items.push(...added);
      return added;
    },
    remove: (id) => {
      stored.delete(id);
    },
  };
};

const update = (store: Conversations, id: string, fields: Fields): Fields => {
  checkMembers(fields, { metadata });
  const entry = store.find(id);
  entry.object = { ...entry.object, metadata: fields.metadata ?? {} };
  return entry.object;
};

const remove = (store: Conversations, id: string): Fields => {
  store.find(id);
  store.remove(id);
  return { id, object: 'conversation.deleted', deleted: true };
};

const add = (store: Conversations, id: string, fields: Fields): Fields => {
  if (fields.items === undefined) throw refuse.missing('items');
  checkMembers(fields, { items: objects });
  return page(store.append(id, listOf(fields.items)), new URLSearchParams('order=asc&limit=100'));
};

const item = (store: Conversations, id: string, wanted: string): Fields => {
  const found = store.find(id).items.find((one) => one.id === wanted);
  if (found === undefined) throw refuse.notFound(`Item with id '${wanted}' not found.`);
  return found;
};

const removeItem = (store: Conversations, id: string, unwanted: string): Fields => {
  item(store, id, unwanted);
  const entry = store.find(id);
  entry.items = entry.items.filter((one) => one.id !== unwanted);
  return entry.object;
};

export const conversationRoutes = (store: Conversations): readonly Route[] => {
  const path = '/v1/conversations';
  const one = `${path}/{id}`;
  const part = `${one}/items/{item}`;
  return [
    { method: 'POST', path, takes: 'json', handle: ({ fields }) => jsonReply(store.create(fields)) },
    { method: 'GET', path: one, takes: 'nothing', handle: ({ params: [id = ''] }) => jsonReply(store.find(id).object) },
    { method: 'POST', path: one, takes: 'json', handle: ({ params: [id = ''], fields }) => jsonReply(update(store, id, fields)) },
    { method: 'DELETE', path: one, takes: 'nothing', handle: ({ params: [id = ''] }) => jsonReply(remove(store, id)) },
    { method: 'GET', path: `${one}/items`, takes: 'nothing', handle: ({ params: [id = ''], query }) => jsonReply(page(store.find(id).items, query)) },
    { method: 'POST', path: `${one}/items`, takes: 'json', handle: ({ params: [id = ''], fields }) => jsonReply(add(store, id, fields)) },
    { method: 'GET', path: part, takes: 'nothing', handle: ({ params: [id = '', wanted = ''] }) => jsonReply(item(store, id, wanted)) },
    { method: 'DELETE', path: part, takes: 'nothing', handle: ({ params: [id = '', unwanted = ''] }) => jsonReply(removeItem(store, id, unwanted)) },
  ];
};
