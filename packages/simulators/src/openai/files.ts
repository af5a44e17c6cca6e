import type { Part } from '../http/multipart.ts';
import type { Fields } from './check.ts';
import type { Context } from './context.ts';
import { page } from './pages.ts';
import { refuse } from './refusal.ts';
import { formFields, formFile, jsonReply, type Route } from './routes.ts';

type StoredFile = { readonly object: Fields; readonly bytes: Buffer; readonly type: string };

/** The files of one simulator, oldest first. */
export type Files = {
  add(filename: string, purpose: string, bytes: Buffer, type?: string, expiresIn?: number): Fields;
  /** Throws the service's 404. */
  find(id: string): StoredFile;
  list(): readonly Fields[];
  remove(id: string): void;
};

export const files = (call: Context): Files => {
  const stored = new Map<string, StoredFile>();
  return {
    add: (filename, purpose, bytes, type = 'application/octet-stream', expiresIn) => {
      const created = call.seconds();
      const expires = expiresIn === undefined ? null : created + expiresIn;
      const object = {
        object: 'file',
        id: call.id('file-'),
        purpose,
        filename,
        bytes: bytes.length,
        created_at: created,
        expires_at: expires,
        status: 'processed',
        status_details: null,
      };
      stored.set(object.id, { object, bytes, type });
      return object;
    },
    find: (id) => {
      const found = stored.get(id);
      if (found === undefined) throw refuse.notFound(`No such File object: ${id}`, 'id');
      return found;
    },
    list: () => [...stored.values()].map(({ object }) => object),
    remove: (id) => {
      stored.delete(id);
    },
  };
};

const purposes = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals'];

const upload = (store: Files, parts: readonly Part[]): Fields => {
  const file = formFile(parts, 'file');
  const { purpose, 'expires_after[seconds]': expires } = formFields(parts);
  if (purpose === undefined) throw refuse.missing('purpose');
  if (!purposes.includes(purpose)) throw refuse.plain(`'${purpose}' is not one of [${purposes.map((one) => `'${one}'`).join(', ')}] - 'purpose'`);
  return store.add(file.filename ?? 'file', purpose, file.bytes, file.type, expires === undefined ? undefined : Number(expires));
};

const list = (store: Files, query: URLSearchParams): Fields => {
  const purpose = query.get('purpose');
  const wanted = store.list().filter((file) => purpose === null || file.purpose === purpose);
  return page(wanted, query);
};

const remove = (store: Files, id: string): Fields => {
  store.find(id);
  store.remove(id);
  return { id, object: 'file', deleted: true };
};

export const fileRoutes = (store: Files): readonly Route[] => {
  const path = '/v1/files';
  const one = `${path}/{id}`;
  return [
    { method: 'POST', path, takes: 'multipart', handle: ({ parts }) => jsonReply(upload(store, parts)) },
    { method: 'GET', path, takes: 'nothing', handle: ({ query }) => jsonReply(list(store, query)) },
    { method: 'GET', path: one, takes: 'nothing', handle: ({ params: [id = ''] }) => jsonReply(store.find(id).object) },
    { method: 'DELETE', path: one, takes: 'nothing', handle: ({ params: [id = ''] }) => jsonReply(remove(store, id)) },
    {
      method: 'GET',
      path: `${one}/content`,
      takes: 'nothing',
      handle: ({ params: [id = ''] }) => {
        const { bytes, type } = store.find(id);
        return { type, body: bytes };
      },
    },
  ];
};
