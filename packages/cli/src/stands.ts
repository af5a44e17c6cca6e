import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { OciSimulator, Simulator } from '@llm-proxy-auth/simulators';
import { ACCOUNTS, type Account } from './accounts.ts';
import type { Terminal } from './terminal.ts';

/** A provider of quick start and demo: its stand-in, and where a real account is described in the environment. */
interface Stand extends Account {
  readonly simulate: (key: string) => Promise<Simulator>;
  /** Everything of the vendor in the environment; a simulated instance sees none of it. */
  readonly variables: RegExp;
  /** Variable that moves the vendor's API elsewhere. */
  readonly base: string;
  readonly settings: (simulator: Simulator, key: string) => Readonly<Record<string, unknown>>;
  readonly model: string;
}
/** Key id of the simulated account. */
const AWS_KEY_ID = 'AKIDQUICKSTART';
/** Project of the simulated account. */
const WATSONX_PROJECT = 'quick-start';
/** Project of the simulated account. */
const GOOGLE_PROJECT = 'quick-start';
export const STANDS: Readonly<Record<string, Stand>> = Object.freeze({
  openai: {
    ...ACCOUNTS.openai,
    // Loaded by nobody else: a gateway that serves holds no stand-ins in memory.
    simulate: async (key) => (await import('@llm-proxy-auth/simulators')).openaiSimulator({ keys: [key] }),
    variables: /^OPENAI_/,
    base: 'OPENAI_BASE_URL',
    settings: (simulator, key) => ({ baseUrl: simulator.url, apiKey: key, insecureUpstream: true }),
    model: 'gpt-4o-mini',
  },
  anthropic: {
    ...ACCOUNTS.anthropic,
    simulate: async (key) => (await import('@llm-proxy-auth/simulators')).anthropicSimulator({ keys: [key] }),
    variables: /^ANTHROPIC_/,
    base: 'ANTHROPIC_BASE_URL',
    settings: (simulator, key) => ({ baseUrl: simulator.url, apiKey: key, insecureUpstream: true }),
    model: 'claude-sonnet-4-6',
  },
  azure: {
    ...ACCOUNTS.azure,
    simulate: async (key) => (await import('@llm-proxy-auth/simulators')).azureSimulator({ keys: [key] }),
    variables: /^(?:AZURE_|OPENAI_API_VERSION$|IDENTITY_(?:ENDPOINT|HEADER)$)/,
    base: 'AZURE_OPENAI_ENDPOINT',
    settings: (simulator, key) => ({ endpoint: simulator.url, apiKey: key, insecureUpstream: true }),
    model: 'gpt-4.1-mini',
  },
  bedrock: {
    ...ACCOUNTS.bedrock,
    simulate: async (secretAccessKey) => {
      const { awsCredentials, bedrockSimulator } = await import('@llm-proxy-auth/simulators');
      const arn = 'arn:aws:iam::123456789012:user/quick-start';
      return bedrockSimulator({ credentials: awsCredentials({ known: [{ accessKeyId: AWS_KEY_ID, secretAccessKey, arn }] }) });
    },
    variables: /^AWS_/,
    base: 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME',
    settings: (simulator, secretAccessKey) => ({
      baseUrl: simulator.url,
      credentials: { type: 'static', accessKeyId: AWS_KEY_ID, secretAccessKey },
      insecureUpstream: true,
    }),
    model: 'amazon.nova-lite-v1:0',
  },
  vertex: {
    ...ACCOUNTS.vertex,
    simulate: async (token) => {
      const { googleAccounts, vertexSimulator } = await import('@llm-proxy-auth/simulators');
      const accounts = googleAccounts({ known: { [token]: `quick-start@${GOOGLE_PROJECT}.iam.gserviceaccount.com` } });
      return vertexSimulator({ accounts, project: GOOGLE_PROJECT });
    },
    variables: /^GOOGLE_/,
    base: 'GOOGLE_VERTEX_BASE_URL',
    settings: (simulator, token) => ({
      baseUrl: simulator.url,
      project: GOOGLE_PROJECT,
      location: 'us-central1',
      credentials: { type: 'token', token },
      insecureUpstream: true,
    }),
    model: 'gemini-2.5-flash',
  },
  watsonx: {
    ...ACCOUNTS.watsonx,
    simulate: async (key) => (await import('@llm-proxy-auth/simulators')).watsonxSimulator({ apiKeys: [key], projects: [WATSONX_PROJECT] }),
    variables: /^WATSONX_/,
    base: 'WATSONX_AI_URL',
    settings: (simulator, key) => ({
      baseUrl: simulator.url,
      projectId: WATSONX_PROJECT,
      apiKey: key,
      credentials: { iamUrl: simulator.url },
      insecureUpstream: true,
    }),
    model: 'ibm/granite-3-3-8b-instruct',
  },
  oci: {
    ...ACCOUNTS.oci,
    simulate: async (key) => (await import('@llm-proxy-auth/simulators')).ociSimulator({ apiKeys: [key] }),
    variables: /^OCI_/,
    // No variable moves the API of OCI.
    base: '',
    settings: (simulator) => {
      const { url, user, compartment } = simulator as OciSimulator;
      return { baseUrl: url, region: 'us-chicago-1', compartmentId: compartment, credentials: { type: 'api-key', ...user }, insecureUpstream: true };
    },
    model: 'meta.llama-3.3-70b-instruct',
  },
});

