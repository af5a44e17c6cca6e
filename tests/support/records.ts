import type { Bench } from './gateway.ts';

export type Kept = Readonly<Record<string, unknown>>;
/** Records of the audit log so far, those in memory written first; without links and what differs from run to run. */
export const auditRecords = async (bench: Bench): Promise<readonly Kept[]> => {
  await bench.gateway.audit.flush();
  const { store } = bench.gateway.graph;
  const writers = await store.list('audit-writers', undefined, 1_000);
  const rows = await Promise.all(writers.map(({ key }) => store.read(`audit/${key}`, 0, 10_000)));
  return rows.flat().flatMap(({ row }) => JSON.parse(row.json) as Kept[]);
};
/** From now on the store takes no rows of logs, as on a full disk; until the function that is returned is called. */
export const failAppends = (bench: Bench): (() => void) => {
  const { store } = bench.gateway.graph;
  const { append } = store;
  Object.assign(store, { append: () => Promise.reject(new Error('database or disk is full')) });
  return () => void Object.assign(store, { append });
};
