import { Type } from 'typebox';
import { Settings as TypeboxSettings } from 'typebox/system';
import { Value } from 'typebox/value';
import { chooseBranch, chooseScalar } from './branch.ts';
import type { ReadContext } from './context.ts';
import { type Entry, joinPath, type MapNode, type Node, nodeOf } from './document.ts';
import { variable } from './expand.ts';
import { kindNames } from './leaf.ts';
import { suggestion } from './nearest.ts';
import { readAny, readScalar, scalarOf } from './scalar.ts';
import { Instance } from './schema/instance.ts';
import { choicesOf, compose, fillsItself, isObjectShape, recordOf, type Shape, schemaOf, shapeOf, typesOf } from './shape.ts';

// Eight errors are typebox's default; all problems are told at once here.
TypeboxSettings.Set({ maxErrors: 1_000 });

/**
 * One value, three ways: `raw` as the schema describes it (checked), `value` as the gateway and plugins get it
 * (milliseconds, bytes, handles of secrets), `shown` with secrets replaced by where they come from.
 * `ok: false`: something inside was reported and is left out.
 */
export type Reading =
  | { readonly is: 'value'; readonly ok: boolean; readonly raw: unknown; readonly value: unknown; readonly shown: unknown }
  | { readonly is: 'absent' }
  | { readonly is: 'failed' };
const FAILED: Reading = Object.freeze({ is: 'failed' });

/** Reads a node by its schema: expands, coerces, fills defaults, converts, and reports everything that is wrong. */
export const readNode = (shape: Shape, node: Node, path: string, context: ReadContext): Reading => {
  // A key without a value may have been forgotten: among other kinds of value, nothing is meant only where it is spelt out.
  if (node.is === 'scalar' && node.spelt === true && shape.anyOf?.some((b) => typesOf(b).includes('null')) === true)
    return { is: 'value', ok: true, raw: null, value: null, shown: null };
  if (node.is === 'scalar' && node.value === null && !typesOf(shape).includes('null')) {
    context.report(path, 'wrong_type', 'has no value; leave the key out to use the default', node.place);
    return FAILED;
  }
  if (shape.anyOf !== undefined && choicesOf(shape) === undefined) return readUnion(shape.anyOf, node, path, context);
  if (shape.section !== undefined) return readSection(shape, node, path, context);
  const types = typesOf(shape);
  if (isObjectShape(shape) && node.is === 'map' && (shape.properties !== undefined || recordOf(shape) !== undefined))
    return readMap(shape, node, path, context);
  if (types.includes('array') && node.is === 'list' && shape.items !== undefined) return readList(shape, shape.items, node.items, path, context);
  if (node.is === 'scalar' && (types.length === 0 || choicesOf(shape) !== undefined || types.some((t) => t !== 'object' && t !== 'array')))
    return readScalar(shape, node, path, context);
  const open = types.length === 0 && choicesOf(shape) === undefined;
  if (open || (node.is === 'map' && types.includes('object')) || (node.is === 'list' && types.includes('array'))) return readAny(node, path, context);
  context.report(
    path,
    'wrong_type',
    choicesOf(shape) === undefined ? `must be ${kindNames(shape)}` : 'must be one of the fixed values of this key',
    node.place,
  );
  return FAILED;
};

