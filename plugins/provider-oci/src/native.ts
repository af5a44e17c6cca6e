import { nativeTable as closedTable, type Native, type NativeCall, type NativeEntry, type NativeHead, type Reach, type Refusal } from '@llm-proxy-auth/plugin';
import { OCI } from './dialect/name.ts';

const inference: Reach = { class: 'inference' };
const models: Reach = { class: 'models' };
const control: Reach = { class: 'control' };
const stateful: Reach = { class: 'stateful' };
const stored: Reach = { class: 'stateful', free: true };
const owned: Reach = { class: 'stateful', ids: { request: ['{id}'], reply: [] }, free: true };
const listed: Reach = { class: 'stateful', ids: { request: [], reply: [], list: '/data', page: { after: 'after', more: '/has_more' } } };
const uploaded: Reach = { class: 'stateful', ids: { request: [], reply: ['/id'] }, modelElsewhere: true };

/** Actions of the service itself: their body names the compartment. */
export const ACTIONS: readonly NativeEntry[] = Object.freeze([
  { methods: ['POST'], path: 'chat', operation: 'chat', surface: 'chat', modelIn: 'body', framing: 'sse-lines', reach: inference },
  { methods: ['POST'], path: 'embedText', operation: 'embeddings', surface: 'embed', modelIn: 'body', reach: inference },
  { methods: ['POST'], path: 'rerankText', operation: 'rerank', surface: 'rerank', modelIn: 'body', reach: inference },
  { methods: ['POST'], path: 'generateText', surface: 'action', modelIn: 'body', framing: 'sse-lines', reach: inference },
  { methods: ['POST'], path: 'summarizeText', surface: 'action', modelIn: 'body', reach: inference },
  { methods: ['POST'], path: 'applyGuardrails', reach: { ...inference, modelElsewhere: true } },
] satisfies readonly NativeEntry[]);
const openaiCall = (path: string, surface: string): NativeEntry => ({
  methods: ['POST'],
  path,
  operation: 'chat',
  surface,
  modelIn: 'body',
  framing: 'sse',
  reach: inference,
  ids: surface,
});
/** OpenAI's API, below either of its two prefixes: the compartment is a header, which the signer sets. */
export const COMPATIBLE: readonly NativeEntry[] = Object.freeze([openaiCall('chat/completions', 'chat'), openaiCall('responses', 'responses')]);
/** Beside them, below `/openai/v1` alone: what it serves, and what is stored. */
export const STORED: readonly NativeEntry[] = Object.freeze([
  { methods: ['GET'], path: 'models', operation: 'models', reach: models },
  { methods: ['GET'], path: 'models/{model}', operation: 'models', reach: models },
  { methods: ['GET'], path: 'responses/{id}', surface: 'responses-stored', framing: 'sse', reach: stateful, ids: 'storedResponse' },
  { methods: ['DELETE'], path: 'responses/{id}', reach: owned },
  { methods: ['POST'], path: 'responses/{id}/cancel', reach: owned },
  { methods: ['GET'], path: 'responses/{id}/input_items', reach: owned },
  { methods: ['POST'], path: 'conversations', reach: stored, ids: 'conversations' },
  { methods: ['GET', 'POST', 'DELETE'], path: 'conversations/{id}', reach: owned },
  { methods: ['GET'], path: 'conversations/{id}/items', reach: owned },
  { methods: ['POST'], path: 'conversations/{id}/items', reach: stored, ids: 'conversationItems' },
  { methods: ['GET', 'DELETE'], path: 'conversations/{id}/items/{item}', reach: owned },
  { methods: ['POST'], path: 'files', reach: uploaded },
  { methods: ['GET'], path: 'files', reach: listed },
  { methods: ['GET', 'DELETE'], path: 'files/{id}', reach: owned },
  { methods: ['GET'], path: 'files/{id}/content', framing: 'binary', reach: owned },
] satisfies readonly NativeEntry[]);
/** The management service and guardrail versions: reading alone. The query names the compartment. */
export const LISTS: readonly NativeEntry[] = Object.freeze([
  { methods: ['GET'], path: 'guardrailVersions', reach: models },
  { methods: ['GET'], path: 'models', operation: 'models', reach: models },
  { methods: ['GET'], path: 'models/{model}', operation: 'models', reach: models },
  { methods: ['GET'], path: 'endpoints', reach: control },
  { methods: ['GET'], path: 'endpoints/{id}', reach: control },
  { methods: ['GET'], path: 'dedicatedAiClusters', reach: control },
  { methods: ['GET'], path: 'dedicatedAiClusters/{id}', reach: control },
] satisfies readonly NativeEntry[]);
const MANAGED = /^\/20231130\/(?:models|endpoints|dedicatedAiClusters)(?:\/|$)/;
const message = 'This path is not one of the operations that can be reached at OCI Generative AI through this gateway.';
const TABLES: readonly { readonly prefix: string; readonly table: Native }[] = Object.freeze(
  (
    [
      ['/20231130/actions/v1/', 'openai', COMPATIBLE],
      ['/openai/v1/', 'openai', [...COMPATIBLE, ...STORED]],
      ['/20231130/actions/', OCI, ACTIONS],
      ['/20231130/', OCI, LISTS],
    ] as const
  ).map(([prefix, dialect, entries]) => ({ prefix, table: closedTable(entries, { dialect, prefix, message }) })),
);
const REFUSED: Refusal = Object.freeze({ refuse: 'operation_not_allowed', message });

export interface NativeOptions {
  readonly compartment: string;
  readonly endpointId: string | undefined;
  /** Where the management service is, when that is another host. */
  readonly controlOrigin: string | undefined;
}
/** Every compartment that the query names, decoded as a server would. */
const foreign = (query: string, compartment: string): boolean => new URLSearchParams(query).getAll('compartmentId').some((id) => id !== compartment);
const isRefusal = (call: NativeCall | Refusal): call is Refusal => 'refuse' in call;
const pinned = (head: NativeHead, call: NativeCall, { compartment, endpointId, controlOrigin }: NativeOptions): NativeCall | Refusal => {
  if (foreign(head.query, compartment))
    return { refuse: 'operation_not_allowed', message: 'The query names another compartment than the one of this instance.', param: 'compartmentId' };
  if (head.method === 'GET') return MANAGED.test(head.path) && controlOrigin !== undefined ? { ...call, origin: controlOrigin } : call;
  if (call.dialect !== OCI) return call;
  return { ...call, pinned: { '/compartmentId': compartment, ...(endpointId === undefined ? {} : { '/servingMode/endpointId': endpointId }) } };
};
/** Transparent mode: which operation a native path is; everything outside the tables is refused, and so is another compartment. */
export const nativeTable = (options: NativeOptions): Native => {
  return (head) => {
    const table = TABLES.find(({ prefix }) => head.path.startsWith(prefix))?.table;
    const call = table?.(head) ?? REFUSED;
    return isRefusal(call) ? call : pinned(head, call, options);
  };
};
