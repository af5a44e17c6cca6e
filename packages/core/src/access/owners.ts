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
    /** Throws 404 `model_not_found`-free: the id does not exist for this caller. */
    async check(principal: Principal, instance: string, ids: readonly string[]): Promise<void> {
      for (const id of ids) {
        if (!(await owns(principal, instance, id)))
          throw new GatewayError('invalid_request', `No such object: '${id.slice(0, 100)}'.`, { status: 404, param: 'id' });
      }
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
