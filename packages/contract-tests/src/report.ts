import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from '@llm-proxy-auth/plugin';
import { manifestOf } from './package.ts';
import { type PluginFacts, pluginSuite } from './plugin-suite.ts';
import { type Outcome, recorder } from './runner.ts';

const facts = ['test/facts.ts', 'test/facts.js', 'test/facts.mjs', 'facts.js', 'facts.mjs'];
/** First target of `exports["."]` that this process's own conditions choose. */
const entryOf = (entry: unknown): string | undefined => {
  if (typeof entry === 'string') return entry;
  if (typeof entry !== 'object' || entry === null) return undefined;
  const conditions = new Set(['node', 'import', 'default', ...process.execArgv.flatMap((option) => /^(?:--conditions|-C)=(.+)$/.exec(option)?.[1] ?? [])]);
  for (const [condition, target] of Object.entries(entry)) {
    const found = conditions.has(condition) ? entryOf(target) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
};
const isPlugin = (value: unknown): value is Plugin => typeof value === 'object' && value !== null && 'name' in value && 'api' in value;

/** Loads the plugin package in a folder and runs every rule that concerns it. Throws when there is no plugin. */
export const examine = async (folder: string, factsFile?: string): Promise<readonly Outcome[]> => {
  const root = resolve(folder);
  if (!existsSync(join(root, 'package.json'))) throw new Error(`${folder} has no package.json.`);
  const entry = entryOf(manifestOf({ folder: root }).exports?.['.']);
  if (entry === undefined) throw new Error(`${folder}/package.json exports no entry.`);
  const module = (await import(pathToFileURL(join(root, entry)).href)) as { readonly default?: unknown };
  if (!isPlugin(module.default)) throw new Error(`The default export of ${folder} is no plugin.`);
  const file = factsFile === undefined ? facts.map((name) => join(root, name)).find(existsSync) : resolve(factsFile);
  const given = file === undefined ? undefined : ((await import(pathToFileURL(file).href)) as { readonly facts: PluginFacts }).facts;
  const runner = recorder();
  pluginSuite(runner, { plugin: module.default, folder: root, ...(given === undefined ? {} : { facts: given }) });
  return runner.run();
};

const marks = { pass: 'pass', fail: 'FAIL', skip: 'skip' } as const;
/** A report for people: one line a rule, suite by suite, and the sum. */
export const report = (outcomes: readonly Outcome[]): string => {
  const lines: string[] = [];
  let suite = '';
  for (const outcome of outcomes) {
    if (outcome.suite !== suite) lines.push('', outcome.suite);
    suite = outcome.suite;
    const text = outcome.is === 'pass' ? '' : `  ${outcome.text.replace(/\s+/g, ' ').slice(0, 300)}`;
    lines.push(`  ${marks[outcome.is]}  ${outcome.rule}${text}`);
  }
  const count = (is: Outcome['is']): number => outcomes.filter((outcome) => outcome.is === is).length;
  return [...lines, '', `${count('pass')} passed, ${count('fail')} failed, ${count('skip')} skipped`].join('\n').trimStart();
};
