import {
  asObject,
  asText,
  type Framing,
  type Json,
  type Native,
  type NativeCall,
  type NativeHead,
  type Operation,
  type Reach,
  type Refusal,
  rememberNative,
} from '@llm-proxy-auth/plugin';
import { generates } from './endpoint.ts';
import { type Guardrail, refusedAlways, refusedByBody, refusedByHead, refusedByMember } from './guardrail.ts';
import { checkModelId, readModelId } from './model-id.ts';
import { type Owner, refusedArn } from './own-arn.ts';

export interface Entry {
  readonly method: string;
  /** `{x}` is one segment; `{model}` may be an ARN whose slashes the client left as they are. */
  readonly path: string;
  readonly operation: Operation;
  readonly framing: Framing;
  readonly stream?: true;
  readonly reach: Reach;
  readonly surface?: readonly [dialect: string, surface: string];
  readonly modelIn?: 'body';
  /** Ids that the dialect knows. */
  readonly ids?: string;
  /** Served by the control plane, which is another host. */
  readonly control?: true;
  /** Runs a model; where it takes a guardrail, `none`: nowhere. */
  readonly guarded?: 'head' | 'body' | 'none';
}
const inference: Reach = { class: 'inference' };
export const models: Reach = { class: 'models' };
const control: Reach = { class: 'control' };
const CONVERSE = ['converse', 'converse'] as const;
export const post = (path: string, operation: Operation, framing: Framing, more: Partial<Entry> = {}): Entry => ({
  method: 'POST',
  path,
  operation,
  framing,
  reach: inference,
  ...more,
});
const get = (path: string, reach: Reach): Entry => ({
  method: 'GET',
  path,
  operation: reach === models ? 'models' : 'opaque',
  framing: 'json',
  reach,
  control: true,
});
/** A job names its model in the body, as `modelId`; its ARN is its starter's. */
const STARTED: Reach = { class: 'stateful', ids: { request: [], reply: ['/invocationArn'] }, modelElsewhere: true };
export const OWNED: Reach = { class: 'stateful', ids: { request: ['{id}'], reply: [] }, free: true };

/** The closed table of transparent mode: what is not here does not exist. */
export const TABLE: readonly Entry[] = Object.freeze([
  post('model/{model}/converse', 'chat', 'json', { surface: CONVERSE, guarded: 'body' }),
  post('model/{model}/converse-stream', 'chat', 'aws-eventstream', { surface: CONVERSE, stream: true, guarded: 'body' }),
  post('model/{model}/invoke', 'opaque', 'json', { guarded: 'head' }),
  post('model/{model}/invoke-with-response-stream', 'opaque', 'aws-eventstream', { stream: true, guarded: 'head' }),
  post('model/{model}/count-tokens', 'countTokens', 'json'),
  post('guardrail/{guardrail}/version/{version}/apply', 'opaque', 'json'),
  post('guardrail-checks/invoke', 'opaque', 'json'),
  post('async-invoke', 'opaque', 'json', { reach: STARTED, guarded: 'none' }),
  { method: 'GET', path: 'async-invoke/{id}', operation: 'opaque', framing: 'json', reach: OWNED },
  post('openai/v1/chat/completions', 'chat', 'sse', { surface: ['openai', 'chat'], modelIn: 'body', ids: 'chat', guarded: 'head' }),
  post('openai/v1/responses', 'chat', 'sse', { surface: ['openai', 'responses'], modelIn: 'body', ids: 'responses', guarded: 'head' }),
  post('anthropic/v1/messages', 'chat', 'sse', { surface: ['anthropic', 'messages'], modelIn: 'body', guarded: 'head' }),
  { method: 'GET', path: 'openai/v1/models', operation: 'models', framing: 'json', reach: models },

  get('foundation-models', models),
  get('foundation-models/{model}', models),
  get('foundation-model-availability/{model}', models),
  get('inference-profiles', models),
  get('inference-profiles/{model}', models),
  get('custom-models', control),
  get('custom-models/{model}', control),
  get('imported-models', control),
  get('imported-models/{model}', control),
  get('provisioned-model-throughputs', control),
  get('provisioned-model-throughput/{model}', control),
  get('prompt-routers', control),
  get('prompt-routers/{id}', control),
  get('guardrails', control),
  get('guardrails/{id}', control),
]);