const readUnion = (branches: readonly Shape[], node: Node, path: string, context: ReadContext): Reading => {
  if (node.is === 'scalar') {
    const secret = branches.some((b) => b.lpa === 'secret');
    const scalar = scalarOf(node, secret, path, context);
    if (scalar.is !== 'text') return scalar.is === 'absent' ? scalar : FAILED;
    const branch = chooseScalar(branches, scalar);
    if (branch !== undefined) return readScalar(branch, node, path, context, scalar);
    context.report(path, 'wrong_type', `must be ${[...new Set(branches.map(kindNames))].join(' or ')}`, node.place);
    return FAILED;
  }
  const chosen = chooseBranch(branches, node, (n) => (n.is === 'scalar' && n.value !== null ? textOf(n, context) : undefined));
  if (chosen.is === 'branch') return readNode(chosen.shape, node, path, context);
  if (chosen.is === 'none') {
    context.report(
      path,
      'wrong_type',
      `must be ${[
        ...new Set(
          branches.map(
            (b) =>
              choicesOf(b)
                ?.map((c) => JSON.stringify(c))
                .join(' or ') ?? kindNames(b),
          ),
        ),
      ].join(' or ')}`,
      node.place,
    );
    return FAILED;
  }
  const at = node.is === 'map' ? node.entries.get(chosen.key)?.node : undefined;
  const list = chosen.choices.map((c) => JSON.stringify(c)).join(', ');
  const near = at?.is === 'scalar' && typeof at.value === 'string' && !at.value.includes('${') ? suggestion(at.value, chosen.choices.map(String)) : '';
  context.report(
    joinPath(path, chosen.key),
    at === undefined ? 'missing_key' : 'wrong_value',
    `must be one of ${list}${near.startsWith(', did') ? near : ''}`,
    at?.place ?? node.place,
  );
  return FAILED;
};
const textOf = (node: Node, context: ReadContext): unknown => {
  if (node.is !== 'scalar') return undefined;
  // Only peeks: what is wrong with the scalar is reported when it is read.
  const scalar = scalarOf(node, false, '', { ...context, report: () => undefined });
  return scalar.is === 'text' ? scalar.raw : undefined;
};

interface Parts {
  ok: boolean;
  readonly raw: Record<string, unknown>;
  readonly value: Record<string, unknown>;
  readonly shown: Record<string, unknown>;
}
const put = (parts: Parts, key: string, reading: Reading): void => {
  if (reading.is === 'failed') parts.ok = false;
  if (reading.is !== 'value') return;
  if (!reading.ok) parts.ok = false;
  parts.raw[key] = reading.raw;
  parts.value[key] = reading.value;
  parts.shown[key] = reading.shown;
};
const refuseKey = (shape: Shape, key: string, entry: Entry, path: string, context: ReadContext): void =>
  context.report(path, 'unknown_key', `unknown key "${key}"${suggestion(key, Object.keys(shape.properties ?? {}))}`, entry.key);

const readMap = (shape: Shape, node: MapNode, path: string, context: ReadContext): Reading => {
  const parts: Parts = { ok: true, raw: {}, value: {}, shown: {} };
  const properties = shape.properties ?? {};
  const record = recordOf(shape);
  const done = new Set<string>();
  for (const [key, entry] of node.entries) {
    const at = joinPath(path, key);
    context.note(at, entry.key, entry.node.place);
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (known === undefined && record === undefined) {
      refuseKey(shape, key, entry, path, context);
      parts.ok = false;
      continue;
    }
    if (known === undefined && record !== undefined && !new RegExp(record.pattern, 'u').test(key)) {
      context.report(path, 'wrong_value', `the name "${key.slice(0, 80)}" must have the form ${record.pattern}`, entry.key);
      parts.ok = false;
      continue;
    }
    const reading = readNode(known ?? record?.value ?? {}, entry.node, at, context);
    if (reading.is !== 'absent') done.add(key);
    put(parts, key, reading);
  }
  for (const [key, property] of Object.entries(properties)) if (!done.has(key)) put(parts, key, fill(shape, key, property, path, context));
  return { is: 'value', ...parts };
};

/** What a key is when the file does not say: an environment variable, the default, an object of defaults, or missing. */
const fill = (shape: Shape, key: string, property: Shape, path: string, context: ReadContext): Reading => {
  const at = joinPath(path, key);
  const named = property.env === undefined ? undefined : variable(context.env, property.env);
  if (property.env !== undefined && named !== undefined && named !== '') {
    context.environment.push({ path: at, variable: property.env });
    return readNode(property, { is: 'scalar', value: named, variable: property.env }, at, context);
  }
  if (property.default !== undefined) return readNode(property, nodeOf(property.default), at, context);
  if (!(shape.required ?? []).includes(key)) return { is: 'absent' };
  if (property.section !== undefined || fillsItself(property)) return readNode(property, { is: 'map', entries: new Map() }, at, context);
  const hint = property.env === undefined ? '' : `; write it or set ${property.env}`;
  context.report(at, property.absence?.code ?? 'missing_key', property.absence?.message ?? `is missing${hint}`, context.keyPlace(path));
  return FAILED;
};

