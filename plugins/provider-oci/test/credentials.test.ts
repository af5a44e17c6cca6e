import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeHost, secretOf } from '@llm-proxy-auth/contract-tests';
import { header, type Provider, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import { type OciIdentity, type OciInstance, type OkeProxymux, ociIdentity, ociInstance, ociResourcePrincipal, okeProxymux } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AskPrincipal, instancePrincipal } from '../src/auth/principals.ts';
import type { Config } from '../src/config.ts';
import { createProvider } from '../src/index.ts';
import { COMPARTMENT, FINGERPRINT, PRIVATE_KEY, TENANCY, USER } from './facts.ts';

const MINUTE = 60_000;
const accounts = new Map<string, number>([['pod', Number.POSITIVE_INFINITY]]);
let identity: OciIdentity;
let instance: OciInstance;
let proxymux: OkeProxymux;
const folder = mkdtempSync(join(tmpdir(), 'oci-'));
beforeAll(async () => {
  identity = ociIdentity();
  [instance, proxymux] = await Promise.all([ociInstance({ identity, seconds: 1200 }), okeProxymux({ identity, accounts })]);
});
/** How far the clock of the gateway has gone beside the real one, by which tokens are issued. */
let ahead = 0;
beforeEach(() => {
  ahead = 0;
});
afterEach(() => {
  instance.clear();
  proxymux.clear();
  vi.unstubAllEnvs();
});
afterAll(async () => {
  await Promise.all([instance.close(), proxymux.close()]);
  rmSync(folder, { recursive: true });
});
const hostOf = () => {
  const host = fakeHost();
  return Object.assign(host, { now: () => Date.now() + ahead });
};
type Credentials = Partial<Config['credentials']>;
const made = (credentials: Credentials, ask?: AskPrincipal): Promise<Provider> => {
  const settings = { region: 'us-chicago-1', compartmentId: COMPARTMENT, credentials: { profile: 'DEFAULT', ...credentials } } as Config;
  const principals = {
    'instance-principal': () => ask ?? instancePrincipal({ metadataUrl: instance.metadataUrl, federationUrl: instance.federationUrl }),
    'resource-principal': () => ask ?? (() => Promise.reject(new Error('not here'))),
    'oke-workload': () => ask ?? (() => Promise.reject(new Error('not here'))),
  };
  return ask === undefined && credentials.type !== 'instance-principal'
    ? createProvider(settings, hostOf())
    : createProvider(settings, hostOf(), { principals, random: () => 0.5 });
};
const request = (): UpstreamRequest => ({
  method: 'POST',
  origin: 'https://x.example',
  path: '/20231130/actions/chat',
  headers: ['content-type', 'application/json'],
  body: [Buffer.from('{}')],
});
/** The key id that a request is signed with. */
const signedBy = async (provider: Provider, fresh = false): Promise<string> => {
  const asked = request();
  await provider.sign(asked, { number: 1, signal: new AbortController().signal, now: Date.now(), fresh });
  return /keyId="([^"]+)"/.exec(header(asked.headers, 'authorization') ?? '')?.[1] ?? '';
};
const exchanges = (): number => instance.requests.filter(({ path }) => path === '/v1/x509').length;
const settled = async (what: () => boolean): Promise<void> => vi.waitFor(() => expect(what()).toBe(true), { timeout: 5_000, interval: 5 });
const refusal = (message: string, date = new Date().toUTCString()) => ({
  status: 401,
  headers: ['content-type', 'application/json', 'date', date],
  body: Buffer.from(JSON.stringify({ code: 'NotAuthenticated', message })),
});
const INCORRECT = 'The required information to complete authentication was not provided or was incorrect.';

