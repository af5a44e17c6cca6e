import { type Framing, type NativeEntry, nativeTable, type Operation, type Reach } from '@llm-proxy-auth/plugin';

const inference: Reach = { class: 'inference' };
const control: Reach = { class: 'control' };
const stateful: Reach = { class: 'stateful' };
const owned: Reach = { class: 'stateful', ids: { request: ['{id}'], reply: [] }, free: true };
const listed: Reach = { class: 'stateful', ids: { request: [], reply: [], list: '/data', page: { after: 'after', more: '/has_more' } } };
const made = (uses: readonly string[] = [], makes: readonly string[] = ['/id']): Reach => ({ class: 'stateful', ids: { request: uses, reply: makes } });
const free = (reach: Reach): Reach => ({ ...reach, free: true });
const elsewhere = (reach: Reach): Reach => ({ ...reach, modelElsewhere: true });
const call = (path: string, surface: string, operation: Operation, framing: Framing): NativeEntry => ({
  methods: ['POST'],
  path,
  surface,
  operation,
  framing,
  modelIn: 'body',
  reach: inference,
});
const batchFiles = ['/output_file_id', '/error_file_id'];

/** The closed table of transparent mode: what is not here does not exist. Order matters only between a literal and a parameter. */
export const TABLE: readonly NativeEntry[] = Object.freeze([
  { ...call('chat/completions', 'chat', 'chat', 'sse'), ids: 'chat' },
  call('completions', 'completions', 'chat', 'sse'),
  call('embeddings', 'embeddings', 'embeddings', 'json'),
  call('rerank', 'rerank', 'rerank', 'json'), // of servers that speak OpenAI's API
  call('moderations', 'moderations', 'opaque', 'json'),
  { ...call('images/generations', 'images', 'opaque', 'sse'), ids: 'images' },
  { ...call('images/edits', 'images', 'opaque', 'sse'), ids: 'images' },
  { ...call('images/variations', 'images', 'opaque', 'json'), ids: 'images' },
  call('audio/speech', 'speech', 'opaque', 'binary'),
  call('audio/transcriptions', 'transcriptions', 'opaque', 'sse'),
  call('audio/translations', 'transcriptions', 'opaque', 'json'),
  { ...call('responses', 'responses', 'chat', 'sse'), ids: 'responses' },
  { ...call('responses/input_tokens', 'responses-input-tokens', 'countTokens', 'json'), ids: 'counting' },
  { ...call('responses/compact', 'responses-compact', 'opaque', 'json'), ids: 'responses' },
  { methods: ['GET'], path: 'models', surface: 'models', operation: 'models', reach: { class: 'models' } },
  { methods: ['GET'], path: 'models/{model+}', surface: 'models', operation: 'models', reach: { class: 'models' } },
  { methods: ['DELETE'], path: 'models/{model+}', reach: control },

  { methods: ['GET'], path: 'chat/completions', reach: listed },
  { methods: ['GET', 'POST', 'DELETE'], path: 'chat/completions/{id}', reach: owned },
  { methods: ['GET'], path: 'chat/completions/{id}/messages', reach: owned },
  { methods: ['GET'], path: 'responses/{id}', surface: 'responses-stored', framing: 'sse', reach: stateful, ids: 'storedResponse' },
  { methods: ['DELETE'], path: 'responses/{id}', reach: owned },
  { methods: ['POST'], path: 'responses/{id}/cancel', reach: owned },
  { methods: ['GET'], path: 'responses/{id}/input_items', reach: owned },
  { methods: ['POST'], path: 'conversations', reach: free(stateful), ids: 'conversations' },
  { methods: ['GET', 'POST', 'DELETE'], path: 'conversations/{id}', reach: owned },
  { methods: ['GET'], path: 'conversations/{id}/items', reach: owned },
  { methods: ['POST'], path: 'conversations/{id}/items', reach: free(stateful), ids: 'conversationItems' },
  { methods: ['GET', 'DELETE'], path: 'conversations/{id}/items/{item}', reach: owned },
  { methods: ['POST'], path: 'files', reach: elsewhere(made()) },
  { methods: ['GET'], path: 'files', reach: listed },
  { methods: ['GET', 'DELETE'], path: 'files/{id}', reach: owned },
  { methods: ['GET'], path: 'files/{id}/content', framing: 'binary', reach: owned },
  { methods: ['POST'], path: 'uploads', reach: elsewhere(made()) },
  { methods: ['POST'], path: 'uploads/{id}/parts', reach: owned },
  { methods: ['POST'], path: 'uploads/{id}/complete', reach: free(made(['{id}'], ['/file/id'])) },
  { methods: ['POST'], path: 'uploads/{id}/cancel', reach: owned },
  { methods: ['POST'], path: 'batches', reach: elsewhere(made(['/input_file_id'])) },
  { methods: ['GET'], path: 'batches', reach: listed },
  { methods: ['GET'], path: 'batches/{id}', reach: made(['{id}'], batchFiles) },
  { methods: ['POST'], path: 'batches/{id}/cancel', reach: free(made(['{id}'], batchFiles)) },
  { methods: ['POST'], path: 'videos', modelIn: 'body', reach: stateful, ids: 'videos' },
  { methods: ['GET'], path: 'videos', reach: listed },
  { methods: ['GET', 'DELETE'], path: 'videos/{id}', reach: owned },
  { methods: ['GET'], path: 'videos/{id}/content', framing: 'binary', reach: owned },
  { methods: ['POST'], path: 'videos/{id}/remix', reach: elsewhere(made(['{id}'])) },

  { methods: ['GET', 'DELETE'], path: 'fine_tuning/{path+}', reach: control },
  { methods: ['POST'], path: 'fine_tuning/{path+}', reach: elsewhere(control) },
  { methods: ['GET', 'DELETE'], path: 'evals', reach: control },
  { methods: ['POST'], path: 'evals', reach: elsewhere(control) },
  { methods: ['GET', 'DELETE'], path: 'evals/{path+}', reach: control },
  { methods: ['POST'], path: 'evals/{path+}', reach: elsewhere(control) },
]);

/** Transparent mode: which operation a native path is; everything outside the table is refused. */
export const native = nativeTable(TABLE, {
  dialect: 'openai',
  prefix: '/v1/',
  message: 'This path is not one of the operations that can be reached at OpenAI through this gateway.',
});
