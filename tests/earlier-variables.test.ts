import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BedrockSimulator, bedrockSimulator, exampleCredential } from '@llm-proxy-auth/simulators';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { canary, sweepAll } from './support/canaries.ts';
import { freePort } from './support/effects/listeners.ts';
import { ROOT, type Running, run } from './support/process.ts';
import { logOf, watched } from './support/swept.ts';

const KEY = '0123456789abcdef0123456789abcdef0123456789abcdef';
const NOVA = 'amazon.nova-lite-v1:0';
canary(KEY, 'caller');
canary(exampleCredential.secretAccessKey, 'provider');
const BODY = '{"messages":[{"role":"user","content":[{"text":"Hello"}]}]}';
let folder: string;
let simulator: BedrockSimulator;
let running: Running | undefined;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lpa-earlier-'));
  simulator = await bedrockSimulator({ region: 'eu-west-1' });
});
afterEach(async () => {
  running?.child.kill('SIGKILL');
  await running?.ended;
  await simulator.close();
  sweepAll({ log: running === undefined ? '' : logOf(running), sent: simulator.requests, folder });
  running = undefined;
  rmSync(folder, { recursive: true, force: true });
});
const start = async (env: Readonly<Record<string, string>>): Promise<{ readonly url: string; readonly it: Running }> => {
  const port = await freePort();
  running = run(
    ['--conditions=@llm-proxy-auth/source', join(ROOT, 'packages/cli/src/main.ts'), 'start'],
    watched(folder, {
      HOME: folder,
      PORT: String(port),
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: exampleCredential.accessKeyId,
      AWS_SECRET_ACCESS_KEY: exampleCredential.secretAccessKey,
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: simulator.url,
      ...env,
    }),
    folder,
  );
  return { url: `http://127.0.0.1:${port}`, it: running };
};
const invoke = (url: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${url}/v1/bedrock/invoke-model`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ modelId: NOVA, contentType: 'application/json', accept: 'application/json', body: BODY }),
  });

describe('the variables of the earlier gateway, without any file', () => {
  test('serve one Bedrock instance to the holders of their keys', async () => {
    const { url, it } = await start({ API_KEY_APP: KEY });
    await it.says(/"msg":"listening"/);
    const answer = await invoke(url, { 'x-api-key': KEY });
    expect([answer.status, answer.headers.get('x-lpa-instance'), answer.headers.get('x-lpa-region')]).toEqual([200, 'bedrock', 'eu-west-1']);
    expect(Buffer.from(simulator.requests.at(-1)?.body ?? '').toString()).toBe(BODY);
    expect((await invoke(url)).status).toBe(401);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
  test('AUTH_ENABLED=false serves this machine without keys', async () => {
    const { url, it } = await start({ AUTH_ENABLED: 'false' });
    await it.says(/"msg":"listening"/);
    expect((await invoke(url)).status).toBe(200);
  });
  test('that do not say who may call start nothing', async () => {
    const { it } = await start({});
    expect(await it.ended).toBe(78);
    expect(simulator.requests).toHaveLength(0);
  });
  test('REQUIRE_2FA=true does not start without the second factor', async () => {
    const { it } = await start({ API_KEY_APP: KEY, REQUIRE_2FA: 'true' });
    expect(await it.ended).toBe(78);
  });
});
