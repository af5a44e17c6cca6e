import type { ModelFacts } from './provider.ts';

/**
 * Facts by model id, from rows whose names may end in `*`: an exact name counts before a beginning, a longer beginning before a
 * shorter one.
 */
export const modelFacts = (rows: Readonly<Record<string, ModelFacts>>): ((model: string) => ModelFacts | undefined) => {
  const exact = new Map(Object.entries(rows).filter(([name]) => !name.endsWith('*')));
  const beginnings = Object.entries(rows)
    .filter(([name]) => name.endsWith('*'))
    .map(([name, facts]) => [name.slice(0, -1), facts] as const)
    .sort(([a], [b]) => b.length - a.length);
  return (model) => exact.get(model) ?? beginnings.find(([beginning]) => model.startsWith(beginning))?.[1];
};
