import { type Framing, type Native, type NativeEntry, nativeTable, type Operation, type Reach } from '@llm-proxy-auth/plugin';

const inference: Reach = { class: 'inference' };
const models: Reach = { class: 'models' };
const control: Reach = { class: 'control' };
const stateful: Reach = { class: 'stateful' };
const owned: Reach = { class: 'stateful', ids: { request: ['{id}'], reply: [] }, free: true };
const listed: Reach = { class: 'stateful', ids: { request: [], reply: [], list: '/data', page: { after: 'after', more: '/has_more' } } };
const made = (uses: readonly string[] = [], makes: readonly string[] = ['/id']): Reach => ({ class: 'stateful', ids: { request: uses, reply: makes } });
const free = (reach: Reach): Reach => ({ ...reach, free: true });
const elsewhere = (reach: Reach): Reach => ({ ...reach, modelElsewhere: true });
const batchFiles = ['/output_file_id', '/error_file_id'];

interface Called {
  readonly path: string;
  readonly surface: string;
  readonly operation: Operation;
  readonly framing: Framing;
  readonly ids?: string;
}
/** Operations that a deployment serves. */
const CALLS: readonly Called[] = Object.freeze([
  { path: 'chat/completions', surface: 'chat', operation: 'chat', framing: 'sse', ids: 'chat' },
  { path: 'completions', surface: 'completions', operation: 'chat', framing: 'sse' },
  { path: 'embeddings', surface: 'embeddings', operation: 'embeddings', framing: 'json' },
  { path: 'images/generations', surface: 'images', operation: 'opaque', framing: 'sse', ids: 'images' },
  { path: 'images/edits', surface: 'images', operation: 'opaque', framing: 'sse', ids: 'images' },
  { path: 'audio/speech', surface: 'speech', operation: 'opaque', framing: 'binary' },
  { path: 'audio/transcriptions', surface: 'transcriptions', operation: 'opaque', framing: 'sse' },
  { path: 'audio/translations', surface: 'transcriptions', operation: 'opaque', framing: 'json' },
]);
const inBody = (at: string, { path, ...call }: Called): NativeEntry => ({
  methods: ['POST'],
  path: `${at}${path}`,
  modelIn: 'body',
  reach: inference,
  ...call,
});
const inPath = ({ path, ...call }: Called): NativeEntry => ({ methods: ['POST'], path: `openai/deployments/{model}/${path}`, reach: inference, ...call });