describe('an instance principal', () => {
  const provider = () => made({ type: 'instance-principal' });
  it('is asked for once by a thousand callers, and not again while it lives', async () => {
    const one = await provider();
    const ids = await Promise.all(Array.from({ length: 1_000 }, () => signedBy(one)));
    expect([new Set(ids).size, ids[0], exchanges()]).toEqual([1, `ST$${identity.issued.at(-1)?.token}`, 1]);
    await signedBy(one);
    expect([exchanges(), one.credentialExpires?.()]).toEqual([1, Math.floor((identity.issued.at(-1)?.expiresAt ?? 0) / 1000) * 1000]);
  });
  it('is renewed at 80 % of its life while the old one serves', async () => {
    const one = await provider();
    const first = await signedBy(one);
    ahead = 15 * MINUTE;
    expect([await signedBy(one), exchanges()]).toEqual([first, 1]);
    ahead = 17 * MINUTE;
    expect(await signedBy(one)).toBe(first);
    await settled(() => exchanges() === 2);
    await vi.waitFor(async () => expect(await signedBy(one)).not.toBe(first), { timeout: 5_000, interval: 5 });
  });
  it('outlives an outage of the identity service until it ends, and is had again afterwards', async () => {
    const one = await provider();
    const first = await signedBy(one);
    instance.script({ status: 404, when: ({ path }) => path === '/v1/x509', times: Number.POSITIVE_INFINITY });
    ahead = 17 * MINUTE;
    expect(await signedBy(one)).toBe(first);
    await settled(() => exchanges() >= 2);
    ahead = 19 * MINUTE;
    expect(await signedBy(one)).toBe(first);
    ahead = 30 * MINUTE;
    await expect(signedBy(one)).rejects.toMatchObject({ code: 'upstream_credentials_unavailable', status: 503 });
    instance.clear();
    ahead = 0;
    const two = await provider();
    expect(await signedBy(two)).not.toBe(first);
  });
  it('that was refused is fetched anew by the refused call, with the certificate that the instance has by now', async () => {
    const one = await provider();
    const first = await signedBy(one);
    instance.rotate();
    expect(one.rejected?.(refusal(INCORRECT))).toBe('refresh');
    const second = await signedBy(one, true);
    expect(second).not.toBe(first);
    expect(instance.requests.findLast(({ path }) => path === '/v1/x509')?.header('authorization')).toContain(instance.fingerprint());
  });
  it('is not fetched anew for a clock that is wrong, which is corrected', async () => {
    const one = await provider();
    const first = await signedBy(one);
    const theirs = new Date(Date.now() + 10 * MINUTE);
    expect(one.rejected?.(refusal(INCORRECT, theirs.toUTCString()))).toBe('clock');
    const asked = request();
    await one.sign(asked, { number: 2, signal: new AbortController().signal, now: Date.now(), fresh: true });
    expect(header(asked.headers, 'authorization')).toContain(first);
    expect(Math.abs(Date.parse(header(asked.headers, 'date') ?? '') - theirs.getTime())).toBeLessThan(10_000);
  });
});

describe('a resource principal', () => {
  const stub = (token: string, key: string): void => {
    vi.stubEnv('OCI_RESOURCE_PRINCIPAL_VERSION', '2.2');
    vi.stubEnv('OCI_RESOURCE_PRINCIPAL_RPST', token);
    vi.stubEnv('OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM', key);
    vi.stubEnv('OCI_RESOURCE_PRINCIPAL_REGION', 'us-chicago-1');
  };
  it('is read of files, and read again when it ended', async () => {
    const [token, key] = [join(folder, 'rpst'), join(folder, 'pem')];
    const first = ociResourcePrincipal(identity, 600);
    writeFileSync(token, first.token);
    writeFileSync(key, first.privateKey);
    stub(token, key);
    const provider = await made({ type: 'resource-principal' });
    expect(await signedBy(provider)).toBe(`ST$${first.token}`);
    const second = ociResourcePrincipal(identity, 3600);
    writeFileSync(token, second.token);
    writeFileSync(key, second.privateKey);
    expect(await signedBy(provider)).toBe(`ST$${first.token}`);
    ahead = 11 * MINUTE;
    expect(await signedBy(provider)).toBe(`ST$${second.token}`);
  });
  it('without its variables is told as what it is', async () => {
    const provider = await made({ type: 'resource-principal' });
    await expect(signedBy(provider)).rejects.toMatchObject({ code: 'upstream_credentials_unavailable' });
  });
});

describe('a workload of OKE', () => {
  it('38. shows the token that the pod has by now, not the one it had at the start', async () => {
    const [ca, token] = [join(folder, 'ca.crt'), join(folder, 'token')];
    writeFileSync(ca, proxymux.ca);
    writeFileSync(token, 'pod');
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '127.0.0.1');
    vi.stubEnv('KUBERNETES_SERVICE_PORT_PROXYMUX', new URL(proxymux.origin).port);
    const provider = await made({ type: 'oke-workload', serviceAccountCa: ca, serviceAccountToken: token });
    expect(await signedBy(provider)).toBe(`ST$${identity.issued.at(-1)?.token}`);
    accounts.set('later', Number.POSITIVE_INFINITY);
    accounts.delete('pod');
    writeFileSync(token, 'later');
    ahead = 21 * MINUTE;
    expect(await signedBy(provider)).toBe(`ST$${identity.issued.at(-1)?.token}`);
    expect(proxymux.requests.map((one) => one.header('authorization'))).toEqual(['Bearer pod', 'Bearer later']);
  });
});

