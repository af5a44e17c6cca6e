import type { Graph } from '@llm-proxy-auth/core';
import type { Principal } from '@llm-proxy-auth/plugin';

/** Who works on the machine of the gateway, with its store and its secrets. */
export const OPERATOR: Principal = Object.freeze({
  id: 'operator',
  owner: 'operator',
  strategy: 'local',
  credential: 'local',
  groups: [],
  scopes: ['admin'],
  factor: 'none',
});
/** Runs an administrative operation in the process that serves, as who may do everything. Throws when no plugin brings it. */
export const operate = async <T>(graph: Graph, name: string, input: object): Promise<T> => {
  const entry = graph.admin.find(({ operation }) => operation.name === name);
  if (entry === undefined) throw new Error(`No plugin brings ${name}.`);
  return (await entry.operation.run(input, OPERATOR, entry.host)) as T;
};
