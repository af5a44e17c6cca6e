import type { MadeAuth, PluginFacts } from '@llm-proxy-auth/contract-tests';
import type { Credential, Principal } from '@llm-proxy-auth/plugin';
import plugin from '../src/index.ts';
import { authorization, type Signer, sha256, stamp } from './sign.ts';

const root: Principal = { id: 'key:root', owner: 'key:root', strategy: 'api-key', credential: 'root', groups: [], scopes: ['admin'], factor: 'none' };
const run = async (name: string, input: object, { host }: MadeAuth): Promise<Record<string, unknown>> => {
  const operation = plugin.admin?.find((one) => one.name === name);
  if (operation === undefined) throw new Error(`no operation ${name}`);
  return (await operation.run(input, root, host)) as Record<string, unknown>;
};
let pairs = 0;
const create = async (made: MadeAuth, input: object = {}): Promise<Signer> => {
  pairs += 1;
  const { id, secret } = await run('signing-keys.create', { name: `pair-${pairs}`, ...input }, made);
  return { id: String(id), secret: String(secret) };
};
const payload = sha256('{}');
const AT = Date.UTC(2026, 0, 1);
const headers = ['x-amz-content-sha256', payload, 'x-amz-date', stamp(AT)];
const credential = (signer: Signer, at = AT): Credential => ({
  slot: 'aws4',
  value: authorization(signer, {
    headers: [
      ['host', 'gateway.test'],
      ['x-amz-content-sha256', payload],
      ['x-amz-date', stamp(AT)],
    ],
    at,
    payload,
  }),
});

export const facts: PluginFacts = {
  auth: {
    sigv4: {
      config: { services: ['bedrock'], allowReplay: false },
      headers,
      valid: async (made, expires) => credential(await create(made, expires === undefined ? {} : { expires: new Date(expires).toISOString() })),
      async denied(made) {
        const revoked = await create(made);
        await run('signing-keys.revoke', { key: revoked.id }, made);
        const good = await create(made);
        return {
          revoked: credential(revoked),
          'another secret': credential({ ...good, secret: `${good.secret.slice(0, -1)}!` }),
          unknown: credential({ ...good, id: 'LPAKAAAAAAAAAAAAAAAA' }),
          'another service': credential({ ...good, service: 's3' }),
          'another day': credential(good, AT - 86_400_000),
          "a vendor's key id": credential({ ...good, id: 'AKIDEXAMPLE' }),
        };
      },
      revoke: async (made) => {
        await run('signing-keys.revoke', { key: `pair-${pairs}` }, made);
      },
    },
  },
};
