import type { MadeAuth, PluginFacts } from '@llm-proxy-auth/contract-tests';
import type { Credential } from '@llm-proxy-auth/plugin';
import { basic, run } from './support.ts';

let users = 0;
const add = async ({ host }: MadeAuth, input: object = {}): Promise<{ name: string; password: string }> => {
  users += 1;
  const made = await run<{ name: string; password: string }>(host, 'users.add', { name: `user-${users}`, ...input });
  return { name: made.name, password: made.password };
};
const credential = ({ name, password }: { name: string; password: string }): Credential => ({ slot: 'basic', value: basic(`${name}:${password}`) });

export const facts: PluginFacts = {
  auth: {
    basic: {
      valid: async (made, expires) => credential(await add(made, expires === undefined ? {} : { expires: new Date(expires).toISOString() })),
      async denied(made) {
        const removed = await add(made);
        await run(made.host, 'users.remove', { name: removed.name });
        const good = await add(made);
        return {
          removed: credential(removed),
          wrong: credential({ ...good, password: `${good.password}x` }),
          unknown: credential({ name: 'nobody', password: good.password }),
          'no colon': { slot: 'basic', value: basic(good.name) },
          'no base64': { slot: 'basic', value: `${good.name}:${good.password}` },
        };
      },
      revoke: async (made) => {
        await run(made.host, 'users.remove', { name: `user-${users}` });
      },
    },
  },
};
