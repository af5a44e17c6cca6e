import { packageIntegrity } from '@llm-proxy-auth/core';
import { parse, UsageError } from '../arguments.ts';
import type { Command } from '../commands.ts';
import { withGraph } from '../configuration.ts';
import { print } from '../terminal.ts';

export const plugins: Command = {
  usage: 'llm-proxy-auth plugins list|verify [--print]',
  summary: 'Lists the plugins that the configuration loads; verify prints the integrity to pin.',
  example: 'plugins list',
  run(words, terminal) {
    const parsed = parse(words, { print: { type: 'boolean' } }, 1);
    const [action = 'list'] = parsed.positionals;
    if (action !== 'list' && action !== 'verify') throw new UsageError(`plugins has no "${action}"; it has list and verify.`);
    return withGraph(parsed, terminal, async (graph) => {
      const rows = graph.plugins.map(({ name, version, kinds, reaches, folder }) =>
        action === 'list' ? { name, version, kinds, reaches } : { name, version, integrity: packageIntegrity(folder) },
      );
      print(terminal, rows, parsed.json);
      return 0;
    });
  },
};
