import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One exchange that an open-source project recorded from the real service; origin and licence of each stand in recordings/NOTICE.md. */
export type Recording = {
  /** `openai/chat-completions-plain-gpt-4o-mini-bf8cb6.json`, relative to the recordings folder. */
  readonly file: string;
  /** `owner/repository:path@commit`. */
  readonly source: string;
  readonly interaction: number;
  readonly license: string;
  /** A: bytes as recorded. A-: JSON re-serialised by the recorder. B: a body without its request. C: typed objects, framing lost. */
  readonly grade: string;
  readonly provider: string;
  readonly operation: string;
  readonly kind: string;
  readonly stream: boolean;
  readonly tags: readonly string[];
  readonly model: string;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    /** null where the source kept no request. */
    readonly body: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    /** The body as text, content coding removed. */
    readonly body?: string;
    /** Instead of `body`: its bytes, where it is no text. */
    readonly body_base64?: string;
    /** Instead of `body`: one event payload for each element, framing lost. */
    readonly chunks?: readonly unknown[];
  };
  readonly notes: readonly string[];
};

export type RecordingFilter = { readonly provider?: string; readonly operation?: string };

const folder = new URL('../recordings/', import.meta.url);
let all: readonly Recording[] | undefined;

const load = (): readonly Recording[] =>
  readdirSync(fileURLToPath(folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(new URL(`${name}/`, folder)).map((file) => `${name}/${file}`))
    .sort()
    .map((file) => Object.freeze({ file, ...JSON.parse(readFileSync(new URL(file, folder), 'utf8')) }) as Recording);

/** All recordings of the package that fit, ordered by file name. Read from disk once. */
export const recordings = ({ provider, operation }: RecordingFilter = {}): readonly Recording[] => {
  all ??= Object.freeze(load());
  return all.filter((one) => (provider === undefined || one.provider === provider) && (operation === undefined || one.operation === operation));
};

/** The one recording with this file name (`openai/….json`); throws if there is none. */
export const recording = (file: string): Recording => {
  const found = recordings().find((one) => one.file === file);
  if (found === undefined) throw new Error(`There is no recording ${file}`);
  return found;
};

/** Path of the recorded URL without query, doubled slashes made one. Some recorded hosts hold placeholders that no URL parser takes. */
export const recordedPath = ({ request }: Recording): string =>
  request.url
    .replace(/^[a-z]+:\/\/[^/]*/, '')
    .replace(/\?.*$/, '')
    .replace(/\/{2,}/g, '/');
