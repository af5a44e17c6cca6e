import type { MadeAuth, PluginFacts } from '@llm-proxy-auth/contract-tests';
import type { Credential, Principal } from '@llm-proxy-auth/plugin';
import plugin from '../src/index.ts';
import { authorization, digest, httpDate, newKeys, type Signer } from './sign.ts';

const root: Principal = { id: 'key:root', owner: 'key:root', strategy: 'api-key', credential: 'root', groups: [], scopes: ['admin'], factor: 'none' };
const run = async (name: string, input: object, { host }: MadeAuth): Promise<Record<string, unknown>> => {
  const operation = plugin.admin?.find((one) => one.name === name);
  if (operation === undefined) throw new Error(`no operation ${name}`);
  return (await operation.run(input, root, host)) as Record<string, unknown>;
};
const keys = newKeys();
const others = newKeys();
let registered = 0;
const create = async (made: MadeAuth, input: object = {}): Promise<Signer> => {
  registered += 1;
  const { id } = await run('public-keys.create', { name: `pair-${registered}`, publicKey: keys.publicKey, ...input }, made);
  return { id: String(id), key: keys.key };
};
const AT = Date.UTC(2026, 0, 1);
const headers = ['date', httpDate(AT), 'content-length', '2', 'x-content-sha256', digest('{}')];
const credential = (signer: Signer): Credential => ({
  slot: 'oci-signature',
  value: authorization(signer, {
    headers: [
      ['host', 'gateway.test'],
      ['date', httpDate(AT)],
      ['content-length', '2'],
      ['content-type', 'application/json'],
      ['x-content-sha256', digest('{}')],
    ],
  }),
});

export const facts: PluginFacts = {
  auth: {
    'oci-signature': {
      config: { allowReplay: false },
      headers,
      valid: async (made, expires) => credential(await create(made, expires === undefined ? {} : { expires: new Date(expires).toISOString() })),
      async denied(made) {
        const revoked = await create(made);
        await run('public-keys.revoke', { key: revoked.id }, made);
        const good = await create(made);
        return {
          revoked: credential(revoked),
          'another key': credential({ ...good, key: others.key }),
          unknown: credential({ ...good, id: 'LPAKAAAAAAAAAAAAAAAA' }),
          "a vendor's key id": credential({ ...good, id: 'ocid1.tenancy.oc1..a/ocid1.user.oc1..b/00:11' }),
        };
      },
      revoke: async (made) => {
        await run('public-keys.revoke', { key: `pair-${registered}` }, made);
      },
    },
  },
};
