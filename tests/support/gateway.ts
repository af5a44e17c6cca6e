import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Running, type RuntimeOptions, startGateway } from '@llm-proxy-auth/core';
import type { Principal } from '@llm-proxy-auth/plugin';
import {
  anthropicSimulator,
  azureSimulator,
  bedrockSimulator,
  exampleCredential,
  exampleGoogleToken,
  ibmTokens,
  type OciIdentity,
  type OciUser,
  ociIdentity,
  ociSimulator,
  openaiSimulator,
  type Simulator,
  vertexSimulator,
  watsonxSimulator,
} from '@llm-proxy-auth/simulators';
import { canariesIn, canariesOf, sweepAll } from './canaries.ts';

export const PROVIDER_KEY = 'sk-provider-canary-0123456789abcdefghijklmnop';
const PEPPER = 'pepper-0123456789abcdef0123456789abcdef';
/** Whom operations that a test runs itself are run by. */
export const OPERATOR: Principal = { id: 'test', owner: 'test', strategy: 'local', credential: 'local', groups: [], scopes: ['admin'], factor: 'none' };

/** An application inference profile that the Bedrock simulator knows; its ARN has more than 160 characters. */
export const BEDROCK_PROFILE = `team-a-${'x'.repeat(100)}`;
/** A deployment that the watsonx.ai simulator knows. */
export const DEPLOYMENT = '8ae81f69-1b0a-4e4c-a4e3-2f2c6c5a5e3d';
const { accessKeyId, secretAccessKey } = exampleCredential;

/** A compartment of the OCI simulator, and a model at an endpoint of a dedicated cluster in it. */
export const COMPARTMENT = 'ocid1.compartment.oc1..aaaabench';
export const OCI_ENDPOINT = 'ocid1.generativeaiendpoint.oc1.us-chicago-1.aaaabench';
let ociAccount: { readonly identity: OciIdentity; readonly user: OciUser } | undefined;
/** Who calls OCI; made when first wanted, because making keys takes a while. */
export const ociCaller = (): { readonly identity: OciIdentity; readonly user: OciUser } => {
  if (ociAccount === undefined) {
    const identity = ociIdentity();
    ociAccount = { identity, user: identity.user('bench') };
  }
  return ociAccount;
};

/** Vendors that `main` may stand for: the simulator, the packages beside those of every bench, and what `main` gets in with. */
export const VENDORS = Object.freeze({
  openai: {
    plugins: ['@llm-proxy-auth/provider-openai'],
    simulate: (): Promise<Simulator> => openaiSimulator({ keys: [PROVIDER_KEY] }),
    access: { apiKey: PROVIDER_KEY },
  },
  anthropic: {
    plugins: ['@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/provider-anthropic'],
    simulate: (): Promise<Simulator> => anthropicSimulator({ keys: [PROVIDER_KEY] }),
    access: { apiKey: PROVIDER_KEY },
  },
  azure: {
    plugins: ['@llm-proxy-auth/provider-azure'],
    simulate: (): Promise<Simulator> => azureSimulator({ keys: [PROVIDER_KEY] }),
    access: { apiKey: PROVIDER_KEY },
  },
  bedrock: {
    plugins: ['@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/dialect-converse', '@llm-proxy-auth/provider-bedrock'],
    simulate: (): Promise<Simulator> => bedrockSimulator({ applicationProfiles: { [BEDROCK_PROFILE]: 'anthropic.claude-sonnet-4-5-20250929-v1:0' } }),
    access: { region: 'us-east-1', credentials: { type: 'static', accessKeyId, secretAccessKey } },
  },
  watsonx: {
    plugins: ['@llm-proxy-auth/provider-watsonx'],
    simulate: (): Promise<Simulator> =>
      watsonxSimulator({ tokens: ibmTokens({ bearers: [PROVIDER_KEY] }), deployments: { [DEPLOYMENT]: 'ibm/granite-3-3-8b-instruct' } }),
    access: { projectId: 'project-1', credentials: { type: 'token', token: PROVIDER_KEY } },
  },
  oci: {
    plugins: ['@llm-proxy-auth/provider-oci'],
    simulate: (): Promise<Simulator> =>
      ociSimulator({
        identity: ociCaller().identity,
        apiKeys: [PROVIDER_KEY],
        compartments: [COMPARTMENT],
        endpoints: { [OCI_ENDPOINT]: 'cohere.command-r-08-2024' },
      }),
    get access() {
      return { region: 'us-chicago-1', compartmentId: COMPARTMENT, credentials: { type: 'api-key', ...ociCaller().user } };
    },
  },
  vertex: {
    plugins: ['@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/dialect-gemini', '@llm-proxy-auth/provider-vertex'],
    simulate: (): Promise<Simulator> => vertexSimulator(),
    access: { project: 'my-project', location: 'us-central1', credentials: { type: 'token', token: exampleGoogleToken } },
  },
});