/** A stand-in that serves, and the key that it takes. */
interface Simulated {
  readonly simulator: Simulator;
  readonly key: string;
}
/** Starts the stand-ins of all but those named, each with a key made for this run. */
export const simulate = async (live: ReadonlySet<string>): Promise<ReadonlyMap<string, Simulated>> => {
  const simulated = new Map<string, Simulated>();
  for (const [name, stand] of Object.entries(STANDS)) {
    if (live.has(name)) continue;
    const key = `sk-simulated-${randomBytes(16).toString('hex')}`;
    simulated.set(name, { simulator: await stand.simulate(key), key });
  }
  return simulated;
};
export const closeAll = async (simulated: ReadonlyMap<string, Simulated>): Promise<void> => {
  await Promise.all([...simulated.values()].map(({ simulator }) => simulator.close()));
};
/** The environment without what describes accounts of vendors that are simulated. */
export const withoutAccounts = (env: Terminal['env'], simulated: ReadonlyMap<string, Simulated>): Terminal['env'] => {
  const hidden = [...simulated.keys()].flatMap((name) => STANDS[name]?.variables ?? []);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !hidden.some((variables) => variables.test(name))));
};

const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$)/;
/** A real account is described by the vendor's own variables; a server on this machine may be reached without TLS. */
const liveSettings = (stand: Stand, env: Terminal['env']): Readonly<Record<string, unknown>> =>
  LOOPBACK.test(env[stand.base] ?? '') ? { insecureUpstream: true } : {};

/** Configuration with an instance for each provider and a model for each instance, and an API key for whoever asks. */
export const configurationOf = (folder: string, simulated: ReadonlyMap<string, Simulated>, env: Terminal['env']) => {
  const instances = Object.entries(STANDS).map(([name, stand]) => {
    const stood = simulated.get(name);
    return [name, { provider: name, ...(stood === undefined ? liveSettings(stand, env) : stand.settings(stood.simulator, stood.key)) }];
  });
  return {
    plugins: [...new Set([...Object.values(STANDS).flatMap((s) => s.plugins), '@llm-proxy-auth/auth-api-key', '@llm-proxy-auth/store-sqlite'])],
    // Nobody balances load over a machine to try things on: Ctrl-C ends it when the open answers have ended.
    server: { drain: { delay: '0ms', deadline: '5s' } },
    ops: { port: 0 },
    store: { use: 'sqlite', path: join(folder, 'store.db') },
    auth: [{ use: 'api-key', pepper: '${file:pepper}' }],
    instances: Object.fromEntries(instances),
    models: Object.entries(STANDS).map(([name, stand]) => ({ name: stand.model, targets: [{ instance: name, model: stand.model }] })),
  };
};
