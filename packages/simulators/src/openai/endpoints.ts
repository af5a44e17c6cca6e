import { chatCompletion, isStream, speak } from './chat.ts';
import { chatStream } from './chat-stream.ts';
import { completion, completionStream, write } from './completions.ts';
import type { Context } from './context.ts';
import { embeddings } from './embeddings.ts';
import type { Model } from './models.ts';
import { refuse } from './refusal.ts';
import { jsonReply, type Route, streamReply } from './routes.ts';

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

/** Every endpoint of one simulator, with its own state. */
export const endpoints = (_call: Context): readonly Route[] => [...modelRoutes, ...textRoutes];