/** Sections merged over the configuration that every end-to-end test starts from. */
export interface Wanted extends Partial<Pick<RuntimeOptions, 'pass' | 'random' | 'now' | 'pluginRoots' | 'env' | 'probeEveryMs'>> {
  readonly sections?: Readonly<Record<string, unknown>> & { readonly log?: object };
  /** Whom `main` and the simulator stand for; `openai` if absent. */
  readonly vendor?: keyof typeof VENDORS;
  /** Keys of `main`. */
  readonly main?: Readonly<Record<string, unknown>>;
  /** Further instances; as a function, of the simulator's URL. */
  readonly instances?: Readonly<Record<string, unknown>> | ((url: string) => Readonly<Record<string, unknown>>);
  readonly plugins?: readonly string[];
  /** Name of the key without restrictions; `k1` if absent. */
  readonly keyName?: string;
}
export interface KeyWanted {
  readonly name?: string;
  readonly models?: readonly string[];
  readonly instances?: readonly string[];
  readonly modes?: readonly string[];
  readonly scopes?: readonly string[];
  readonly cidr?: readonly string[];
  readonly expires?: string;
}
export interface Bench {
  readonly gateway: Running;
  readonly simulator: Simulator;
  readonly url: string;
  /** Where the configuration stands. */
  readonly folder: string;
  /** A key without restrictions. */
  readonly key: string;
  /** Lines written to the log so far, parsed. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Everything written to the log, as it stands there. */
  logText(): string;
  operation(name: string, input: object): Promise<Record<string, unknown>>;
  makeKey(wanted?: KeyWanted): Promise<string>;
  /** Makes an id at `main` belong to the holder of `key`. */
  own(id: string): Promise<void>;
  /** Resolves with the first log line that fits, also one that comes later. */
  line(fits: (line: Readonly<Record<string, unknown>>) => boolean): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
/** A vendor's simulator behind a gateway on free ports, with one instance `main` and API keys; everything real but the vendor. */
export const openBench = async (wanted: Wanted = {}): Promise<Bench> => {
  const folder = mkdtempSync(join(tmpdir(), 'lpa-e2e-'));
  const { vendor = 'openai' } = wanted;
  const simulator = await VENDORS[vendor].simulate();
  const written: string[] = [];
  const lines: Readonly<Record<string, unknown>>[] = [];
  const waiting = new Set<() => void>();
  const destination = {
    write(line: string): void {
      written.push(line);
      lines.push(JSON.parse(line) as Readonly<Record<string, unknown>>);
      for (const look of waiting) look();
    },
  };
  const configuration = {
    plugins: [
      ...new Set([
        '@llm-proxy-auth/dialect-openai',
        ...VENDORS[vendor].plugins,
        '@llm-proxy-auth/auth-api-key',
        '@llm-proxy-auth/store-sqlite',
        ...(wanted.plugins ?? []),
      ]),
    ],
    server: { port: 0 },
    ops: { port: 0 },
    store: { use: 'sqlite', path: join(folder, 'store.db') },
    auth: [{ use: 'api-key', pepper: PEPPER }],
    // Tests share their machine: what takes long here is no sign of too many calls.
    limits: { eventLoopDelay: '60s' },
    // One instance plays one fault after the other, and is to be asked each time.
    breaker: { failures: 1_000_000, window: '1ms' },
    instances: {
      main: { provider: vendor, baseUrl: simulator.url, insecureUpstream: true, ...VENDORS[vendor].access, ...wanted.main },
      ...(typeof wanted.instances === 'function' ? wanted.instances(simulator.url) : wanted.instances),
    },
    ...wanted.sections,
    log: { level: 'trace', ...wanted.sections?.log },
  };
  canariesOf(configuration);
  const gateway = await startGateway({
    text: JSON.stringify(configuration),
    folder,
    env: wanted.env ?? {},
    allowLocalPlugins: false,
    pluginRoots: wanted.pluginRoots ?? [],
    destination,
    pass: wanted.pass,
    random: wanted.random,
    now: wanted.now,
    // A question that a gateway asks by itself, 30 s after its start, would take the answer that a test has laid out for its own call.
    probeEveryMs: wanted.probeEveryMs ?? DAY_MS,
  }).catch(async (error: unknown) => {
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  });
  const operation = async (name: string, input: object): Promise<Record<string, unknown>> => {
    const entry = gateway.graph.admin.find((a) => a.operation.name === name);
    if (entry === undefined) throw new Error(`no operation ${name}`);
    const made = (await entry.operation.run(input, OPERATOR, entry.host)) as Record<string, unknown>;
    canariesIn([input, made]);
    return made;
  };
  let serial = 0;
  const makeKey = async (key: KeyWanted = {}): Promise<string> => String((await operation('keys.create', { name: `k${++serial}`, ...key })).key);
  return {
    gateway,
    simulator,
    url: gateway.urls.server,
    folder,
    key:
      gateway.graph.strategies.length === 0
        ? ''
        : await makeKey({ scopes: ['metrics', 'explain', 'admin'], ...(wanted.keyName === undefined ? {} : { name: wanted.keyName }) }),
    lines,
    logText: () => written.join(''),
    operation,
    makeKey,
    async own(id) {
      await gateway.graph.store.commit([{ space: 'owners', key: `main/${id}`, expect: 0, value: { json: JSON.stringify('key:k1') } }]);
    },
    line: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = lines.find(fits);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    async close() {
      const metrics = await gateway.metrics.text();
      const sent = simulator.requests;
      await gateway.close();
      await simulator.close();
      try {
        sweepAll({ log: written.join(''), metrics, sent, folder });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
};
