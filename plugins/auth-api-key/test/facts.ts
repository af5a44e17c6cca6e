import { type MadeAuth, type PluginFacts, secretOf } from '@llm-proxy-auth/contract-tests';
import type { Principal } from '@llm-proxy-auth/plugin';
import plugin from '../src/index.ts';

const root: Principal = { id: 'key:root', owner: 'key:root', strategy: 'api-key', credential: 'root', groups: [], scopes: ['admin'], factor: 'none' };
const run = async (name: string, input: object, { host }: MadeAuth): Promise<object> => {
  const operation = plugin.admin?.find((one) => one.name === name);
  if (operation === undefined) throw new Error(`no operation ${name}`);
  return (await operation.run(input, root, host)) as object;
};
let keys = 0;
const create = async (made: MadeAuth, input: object = {}): Promise<string> => {
  keys += 1;
  const created = await run('keys.create', { name: `key-${keys}`, ...input }, made);
  if (!('key' in created) || typeof created.key !== 'string') throw new Error('keys.create gave no key');
  return created.key;
};

export const facts: PluginFacts = {
  auth: {
    'api-key': {
      config: {
        pepper: secretOf('pepper-0123456789abcdef0123456789abcdef'),
        keys: [{ name: 'written', key: secretOf('fedcba9876543210fedcba9876543210fedcba98') }],
      },
      valid: async (made, expires) => ({
        slot: 'bearer',
        value: await create(made, expires === undefined ? {} : { expires: new Date(expires).toISOString() }),
      }),
      async denied(made) {
        const revoked = await create(made);
        await run('keys.revoke', { key: `key-${keys}` }, made);
        const early = await create(made, { notBefore: '1h' });
        const other = await create(made);
        const good = await create(made);
        return {
          revoked: { slot: 'bearer', value: revoked },
          early: { slot: 'api-key', value: early },
          cut: { slot: 'bearer', value: good.slice(0, -1) },
          mixed: { slot: 'bearer', value: `${good.slice(0, 17)}${other.slice(17)}` },
          unknown: { slot: 'api-key', value: 'lpa_0A1B2C3D4E5F_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA3iCQxf' },
        };
      },
      revoke: async (made) => {
        await run('keys.revoke', { key: `key-${keys}` }, made);
      },
    },
  },
};
