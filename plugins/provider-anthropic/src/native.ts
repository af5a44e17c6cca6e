import { type NativeEntry, nativeTable, type Reach } from '@llm-proxy-auth/plugin';

const inference: Reach = { class: 'inference' };
const models: Reach = { class: 'models' };
const owned: Reach = { class: 'stateful', ids: { request: ['{id}'], reply: [] }, free: true };
const listed: Reach = { class: 'stateful', ids: { request: [], reply: [], list: '/data', page: { after: 'after_id', more: '/has_more' } } };
const batches = 'messages/batches';

/** The closed table of transparent mode: what is not here does not exist. A literal stands before a parameter of the same place. */
export const TABLE: readonly NativeEntry[] = Object.freeze([
  { methods: ['POST'], path: 'messages', surface: 'messages', operation: 'chat', framing: 'sse', modelIn: 'body', reach: inference, ids: 'messages' },
  { methods: ['POST'], path: 'messages/count_tokens', surface: 'count_tokens', operation: 'countTokens', modelIn: 'body', reach: inference, ids: 'counting' },
  { methods: ['GET'], path: 'models', surface: 'models', operation: 'models', reach: models },
  { methods: ['GET'], path: 'models/{model+}', surface: 'models', operation: 'models', reach: models },

  { methods: ['POST'], path: batches, reach: { class: 'stateful', modelElsewhere: true }, ids: 'batches' },
  { methods: ['GET'], path: batches, reach: listed },
  { methods: ['GET', 'DELETE'], path: `${batches}/{id}`, reach: owned },
  { methods: ['POST'], path: `${batches}/{id}/cancel`, reach: owned },
  { methods: ['GET'], path: `${batches}/{id}/results`, framing: 'ndjson', reach: owned },
  { methods: ['POST'], path: 'files', reach: { class: 'stateful', ids: { request: [], reply: ['/id'] }, free: true } },
  { methods: ['GET'], path: 'files', reach: listed },
  { methods: ['GET', 'DELETE'], path: 'files/{id}', reach: owned },
  { methods: ['GET'], path: 'files/{id}/content', framing: 'binary', reach: owned },
]);

/** Transparent mode: which operation a native path is; everything outside the table is refused. */
export const native = nativeTable(TABLE, {
  dialect: 'anthropic',
  prefix: '/v1/',
  message: 'This path is not one of the operations that can be reached at Anthropic through this gateway.',
});
