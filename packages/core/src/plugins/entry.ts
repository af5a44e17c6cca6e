import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Failure, failure } from './failure.ts';
import { isInside, type PackageJson } from './locate.ts';

/** Conditions this process resolves with (`--conditions=x`, `-C x`), beside Node's own. */
export const processConditions = (execArgv: readonly string[]): readonly string[] =>
  execArgv.flatMap((argument, i) => {
    const [flag = '', ...rest] = argument.split('=');
    if (flag !== '--conditions' && flag !== '-C') return [];
    const value = rest.length > 0 ? rest.join('=') : execArgv[i + 1];
    return value === undefined ? [] : [value];
  });
const NODE_CONDITIONS = Object.freeze(['node', 'import', 'module-sync', 'node-addons', 'default']);

/** One target of `exports`: the first condition that holds, in the order of the file; `null` forbids. */
const targetOf = (exports: unknown, conditions: ReadonlySet<string>): string | undefined => {
  if (typeof exports === 'string') return exports;
  if (Array.isArray(exports)) return exports.map((e) => targetOf(e, conditions)).find((t) => t !== undefined);
  if (typeof exports !== 'object' || exports === null) return undefined;
  for (const [condition, target] of Object.entries(exports)) {
    if (!conditions.has(condition)) continue;
    if (target === null) return undefined;
    const found = targetOf(target, conditions);
    if (found !== undefined) return found;
  }
  return undefined;
};
const mainTarget = (exports: unknown, conditions: ReadonlySet<string>): string | undefined => {
  const isMap = typeof exports === 'object' && exports !== null && !Array.isArray(exports) && Object.keys(exports).some((k) => k.startsWith('.'));
  return targetOf(isMap ? (exports as Record<string, unknown>)['.'] : exports, conditions);
};

/** The file that `import` of the package loads, inside the package's real folder. */
export const entryOf = (
  name: string,
  folder: string,
  manifest: PackageJson,
  conditions: readonly string[],
): { readonly ok: true; readonly entry: string } | Failure => {
  const set = new Set([...NODE_CONDITIONS, ...conditions]);
  const fallback = typeof manifest.main === 'string' ? manifest.main : './index.js';
  const target = manifest.exports === undefined || manifest.exports === null ? fallback : mainTarget(manifest.exports, set);
  if (target === undefined) return failure('plugin_manifest', `${name} exports nothing that can be imported`);
  const path = resolve(folder, target);
  if (!isInside(path, folder)) return failure('plugin_location', `the entry of ${name} lies outside its folder`);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    return failure('plugin_missing', `the entry ${target} of ${name} does not exist; is the package built?`, `npm install ${name}`);
  const entry = realpathSync(path);
  return isInside(entry, folder) ? { ok: true, entry } : failure('plugin_location', `the entry of ${name} is linked to a file outside its folder`);
};
