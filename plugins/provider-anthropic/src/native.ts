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
const models: Reach = { class: 'models' };
const owned: Reach = { class: 'stateful', ids: { request: ['{id}'], reply: [] } };
const listed: Reach = { class: 'stateful', ids: { request: [], reply: [], list: '/data', page: { after: 'after_id', more: '/has_more' } } };
const batches = 'messages/batches';

/** The closed table of transparent mode: what is not here does not exist. A literal stands before a parameter of the same place. */
export const TABLE: readonly Entry[] = Object.freeze([
  { methods: ['POST'], path: 'messages', surface: 'messages', operation: 'chat', framing: 'sse', modelIn: 'body', reach: inference, ids: 'messages' },
  { methods: ['POST'], path: 'messages/count_tokens', surface: 'count_tokens', operation: 'countTokens', modelIn: 'body', reach: inference, ids: 'counting' },
  { methods: ['GET'], path: 'models', surface: 'models', operation: 'models', reach: models },
  { methods: ['GET'], path: 'models/{model+}', surface: 'models', operation: 'models', reach: models },

  { methods: ['POST'], path: batches, reach: { class: 'stateful', modelElsewhere: true }, ids: 'batches' },
  { methods: ['GET'], path: batches, reach: listed },
  { methods: ['GET', 'DELETE'], path: `${batches}/{id}`, reach: owned },
  { methods: ['POST'], path: `${batches}/{id}/cancel`, reach: owned },
  { methods: ['GET'], path: `${batches}/{id}/results`, framing: 'ndjson', reach: owned },
  { methods: ['POST'], path: 'files', reach: { class: 'stateful', ids: { request: [], reply: ['/id'] } } },
  { methods: ['GET'], path: 'files', reach: listed },
  { methods: ['GET', 'DELETE'], path: 'files/{id}', reach: owned },
  { methods: ['GET'], path: 'files/{id}/content', framing: 'binary', reach: owned },
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
  message: 'This path is not one of the operations that can be reached at Anthropic through this gateway.',
});

// Callers repeat themselves, and the core remembers what it made of an answer. Bounded, since paths are the callers' own.
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
      dialect: 'anthropic',
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