describe('the configuration file', () => {
  const file = join(folder, 'config');
  const key = join(folder, 'key.pem');
  const write = (text: string): void => {
    writeFileSync(key, `${PRIVATE_KEY}OCI_API_KEY\n`);
    writeFileSync(file, text);
  };
  it('gives a profile what it leaves out, comments and all', async () => {
    write(`# top\n[DEFAULT]\ntenancy=${TENANCY}\nuser = ${USER}\nkey_file=${key}\nregion=fra\n\n[LLM]\n#user=other\nfingerprint=${FINGERPRINT}\n`);
    const settings = { compartmentId: COMPARTMENT, credentials: { type: 'config-file', file, profile: 'LLM' } } as Config;
    const provider = await createProvider(settings, hostOf());
    expect([provider.region, provider.base.origin]).toEqual(['eu-frankfurt-1', 'https://inference.generativeai.eu-frankfurt-1.oci.oraclecloud.com']);
    expect(await signedBy(provider)).toBe(`${TENANCY}/${USER}/${FINGERPRINT}`);
  });
  it('may hold a session, whose token is read again when it was refused', async () => {
    const session = join(folder, 'session');
    const { token } = ociResourcePrincipal(identity, 3600);
    writeFileSync(session, `${token}\n`);
    write(`[DEFAULT]\ntenancy=${TENANCY}\nkey_file=${key}\nsecurity_token_file=${session}\n`);
    const provider = await made({ type: 'config-file', file });
    expect(await signedBy(provider)).toBe(`ST$${token}`);
    const next = ociResourcePrincipal(identity, 3600).token;
    writeFileSync(session, next);
    expect(provider.rejected?.(refusal(INCORRECT))).toBe('refresh');
    expect(await signedBy(provider, true)).toBe(`ST$${next}`);
  });
  it('may say that the machine is who calls', async () => {
    write('[DEFAULT]\nauthentication_type=instance_principal\n');
    const asked: string[] = [];
    const ask: AskPrincipal = () => {
      asked.push('instance');
      return Promise.reject(new Error('no metadata here'));
    };
    await expect(signedBy(await made({ type: 'config-file', file }, ask))).rejects.toMatchObject({ code: 'upstream_credentials_unavailable' });
    expect(asked).toEqual(['instance']);
  });
  it.each([
    ['that is not there', { file: join(folder, 'nothing') }],
    ['without the profile', { file, profile: 'OTHER' }],
  ])('%s is told as what it is', async (_what, more) => {
    write(`[DEFAULT]\ntenancy=${TENANCY}\n`);
    await expect(signedBy(await made({ type: 'config-file', ...more }))).rejects.toMatchObject({ code: 'upstream_credentials_unavailable' });
  });
});

describe('an API key', () => {
  const own = { type: 'api-key', tenancy: TENANCY, user: USER, fingerprint: FINGERPRINT } as const;
  it('is parsed once, and follows rotation', async () => {
    const secret = secretOf(PRIVATE_KEY, 'OCI_KEY');
    const provider = await made({ ...own, privateKey: secret });
    expect(await signedBy(provider)).toBe(`${TENANCY}/${USER}/${FINGERPRINT}`);
    expect(await signedBy(provider)).toBe(`${TENANCY}/${USER}/${FINGERPRINT}`);
    secret.rotate('no key');
    await expect(signedBy(provider)).rejects.toMatchObject({ code: 'upstream_credentials_unavailable' });
  });
  it('that is refused is the operator’s to mend', async () => {
    const provider = await made({ ...own, privateKey: secretOf(PRIVATE_KEY, 'OCI_KEY') });
    expect(provider.rejected?.(refusal(INCORRECT))).toBe('credential');
  });
  it('that lacks something is refused at the start', async () => {
    await expect(made({ type: 'api-key', tenancy: TENANCY })).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('settings', () => {
  const base = { region: 'us-chicago-1', compartmentId: COMPARTMENT, credentials: { type: 'resource-principal', profile: 'DEFAULT' } };
  it.each([
    ['without a compartment', { compartmentId: '' }, /compartmentId/],
    ['with a dedicated endpoint and no format', { endpointId: 'ocid1.generativeaiendpoint.oc1..x' }, /apiFormat/],
    ['without a region', { region: undefined }, /region/],
  ])('%s are refused at the start', async (_what, more, says) => {
    await expect(createProvider({ ...base, ...more } as Config, hostOf())).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(says),
    });
  });
});
