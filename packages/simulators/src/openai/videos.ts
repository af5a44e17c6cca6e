import { checkMembers, type Fields, object, oneOf, string, textOf } from './check.ts';
import type { Context } from './context.ts';
import { page } from './pages.ts';
import { refuse } from './refusal.ts';
import { type Asked, formFields, jsonReply, type Route } from './routes.ts';

const table = { prompt: string, model: string, seconds: oneOf('4', '8', '12'), size: string, input_reference: object };

const created = (call: Context, fields: Fields, from?: Fields): Fields => {
  if (textOf(fields.prompt) === '') throw refuse.missing('prompt');
  checkMembers(fields, table);
  const model = call.models.require(textOf(fields.model ?? from?.model) || 'sora-2', 'video');
  return {
    id: call.id('video_'),
    object: 'video',
    created_at: call.seconds(),
    completed_at: null,
    expires_at: null,
    error: null,
    model: model.id,
    progress: 0,
    prompt: fields.prompt,
    remixed_from_video_id: from?.id ?? null,
    seconds: fields.seconds ?? from?.seconds ?? '4',
    size: fields.size ?? from?.size ?? '720x1280',
    status: 'queued',
  };
};

/** A video is queued when created, in progress at the first look and completed at the second. */
const videos = (call: Context) => {
  const stored = new Map<string, Fields>();
  const keep = (video: Fields): Fields => {
    stored.set(textOf(video.id), video);
    return video;
  };
  const find = (id: string): Fields => {
    const found = stored.get(id);
    if (found === undefined) throw refuse.notFound(`Video with id '${id}' not found.`, 'video_id');
    return found;
  };
  return {
    list: (): Fields[] => [...stored.values()],
    create: (fields: Fields): Fields => keep(created(call, fields)),
    remix: (id: string, fields: Fields): Fields => keep(created(call, fields, find(id))),
    look: (id: string): Fields => {
      const video = find(id);
      if (video.status === 'queued') return keep({ ...video, status: 'in_progress', progress: 50 });
      return video.status === 'in_progress' ? keep({ ...video, status: 'completed', progress: 100, completed_at: call.seconds() }) : video;
    },
    content: (id: string): Buffer => {
      const video = find(id);
      if (video.status !== 'completed') throw refuse.notFound(`Video ${id} is not ready.`, 'video_id');
      return Buffer.from(`\0\0\0\u0018ftypmp42\0\0\0\0mp42isom${textOf(video.prompt)}`, 'latin1');
    },
    remove: (id: string): Fields => {
      find(id);
      stored.delete(id);
      return { id, object: 'video.deleted', deleted: true };
    },
  };
};

const given = ({ fields, parts }: Asked): Fields => (parts.length > 0 ? formFields(parts) : fields);

export const videoRoutes = (call: Context): readonly Route[] => {
  const all = videos(call);
  const path = '/v1/videos';
  const one = `${path}/{id}`;
  return [
    { method: 'POST', path, takes: 'either', handle: (asked) => jsonReply(all.create(given(asked))) },
    { method: 'GET', path, takes: 'nothing', handle: ({ query }) => jsonReply(page(all.list(), query)) },
    { method: 'GET', path: one, takes: 'nothing', handle: ({ params: [id = ''] }) => jsonReply(all.look(id)) },
    { method: 'DELETE', path: one, takes: 'nothing', handle: ({ params: [id = ''] }) => jsonReply(all.remove(id)) },
    { method: 'GET', path: `${one}/content`, takes: 'nothing', handle: ({ params: [id = ''] }) => ({ type: 'video/mp4', body: all.content(id) }) },
    { method: 'POST', path: `${one}/remix`, takes: 'json', handle: ({ params: [id = ''], fields }) => jsonReply(all.remix(id, fields)) },
  ];
};
