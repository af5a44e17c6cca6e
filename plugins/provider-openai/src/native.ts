import type { Framing, NativeCall, NativeHead, Operation, Reach, Refusal } from '@llm-proxy-auth/plugin';

interface Entry {
  readonly methods: readonly string[];
  /** Segments below `/v1`; `{x}` is one segment, `{x+}` the rest. */
  readonly path: string;
  readonly operation?: Operation;
  readonly surface?: string;
  readonly modelIn?: 'body';
  readonly framing?: Framing;
  readonly reach: Reach;
  /** Ids that the dialect knows. */
  readonly ids?: string;
}
const inference: Reach = { class: 'inference' };
const control: Reach = { class: 'control' };
const stateful: Reach = { class: 'stateful' };
const owned: Reach = { class: 'stateful', ids: { request: ['{id}'], reply: [] } };
const listed: Reach = { class: 'stateful', ids: { request: [], reply: [], list: '/data', page: { after: 'after', more: '/has_more' } } };
const made = (uses: readonly string[] = [], makes: readonly string[] = ['/id']): Reach => ({ class: 'stateful', ids: { request: uses, reply: makes } });
const elsewhere = (reach: Reach): Reach => ({ ...reach, modelElsewhere: true });
const call = (path: string, surface: string, operation: Operation, framing: Framing): Entry => ({
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
export const TABLE: readonly Entry[] = Object.freeze([
  { ...call('chat/completions', 'chat', 'chat', 'sse'), ids: 'chat' },
  call('completions', 'completions', 'chat', 'sse'),
  call('embeddings', 'embeddings', 'embeddings', 'json'),
  call('moderations', 'moderations', 'opaque', 'json'),
  { ...call('images/generations', 'images', 'opaque', 'sse'), ids: 'images' },
  { ...call('images/edits', 'images', 'opaque', 'sse'), ids: 'images' },
  { ...call('images/variations', 'images', 'opaque', 'json'), ids: 'images' },
  call('audio/speech', 'speech', 'opaque', 'binary'),
  call('audio/transcriptions', 'transcriptions', 'opaque', 'sse'),
  call('audio/translations', 'transcriptions', 'opaque', 'json'),
  { ...call('responses', 'responses', 'chat', 'sse'), ids: 'responses' },
  { ...call('responses/input_tokens', 'responses-input-tokens', 'opaque', 'json'), ids: 'counting' },
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
  { methods: ['POST'], path: 'conversations', reach: stateful, ids: 'conversations' },
  { methods: ['GET', 'POST', 'DELETE'], path: 'conversations/{id}', reach: owned },
  { methods: ['GET'], path: 'conversations/{id}/items', reach: owned },
  { methods: ['POST'], path: 'conversations/{id}/items', reach: stateful, ids: 'conversationItems' },
  { methods: ['GET', 'DELETE'], path: 'conversations/{id}/items/{item}', reach: owned },
  { methods: ['POST'], path: 'files', reach: elsewhere(made()) },
  { methods: ['GET'], path: 'files', reach: listed },
  { methods: ['GET', 'DELETE'], path: 'files/{id}', reach: owned },
  { methods: ['GET'], path: 'files/{id}/content', framing: 'binary', reach: owned },
  { methods: ['POST'], path: 'uploads', reach: elsewhere(made()) },
  { methods: ['POST'], path: 'uploads/{id}/parts', reach: owned },
  { methods: ['POST'], path: 'uploads/{id}/complete', reach: made(['{id}'], ['/file/id']) },
  { methods: ['POST'], path: 'uploads/{id}/cancel', reach: owned },
  { methods: ['POST'], path: 'batches', reach: elsewhere(made(['/input_file_id'])) },
  { methods: ['GET'], path: 'batches', reach: listed },
  { methods: ['GET'], path: 'batches/{id}', reach: made(['{id}'], batchFiles) },
  { methods: ['POST'], path: 'batches/{id}/cancel', reach: made(['{id}'], batchFiles) },
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

type Params = Readonly<Record<string, string>>;
/** One percent-decoding; undefined for a broken escape and for what would move within the path. */
const decode = (segment: string): string | undefined => {
  try {
    const text = decodeURIComponent(segment);
    return text === '' || text === '.' || text === '..' || /[\p{Cc}\\]|%[0-9a-f]{2}/iu.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
};
const match = (entry: readonly string[], sent: readonly string[]): Params | undefined => {
  const params: Record<string, string> = {};
  for (let i = 0; i < entry.length; i++) {
    const want = entry[i] ?? '';
    const rest = want.endsWith('+}');
    const text = rest ? sent.slice(i).join('/') : sent[i];
    if (text === undefined || text === '') return undefined;
    if (!want.startsWith('{')) {
      if (text !== want) return undefined;
      continue;
    }
    const parts = text.split('/').map(decode);
    if (parts.includes(undefined)) return undefined;
    const value = parts.join('/');
    if (!rest && value.includes('/')) return undefined;
    params[want.slice(1, rest ? -2 : -1)] = value;
    if (rest) return params;
  }
  return entry.length === sent.length ? params : undefined;
};
const COMPILED = TABLE.map((entry) => ({ entry, segments: entry.path.split('/') }));
const REFUSED: Refusal = Object.freeze({
  refuse: 'operation_not_allowed',
  message: 'This path is not one of the operations that can be reached at OpenAI through this gateway.',
});

// Callers repeat themselves, and the table is long. Bounded, since paths are the callers' own.
const known = new Map<string, NativeCall | Refusal>();
const MOST_KNOWN = 1_000;
const LONGEST_KNOWN = 200;
/** Transparent mode: which operation a native path is; everything outside the table is refused with `operation_not_allowed`. */
export const native = (head: NativeHead): NativeCall | Refusal => {
  if (head.bodyModel !== undefined || head.path.length > LONGEST_KNOWN) return look(head);
  const key = `${head.method} ${head.path}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = look(head);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(key, made);
  return made;
};
const look = (head: NativeHead): NativeCall | Refusal => {
  if (!head.path.startsWith('/v1/')) return REFUSED;
  const sent = head.path.slice('/v1/'.length).split('/');
  for (const { entry, segments } of COMPILED) {
    if (!entry.methods.includes(head.method)) continue;
    const params = match(segments, sent);
    if (params === undefined) continue;
    const inPath = params.model;
    return {
      operation: entry.operation ?? 'opaque',
      dialect: 'openai',
      surface: entry.surface,
      model: inPath ?? (entry.modelIn === 'body' ? head.bodyModel : undefined),
      stream: false,
      modelIn: inPath !== undefined ? 'path' : (entry.modelIn ?? 'none'),
      framing: entry.framing ?? 'json',
      reach: entry.reach,
      ids: entry.ids,
      params,
    };
  }
  return REFUSED;
};
