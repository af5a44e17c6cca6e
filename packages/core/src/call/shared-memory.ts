import { createHash } from 'node:crypto';
import type { Bytes, Memory, Seal, SharedMemory } from '@llm-proxy-auth/plugin';
import { BOUNDS } from './memory.ts';

/** What replicas remember together. */
export interface SharedMemories {
  /** Does not wait: what cannot be kept is remembered by this process alone. */
  keep(owner: string, key: string, value: Bytes): void;
  /** Rejects when there is no answer. */
  find(owner: string, keys: readonly string[]): Promise<ReadonlyMap<string, Bytes>>;
}
/** Sealed, under names that tell neither caller nor key: whoever runs the shared memory reads nothing of a conversation. */
export const sharedMemories = (memory: SharedMemory | undefined, seal: Seal): SharedMemories | undefined => {
  if (memory === undefined) return undefined;
  const nameOf = (owner: string, key: string): string =>
    createHash('sha256')
      .update(JSON.stringify([owner, key]))
      .digest('base64url');
  const purposeOf = (name: string): string => `memory ${name}`;
  return {
    keep(owner, key, value) {
      const name = nameOf(owner, key);
      memory.put(name, Buffer.from(seal.seal(purposeOf(name), value)), BOUNDS.lifeMs).catch(() => undefined);
    },
    async find(owner, keys) {
      const names = keys.map((key) => nameOf(owner, key));
      const values = await memory.get(names, BOUNDS.lifeMs);
      const found = new Map<string, Bytes>();
      for (const [i, key] of keys.entries()) {
        const value = values[i];
        const opened = value === undefined ? undefined : seal.open(purposeOf(names[i] ?? ''), Buffer.from(value).toString());
        if (opened !== undefined) found.set(key, opened);
      }
      return found;
    },
  };
};

/** A memory that finds nothing and notes what it is asked for. */
export const asking = (owner: string): { readonly memory: Memory; readonly asked: ReadonlySet<string> } => {
  const asked = new Set<string>();
  const memory: Memory = {
    owner,
    keep: () => false,
    recall(key) {
      asked.add(key);
      return undefined;
    },
    lost: () => undefined,
  };
  return { memory, asked };
};
