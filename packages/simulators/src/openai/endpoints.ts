import { audioRoutes } from './audio.ts';
import { batchRoutes } from './batches.ts';
import { chatCompletion, isStream, speak } from './chat.ts';
import { chatStream } from './chat-stream.ts';
import type { Fields } from './check.ts';
import { completion, completionStream, write } from './completions.ts';
import type { Context } from './context.ts';
import { embeddings } from './embeddings.ts';
import { fileRoutes, files } from './files.ts';
import { imageRoutes } from './images.ts';
import type { Model } from './models.ts';
import { moderations } from './moderations.ts';
import { refuse } from './refusal.ts';
import { responseRoutes } from './responses-routes.ts';
import { findRoute, jsonReply, type Reply, type Route, streamReply } from './routes.ts';
import { uploadRoutes } from './uploads.ts';

const modelObject = ({ id, created, ownedBy }: Model) => ({ id, object: 'model', created, owned_by: ownedBy });

const modelRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/models',
    takes: 'nothing',
    handle: ({ call }) => jsonReply({ object: 'list', data: call.models.list().map(modelObject) }),
  },
  {
    method: 'GET',
    path: '/v1/models/{model}',
    takes: 'nothing',
    handle: ({ call, params: [id = ''] }) => {
      const model = call.models.find(id);
      if (model === undefined) throw refuse.notFound(`The model '${id}' does not exist`, 'model', 'model_not_found');
      return jsonReply(modelObject(model));
    },
  },
];

const textRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/chat/completions',
    takes: 'json',
    handle: ({ call, fields }) => {
      const spoken = speak(call, fields);
      return isStream(fields) ? streamReply(chatStream(call, fields, spoken)) : jsonReply(chatCompletion(call, fields, spoken));
    },
  },
  {
    method: 'POST',
    path: '/v1/completions',
    takes: 'json',
    handle: ({ call, fields }) => {
      const written = write(call, fields);
      return isStream(fields) ? streamReply(completionStream(call, fields, written)) : jsonReply(completion(call, written));
    },
  },
  { method: 'POST', path: '/v1/embeddings', takes: 'json', handle: ({ call, fields }) => jsonReply(embeddings(call, fields)) },
];

const moderationRoute: Route = {
  method: 'POST',
  path: '/v1/moderations',
  takes: 'json',
  handle: ({ call, fields }) => jsonReply(moderations(call, fields)),
};

/** Every endpoint of one simulator, with its own state. */
export const endpoints = (call: Context): readonly Route[] => {
  const store = files(call);
  const calls = [...textRoutes, moderationRoute, ...responseRoutes(call), ...imageRoutes];
  const perform = (path: string, fields: Fields): Reply => {
    const { route, params } = findRoute(calls, 'POST', path);
    return route.handle({ call, fields, parts: [], params, query: new URLSearchParams() });
  };
  return [...modelRoutes, ...calls, ...audioRoutes, ...fileRoutes(store), ...uploadRoutes(call, store), ...batchRoutes(call, store, perform)];
};
