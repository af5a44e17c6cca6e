import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  InstancePrincipalsAuthenticationDetailsProviderBuilder,
  OkeWorkloadIdentityAuthenticationDetailsProvider,
  ResourcePrincipalAuthenticationDetailsProvider,
} from 'oci-common';
import { GenerativeAiInferenceClient } from 'oci-generativeaiinference';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type OciInstance,
  type OciSimulator,
  type OkeProxymux,
  ociIdentity,
  ociInstance,
  ociResourcePrincipal,
  ociSimulator,
  okeProxymux,
} from '../src/index.ts';

const accounts = new Map<string, number>([['pod-token', Number.POSITIVE_INFINITY]]);
const identity = ociIdentity();
let simulator: OciSimulator;
let instance: OciInstance;
let proxymux: OkeProxymux;
const folder = mkdtempSync(join(tmpdir(), 'oci-'));
beforeAll(async () => {
  [simulator, instance, proxymux] = await Promise.all([ociSimulator({ identity }), ociInstance({ identity }), okeProxymux({ identity, accounts })]);
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  await Promise.all([simulator.close(), instance.close(), proxymux.close()]);
  rmSync(folder, { recursive: true });
});
type Provider = NonNullable<ConstructorParameters<typeof GenerativeAiInferenceClient>[0]['authenticationDetailsProvider']>;
/** Whether the SDK, with this provider, is let in. */
const ask = async (authenticationDetailsProvider: Provider): Promise<string> => {
  const client = new GenerativeAiInferenceClient({ authenticationDetailsProvider }, {
    retryConfiguration: { terminationStrategy: { shouldTerminate: () => true } },
  } as never);
  client.endpoint = simulator.url;
  const rerankTextDetails = {
    compartmentId: simulator.compartment,
    servingMode: { servingType: 'ON_DEMAND', modelId: 'cohere.rerank-v3.5' },
    input: 'q',
    documents: ['a'],
  };
  return client.rerankText({ rerankTextDetails }).then(
    () => 'let in',
    (failure: { serviceCode?: string }) => failure.serviceCode ?? String(failure),
  );
};
const instancePrincipal = () => {
  const builder = new InstancePrincipalsAuthenticationDetailsProviderBuilder();
  builder.metadataBaseUrl = instance.metadataUrl;
  builder.federationEndpoint = instance.federationUrl;
  return builder.build();
};

describe('the SDK is let in as', () => {
  test('an instance, by certificates of the metadata service', async () => {
    expect(await ask(await instancePrincipal())).toBe('let in');
    expect(identity.issued.at(-1)?.kind).toBe('instance');
    const paths = instance.requests.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['/opc/v2/identity/cert.pem', '/opc/v2/identity/key.pem', '/opc/v2/identity/intermediate.pem', '/v1/x509']));
  });
  test('an instance whose certificate was changed', async () => {
    const provider = await instancePrincipal();
    await ask(provider);
    const before = instance.fingerprint();
    instance.rotate();
    await provider.refresh();
    expect(instance.fingerprint()).not.toBe(before);
    expect(instance.requests.at(-1)?.header('authorization')).toContain(instance.fingerprint());
    expect(await ask(provider)).toBe('let in');
  });
  test('a function, by what stands in its environment', async () => {
    const { token, privateKey } = ociResourcePrincipal(identity);
    vi.stubEnv('OCI_RESOURCE_PRINCIPAL_VERSION', '2.2');
    vi.stubEnv('OCI_RESOURCE_PRINCIPAL_RPST', token);
    vi.stubEnv('OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM', privateKey);
    vi.stubEnv('OCI_RESOURCE_PRINCIPAL_REGION', 'ord');
    expect(await ask(ResourcePrincipalAuthenticationDetailsProvider.builder())).toBe('let in');
  });
  test('a pod, by the token of its service account', async () => {
    const [ca, token] = [join(folder, 'ca.crt'), join(folder, 'token')];
    writeFileSync(ca, proxymux.ca);
    writeFileSync(token, 'pod-token');
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '127.0.0.1');
    vi.stubEnv('KUBERNETES_SERVICE_PORT_PROXYMUX', new URL(proxymux.origin).port);
    expect(await ask(OkeWorkloadIdentityAuthenticationDetailsProvider.builder(ca, token))).toBe('let in');
    expect(proxymux.requests.at(-1)?.header('authorization')).toBe('Bearer pod-token');
    writeFileSync(token, 'other');
    await expect(OkeWorkloadIdentityAuthenticationDetailsProvider.builder(ca, token).getKeyId()).rejects.toThrow('403');
  });
});
describe('nobody is let in', () => {
  test('with a token that was taken back, or that ended', async () => {
    const provider = await instancePrincipal();
    expect(await ask(provider)).toBe('let in');
    identity.revoke(identity.issued.at(-1)?.token ?? '');
    expect(await ask(provider)).toBe('NotAuthenticated');
    const { token, privateKey } = ociResourcePrincipal(identity, -1);
    vi.stubEnv('OCI_RESOURCE_PRINCIPAL_VERSION', '2.2');
    vi.stubEnv('OCI_RESOURCE_PRINCIPAL_RPST', token);
    vi.stubEnv('OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM', privateKey);
    vi.stubEnv('OCI_RESOURCE_PRINCIPAL_REGION', 'ord');
    const ended = await Promise.resolve()
      .then(() => ask(ResourcePrincipalAuthenticationDetailsProvider.builder()))
      .catch(() => 'refused by the library');
    expect(ended).not.toBe('let in');
  });
  test('to the metadata service without its header', async () => {
    const bare = await fetch(`${instance.metadataUrl}identity/key.pem`);
    expect([bare.status, (await bare.text()).includes('PRIVATE KEY')]).toEqual([403, false]);
  });
  test('by the identity service with a certificate of another authority', async () => {
    const other = await ociInstance({ identity });
    const builder = new InstancePrincipalsAuthenticationDetailsProviderBuilder();
    builder.metadataBaseUrl = other.metadataUrl;
    builder.federationEndpoint = instance.federationUrl;
    const provider = await builder.build();
    await expect(provider.getKeyId()).rejects.toMatchObject({ message: expect.stringContaining('401') });
    await other.close();
  });
});
