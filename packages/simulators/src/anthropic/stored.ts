import { multipart } from '../http/multipart.ts';
import type { Fields } from './check.ts';
import type { Context } from './context.ts';
import { page } from './models.ts';
import { invalid, notFound } from './refusal.ts';
import { type Asked, jsonReply, type Route } from './routes.ts';

type StoredFile = { readonly object: Fields; readonly bytes: Buffer };

/** What the vendor keeps for a key: files, and containers in which code ran. */
export type Stored = {
  add(filename: string, type: string, bytes: Buffer): Fields;
  /** Throws the service's 404. */
  file(id: string): StoredFile;
  files(): readonly Fields[];
  remove(id: string): void;
  /** The container with this id, or a new one; throws the service's 404. */
  container(id: string | undefined): Fields;
};

export const stored = (call: Context): Stored => {
  const files = new Map<string, StoredFile>();
  const containers = new Map<string, Fields>();
  return {
    add: (filename, type, bytes) => {
      const id = call.id('file_01');
      const object = { type: 'file', id, filename, mime_type: type, size_bytes: bytes.length, created_at: call.time(), downloadable: false, expires_at: null };
      files.set(id, { object, bytes });
      return object;
    },
    file: (id) => {
      const found = files.get(id);
      if (found === undefined) throw notFound(`File not found: ${id}`);
      return found;
    },
    files: () => [...files.values()].map(({ object }) => object).toReversed(),
    remove: (id) => {
      files.delete(id);
    },
    container: (id) => {
      const known = id === undefined ? undefined : containers.get(id);
      if (id !== undefined && known === undefined) throw notFound(`Container not found: ${id}`);
      const container = known ?? { id: call.id('container_01'), expires_at: call.time(3600), skills: null };
      containers.set(container.id as string, container);
      return container;
    },
  };
};

const upload = ({ request }: Asked, store: Stored): Fields => {
  const type = request.header('content-type') ?? '';
  if (!/^multipart\/form-data/i.test(type)) throw invalid('file: Field required');
  const file = multipart(type, request.body).find(({ name, filename }) => name === 'file' && filename !== undefined);
  if (file === undefined) throw invalid('file: Field required');
  return store.add(file.filename ?? 'file', file.type ?? 'application/octet-stream', file.bytes);
};

export const fileRoutes = (store: Stored): readonly Route[] => {
  const path = '/v1/files';
  const one = `${path}/{id}`;
  return [
    { method: 'POST', path, handle: (asked) => jsonReply(upload(asked, store)) },
    { method: 'GET', path, handle: ({ query }) => jsonReply({ ...page(store.files(), query), next_page: null }) },
    { method: 'GET', path: one, handle: ({ params: [id = ''] }) => jsonReply(store.file(id).object) },
    {
      method: 'DELETE',
      path: one,
      handle: ({ params: [id = ''] }) => {
        store.file(id);
        store.remove(id);
        return jsonReply({ id, type: 'file_deleted' });
      },
    },
    {
      // The service gives back only what its own tools made; the stand-in gives back everything, byte for byte.
      method: 'GET',
      path: `${one}/content`,
      handle: ({ params: [id = ''] }) => {
        const { object, bytes } = store.file(id);
        return { type: String(object.mime_type), body: bytes };
      },
    },
  ];
};
