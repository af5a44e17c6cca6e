import { type AdminEntry, auditOf, ConfigurationError, type Graph, jsonLine, readInput, recorded, runOperation } from '@llm-proxy-auth/core';
import { isGatewayError } from '@llm-proxy-auth/plugin';
import { inputOf, optionsOf, type Parsed, parse, requiredOf, UsageError, withFiles } from '../arguments.ts';
import type { Command } from '../commands.ts';
import { withGraph } from '../configuration.ts';
import { operationHelp } from '../operation-help.ts';
import { OPERATOR } from '../operator.ts';
import { print, type Terminal, table } from '../terminal.ts';

const LOOSE = /^--(?:config|plugin-root|allow-local-plugins|json)(?:=|$)/;

/** Options that matter before the plugins are loaded. */
const leading = (words: readonly string[]): string[] => {
  const kept: string[] = [];
  for (const [i, word] of words.entries()) {
    if (!LOOSE.test(word)) continue;
    kept.push(word);
    const next = words[i + 1];
    if ((word === '--config' || word === '--plugin-root') && next !== undefined) kept.push(next);
  }
  return kept;
};

const actionsOf = (graph: Graph, group: string): readonly AdminEntry[] => graph.admin.filter((a) => a.operation.name.startsWith(`${group}.`));
/** Only what is wrong with the words themselves is a usage error; what the operation refuses is a failure. */
const readWords = (entry: AdminEntry, parsed: Parsed, terminal: Terminal): unknown => {
  const input = withFiles(entry.operation, inputOf(entry.operation, parsed), terminal.cwd());
  try {
    return readInput(entry, input);
  } catch (error) {
    throw isGatewayError(error) ? new UsageError(error.message) : error;
  }
};
/** Help from the configuration's own plugins: of one operation, else the list of the group's. */
const helpOf = (graph: Graph, group: string, action: string | undefined): string | undefined => {
  const actions = actionsOf(graph, group);
  const entry = actions.find((a) => a.operation.name === `${group}.${action}`);
  if (entry !== undefined) return operationHelp(entry.operation);
  if (actions.length === 0) return undefined;
  return table(actions.map(({ operation }) => [`  ${operation.name.replace('.', ' ')}`, operation.summary]));
};

/** A bare `usage` means `usage list`. */
const wordsOf = (words: readonly string[], actions: readonly AdminEntry[], group: string): readonly string[] =>
  (words[0] === undefined || words[0].startsWith('-')) && actions.some((a) => a.operation.name === `${group}.list`) ? ['list', ...words] : words;
interface Page {
  readonly records: readonly unknown[];
  readonly next?: string | undefined;
}
const isPage = (output: unknown): output is Page => typeof output === 'object' && output !== null && 'records' in output && Array.isArray(output.records);
/** What was looked at is not as it should be. */
const isBad = (output: unknown): boolean => typeof output === 'object' && output !== null && 'ok' in output && output.ok === false;
/** Records are lines of JSON, and all pages of them are printed. */
const printPages = async (terminal: Terminal, first: Page, more: (after: string) => Promise<unknown>): Promise<void> => {
  for (let page = first; ; ) {
    terminal.stdout.write(page.records.map((record) => `${jsonLine(record)}\n`).join(''));
    const next = page.next === undefined ? undefined : await more(page.next);
    if (!isPage(next)) return;
    page = next;
  }
};

/** For who asks without a configuration that can be read. */
const EXAMPLES: ReadonlyMap<string, string> = new Map([
  ['keys', "keys create --name ci --models 'fast-*' --expires 90d"],
  ['users', 'users add alice'],
  ['totp', 'totp enroll key:ci'],
  ['sessions', 'sessions list --principal key:ci'],
  ['usage', 'usage --since 7d --by principal,model'],
  ['audit', 'audit verify'],
]);

/** Commands that plugins bring: `keys create` is the operation `keys.create`. */
export const admin = (group: string): Command => ({
  usage: `llm-proxy-auth ${group} ACTION [options]`,
  summary: `Operations of the plugins named ${group}.*; see the example for one.`,
  example: EXAMPLES.get(group) ?? `${group} --help --config ./llm-proxy-auth.yaml`,
  async help(words, terminal) {
    const [action] = words;
    try {
      return await withGraph(parse(leading(words), {}, 0), terminal, (graph) => Promise.resolve(helpOf(graph, group, action)));
    } catch (error) {
      // Help must not need a configuration that is right.
      if (error instanceof ConfigurationError) return undefined;
      throw error;
    }
  },
  run(words, terminal) {
    return withGraph(parse(leading(words), {}, 0), terminal, async (graph) => {
      const actions = actionsOf(graph, group);
      if (actions.length === 0) throw new UsageError(`There is no command "${group}", and no plugin of the configuration brings one.`);
      const [action, ...rest] = wordsOf(words, actions, group);
      const entry = actions.find((a) => a.operation.name === `${group}.${action}`);
      if (entry === undefined) throw new UsageError(`${group} has ${actions.map((a) => a.operation.name.slice(group.length + 1)).join(', ')}.`);
      const parsed = parse(rest, optionsOf(entry.operation), Math.max(1, requiredOf(entry.operation).length));
      const input = readWords(entry, parsed, terminal);
      const audit = auditOf(() => graph);
      const run = (asked: unknown) => recorded(audit, entry, asked, OPERATOR, () => runOperation(entry, asked, OPERATOR, graph.instances));
      try {
        const output = await run(input);
        if (isPage(output)) await printPages(terminal, output, (after) => run({ ...(input as object), after }));
        else print(terminal, output, parsed.json, entry.operation.text);
        return isBad(output) ? 1 : 0;
      } finally {
        await audit.close();
      }
    });
  },
});
