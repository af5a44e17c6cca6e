import { parse } from '../arguments.ts';
import type { Command } from '../commands.ts';
import { withGraph } from '../configuration.ts';
import { type Told, told } from '../known.ts';
import { print } from '../terminal.ts';

const LIVE_MS = 15_000;

export const models: Command = {
  usage: 'llm-proxy-auth models [--live]',
  summary: 'Lists the names of `models:` and what each instance serves, with what is known of each: size, list price, end; --live asks the providers.',
  example: 'models --live',
  run(words, terminal) {
    const parsed = parse(words, { live: { type: 'boolean' } }, 0);
    return withGraph(parsed, terminal, async (graph) => {
      const facts = (instance: string, model: string): Told => {
        const there = graph.instances.get(instance);
        return there === undefined || model === '*' ? {} : told(there, model);
      };
      const routed = graph.settings.models.flatMap((m) =>
        m.targets.map((t) => ({ model: m.name ?? m.match ?? '', instance: t.instance, target: t.model, ...facts(t.instance, t.model) })),
      );
      let failed = false;
      const served = await Promise.all(
        [...graph.instances.values()].map(async (instance) => {
          const listed = instance.settings.models?.map((id) => ({ model: id, instance: instance.name, target: id, ...told(instance, id) }));
          if (listed !== undefined || parsed.values.live !== true || instance.provider.models === undefined) return listed ?? [];
          const live = await instance.provider.models(AbortSignal.timeout(LIVE_MS)).catch((error: unknown) => {
            // One provider that is away does not keep the lists of the others from being told.
            terminal.stderr.write(`${instance.name}: ${error instanceof Error ? error.message : 'failed'}\n`);
            failed = true;
            return [];
          });
          return live.map(({ id, context, deprecated, retires }) => ({
            model: id,
            instance: instance.name,
            target: id,
            ...told(instance, id, { context, deprecated, retires }),
          }));
        }),
      );
      print(terminal, [...routed, ...served.flat()], parsed.json);
      return failed ? 1 : 0;
    });
  },
};
