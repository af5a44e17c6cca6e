import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openaiSimulator } from '@llm-proxy-auth/simulators';
import { generateSync } from 'otplib';
import { expect, it, onTestFinished } from 'vitest';
import { startSwept } from '../../../tests/support/swept.ts';

const KEY = '0123456789abcdef0123456789abcdef01234567';
const PROVIDER_KEY = 'sk-provider-0123456789abcdef';
const operator = { id: 'test', owner: 'test', strategy: 'local', credential: 'test', groups: [], scopes: ['admin'], factor: 'none' } as const;

it('logs in with key and code, uses the session, refreshes and ends it', async () => {
  const simulator = await openaiSimulator({ keys: [PROVIDER_KEY] });
  onTestFinished(() => simulator.close());
  const configuration = {
    plugins: [
      '@llm-proxy-auth/dialect-openai',
      '@llm-proxy-auth/provider-openai',
      '@llm-proxy-auth/auth-api-key',
      '@llm-proxy-auth/factor-totp',
      '@llm-proxy-auth/store-sqlite',
    ],
    server: { port: 0 },
    ops: { port: 0 },
    store: { use: 'sqlite', path: ':memory:' },
    keyEncryption: { current: 'k1', keys: { k1: randomBytes(32).toString('base64') } },
    auth: [{ use: 'api-key', keys: [{ name: 'ann', key: KEY, totp: true }] }],
    factor: { use: 'totp' },
    instances: { main: { provider: 'openai', baseUrl: simulator.url, apiKey: PROVIDER_KEY, insecureUpstream: true } },
  };
  const folder = fileURLToPath(new URL('..', import.meta.url));
  const gateway = await startSwept({
    text: JSON.stringify(configuration),
    folder,
  });
  onTestFinished(() => gateway.close());
  const enroll = gateway.graph.admin.find(({ operation }) => operation.name === 'totp.enroll');
  if (enroll === undefined) throw new Error('no operation totp.enroll');
  const { secret } = (await enroll.operation.run({ key: 'key:ann' }, operator, enroll.host)) as { secret: string };

  const env = { PATH: process.env.PATH, GATEWAY_URL: gateway.urls.server, API_KEY: KEY, INSTANCE: 'main', TOTP_CODE: generateSync({ secret }) };
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL('../src/index.ts', import.meta.url))], { env });
  const [login, first, refreshed, second, after, ...more] = stdout.trimEnd().split('\n');
  expect(login).toBe('logged in for 720 minutes');
  expect(first).toMatch(/^chat: .*sky/);
  expect(refreshed).toBe('refreshed: another token');
  expect(second).toBe(first);
  expect(after).toBe('after logging out: /openai/main/v1/chat/completions: 401 invalid_credentials');
  expect(more).toEqual([]);
});