/** What stands beside the deployments, in the dated API as in v1. */
const account = (at: string): readonly NativeEntry[] => [
  { methods: ['POST'], path: `${at}responses`, surface: 'responses', operation: 'chat', framing: 'sse', modelIn: 'body', reach: inference, ids: 'responses' },
  { methods: ['GET'], path: `${at}responses/{id}`, surface: 'responses-stored', framing: 'sse', reach: stateful, ids: 'storedResponse' },
  { methods: ['DELETE'], path: `${at}responses/{id}`, reach: owned },
  { methods: ['POST'], path: `${at}responses/{id}/cancel`, reach: owned },
  { methods: ['GET'], path: `${at}responses/{id}/input_items`, reach: owned },
  { methods: ['GET'], path: `${at}models`, surface: 'models', operation: 'models', reach: models },
  { methods: ['GET'], path: `${at}models/{model+}`, surface: 'models', operation: 'models', reach: models },
  { methods: ['DELETE'], path: `${at}models/{model+}`, reach: control },
  { methods: ['POST'], path: `${at}files`, reach: elsewhere(made()) },
  { methods: ['GET'], path: `${at}files`, reach: listed },
  { methods: ['GET', 'DELETE'], path: `${at}files/{id}`, reach: owned },
  { methods: ['GET'], path: `${at}files/{id}/content`, framing: 'binary', reach: owned },
  { methods: ['POST'], path: `${at}uploads`, reach: elsewhere(made()) },
  { methods: ['POST'], path: `${at}uploads/{id}/parts`, reach: owned },
  { methods: ['POST'], path: `${at}uploads/{id}/complete`, reach: free(made(['{id}'], ['/file/id'])) },
  { methods: ['POST'], path: `${at}uploads/{id}/cancel`, reach: owned },
  { methods: ['POST'], path: `${at}batches`, reach: elsewhere(made(['/input_file_id'])) },
  { methods: ['GET'], path: `${at}batches`, reach: listed },
  { methods: ['GET'], path: `${at}batches/{id}`, reach: made(['{id}'], batchFiles) },
  { methods: ['POST'], path: `${at}batches/{id}/cancel`, reach: free(made(['{id}'], batchFiles)) },
  { methods: ['GET', 'DELETE'], path: `${at}fine_tuning/{path+}`, reach: control },
  { methods: ['POST'], path: `${at}fine_tuning/{path+}`, reach: elsewhere(control) },
  { methods: ['GET', 'DELETE'], path: `${at}evals`, reach: control },
  { methods: ['POST'], path: `${at}evals`, reach: elsewhere(control) },
  { methods: ['GET', 'DELETE'], path: `${at}evals/{path+}`, reach: control },
  { methods: ['POST'], path: `${at}evals/{path+}`, reach: elsewhere(control) },
];
/** What only v1 has. */
const newer: readonly NativeEntry[] = [
  { methods: ['POST'], path: 'openai/v1/moderations', surface: 'moderations', modelIn: 'body', reach: inference },
  {
    methods: ['POST'],
    path: 'openai/v1/responses/input_tokens',
    surface: 'responses-input-tokens',
    operation: 'countTokens',
    modelIn: 'body',
    reach: inference,
    ids: 'counting',
  },
  { methods: ['POST'], path: 'openai/v1/responses/compact', surface: 'responses-compact', modelIn: 'body', reach: inference, ids: 'responses' },
  { methods: ['GET'], path: 'openai/v1/chat/completions', reach: listed },
  { methods: ['GET', 'POST', 'DELETE'], path: 'openai/v1/chat/completions/{id}', reach: owned },
  { methods: ['GET'], path: 'openai/v1/chat/completions/{id}/messages', reach: owned },
  { methods: ['POST'], path: 'openai/v1/conversations', reach: free(stateful), ids: 'conversations' },
  { methods: ['GET', 'POST', 'DELETE'], path: 'openai/v1/conversations/{id}', reach: owned },
  { methods: ['GET'], path: 'openai/v1/conversations/{id}/items', reach: owned },
  { methods: ['POST'], path: 'openai/v1/conversations/{id}/items', reach: free(stateful), ids: 'conversationItems' },
  { methods: ['GET', 'DELETE'], path: 'openai/v1/conversations/{id}/items/{item}', reach: owned },
  { methods: ['POST'], path: 'openai/v1/videos', modelIn: 'body', reach: stateful, ids: 'videos' },
  { methods: ['GET'], path: 'openai/v1/videos', reach: listed },
  { methods: ['GET', 'DELETE'], path: 'openai/v1/videos/{id}', reach: owned },
  { methods: ['GET'], path: 'openai/v1/videos/{id}/content', framing: 'binary', reach: owned },
  { methods: ['POST'], path: 'openai/v1/videos/{id}/remix', reach: elsewhere(made(['{id}'])) },
];
/** Model inference of Foundry, and at the host of one model. */
const inferred = ['models/', ''].flatMap((at): readonly NativeEntry[] => [
  ...CALLS.filter(({ surface }) => surface === 'chat' || surface === 'embeddings').map((call) => inBody(at, call)),
  { methods: ['POST'], path: `${at}images/embeddings`, modelIn: 'body', reach: inference },
  { methods: ['GET'], path: `${at}info`, operation: 'models', reach: models },
]);

/** The closed table of transparent mode: what is not here does not exist. Order matters only between a literal and a parameter. */
export const TABLE: readonly NativeEntry[] = Object.freeze([
  ...CALLS.map((call) => inBody('openai/v1/', call)),
  ...newer,
  ...account('openai/v1/'),
  ...CALLS.map(inPath),
  // The vendor's SDK for Node sends batches below a deployment when the body names one.
  { methods: ['POST'], path: 'openai/deployments/{model}/batches', reach: elsewhere(made(['/input_file_id'])) },
  ...account('openai/'),
  ...inferred,
]);

const look = nativeTable(TABLE, {
  dialect: 'openai',
  prefix: '/',
  message: 'This path is not one of the operations that can be reached at Azure through this gateway.',
});
const DEPLOYED = /^\/openai\/deployments\/[^/]+/;
/** Transparent mode: which operation a native path is; everything outside the table is refused. Names of models may stand for deployments. */
export const native: Native = (head) => {
  const call = look(head);
  if ('refuse' in call || call.modelIn !== 'path' || !DEPLOYED.test(head.path)) return call;
  return { ...call, path: head.path.replace(DEPLOYED, '/openai/deployments/{model}') };
};
