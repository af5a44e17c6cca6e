import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import {
  type AzureSimulator,
  type AzureTenant,
  azureSimulator,
  azureTenant,
  type EntraSimulator,
  entraSimulator,
  type Peer,
  signedToken,
} from '@llm-proxy-auth/simulators';
import { vi } from 'vitest';
import { certificate } from '../../packages/simulators/test/certificate.ts';
import { type Bench, openBench } from './gateway.ts';

const PREFIXES = /^(?:AZURE_|IDENTITY_|MSI_|IMDS_)/;
export const CLIENT = '00000000-0000-0000-0000-000000000002';
export const SECRET = 'entra-secret-canary-0123456789abcdef';
/** The client id of a user-assigned managed identity. */
export const ASSIGNED = '00000000-0000-0000-0000-000000000003';
const WORKLOAD = Object.freeze({ issuer: 'https://oidc.cluster.example/', subject: 'system:serviceaccount:llm:gateway' });
/** Whom a token stands for. */
export const subjectOf = (token: string | undefined): unknown =>
  (JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString('utf8')) as { oid: unknown }).oid;
const QUESTION = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] });

/** A tenant of Entra ID, a resource that takes its tokens only, and gateways that go there; time stands still but for `advance`. */
export interface Directory {
  readonly tenant: AzureTenant;
  readonly entra: EntraSimulator;
  readonly simulator: AzureSimulator;
  open(credentials: Readonly<Record<string, unknown>>): Promise<Bench>;
  /** Status and our code of one call, and the token it was sent with. */
  asked(
    bench: Bench,
  ): Promise<{ readonly status: number; readonly code: string | null; readonly retryAfter: string | null; readonly token: string | undefined }>;
  readonly secret: Readonly<Record<string, unknown>>;
  /** Puts a new token of the workload into its file. */
  project(claims?: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  advance(ms: number): void;
  /** From here on the tenant, and what it gets one in at, are so far ahead of the gateway's clock. */
  skew(ms: number): void;
  /** Closes it with the rest. */
  with<P extends Peer>(peer: P): P;
  close(): Promise<void>;
}
export const openDirectory = async (): Promise<Directory> => {
  const before = { ...process.env };
  for (const name of Object.keys(process.env)) if (PREFIXES.test(name)) delete process.env[name];
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  const folder = mkdtempSync(join(tmpdir(), 'lpa-entra-'));
  const tls = certificate();
  const authorities = getCACertificates('default');
  setDefaultCACertificates([...authorities, tls.cert]);
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let tenantAhead = 0;
  const tenant = azureTenant({
    now: () => Date.now() + tenantAhead,
    applications: [{ clientId: CLIENT, secret: SECRET, federated: [{ ...WORKLOAD, key: publicKey }] }],
    identities: [ASSIGNED, '00000000-0000-0000-0000-000000000004'],
  });
  const entra = await entraSimulator({ tenant, tls });
  const simulator = await azureSimulator({ keys: [], tenant });
  const peers: Peer[] = [entra, simulator];
  const benches: Bench[] = [];
  const tokenFile = join(folder, 'token');
  const common = { tenantId: tenant.id, clientId: CLIENT, authorityHost: entra.url };
  return {
    tenant,
    entra,
    simulator,
    secret: { type: 'client-secret', ...common, clientSecret: SECRET },
    project(claims = {}) {
      const seconds = Math.floor(Date.now() / 1000);
      const whole = { iss: WORKLOAD.issuer, sub: WORKLOAD.subject, aud: 'api://AzureADTokenExchange', exp: seconds + 3600, iat: seconds, ...claims };
      writeFileSync(tokenFile, signedToken(privateKey, whole, 'cluster'));
      return { type: 'workload-identity', ...common, tokenFile };
    },
    async open(credentials) {
      const azure = { provider: 'azure', endpoint: simulator.url, insecureUpstream: true, credentials };
      const bench = await openBench({ plugins: ['@llm-proxy-auth/provider-azure'], instances: { azure } });
      benches.push(bench);
      return bench;
    },
    async asked(bench) {
      const answer = await fetch(`${bench.url}/openai/azure/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
        body: QUESTION,
      });
      await answer.arrayBuffer();
      const token = simulator.requests.at(-1)?.header('authorization');
      return { status: answer.status, code: answer.headers.get('x-lpa-code'), retryAfter: answer.headers.get('retry-after'), token };
    },
    advance: (ms) => void vi.setSystemTime(Date.now() + ms),
    skew(ms) {
      tenantAhead = ms;
    },
    with(peer) {
      peers.push(peer);
      return peer;
    },
    async close() {
      for (const bench of benches) await bench.close();
      await Promise.all(peers.map((peer) => peer.close()));
      vi.useRealTimers();
      setDefaultCACertificates(authorities);
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      Object.assign(process.env, before);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
