import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type OciIdentity,
  type OciSimulator,
  type OkeProxymux,
  ociIdentity,
  ociResourcePrincipal,
  ociSimulator,
  okeProxymux,
} from '@llm-proxy-auth/simulators';
import { OkeWorkloadIdentityAuthenticationDetailsProvider, ResourcePrincipalAuthenticationDetailsProvider } from 'oci-common';
import { GenerativeAiInferenceClient } from 'oci-generativeaiinference';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Bench, COMPARTMENT, openBench } from './support/gateway.ts';

const MODEL = 'meta.llama-3.3-70b-instruct';
const accounts = new Map<string, number>();
const folder = mkdtempSync(join(tmpdir(), 'oci-'));
const at = (name: string): string => join(folder, name);
let identity: OciIdentity;
let cloud: OciSimulator;
let proxymux: OkeProxymux;
let bench: Bench | undefined;
beforeAll(async () => {
  identity = ociIdentity();
  [cloud, proxymux] = await Promise.all([ociSimulator({ identity, compartments: [COMPARTMENT] }), okeProxymux({ identity, accounts })]);
  writeFileSync(at('ca.crt'), proxymux.ca);
});
afterEach(async () => {
  await bench?.close();
  bench = undefined;
  cloud.clear();
  proxymux.clear();
  vi.unstubAllEnvs();
});
afterAll(async () => {
  await Promise.all([cloud.close(), proxymux.close()]);
  rmSync(folder, { recursive: true });
});
const open = async (credentials: object): Promise<Bench> => {
  const there = { provider: 'oci', baseUrl: cloud.url, insecureUpstream: true, region: 'us-chicago-1', compartmentId: COMPARTMENT, credentials };
  bench = await openBench({ sections: { retry: { attempts: 1 } }, plugins: ['@llm-proxy-auth/provider-oci'], instances: { cloud: there } });
  return bench;
};
const chat = ({ url, key }: Bench): Promise<Response> =>
  fetch(`${url}/openai/cloud/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Hello' }] }),
  });
/** Key ids that calls of the service were signed with. */
const signers = (): readonly (string | undefined)[] => cloud.requests.map((one) => /keyId="ST\$([^"]+)"/.exec(one.header('authorization') ?? '')?.[1]);
type Library = NonNullable<ConstructorParameters<typeof GenerativeAiInferenceClient>[0]['authenticationDetailsProvider']>;
/** The vendor's own client with the vendor's own credentials, beside the gateway. */
const direct = async (authenticationDetailsProvider: Library): Promise<number> => {
  const client = new GenerativeAiInferenceClient({ authenticationDetailsProvider });
  client.endpoint = cloud.url;
  const servingMode = { servingType: 'ON_DEMAND', modelId: MODEL };
  const chatRequest = { apiFormat: 'GENERIC', messages: [{ role: 'USER', content: [{ type: 'TEXT', text: 'Hello' }] }] };
  await client.chat({ chatDetails: { compartmentId: COMPARTMENT, servingMode, chatRequest } as never });
  return cloud.requests.length;
};

describe('a resource principal behind the gateway', () => {
  const found = (): string => {
    const { token, privateKey } = ociResourcePrincipal(identity);
    writeFileSync(at('rpst'), token);
    writeFileSync(at('pem'), privateKey);
    vi.stubEnv('OCI_RESOURCE_PRINCIPAL_VERSION', '2.2');
    vi.stubEnv('OCI_RESOURCE_PRINCIPAL_RPST', at('rpst'));
    vi.stubEnv('OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM', at('pem'));
    vi.stubEnv('OCI_RESOURCE_PRINCIPAL_REGION', 'us-chicago-1');
    return token;
  };
  test('signs as the vendor’s own client does', async () => {
    const token = found();
    expect((await chat(await open({ type: 'resource-principal' }))).status).toBe(200);
    expect(await direct(ResourcePrincipalAuthenticationDetailsProvider.builder())).toBe(2);
    expect(signers()).toEqual([token, token]);
  });
  test('that was taken back is read anew by the call that was refused', async () => {
    const first = found();
    const of = await open({ type: 'resource-principal' });
    expect((await chat(of)).status).toBe(200);
    identity.revoke(first);
    const second = found();
    expect((await chat(of)).status).toBe(200);
    expect(signers()).toEqual([first, first, second]);
    for (const secret of [first, second, 'PRIVATE KEY']) expect(of.logText().includes(secret)).toBe(false);
  });
  test('that is not there is 503, and nobody is told why but the log', async () => {
    const answer = await chat(await open({ type: 'resource-principal' }));
    expect([answer.status, answer.headers.get('x-lpa-code'), (await answer.text()).includes('OCI_RESOURCE')]).toEqual([
      503,
      'upstream_credentials_unavailable',
      false,
    ]);
    expect([cloud.requests.length, bench?.logText().includes('OCI credentials cannot be had')]).toEqual([0, true]);
  });
});

describe('a pod of OKE behind the gateway', () => {
  const WORKLOAD = { type: 'oke-workload', serviceAccountCa: at('ca.crt'), serviceAccountToken: at('token') };
  /** The token of the pod is this one by now. */
  const pod = (token: string): void => {
    accounts.clear();
    accounts.set(token, Number.POSITIVE_INFINITY);
    writeFileSync(at('token'), token);
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '127.0.0.1');
    vi.stubEnv('KUBERNETES_SERVICE_PORT_PROXYMUX', new URL(proxymux.origin).port);
  };
  const newest = (): string => identity.issued.at(-1)?.token ?? '';

  test('asks once for many first callers, and signs as the vendor’s own client does', async () => {
    pod('first-pod');
    const of = await open(WORKLOAD);
    const answers = await Promise.all(Array.from({ length: 20 }, () => chat(of)));
    expect([new Set(answers.map(({ status }) => status)), proxymux.requests.length]).toEqual([new Set([200]), 1]);
    expect(new Set(signers())).toEqual(new Set([newest()]));
    cloud.clear();
    expect(await direct(OkeWorkloadIdentityAuthenticationDetailsProvider.builder(at('ca.crt'), at('token')))).toBe(1);
    expect(signers()).toEqual([newest()]);
  });
  test('whose session was taken back shows the token that it has by now', async () => {
    pod('first-pod');
    const of = await open(WORKLOAD);
    expect((await chat(of)).status).toBe(200);
    identity.revoke(newest());
    pod('later-pod');
    expect((await chat(of)).status).toBe(200);
    expect(proxymux.requests.map((one) => one.header('authorization'))).toEqual(['Bearer first-pod', 'Bearer later-pod']);
    for (const secret of ['first-pod', 'later-pod', newest(), 'PRIVATE KEY']) expect(of.logText().includes(secret)).toBe(false);
  });
  test('whose token the cluster does not know is 503', async () => {
    pod('a-pod');
    accounts.clear();
    const answer = await chat(await open(WORKLOAD));
    expect([answer.status, answer.headers.get('x-lpa-code'), cloud.requests.length]).toEqual([503, 'upstream_credentials_unavailable', 0]);
  });
});
