import { checkMembers, type Fields, integer, object, string, textOf } from './check.ts';
import type { Context } from './context.ts';
import type { Files } from './files.ts';
import { refuse } from './refusal.ts';
import { formFile, jsonReply, type Route } from './routes.ts';

type Upload = { object: Fields; readonly parts: Map<string, Buffer> };

const table = { filename: string, purpose: string, bytes: integer(1), mime_type: string, expires_after: object };

/** /v1/uploads: a file in parts, put together on completion in the order the client names. */
export const uploadRoutes = (call: Context, store: Files): readonly Route[] => {
  const uploads = new Map<string, Upload>();

  const pending = (id: string): Upload => {
    const upload = uploads.get(id);
    if (upload === undefined) throw refuse.notFound(`No such Upload object: ${id}`, 'upload_id');
    if (upload.object.status !== 'pending') throw refuse.plain(`Upload ${id} is ${textOf(upload.object.status)}.`, 'upload_id');
    return upload;
  };

  const complete = (id: string, fields: Fields): Fields => {
    const upload = pending(id);
    const names = Array.isArray(fields.part_ids) ? fields.part_ids.map(String) : [];
    if (names.length === 0) throw refuse.missing('part_ids');
    const pieces = names.map((name) => {
      const piece = upload.parts.get(name);
      if (piece === undefined) throw refuse.plain(`Part ${name} does not belong to upload ${id}.`, 'part_ids');
      return piece;
    });
    const bytes = Buffer.concat(pieces);
    if (bytes.length !== upload.object.bytes) throw refuse.plain(`Uploaded bytes (${bytes.length}) do not match the expected ${String(upload.object.bytes)}.`);
    const file = store.add(textOf(upload.object.filename), textOf(upload.object.purpose), bytes, textOf(upload.object.mime_type));
    upload.object = { ...upload.object, status: 'completed', file };
    return upload.object;
  };

  const path = '/v1/uploads';
  return [
    {
      method: 'POST',
      path,
      takes: 'json',
      handle: ({ fields }) => {
        for (const name of ['filename', 'purpose', 'bytes', 'mime_type']) if (fields[name] === undefined) throw refuse.missing(name);
        checkMembers(fields, table);
        const now = call.seconds();
        const { filename, purpose, bytes, mime_type } = fields;
        const made: Fields = {
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
        uploads.set(textOf(made.id), { object: made, parts: new Map() });
        return jsonReply(made);
      },
    },
    {
      method: 'POST',
      path: `${path}/{id}/parts`,
      takes: 'multipart',
      handle: ({ params: [id = ''], parts }) => {
        const upload = pending(id);
        const part = call.id('part_');
        upload.parts.set(part, formFile(parts, 'data').bytes);
        return jsonReply({ id: part, object: 'upload.part', created_at: call.seconds(), upload_id: id });
      },
    },
    { method: 'POST', path: `${path}/{id}/complete`, takes: 'json', handle: ({ params: [id = ''], fields }) => jsonReply(complete(id, fields)) },
    {
      method: 'POST',
      path: `${path}/{id}/cancel`,
      takes: 'nothing',
      handle: ({ params: [id = ''] }) => {
        const upload = pending(id);
        upload.object = { ...upload.object, status: 'cancelled' };
        return jsonReply(upload.object);
      },
    },
  ];
};
