import type { NativeCall, NativeHead, Reach, Refusal } from './provider.ts';
import type { Framing, Operation } from './wire.ts';

/** A row of a provider's closed table of native paths. */
export interface NativeEntry {
  readonly methods: readonly string[];
  /** Segments below the table's prefix; `{x}` is one segment, `{x+}` the rest. A parameter `model` is the call's model. */
  readonly path: string;
  /** Default `opaque`. */
  readonly operation?: Operation;
  readonly surface?: string;
  readonly modelIn?: 'body';
  /** Default `json`. */
  readonly framing?: Framing;
  readonly reach: Reach;
  /** Ids that the dialect knows. */
  readonly ids?: string;
}
export interface NativeTableOptions {
  readonly dialect: string;
  /** What stands before every path: `/v1/`. */
  readonly prefix: string;
  /** Why a path outside the table is refused. */
  readonly message: string;
}
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

export type Native = (head: NativeHead) => NativeCall | Refusal;
const MOST_KNOWN = 1_000;
/**
 * Remembers answers by method and path, since callers repeat themselves; bounded, since paths are the callers' own. What depends on
 * the body, and paths longer than `longest`, are looked up each time.
 */
export const rememberNative = (look: Native, longest: number): Native => {
  const known = new Map<string, NativeCall | Refusal>();
  return (head) => {
    if (head.bodyModel !== undefined || head.path.length > longest) return look(head);
    const key = `${head.method} ${head.path}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = look(head);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(key, made);
    return made;
  };
};

const LONGEST_KNOWN = 200;
/**
 * Transparent mode by a closed table: which operation a native path is; everything outside is refused with
 * `operation_not_allowed`. Entries are tried in order, so a literal stands before a parameter of the same place.
 */
export const nativeTable = (table: readonly NativeEntry[], { dialect, prefix, message }: NativeTableOptions): Native => {
  const compiled = table.map((entry) => ({ entry, segments: entry.path.split('/') }));
  const refused: Refusal = Object.freeze({ refuse: 'operation_not_allowed', message });
  const look: Native = (head) => {
    if (!head.path.startsWith(prefix)) return refused;
    const sent = head.path.slice(prefix.length).split('/');
    for (const { entry, segments } of compiled) {
      if (!entry.methods.includes(head.method)) continue;
      const params = match(segments, sent);
      if (params === undefined) continue;
      const inPath = params.model;
      return {
        operation: entry.operation ?? 'opaque',
        dialect,
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
    return refused;
  };
  return rememberNative(look, LONGEST_KNOWN);
};
