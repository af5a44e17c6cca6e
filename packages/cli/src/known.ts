import { type Graph, type Instance, knownOf } from '@llm-proxy-auth/core';
import type { ModelInfo } from '@llm-proxy-auth/plugin';

/** What is known of a model at an instance, as lists show it: prices in USD per million tokens, days as `2026-10-19`. */
export interface Told {
  readonly context?: number;
  readonly output?: number;
  readonly usdInput?: number;
  readonly usdOutput?: number;
  readonly deprecated?: string;
  readonly retires?: string;
}
const without = (fields: Readonly<Record<string, unknown>>): Told => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
type Live = Pick<ModelInfo, 'context' | 'deprecated' | 'retires'>;
/** `live`: what the vendor says now, which counts before what was read once. */
export const told = (instance: Instance, model: string, live: Live = {}): Told => {
  const { price, facts } = knownOf(instance, model);
  const { context, output, deprecated, retires } = facts;
  return without({
    context: live.context ?? context,
    output,
    usdInput: price?.input,
    usdOutput: price?.output,
    deprecated: live.deprecated ?? deprecated,
    retires: live.retires ?? retires,
  });
};

export interface Ended {
  /** Where the configuration names it. */
  readonly path: string;
  readonly instance: string;
  readonly model: string;
  readonly retires: string;
  /** Where the day was read; undefined: the configuration says it. */
  readonly source: string | undefined;
}
/** Models that the configuration names although their vendor has stopped serving them, by the days that are known. `now`: epoch ms. */
export const ended = ({ settings, instances }: Graph, now: number): readonly Ended[] => {
  const today = new Date(now).toISOString().slice(0, 10);
  const named = [
    ...settings.models.flatMap(({ targets }, i) => targets.map(({ instance, model }, j) => ({ path: `models[${i}].targets[${j}].model`, instance, model }))),
    ...[...instances.values()].flatMap(({ name, settings }) =>
      (settings.models ?? []).map((model, i) => ({ path: `instances.${name}.models[${i}]`, instance: name, model })),
    ),
  ];
  return named.flatMap(({ path, instance, model }) => {
    const there = instances.get(instance);
    const { retires, endSource } = there === undefined || model === '*' ? {} : knownOf(there, model).facts;
    return retires === undefined || retires > today ? [] : [{ path, instance, model, retires, source: endSource }];
  });
};
