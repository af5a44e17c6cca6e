import { Agent } from 'undici';
import type { Dispatchers } from './fetch.ts';

/** Sets of authorities at a time: those of files change when they are renewed, and the connections by the old ones end. */
const MOST = 8;

/** Connections of plugins, by the authorities their servers are known by. */
export interface Agents {
  readonly of: Dispatchers;
  close(): Promise<void>;
}
export const openAgents = (): Agents => {
  const agents = new Map<string | undefined, Agent>();
  const dropOldest = (): void => {
    const oldest = [...agents.keys()].find((ca) => ca !== undefined);
    const agent = agents.get(oldest);
    agents.delete(oldest);
    void agent?.close().catch(() => undefined);
  };
  return {
    of(ca) {
      const open = agents.get(ca);
      if (open !== undefined) return open;
      const made = new Agent({ connections: 32, connect: { timeout: 5_000, ...(ca === undefined ? {} : { ca }) } });
      agents.set(ca, made);
      if (agents.size > MOST) dropOldest();
      return made;
    },
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
};
