import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { awsCredentials, openaiSimulator, stsSimulator } from '@llm-proxy-auth/simulators';
import { expect, it, onTestFinished } from 'vitest';
import { startSwept } from '../../../tests/support/swept.ts';

const PROVIDER_KEY = 'sk-provider-0123456789abcdef';
const ACCOUNT = '123456789012';

it('a role calls with what the SDK of AWS signs, and a role that is not named does not', async () => {
  const simulator = await openaiSimulator({ keys: [PROVIDER_KEY] });
  const credentials = awsCredentials();
  const sts = await stsSimulator({ credentials });
  onTestFinished(() => Promise.all([simulator.close(), sts.close()]).then(() => undefined));
  const configuration = {
    plugins: ['@llm-proxy-auth/dialect-openai', '@llm-proxy-auth/provider-openai', '@llm-proxy-auth/auth-aws-iam', '@llm-proxy-auth/store-sqlite'],
    server: { port: 0 },
    ops: { port: 0 },
    store: { use: 'sqlite', path: ':memory:' },
    auth: [{ use: 'aws-iam', gatewayId: 'prod', regions: ['us-east-1'], allow: [`${ACCOUNT}:role/app-*`], endpoint: sts.url, insecureEndpoint: true }],
    policies: [{ match: { principal: `aws:${ACCOUNT}:role/app-*` }, allow: { instances: ['main'] } }],
    instances: { main: { provider: 'openai', baseUrl: simulator.url, apiKey: PROVIDER_KEY, insecureUpstream: true } },
  };
  const gateway = await startSwept({
    text: JSON.stringify(configuration),
    folder: fileURLToPath(new URL('..', import.meta.url)),
  });
  onTestFinished(() => gateway.close());

  const run = (role: string) => {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials.issue({ arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/s1`, seconds: 900 });
    const env = {
      PATH: process.env.PATH,
      OPENAI_BASE_URL: `${gateway.urls.server}/openai/main/v1`,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    };
    const words = ['--conditions=@llm-proxy-auth/source', fileURLToPath(new URL('../src/index.ts', import.meta.url))];
    return promisify(execFile)(process.execPath, words, { env });
  };
  expect((await run('app-one')).stdout).toMatch(/^chat: .*sky/);
  await expect(run('other')).rejects.toMatchObject({ stderr: expect.stringContaining('401') });
});
