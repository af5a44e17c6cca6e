import { resolve } from 'node:path';
import type { ReadContext } from './context.ts';
import { joinPath, type Node, type ScalarNode } from './document.ts';
import { expand } from './expand.ts';
import { accepts, candidates, converted, refusal, type Written } from './leaf.ts';
import type { Reading } from './read.ts';
import { readSecretFile } from './secret.ts';
import type { Shape } from './shape.ts';
import { urlRefusal } from './url.ts';

export type Scalar =
  | (Written & { readonly is: 'text'; readonly from: readonly string[]; readonly files: readonly string[]; readonly render: () => string })
  | { readonly is: 'absent' }
  | { readonly is: 'failed' };

/** The scalar with its references expanded; what is wrong with them is reported. */
export const scalarOf = (node: ScalarNode, secret: boolean, path: string, context: ReadContext): Scalar => {
  const { value } = node;
  const plain = { is: 'text', files: [], render: () => String(value) } as const;
  if (value === null) return { is: 'failed' };
  if (node.variable !== undefined) return { ...plain, raw: value, expanded: true, from: [node.variable] };
  if (typeof value !== 'string') return { ...plain, raw: value, expanded: false, from: [] };
  const expanded = expand(value, { env: context.env, folder: context.folder, secret });
  if (expanded.is === 'absent') return expanded;
  if (expanded.is === 'text')
    return { is: 'text', raw: expanded.text, expanded: expanded.expanded, from: expanded.from, files: expanded.files, render: expanded.render };
  for (const problem of expanded.problems) context.report(path, problem.code, problem.message, node.place);
  return { is: 'failed' };
};

const FAILED: Reading = Object.freeze({ is: 'failed' });
type Text = Scalar & { is: 'text' };

/** A PEM field that is no PEM text is the path of one. */
const pemSource = (
  scalar: Text,
  text: string,
  context: ReadContext,
): { readonly ref: string; readonly files: readonly string[]; readonly render: () => string } | undefined => {
  if (text.includes('-----BEGIN ')) return undefined;
  const path = resolve(context.folder, text);
  return { ref: scalar.from[0] ?? `file:${path}`, files: [path], render: () => readSecretFile(path) };
};
const readSecret = (shape: Shape, scalar: Text, node: ScalarNode, path: string, context: ReadContext): Reading => {
  const fail = (code: 'empty_secret' | 'wrong_type' | 'wrong_value' | 'file_unreadable', message: string): Reading => {
    context.report(path, code, message, node.place);
    return FAILED;
  };
  const origin = scalar.from.length === 0 ? '' : ` (from ${scalar.from.join(', ')})`;
  if (typeof scalar.raw !== 'string') return fail('wrong_type', 'must be text; write it in quotes');
  if (scalar.raw.trim() === '') return fail('empty_secret', `is an empty secret${origin}`);
  const pem = shape.pem === true ? pemSource(scalar, scalar.raw, context) : undefined;
  const literal = scalar.from.length === 0 ? 'literal' : scalar.from.join(',');
  const source = pem ?? { ref: literal, files: scalar.files, render: scalar.render };
  let raw: string;
  try {
    raw = pem === undefined ? scalar.raw : pem.render();
  } catch (error) {
    return fail('file_unreadable', `the file${origin} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`);
  }
  if (raw.trim() === '') return fail('empty_secret', `is an empty secret${origin}`);
  if (shape.pem === true && !raw.includes('-----BEGIN ')) return fail('wrong_value', `holds no PEM text${origin}`);
  if (!accepts(shape, raw)) {
    const { code, message } = refusal(shape, { raw, expanded: true });
    return fail(code, `${message}${origin}`);
  }
  const value = context.secrets.add(source, raw);
  return {
    is: 'value',
    ok: true,
    raw,
    value,
    shown:
      source.ref === 'literal'
        ? 'literal'
        : source.ref
            .split(',')
            .map((r) => `\${${r}}`)
            .join(''),
  };
};

/** `API_KEY_*`: one secret for each variable of that name, by the text the `*` stands for. */
const readEnvGlob = (text: string, node: ScalarNode, path: string, context: ReadContext): Reading => {
  const prefix = text.slice(0, -1);
  const names = Object.keys(context.env)
    .filter((n) => n.startsWith(prefix) && n.length > prefix.length && context.env[n] !== undefined)
    .toSorted();
  if (names.length === 0) context.report(path, 'variable_missing', `no environment variable has a name of the form ${text}`, node.place);
  const empty = names.filter((n) => context.env[n]?.trim() === '');
  for (const name of empty) context.report(path, 'empty_secret', `is an empty secret (from ${name})`, node.place);
  if (names.length === 0 || empty.length > 0) return FAILED;
  const secrets = names.map((name) => {
    const value = context.env[name] ?? '';
    return [name.slice(prefix.length), context.secrets.add({ ref: name, files: [], render: () => value }, value)] as const;
  });
  return { is: 'value', ok: true, raw: text, value: Object.freeze(Object.fromEntries(secrets)), shown: text };
};

/** Reads a scalar by its schema; `known` when it has been expanded already. */
export const readScalar = (shape: Shape, node: ScalarNode, path: string, context: ReadContext, known?: Text): Reading => {
  const scalar = known ?? scalarOf(node, shape.lpa === 'secret', path, context);
  if (scalar.is !== 'text')
    return scalar.is === 'absent' ? scalar : node.value === null ? { is: 'value', ok: true, raw: null, value: null, shown: null } : FAILED;
  if (shape.lpa === 'secret') return readSecret(shape, scalar, node, path, context);
  const origin = scalar.from.length === 0 ? '' : ` (from ${scalar.from.join(', ')})`;
  const unsafe = shape.lpa === 'url' && typeof scalar.raw === 'string' ? urlRefusal(scalar.raw) : undefined;
  if (unsafe !== undefined) {
    context.report(path, 'unsafe_url', `${unsafe}${origin}`, node.place);
    return FAILED;
  }
  const raw = candidates(scalar, shape).find((c) => accepts(shape, c));
  if (raw === undefined) {
    const { code, message } = refusal(shape, scalar);
    context.report(path, code, `${message}${origin}`, node.place);
    return FAILED;
  }
  if (shape.lpa === 'env-glob' && typeof raw === 'string') return readEnvGlob(raw, node, path, context);
  const value = converted(shape, raw);
  if (shape.lpa === 'url' && typeof value === 'string') context.urls.set(path, value);
  return { is: 'value', ok: true, raw, value, shown: raw };
};

/** A value the schema says nothing about: read as written, references expanded. */
export const readAny = (node: Node, path: string, context: ReadContext): Reading => {
  if (node.is === 'scalar') return readScalar({}, node, path, context);
  const keys = node.is === 'map' ? [...node.entries].map(([k, e]) => [k, e.node] as const) : node.items.map((n, i) => [i, n] as const);
  const read = keys.map(([k, n]) => {
    const at = joinPath(path, k);
    context.note(at, undefined, n.place);
    return [k, readAny(n, at, context)] as const;
  });
  const ok = read.every(([, r]) => r.is !== 'failed' && (r.is === 'absent' || r.ok));
  const present = read.flatMap(([k, r]) => (r.is === 'value' ? [[String(k), r] as const] : []));
  const pick = (which: 'raw' | 'value' | 'shown'): unknown =>
    node.is === 'map' ? Object.fromEntries(present.map(([k, r]) => [k, r[which]])) : present.map(([, r]) => r[which]);
  return { is: 'value', ok, raw: pick('raw'), value: pick('value'), shown: pick('shown') };
};