type Params = Readonly<Record<string, string>>;
/** One percent-decoding; undefined for a broken escape and for what would move within the path. */
const decode = (segment: string): string | undefined => {
  try {
    const text = decodeURIComponent(segment);
    return text === '' || text === '.' || text === '..' || /[\p{Cc}\\?#]|%[0-9a-f]{2}/iu.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
};
/** A model id of one segment, or an ARN of which the client left the slashes alone. */
const modelOf = (segments: readonly string[]): string | undefined => {
  const parts = segments.map(decode);
  if (parts.includes(undefined)) return undefined;
  const id = parts.join('/');
  if (segments.length > 1 && !id.startsWith('arn:')) return undefined;
  try {
    return checkModelId(id);
  } catch {
    return undefined;
  }
};
const match = (wanted: readonly string[], sent: readonly string[]): Params | undefined => {
  const params: Record<string, string> = {};
  const extra = sent.length - wanted.length;
  if (extra < 0 || (extra > 0 && !wanted.includes('{model}'))) return undefined;
  let at = 0;
  for (const want of wanted) {
    const size = want === '{model}' ? extra + 1 : 1;
    const part = sent.slice(at, at + size);
    at += size;
    if (!want.startsWith('{')) {
      if (part[0] !== want) return undefined;
      continue;
    }
    const value = want === '{model}' ? modelOf(part) : decode(part[0] ?? '');
    if (value === undefined || (value.includes('/') && !value.startsWith('arn:'))) return undefined;
    params[want.slice(1, -1)] = value;
  }
  return params;
};
interface Compiled {
  readonly entry: Entry;
  readonly segments: readonly string[];
}
const compiled = (table: readonly Entry[]): readonly Compiled[] => table.map((entry) => ({ entry, segments: entry.path.split('/') }));
const REFUSED: Refusal = Object.freeze({
  refuse: 'operation_not_allowed',
  message: 'This path is not one of the operations that can be reached at Bedrock through this gateway.',
});
/** Claude through InvokeModel speaks Anthropic's dialect; what the others speak only their usage is read of. */
const surfaceOf = (entry: Entry, model: string | undefined): readonly [string, string] | undefined => {
  if (entry.surface !== undefined) return entry.surface;
  const invokes = entry.path.endsWith('/invoke') || entry.path.endsWith('/invoke-with-response-stream');
  if (!invokes || model === undefined) return undefined;
  return readModelId(model).family === 'anthropic' ? ['anthropic', 'messages'] : ['bedrock-invoke', 'invoke'];
};

export interface NativeOptions extends Owner {
  /** Where the control plane is, when that is another host. */
  readonly controlOrigin: string | undefined;
  /** What every call that runs a model must name itself: bytes are not changed here. */
  readonly guardrail: Guardrail | undefined;
}
/** A call that headers must still be looked at for. */
interface Known extends NativeCall {
  readonly byHead?: true | undefined;
}
const guarding = ({ guarded }: Entry, model: string | undefined, guardrail: Guardrail | undefined): Partial<Known> => {
  if (guardrail === undefined || guarded === undefined || (model !== undefined && !generates(readModelId(model)))) return {};
  if (guarded === 'none') return { refused: refusedAlways(guardrail) };
  return guarded === 'head' ? { byHead: true, judge: refusedByMember } : { judge: refusedByBody(guardrail) };
};
/** A job names its model in the body. */
const judgeJob =
  (owner: Owner) =>
  (body: Json): Refusal | undefined => {
    const id = asText(asObject(body)?.modelId);
    return id === undefined ? undefined : refusedArn(id, owner, 'modelId');
  };
const callOf = (entry: Entry, params: Params, head: NativeHead, options: NativeOptions): Known => {
  const { model } = params;
  const surface = surfaceOf(entry, model);
  return {
    operation: surface?.[1] === 'messages' ? 'chat' : entry.operation,
    dialect: surface?.[0],
    surface: surface?.[1],
    model: entry.modelIn === 'body' ? head.bodyModel : model,
    stream: entry.stream ?? false,
    modelIn: entry.modelIn ?? (model === undefined ? 'none' : 'path'),
    framing: entry.framing,
    reach: entry.reach,
    ids: entry.ids,
    params,
    path: model === undefined ? undefined : `/${entry.path}`,
    origin: entry.control ? options.controlOrigin : undefined,
    ...(entry.reach === STARTED ? { judge: judgeJob(options) } : {}),
    ...guarding(entry, model, options.guardrail),
  };
};

const look = (head: NativeHead, rows: readonly Compiled[], options: NativeOptions): Known | Refusal => {
  const sent = head.path.slice(1).split('/');
  if (!head.path.startsWith('/') || sent.includes('')) return REFUSED;
  for (const { entry, segments } of rows) {
    if (entry.method !== head.method) continue;
    const params = match(segments, sent);
    if (params === undefined) continue;
    const foreign = Object.entries(params).flatMap(([name, value]) => refusedArn(value, options, name) ?? []);
    return foreign[0] ?? callOf(entry, params, head, options);
  }
  return REFUSED;
};
const LONGEST_KNOWN = 400;
/** Transparent mode: which operation a native path is; everything outside the table is refused with `operation_not_allowed`. */
export const nativeTable = (options: NativeOptions, entries: readonly Entry[] = TABLE): Native => {
  const rows = compiled(entries);
  const table = rememberNative((head) => look(head, rows, options), LONGEST_KNOWN);
  const { guardrail } = options;
  if (guardrail === undefined) return table;
  return (head) => {
    const call: Known | Refusal = table(head);
    return 'refuse' in call || call.byHead === undefined ? call : { ...call, refused: refusedByHead(guardrail, head.headers) };
  };
};
