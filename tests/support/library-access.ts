import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  azureSimulator,
  azureTenant,
  bedrockSimulator,
  entraSimulator,
  exampleCredential,
  googleAccounts,
  googleIdentity,
  googleServiceAccount,
  ibmIdentity,
  ibmTokens,
  ociIdentity,
  ociInstance,
  ociSimulator,
  type Peer,
  vertexSimulator,
  watsonxSimulator,
} from '@llm-proxy-auth/simulators';
import { certificate } from '../../packages/simulators/test/certificate.ts';
import { COMPARTMENT } from './gateway.ts';

/** A cloud that is entered with a credential which only the vendor's own library, loaded at the first call, can make use of. */
export interface LibraryAccess {
  readonly url: string;
  /** Keys of the instance. */
  readonly access: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  /** The service that the library asks for tokens; absent where it asks nobody. */
  readonly tokens?: Peer;
  close(): Promise<void>;
}
const SECRET = 'library-secret-canary-0123456789abcdef';
const closing = (peers: readonly Peer[], last?: () => void) => async (): Promise<void> => {
  await Promise.all(peers.map((peer) => peer.close()));
  last?.();
};

/** By vendor: a client secret of Entra ID, the chain of AWS, a key of a service account, an API key of IBM Cloud, an instance principal of OCI. */
export const LIBRARY_ACCESS: Readonly<Record<string, () => Promise<LibraryAccess>>> = Object.freeze({
  async azure() {
    const folder = mkdtempSync(join(tmpdir(), 'lpa-library-'));
    const ca = join(folder, 'ca.pem');
    const tls = certificate();
    writeFileSync(ca, tls.cert);
    const clientId = '00000000-0000-0000-0000-000000000002';
    const tenant = azureTenant({ applications: [{ clientId, secret: SECRET }] });
    const [tokens, simulator] = await Promise.all([entraSimulator({ tenant, tls }), azureSimulator({ keys: [], tenant })]);
    const credentials = { type: 'client-secret', tenantId: tenant.id, clientId, clientSecret: SECRET, authorityHost: tokens.url };
    return {
      url: simulator.url,
      access: { credentials },
      env: { NODE_EXTRA_CA_CERTS: ca },
      tokens,
      close: closing([tokens, simulator], () => rmSync(folder, { recursive: true })),
    };
  },
  async bedrock() {
    const simulator = await bedrockSimulator();
    const { accessKeyId, secretAccessKey } = exampleCredential;
    return {
      url: simulator.url,
      access: { region: 'us-east-1', credentials: { type: 'default' } },
      env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      close: closing([simulator]),
    };
  },
  async vertex() {
    const accounts = googleAccounts();
    const account = googleServiceAccount();
    const [tokens, simulator] = await Promise.all([googleIdentity({ accounts, serviceAccounts: [account] }), vertexSimulator({ accounts })]);
    return {
      url: simulator.url,
      access: {
        project: 'my-project',
        location: 'us-central1',
        endpoints: { oauth2: tokens.url },
        credentials: { type: 'service-account', key: account.keyJson },
      },
      env: {},
      tokens,
      close: closing([tokens, simulator]),
    };
  },
  async watsonx() {
    const issued = ibmTokens();
    const [tokens, simulator] = await Promise.all([ibmIdentity({ tokens: issued, apiKeys: [SECRET] }), watsonxSimulator({ tokens: issued })]);
    return {
      url: simulator.url,
      access: { projectId: 'project-1', apiKey: SECRET, credentials: { iamUrl: tokens.url } },
      env: {},
      tokens,
      close: closing([tokens, simulator]),
    };
  },
  async oci() {
    const identity = ociIdentity();
    const [tokens, simulator] = await Promise.all([ociInstance({ identity }), ociSimulator({ identity, compartments: [COMPARTMENT] })]);
    const { metadataUrl, federationUrl } = tokens;
    return {
      url: simulator.url,
      access: { region: 'us-chicago-1', compartmentId: COMPARTMENT, credentials: { type: 'instance-principal', metadataUrl, federationUrl } },
      env: {},
      tokens,
      close: closing([tokens, simulator]),
    };
  },
});
