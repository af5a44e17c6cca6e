import { GatewayError, type Principal } from '@llm-proxy-auth/plugin';
import { inputOf, optionsOf, parse, UsageError } from '../arguments.ts';
import type { Command } from '../commands.ts';
import { withGraph } from '../configuration.ts';
import { print } from '../terminal.ts';

/** Who works on the machine of the gateway, with its store and its secrets. */
const OPERATOR: Principal = Object.freeze({
  id: 'operator',
  owner: 'operator',
  strategy: 'local',
  credential: 'local',
  groups: [],
  scopes: ['admin'],
  factor: 'none',
});
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

/** Commands that plugins bring: `keys create` is the operation `keys.create`. */
export const admin = (group: string): Command => ({
  usage: `llm-proxy-auth ${group} ACTION [options]`,
  summary: `Operations of the plugins named ${group}.*; see the example for one.`,
  example: "keys create --name ci --models 'fast-*' --expires 90d",
  run(words, terminal) {
    return withGraph(parse(leading(words), {}, 0), terminal, async (graph) => {
      const actions = graph.admin.filter((a) => a.operation.name.startsWith(`${group}.`));
      if (actions.length === 0) throw new UsageError(`There is no command "${group}", and no plugin of the configuration brings one.`);
      const [action, ...rest] = words;
      const entry = actions.find((a) => a.operation.name === `${group}.${action}`);
      if (entry === undefined) throw new UsageError(`${group} has ${actions.map((a) => a.operation.name.slice(group.length + 1)).join(', ')}.`);
      const parsed = parse(rest, optionsOf(entry.operation), 1);
      try {
        print(terminal, await entry.operation.run(inputOf(entry.operation, parsed), OPERATOR, entry.host), parsed.json);
        return 0;
      } catch (error) {
        if (error instanceof GatewayError && error.code === 'invalid_request') throw new UsageError(error.message);
        throw error;
      }
    });
  },
});
