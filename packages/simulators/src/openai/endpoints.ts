import { audioRoutes } from './audio.ts';
import { batchRoutes } from './batches.ts';
import { chatCompletion, isStream, speak } from './chat.ts';
import { chatStream } from './chat-stream.ts';
import type { Fields } from './check.ts';
import { completion, completionStream, write } from './completions.ts';
import type { Context } from './context.ts';
import { conversationRoutes, conversations } from './conversations.ts';
import { embeddings } from './embeddings.ts';
import { fileRoutes, files } from './files.ts';
import { imageRoutes } from './images.ts';
import type { Model } from './models.ts';
import { moderations } from './moderations.ts';
import { page } from './pages.ts';
import { refuse } from './refusal.ts';
import { rerank } from './rerank.ts';
import { responseRoutes } from './responses-routes.ts';
import { findRoute, jsonReply, type Reply, type Route, streamReply } from './routes.ts';
import { type StoredCompletions, storedCompletionRoutes, storedCompletions } from './stored-completions.ts';
import { uploadRoutes } from './uploads.ts';
import { videoRoutes } from './videos.ts';

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
  {
    method: 'DELETE',
    path: '/v1/models/{model}',
    takes: 'nothing',
    handle: ({ params: [id = ''] }) => {
      throw refuse.forbidden(`You have insufficient permissions to delete the model ${id}: only fine-tuned models can be deleted.`);
    },
  },
];

const chatReply = (call: Context, store: StoredCompletions, fields: Fields): Reply => {
  const spoken = speak(call, fields);
  if (isStream(fields) && fields.store !== true) return streamReply(chatStream(call, fields, spoken));
  const completion = chatCompletion(call, fields, spoken);
  if (fields.store === true) store.keep(fields, completion);
  if (isStream(fields)) return streamReply(chatStream(call, fields, spoken, String(completion.id)));
  return jsonReply(completion);
};

const textRoutes = (store: StoredCompletions): readonly Route[] => [
  {
    method: 'POST',
    path: '/v1/chat/completions',
    takes: 'json',
    handle: ({ call, fields }) => chatReply(call, store, fields),
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

/** Enough of the control plane to be reached: there are no jobs and no evals. */
const controlRoutes: readonly Route[] = ['/v1/fine_tuning/jobs', '/v1/evals'].map((path) => ({
  method: 'GET',
  path,
  takes: 'nothing',
  handle: ({ query }) => jsonReply(page([], query)),
}));

/** What OpenAI has not: only where there are models for it. */
const rerankRoutes = (ranks: readonly string[]): readonly Route[] => {
  const known = new Set(ranks);
  return known.size === 0 ? [] : [{ method: 'POST', path: '/v1/rerank', takes: 'json', handle: ({ call, fields }) => jsonReply(rerank(call, fields, known)) }];
};

/** Every endpoint of one simulator, with its own state. `ranks`: models of a server that puts documents in order. */
export const endpoints = (call: Context, ranks: readonly string[] = []): readonly Route[] => {
  const store = files(call);
  const completions = storedCompletions(call);
  const talks = conversations(call);
  const calls = [...textRoutes(completions), ...rerankRoutes(ranks), moderationRoute, ...responseRoutes(call, talks), ...imageRoutes];
  const perform = (path: string, fields: Fields): Reply => {
    const { route, params } = findRoute(calls, 'POST', path);
    return route.handle({ call, fields, parts: [], params, query: new URLSearchParams() });
  };
  const stateful = [...storedCompletionRoutes(completions), ...conversationRoutes(talks), ...videoRoutes(call), ...controlRoutes];
  return [...modelRoutes, ...calls, ...stateful, ...audioRoutes, ...fileRoutes(store), ...uploadRoutes(call, store), ...batchRoutes(call, store, perform)];
};
