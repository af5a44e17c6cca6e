import { GatewayError, type Principal, type Store } from '@llm-proxy-auth/plugin';

const SPACE = 'owners';
const keyOf = (instance: string, id: string): string => `${instance}/${id}`;

/** Who created which file, batch or stored response; anybody else gets 404, and lists are cut to the caller's own. */
export const owners = (store: Store) => {
  const owns = async (principal: Principal, instance: string, id: string): Promise<boolean> => {
    const row = await store.get(SPACE, keyOf(instance, id));
    return row !== undefined && row.value.json === JSON.stringify(principal.owner);
  };
  return {
    owns,
    /** Those of the instances at which all ids are the caller's. Throws 404 where there is none: the ids do not exist for this caller. */
    async check(principal: Principal, instances: readonly string[], ids: readonly string[]): Promise<ReadonlySet<string>> {
      const own = new Set<string>();
      let missing: string | undefined;
      for (const instance of instances) {
        let other: string | undefined;
        for (const id of ids) if (other === undefined && !(await owns(principal, instance, id))) other = id;
        if (other === undefined) own.add(instance);
        missing ??= other;
      }
      if (own.size === 0 && missing !== undefined)
        throw new GatewayError('invalid_request', `No such object: '${missing.slice(0, 100)}'.`, { status: 404, param: 'id' });
      return own;
    },
    async record(principal: Principal, instance: string, ids: readonly string[]): Promise<void> {
      const value = { json: JSON.stringify(principal.owner) };
      const changes = [...new Set(ids)].map((id) => ({ space: SPACE, key: keyOf(instance, id), expect: 0, value }));
      if (await store.commit(changes)) return;
      // Some have their owner already, and keep it.
      if (changes.length > 1) for (const change of changes) await store.commit([change]);
    },
    async cut(principal: Principal, instance: string, items: readonly unknown[]): Promise<readonly unknown[]> {
      const own: unknown[] = [];
      for (const item of items) {
        const id = item !== null && typeof item === 'object' && 'id' in item && typeof item.id === 'string' ? item.id : undefined;
        if (id !== undefined && (await owns(principal, instance, id))) own.push(item);
      }
      return own;
    },
  };
};
export type Owners = ReturnType<typeof owners>;