const readList = (shape: Shape, items: Shape, nodes: readonly Node[], path: string, context: ReadContext): Reading => {
  const raw: unknown[] = [];
  const value: unknown[] = [];
  const shown: unknown[] = [];
  let ok = true;
  let index = 0;
  for (const node of nodes) {
    const at = joinPath(path, index);
    context.note(at, undefined, node.place);
    const reading = readNode(items, node, at, context);
    if (reading.is === 'absent') continue;
    index++;
    ok &&= reading.is === 'value' && reading.ok;
    raw.push(reading.is === 'value' ? reading.raw : undefined);
    value.push(reading.is === 'value' ? reading.value : undefined);
    shown.push(reading.is === 'value' ? reading.shown : undefined);
  }
  if (index < (shape.minItems ?? 0)) {
    context.report(path, 'wrong_value', `must have at least ${shape.minItems} ${shape.minItems === 1 ? 'entry' : 'entries'}`);
    ok = false;
  }
  return { is: 'value', ok, raw, value, shown };
};

const COMMON = shapeOf(Type.Object(Instance));
/** Reads an entry by the core's keys and those of the plugin that it names. */
const readSection = (shape: Shape, node: Node, path: string, context: ReadContext): Reading => {
  if (node.is !== 'map' || shape.section === undefined) {
    context.report(path, 'wrong_type', 'must be a map of keys', node.place);
    return FAILED;
  }
  const key = shape.section === 'provider' ? 'provider' : 'use';
  const at = joinPath(path, key);
  const entry = node.entries.get(key);
  const kind = entry === undefined ? shape.properties?.[key]?.default : textOf(entry.node, context);
  if (entry === undefined && kind === undefined) {
    context.report(at, 'missing_key', 'is missing', node.place);
    return FAILED;
  }
  const own = typeof kind === 'string' ? context.complete(shape.section, kind) : undefined;
  if (own?.is === 'unknown')
    context.report(
      at,
      'unknown_kind',
      `no plugin provides ${shape.section} "${String(kind).slice(0, 80)}"${suggestion(String(kind), own.known)}`,
      entry?.node.place,
    );
  if (own === undefined || own.is !== 'shape')
    return own === undefined
      ? readMap({ ...shape, additionalProperties: true }, node, path, context)
      : { is: 'value', ok: false, raw: {}, value: { [key]: kind }, shown: {} };
  const common = shape.section === 'provider' ? COMMON : shape;
  const whole = compose(common.properties ?? {}, common.required ?? [], own.shape);
  const reading = readMap(whole, node, path, context);
  return reading.is === 'value' && reading.ok ? verified(whole, reading, path, context) : reading;
};

/** Lets the schema itself have the last word, so that nothing is accepted that it refuses. */
export const verified = (shape: Shape, reading: Reading & { is: 'value' }, path: string, context: ReadContext): Reading => {
  const errors = [...Value.Errors(schemaOf(shape), reading.raw)].filter((e) => e.keyword !== 'boolean');
  for (const error of errors) {
    const inside = error.instancePath
      .split('/')
      .slice(1)
      .map((s) => s.replaceAll('~1', '/').replaceAll('~0', '~'));
    const at = inside.reduce((p, s) => (/^\d+$/.test(s) ? joinPath(p, Number(s)) : joinPath(p, s)), path);
    context.report(at, 'wrong_value', error.message);
  }
  return errors.length === 0 ? reading : { ...reading, ok: false };
};
