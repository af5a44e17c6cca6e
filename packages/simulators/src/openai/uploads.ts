import { checkMembers, type Fields, integer, object, string, textOf } from './check.ts';
import type { Context } from './context.ts';
import type { Files } from './files.ts';
import { refuse } from './refusal.ts';
import { formFile, jsonReply, type Route } from './routes.ts';

type Upload = { object: Fields; readonly parts: Map<string, Buffer> };

const table = { filename: string, purpose: string, bytes: integer(1), mime_type: string, expires_after: object };

const created = (call: Context, fields: Fields): Fields => {
  for (const name of ['filename', 'purpose', 'bytes', 'mime_type']) if (fields[name] === undefined) throw refuse.missing(name);
  checkMembers(fields, table);
  const now = call.seconds();
  const { filename, purpose, bytes, mime_type } = fields;
  return {
    id: call.id('upload_'),
    object: 'upload',
    bytes,
    created_at: now,
    filename,
    purpose,
    mime_type,
    status: 'pending',
    expires_at: now + 3600,
    file: null,
  };
};

/** The bytes of an upload in the order the client names; throws where a part is foreign or the length is not the promised one. */
const joined = (upload: Upload, names: unknown): Buffer => {
  const wanted = Array.isArray(names) ? names.map(String) : [];
  if (wanted.length === 0) throw refuse.missing('part_ids');
  const pieces = wanted.map((name) => {
    const piece = upload.parts.get(name);
    if (piece === undefined) throw refuse.plain(`Part ${name} does not belong to this upload.`, 'part_ids');
    return piece;
  });
  const bytes = Buffer.concat(pieces);
  if (bytes.length !== upload.object.bytes) throw refuse.plain(`Uploaded bytes (${bytes.length}) do not match the expected ${String(upload.object.bytes)}.`);
  return bytes;
};

/** Files uploaded in parts. */
const uploads = (call: Context, store: Files) => {
  const stored = new Map<string, Upload>();
  const pending = (id: string): Upload => {
    const upload = stored.get(id);
    if (upload === undefined) throw refuse.notFound(`No such Upload object: ${id}`, 'upload_id');
    if (upload.object.status !== 'pending') throw refuse.plain(`Upload ${id} is ${textOf(upload.object.status)}.`, 'upload_id');
    return upload;
  };
  const change = (upload: Upload, members: Fields): Fields => {
    upload.object = { ...upload.object, ...members };
    return upload.object;
  };
  return {
    create: (fields: Fields): Fields => {
      const upload = created(call, fields);
      stored.set(textOf(upload.id), { object: upload, parts: new Map() });
      return upload;
    },
    addPart: (id: string, bytes: Buffer): Fields => {
      const part = call.id('part_');
      pending(id).parts.set(part, bytes);
      return { id: part, object: 'upload.part', created_at: call.seconds(), upload_id: id };
    },
    complete: (id: string, fields: Fields): Fields => {
      const upload = pending(id);
      const { filename, purpose, mime_type } = upload.object;
      return change(upload, { status: 'completed', file: store.add(textOf(filename), textOf(purpose), joined(upload, fields.part_ids), textOf(mime_type)) });
    },
    cancel: (id: string): Fields => change(pending(id), { status: 'cancelled' }),
  };
};

export const uploadRoutes = (call: Context, store: Files): readonly Route[] => {
  const all = uploads(call, store);
  const path = '/v1/uploads';
  const one = `${path}/{id}`;
  return [
    { method: 'POST', path, takes: 'json', handle: ({ fields }) => jsonReply(all.create(fields)) },
    {
      method: 'POST',
      path: `${one}/parts`,
      takes: 'multipart',
      handle: ({ params: [id = ''], parts }) => jsonReply(all.addPart(id, formFile(parts, 'data').bytes)),
    },
    { method: 'POST', path: `${one}/complete`, takes: 'json', handle: ({ params: [id = ''], fields }) => jsonReply(all.complete(id, fields)) },
    { method: 'POST', path: `${one}/cancel`, takes: 'nothing', handle: ({ params: [id = ''] }) => jsonReply(all.cancel(id)) },
  ];
};
