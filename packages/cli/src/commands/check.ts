import { forgottenBudgets } from '@llm-proxy-auth/core';
import { parse, UsageError } from '../arguments.ts';
import type { Command } from '../commands.ts';
import { withGraph } from '../configuration.ts';
import { ended } from '../known.ts';
import { print } from '../terminal.ts';

const LIVE_MS = 15_000;

export const check: Command = {
  usage: 'llm-proxy-auth check [--print] [--live]',
  summary: 'Checks the configuration, and warns of models past their end; --print shows it with secrets as where they come from, --live asks every provider.',
  example: 'check --print',
  run(words, terminal) {
    const parsed = parse(words, { print: { type: 'boolean' }, live: { type: 'boolean' } }, 0);
    return withGraph(parsed, terminal, async (graph) => {
      if (parsed.values.print === true) {
        if (parsed.values.live === true) throw new UsageError('--print and --live are two questions; ask one after the other.');
        print(terminal, graph.shown, parsed.json, () => graph.print());
        return 0;
      }
      const instances = await Promise.all(
        [...graph.instances.values()].map(async ({ name, kind, provider }) => {
          if (parsed.values.live !== true) return { name, provider: kind, region: provider.region };
          if (provider.probe === undefined && provider.models === undefined) return { name, provider: kind, region: provider.region, live: 'cannot be asked' };
          try {
            const signal = AbortSignal.timeout(LIVE_MS);
            await (provider.probe?.(signal) ?? provider.models?.(signal));
            return { name, provider: kind, region: provider.region, live: 'ok' };
          } catch (error) {
            return { name, provider: kind, region: provider.region, live: error instanceof Error ? error.message : 'failed' };
          }
        }),
      );
      const past = ended(graph, Date.now());
      const warnings = forgottenBudgets(graph.settings);
      const found = { ok: true, file: graph.file, plugins: graph.plugins.length, instances, ended: past, warnings };
      print(terminal, parsed.json ? found : instances, parsed.json);
      for (const { path, instance, model, retires, source } of past)
        terminal.stderr.write(`${path}: "${model}" at ${instance} was retired on ${retires}, says ${source ?? 'the configuration'}; calls go out all the same.
`);
      for (const { path, what } of warnings) terminal.stderr.write(`${path}: ${what}\n`);
      const failed = instances.some((i) => 'live' in i && i.live !== 'ok' && i.live !== 'cannot be asked');
      if (!parsed.json && !failed)
        terminal.stdout.write(`The configuration ${graph.file ?? ''} is valid: ${graph.plugins.length} plugins, ${graph.instances.size} instances.\n`);
      return failed ? 1 : 0;
    });
  },
};
