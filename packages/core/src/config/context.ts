import type { Place } from './document.ts';
import type { Environment } from './expand.ts';
import type { Problem, ProblemCode } from './problem.ts';
import type { Secrets } from './secret.ts';
import type { Section, Shape } from './shape.ts';

/** What the loaded plugins offer to one section; `unloaded`: a plugin that failed, and is reported elsewhere, may have it. */
export type Completion =
  | { readonly is: 'shape'; readonly shape: Shape }
  | { readonly is: 'unloaded' }
  | { readonly is: 'unknown'; readonly known: readonly string[] };
export interface ReadContext {
  readonly env: Environment;
  readonly folder: string;
  readonly secrets: Secrets;
  readonly complete: (section: Section, kind: string) => Completion;
  readonly report: (path: string, code: ProblemCode, message: string, place?: Place | undefined, mend?: string | undefined) => void;
  /** Place of a path's key, for problems that are about the key and not its value. */
  readonly note: (path: string, key: Place | undefined, value: Place | undefined) => void;
  readonly keyPlace: (path: string) => Place | undefined;
  readonly written: (path: string) => boolean;
  /** Base URLs as read, by path. */
  readonly urls: Map<string, string>;
  /** Environment variables used because the file left a field out. */
  readonly environment: { readonly path: string; readonly variable: string }[];
  readonly problems: Problem[];
}

const parentOf = (path: string): string => path.replace(/(?:^|\.)[^.[\]]+$|\[\d+\]$/, '');

export const createContext = (options: {
  readonly file: string | undefined;
  readonly env: Environment;
  readonly folder: string;
  readonly secrets: Secrets;
  readonly complete: ReadContext['complete'];
}): ReadContext => {
  const places = new Map<string, { readonly key: Place | undefined; readonly value: Place | undefined }>();
  const problems: Problem[] = [];
  const find = (path: string, which: 'key' | 'value'): Place | undefined => {
    for (let at = path; ; at = parentOf(at)) {
      const place = places.get(at);
      const found = which === 'key' ? (place?.key ?? place?.value) : (place?.value ?? place?.key);
      if (found !== undefined || at === '') return found;
    }
  };
  return {
    env: options.env,
    folder: options.folder,
    secrets: options.secrets,
    complete: options.complete,
    report(path, code, message, place, mend) {
      const at = place ?? find(path, 'value');
      problems.push({ file: options.file, line: at?.line, column: at?.column, path, code, message, mend });
    },
    note(path, key, value) {
      places.set(path, { key, value });
    },
    keyPlace: (path) => find(path, 'key'),
    written: (path) => places.has(path),
    urls: new Map(),
    environment: [],
    problems,
  };
};
