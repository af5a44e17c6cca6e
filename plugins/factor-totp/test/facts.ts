import type { MadeFactor, PluginFacts } from '@llm-proxy-auth/contract-tests';
import type { Principal } from '@llm-proxy-auth/plugin';
import { generateSync } from 'otplib';
import plugin from '../src/index.ts';

const root: Principal = { id: 'key:root', owner: 'key:root', strategy: 'api-key', credential: 'root', groups: [], scopes: ['admin'], factor: 'none' };
const enrol = async ({ host }: MadeFactor, { credential }: Principal) => {
  const operation = plugin.admin?.find(({ name }) => name === 'totp.enroll');
  if (operation === undefined) throw new Error('no operation totp.enroll');
  const { secret, uri, backupCodes } = (await operation.run({ key: credential }, root, host)) as { secret: string; uri: string; backupCodes: string[] };
  const hex = Buffer.from(secret).toString('hex');
  return { code: () => generateSync({ secret, epoch: Math.floor(host.now() / 1000) }), secrets: [secret, uri, hex, ...backupCodes] };
};
export const facts: PluginFacts = { factors: { totp: { enrol, freshAfterMs: 30_000 } } };
