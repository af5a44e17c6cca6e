import { type Native, type NativeEntry, type NativeHead, nativeTable, type Operation, type Reach, type Refusal } from '@llm-proxy-auth/plugin';
import type { Deployments } from './deployments.ts';
import { WATSONX } from './dialect/words.ts';

/** Uploaded media belongs to whoever uploaded it; nobody does so through this gateway, so that what a body names is refused. */
const inference: Reach = { class: 'inference', ids: { request: [], reply: [], inside: { members: [], objects: ['data_asset'] } } };
const models: Reach = { class: 'models' };
const text = (path: string, surface: string, operation: Operation, framing: 'json' | 'sse' = 'json'): NativeEntry => ({
  methods: ['POST'],
  path: `text/${path}`,
  surface,
  operation,
  framing,
  modelIn: 'body',
  reach: inference,
});
const CHATS = [
  text('chat', 'chat', 'chat'),
  text('chat_stream', 'chat', 'chat', 'sse'),
  text('generation', 'generation', 'chat'),
  text('generation_stream', 'generation', 'chat', 'sse'),
];
const deployed = ({ modelIn: _modelIn, ...entry }: NativeEntry): NativeEntry => ({ ...entry, path: `deployments/{model}/${entry.path}` });

/** The closed table of transparent mode: what is not here does not exist. */
export const TABLE: readonly NativeEntry[] = Object.freeze([
  ...CHATS,
  ...CHATS.map(deployed),
  text('embeddings', 'embeddings', 'embeddings'),
  text('rerank', 'rerank', 'rerank'),
  text('tokenization', 'tokenization', 'countTokens'),
  { methods: ['GET'], path: 'foundation_model_specs', operation: 'models', reach: models },
  { methods: ['GET'], path: 'foundation_model_specs/{model+}', operation: 'models', reach: models },
  { methods: ['GET'], path: 'foundation_model_tasks', reach: models },
]);
const table = nativeTable(TABLE, {
  dialect: WATSONX,
  prefix: '/ml/v1/',
  message: 'This path is not one of the operations that can be reached at watsonx.ai through this gateway.',
});

export interface NativeOptions {
  readonly version: string;
  readonly account: Readonly<Record<string, string>>;
  readonly deployments: Deployments;
}
const refuse = (message: string, param?: string): Refusal => ({ refuse: 'operation_not_allowed', message, ...(param === undefined ? {} : { param }) });
const ACCOUNT = ['project_id', 'space_id'];
/** The name of another account in the query; undefined when there is none. */
const foreign = (query: string, account: Readonly<Record<string, string>>): string | undefined => {
  const sent = new URLSearchParams(query);
  return ACCOUNT.find((name) => sent.getAll(name).some((value) => value !== account[name]));
};

/**
 * Transparent mode: which operation a native path is; everything outside the table is refused with `operation_not_allowed`. Project
 * and space are the instance's, in query and body; the version of the API goes along where the client says none.
 */
export const native = ({ version, account, deployments }: NativeOptions): Native => {
  const pinned = Object.freeze(Object.fromEntries(ACCOUNT.map((name) => [`/${name}`, account[name]])));
  const query = Object.freeze({ version });
  return (head: NativeHead) => {
    const found = table(head);
    if ('refuse' in found) return found;
    const other = head.query === '' ? undefined : foreign(head.query, account);
    if (other !== undefined) return refuse(`\`${other}\` names another account than that of this instance.`, other);
    const inPath = found.modelIn === 'path' && found.operation === 'chat';
    const model = inPath ? deployments.modelOf(found.model ?? '') : found.model;
    if (inPath && model === undefined) return refuse('This instance has no such deployment.', 'model');
    const posted = head.method === 'POST' ? { pinned } : {};
    return { ...found, ...posted, model, query, stream: found.framing === 'sse' };
  };
};
