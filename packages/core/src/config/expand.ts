import { resolve } from 'node:path';
import type { ProblemCode } from './problem.ts';
import { readSecretFile } from './secret.ts';

export type Environment = Readonly<Record<string, string | undefined>>;
export const variable = (env: Environment, name: string): string | undefined => (Object.hasOwn(env, name) ? env[name] : undefined);

export interface ExpandOptions {
  readonly env: Environment;
  /** Folder that `${file:…}` is relative to. */
  readonly folder: string;
  /** `${file:…}` stands in `Secret()` fields only. */
  readonly secret: boolean;
}
/** `text` after one round of expansion; `from` says what was expanded, in order, without values. */
export type Expanded =
  | {
      readonly is: 'text';
      readonly text: string;
      readonly expanded: boolean;
      readonly from: readonly string[];
      readonly files: readonly string[];
      readonly render: () => string;
    }
  | { readonly is: 'absent' }
  | { readonly is: 'wrong'; readonly problems: readonly { readonly code: ProblemCode; readonly message: string }[] };
type Part =
  | { readonly is: 'literal'; readonly text: string }
  | { readonly is: 'variable'; readonly name: string; readonly text: string }
  | { readonly is: 'file'; readonly path: string; readonly text: string }
  | { readonly is: 'absent' }
  | { readonly is: 'wrong'; readonly code: ProblemCode; readonly message: string };

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: messages quote what the user writes
const SAID = Object.freeze({
  fileElsewhere: '${file:…} stands in secret fields only',
  filePath: '${file:…} needs a path',
  forms: 'a reference is ${NAME}, ${NAME:-default}, ${NAME?} or ${file:PATH}',
  unclosed: 'a reference that begins with ${ has no closing }',
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: messages quote what the user writes
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const filePart = (written: string, options: ExpandOptions): Part => {
  if (!options.secret) return { is: 'wrong', code: 'bad_reference', message: SAID.fileElsewhere };
  if (written === '') return { is: 'wrong', code: 'bad_reference', message: SAID.filePath };
  const path = resolve(options.folder, written);
  try {
    return { is: 'file', path, text: readSecretFile(path) };
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : 'unknown');
    return { is: 'wrong', code: 'file_unreadable', message: `the file ${path} cannot be read (${why})` };
  }
};
const variablePart = (name: string, fallback: string | undefined, optional: boolean, env: Environment): Part => {
  const value = variable(env, name);
  // As in a shell, `:-` also stands in for an empty value.
  if (fallback !== undefined && (value === undefined || value === '')) return { is: 'literal', text: fallback };
  if (value !== undefined) return { is: 'variable', name, text: value };
  return optional ? { is: 'absent' } : { is: 'wrong', code: 'variable_missing', message: `the environment variable ${name} is not set` };
};
const referencePart = (inside: string, options: ExpandOptions): Part => {
  const dash = inside.indexOf(':-');
  if (dash > 0 && NAME.test(inside.slice(0, dash))) return variablePart(inside.slice(0, dash), inside.slice(dash + 2), false, options.env);
  if (inside.endsWith('?') && NAME.test(inside.slice(0, -1))) return variablePart(inside.slice(0, -1), undefined, true, options.env);
  if (NAME.test(inside)) return variablePart(inside, undefined, false, options.env);
  const colon = inside.indexOf(':');
  const source = inside.slice(0, colon);
  if (source === 'file') return filePart(inside.slice(colon + 1), options);
  if (colon > 0 && /^[a-z][a-z0-9_-]*$/.test(source))
    return { is: 'wrong', code: 'source_unavailable', message: `the secret source "${source}" is not available: this version has no secrets section` };
  return { is: 'wrong', code: 'bad_reference', message: SAID.forms };
};
const partsOf = (text: string, options: ExpandOptions): Part[] => {
  const parts: Part[] = [];
  let from = 0;
  for (let open = text.indexOf('${'); open >= 0; open = text.indexOf('${', from)) {
    const close = text.indexOf('}', open);
    if (close < 0) return [...parts, { is: 'wrong', code: 'bad_reference', message: SAID.unclosed }];
    if (open > from) parts.push({ is: 'literal', text: text.slice(from, open) });
    parts.push(referencePart(text.slice(open + 2, close), options));
    from = close + 1;
  }
  if (from < text.length || parts.length === 0) parts.push({ is: 'literal', text: text.slice(from) });
  return parts;
};

/** Expands the references of one scalar once; what comes out of them is never looked at again. */
export const expand = (text: string, options: ExpandOptions): Expanded => {
  const parts = partsOf(text, options);
  const problems = parts.flatMap((p) => (p.is === 'wrong' ? [{ code: p.code, message: p.message }] : []));
  if (problems.length > 0) return { is: 'wrong', problems };
  if (parts.some((p) => p.is === 'absent')) return { is: 'absent' };
  const joined = (reread: boolean): string => parts.map((p) => (p.is === 'file' && reread ? readSecretFile(p.path) : 'text' in p ? p.text : '')).join('');
  return {
    is: 'text',
    text: joined(false),
    expanded: text.includes('${'),
    from: parts.flatMap((p) => (p.is === 'variable' ? [p.name] : p.is === 'file' ? [`file:${p.path}`] : [])),
    files: parts.flatMap((p) => (p.is === 'file' ? [p.path] : [])),
    render: () => joined(true),
  };
};
