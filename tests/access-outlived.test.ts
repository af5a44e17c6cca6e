import type { Simulator } from '@llm-proxy-auth/simulators';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KEY, OTHER_KEY, openSite } from './support/file-gateway.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { type HeldStream, heldStream } from './support/held-stream.ts';
import { ROOT } from './support/process.ts';
import { startSwept } from './support/swept.ts';

const PEPPER = 'pepper-0123456789abcdef0123456789abcdef';

const streaming = (simulator: Simulator, url: string, authorization: string): Promise<HeldStream> =>
  heldStream(simulator, url, '/openai/main/v1/chat/completions', authorization);
const isCut = async (stream: HeldStream): Promise<void> => {
  const text = await stream.whole();
  expect(text).toContain('Hel');
  expect(text).toContain('invalid_credentials');
  expect(text).not.toContain('"stop"');
  stream.go();
};
const isWhole = async (stream: HeldStream): Promise<void> => {
  stream.go();
  const text = await stream.whole();
  expect(text).toContain('[DONE]');
  expect(text).not.toContain('invalid_credentials');
};

describe('a call whose credential ends meanwhile', () => {
  let bench: Bench;
  let ahead = 0;
  const open = (outliveCredential: boolean): Promise<Bench> =>
    openBench({
      now: () => Date.now() + ahead,
      plugins: ['@llm-proxy-auth/auth-basic'],
      sections: { auth: [{ use: 'api-key', pepper: PEPPER }, { use: 'basic' }], stream: { outliveCredential } },
    });
  const stream = (authorization: string, at = bench): Promise<HeldStream> => streaming(at.simulator, at.url, authorization);
  beforeAll(async () => {
    bench = await open(false);
  });
  afterAll(() => bench.close());

  test('ends with an error when the key is revoked for whatever reason; those of others go on', async () => {
    const key = await bench.makeKey({ name: 'lost' });
    const [mine, other] = [await stream(`Bearer ${key}`), await stream(`Bearer ${bench.key}`)];
    await bench.operation('keys.revoke', { key: 'lost', reason: 'laptop lost' });
    await isCut(mine);
    await isWhole(other);
  });
  test('ends when the key expires', async () => {
    const mine = await stream(`Bearer ${await bench.makeKey({ expires: '1h' })}`);
    ahead += 3_600_000;
    await isCut(mine);
  });
  test('ends when the grace of a rotated key is over, though it began before the rotation', async () => {
    const mine = await stream(`Bearer ${await bench.makeKey({ name: 'turned' })}`);
    await bench.operation('keys.rotate', { key: 'turned', grace: '1s' });
    await isCut(mine);
  });
  test('ends when it was made in a session of the key', async () => {
    const key = await bench.makeKey({ name: 'logged-in' });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${bench.url}/auth/login`, { method: 'POST', headers, body: JSON.stringify({ api_key: key }) });
    const mine = await stream(`Bearer ${((await answer.json()) as { session_token: string }).session_token}`);
    await bench.operation('keys.revoke', { key: 'logged-in' });
    await isCut(mine);
  });
  test('ends when the user is removed, or gets another password', async () => {
    for (const end of ['users.remove', 'users.password']) {
      const name = end.replace('.', '-');
      const { password } = await bench.operation('users.add', { name });
      const mine = await stream(`Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`);
      await bench.operation(end, { name });
      await isCut(mine);
    }
  });
  test('may finish by default, after expiry too', async () => {
    const patient = await open(true);
    const mine = await stream(`Bearer ${await patient.makeKey({ expires: '1h' })}`, patient);
    const dead = await patient.makeKey({ name: 'dead' });
    const other = await stream(`Bearer ${dead}`, patient);
    await patient.operation('keys.revoke', { key: 'dead' });
    await expect
      .poll(() => fetch(`${patient.url}/openai/main/v1/models`, { headers: { authorization: `Bearer ${dead}` } }).then(({ status }) => status))
      .toBe(401);
    ahead += 3_600_000;
    // Three rounds of those that look for what has ended.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await isWhole(mine);
    await isWhole(other);
    await patient.close();
  });
});

test('a key that is taken out of the configuration ends its calls, which began under the one before', async () => {
  const site = await openSite();
  const written = (...keys: readonly string[]) =>
    site.settings({ auth: [{ use: 'api-key', keys: keys.map((key, i) => ({ name: `k${i}`, key })) }], stream: { outliveCredential: false } });
  site.write(written(KEY, OTHER_KEY));
  const gateway = await startSwept({ file: site.file, pluginRoots: [ROOT] });
  try {
    const [kept, gone] = [
      await streaming(site.simulator, gateway.urls.server, `Bearer ${KEY}`),
      await streaming(site.simulator, gateway.urls.server, `Bearer ${OTHER_KEY}`),
    ];
    site.write(written(KEY));
    expect(await gateway.reload()).toBe(true);
    await isCut(gone);
    await isWhole(kept);
  } finally {
    await gateway.close();
    await site.close();
  }
});
