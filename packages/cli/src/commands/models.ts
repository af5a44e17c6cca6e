import { parse } from '../arguments.ts';
import type { Command } from '../commands.ts';
import { withGraph } from '../configuration.ts';
import { print } from '../terminal.ts';

const LIVE_MS = 15_000;

export const models: Command = {
  usage: 'llm-proxy-auth models [--live]',
  summary: 'Lists the names of `models:` and what each instance serves; --live asks the providers.',
  example: 'models --live',
  run(words, terminal) {
    const parsed = parse(words, { live: { type: 'boolean' } }, 0);
    return withGraph(parsed, terminal, async (graph) => {
      const routed = graph.settings.models.flatMap((m) => m.targets.map((t) => ({ model: m.name ?? m.match ?? '', instance: t.instance, target: t.model })));
      const served = await Promise.all(
        [...graph.instances.values()].map(async (instance) => {
          const listed = instance.settings.models?.map((id) => ({ model: id, instance: instance.name, target: id }));
          if (listed !== undefined || parsed.values.live !== true || instance.provider.models === undefined) return listed ?? [];
          const live = await instance.provider.models(AbortSignal.timeout(LIVE_MS));
          return live.map((m) => ({ model: m.id, instance: instance.name, target: m.id }));
        }),
      );
      print(terminal, [...routed, ...served.flat()], parsed.json);
      return 0;
    });
  },
};
