import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OciIdentity, type OciSimulator, ociIdentity, ociResourcePrincipal, ociSimulator } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Bench, COMPARTMENT, openBench } from './support/gateway.ts';

const MINUTE = 60_000;
/** Milliseconds that OCI, and the gateway, are ahead of this machine. */
let ociAhead: number;
let gatewayAhead: number;
let identity: OciIdentity;
let cloud: OciSimulator;
let folder: string;
let bench: Bench | undefined;
const at = (name: string): string => join(folder, name);
beforeAll(async () => {
  identity = ociIdentity({ now: () => Date.now() + ociAhead });
  cloud = await ociSimulator({ identity, compartments: [COMPARTMENT] });
});
beforeEach(() => {
  ociAhead = 0;
  gatewayAhead = 0;
  folder = mkdtempSync(join(tmpdir(), 'oci-'));
});
afterEach(async () => {
  await bench?.close();
  bench = undefined;
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  cloud.clear();
  rmSync(folder, { recursive: true });
});
afterAll(() => cloud.close());

/** How often the gateway has read a file of the folder. */
const reads = (name: string): (() => number) => {
  const spy = vi.spyOn(fs, 'readFile');
  syncBuiltinESMExports();
  return () => spy.mock.calls.filter(([path]) => path === at(name)).length;
};
const advance = (ms: number): void => {
  ociAhead += ms;
  gatewayAhead += ms;
};
const open = async (): Promise<Bench> => {
  const credentials = { type: 'config-file', file: at('config'), profile: 'LLM' };
  const oci = { provider: 'oci', baseUrl: cloud.url, insecureUpstream: true, region: 'us-chicago-1', compartmentId: COMPARTMENT, credentials };
  bench = await openBench({ plugins: ['@llm-proxy-auth/provider-oci'], instances: { oci }, now: () => Date.now() + gatewayAhead });
  return bench;
};
const ask = (of: Bench, more: object = {}): Promise<Response> =>
  fetch(`${of.url}/openai/oci/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${of.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'meta.llama-3.3-70b-instruct', messages: [{ role: 'user', content: 'Hello' }], ...more }),
  });
/** Status, our code and attempts of one call, and the key id that it was signed with; OCI's end computes the signature anew. */
const asked = async (of: Bench) => {
  const answer = await ask(of);
  await answer.arrayBuffer();
  const { status, headers } = answer;
  const signer = /keyId="([^"]+)"/.exec(cloud.requests.at(-1)?.header('authorization') ?? '')?.[1];
  return { status, code: headers.get('x-lpa-code'), attempts: headers.get('x-lpa-attempts'), retryAfter: headers.get('retry-after'), signer };
};

/** A session as `oci session authenticate` leaves it, and as `oci session refresh` replaces it: of an hour. Returns how it is known. */
const authenticate = (): string => {
  const { token, privateKey } = ociResourcePrincipal(identity, 3600);
  writeFileSync(at('key.pem'), `${privateKey}OCI_API_KEY\n`);
  writeFileSync(at('token'), `${token}\n`);
  writeFileSync(at('config'), `[DEFAULT]\ntenancy=${identity.tenancy}\n[LLM]\nkey_file=${at('key.pem')}\nsecurity_token_file=${at('token')}\n`);
  return `ST$${token}`;
};
/** A user's API key in the file. Returns how it is known. */
const user = (name: string): string => {
  const { tenancy, user: id, fingerprint, privateKey } = identity.user(name);
  writeFileSync(at('key.pem'), privateKey);
  writeFileSync(at('config'), `[LLM]\ntenancy=${tenancy}\nuser=${id}\nfingerprint=${fingerprint}\nkey_file=${at('key.pem')}\n`);
  return `${tenancy}/${id}/${fingerprint}`;
};
const SOURCES = [
  ['a session', authenticate],
  ['an API key', () => user('first')],
] as const;

describe.each(SOURCES)('the configuration file with %s', (_name, put) => {
  test('is read when the first call comes, once for a hundred at the same time', async () => {
    const count = reads('key.pem');
    const of = await open();
    const signer = put();
    expect(count()).toBe(0);
    const answers = await Promise.all(Array.from({ length: 100 }, () => asked(of)));
    expect([new Set(answers.map(({ status }) => status)), new Set(answers.map((one) => one.signer)), count()]).toEqual([new Set([200]), new Set([signer]), 1]);
  });
  test('that was replaced because it was taken back is read anew by the call that was refused', async () => {
    const first = put();
    const of = await open();
    expect(await asked(of)).toMatchObject({ status: 200, signer: first });
    identity.revoke(first.replace(/^ST\$|^.*\//, ''));
    const second = first.startsWith('ST$') ? authenticate() : user('second');
    expect(await asked(of)).toMatchObject({ status: 200, attempts: '2', signer: second });
    for (const secret of [first, second, 'PRIVATE KEY']) expect(of.logText().includes(secret.replace('ST$', ''))).toBe(false);
  });
  test('that stays refused is 502 for the caller, never 401', async () => {
    const signer = put();
    const of = await open();
    identity.revoke(signer.replace(/^ST\$|^.*\//, ''));
    expect(await asked(of)).toMatchObject({ status: 502, code: 'upstream_auth_failed', attempts: '2' });
  });
  test.each([-10, 10])('works with a clock that is off by %d minutes', async (minutes) => {
    put();
    const of = await open();
    gatewayAhead = minutes * MINUTE;
    expect(await asked(of)).toMatchObject({ status: 200, attempts: '2' });
    expect(await asked(of)).toMatchObject({ status: 200, attempts: '1' });
  });
  test('that is not there is 503 with a time to come back, and the log says why', async () => {
    const of = await open();
    expect(await asked(of)).toMatchObject({ status: 503, code: 'upstream_credentials_unavailable', retryAfter: expect.stringMatching(/^\d+$/) });
    expect([cloud.requests.length, of.logText().includes('OCI credentials cannot be had')]).toEqual([0, true]);
  });
});

describe('a session of the configuration file', () => {
  test('is read again ahead of its end, while the old token serves', async () => {
    const first = authenticate();
    const count = reads('token');
    const of = await open();
    expect(await asked(of)).toMatchObject({ signer: first });
    advance(30 * MINUTE);
    const second = authenticate();
    expect(await asked(of)).toMatchObject({ status: 200, signer: first });
    advance(22 * MINUTE);
    expect(await asked(of)).toMatchObject({ status: 200, signer: first });
    await expect.poll(async () => (await asked(of)).signer).toBe(second);
    expect(count()).toBe(2);
  });
  test('serves until its end while its file is gone; then calls are 503, and it passes', async () => {
    const first = authenticate();
    const of = await open();
    expect(await asked(of)).toMatchObject({ signer: first });
    renameSync(at('token'), at('elsewhere'));
    for (const minutes of [52, 4]) {
      advance(minutes * MINUTE);
      expect(await asked(of)).toMatchObject({ status: 200, signer: first });
    }
    advance(5 * MINUTE);
    expect(await asked(of)).toMatchObject({ status: 503, code: 'upstream_credentials_unavailable', retryAfter: expect.stringMatching(/^\d+$/) });
    const second = authenticate();
    advance(MINUTE);
    expect(await asked(of)).toMatchObject({ status: 200, signer: second });
  });
  test('that nobody refreshed is the gateway’s fault at its end, and serves again when it was', async () => {
    authenticate();
    const of = await open();
    expect(await asked(of)).toMatchObject({ status: 200 });
    advance(61 * MINUTE);
    expect(await asked(of)).toMatchObject({ status: 502, code: 'upstream_auth_failed' });
    const second = authenticate();
    expect(await asked(of)).toMatchObject({ status: 200, signer: second });
  });
  test('may end while an answer streams', async () => {
    authenticate();
    const of = await open();
    let release = (): void => undefined;
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    cloud.script({ stall: { at: 300, until } });
    const answer = await ask(of, { stream: true, messages: [{ role: 'user', content: 'write 20 words' }] });
    advance(61 * MINUTE);
    const second = authenticate();
    expect(await asked(of)).toMatchObject({ status: 200, signer: second });
    release();
    const text = await answer.text();
    expect([text.includes('word20'), text.trimEnd().endsWith('data: [DONE]')]).toEqual([true, true]);
  });
});
