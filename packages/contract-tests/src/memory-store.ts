import type { Change, JsonText, Store } from '@llm-proxy-auth/plugin';

interface Row {
  readonly json: string;
  readonly version: number;
}
const id = (space: string, key: string): string => `${space}/${key}`;
const binary = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** The store of `fakeHost`, and the reference the store suite is proven with. Keeps nothing beyond the process. */
export const memoryStore = (): Store => {
  const spaces = new Map<string, Map<string, Row>>();
  const logs = new Map<string, string[]>();
  const history: string[] = [];
  const rows = (space: string): Map<string, Row> => {
    const found = spaces.get(space) ?? new Map<string, Row>();
    spaces.set(space, found);
    return found;
  };
  const apply = (change: Change): void => {
    history.push(id(change.space, change.key));
    if (change.value === undefined) rows(change.space).delete(change.key);
    else rows(change.space).set(change.key, { json: change.value.json, version: change.expect + 1 });
  };
  const out = (row: Row): { value: JsonText; version: number } => ({ value: { json: row.json }, version: row.version });
  return {
    async get(space, key) {
      const row = rows(space).get(key);
      return row === undefined ? undefined : out(row);
    },
    async list(space, after, limit) {
      return [...rows(space)]
        .filter(([key]) => after === undefined || binary(key, after) > 0)
        .sort(([a], [b]) => binary(a, b))
        .slice(0, limit)
        .map(([key, row]) => ({ key, ...out(row) }));
    },
    async commit(changes) {
      if (changes.some((c) => (rows(c.space).get(c.key)?.version ?? 0) !== c.expect)) return false;
      for (const change of changes) apply(change);
      return true;
    },
    async append(log, added) {
      logs.set(log, [...(logs.get(log) ?? []), ...added.map((row) => row.json)]);
    },
    async read(log, after, limit) {
      return (logs.get(log) ?? []).map((json, index) => ({ sequence: index + 1, row: { json } })).slice(after, after + limit);
    },
    async changed(since) {
      return { epoch: history.length, keys: [...new Set(history.slice(since))] };
    },
    async close() {},
  };
};
