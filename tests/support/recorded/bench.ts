import type { Recording } from '@llm-proxy-auth/simulators';
import * as azure from '../azure.ts';
import { type Bench, openBench, PROVIDER_KEY, VENDORS } from '../gateway.ts';
import { installed } from '../installed.ts';

export type Vendor = keyof typeof VENDORS;
const VENDOR: Readonly<Record<string, Vendor>> = { azure_openai: 'azure', vertex_claude: 'vertex', gemini: 'openai' };
/** Whose simulator plays it; what no provider of the project asks for, any simulator plays. */
export const vendorOf = ({ provider }: Recording): Vendor => VENDOR[provider] ?? (provider as Vendor);

const chat = (dialect: string, surface: string, more: object = {}) => ({ dialect, surface, operation: 'chat', method: 'POST', ...more });
const embeds = (surface: string) => ({ dialect: 'gemini', surface, operation: 'embeddings', method: 'POST' });
/** What some service speaks and no provider of the project asks in: an instance that speaks that alone. */
const ALONE = {
  generate: chat('gemini', 'generate'),
  generate_list: chat('gemini', 'generate', { framing: 'json-array' }),
  embed: embeds('embed'),
  batch_embed: embeds('batch_embed'),
  models: { dialect: 'gemini', surface: 'models', operation: 'models', method: 'GET' },
  responses: chat('openai', 'responses'),
  completions: chat('openai', 'completions'),
};
export type Alone = keyof typeof ALONE;

const INSTANCES: Readonly<Partial<Record<Vendor, (url: string) => Readonly<Record<string, unknown>>>>> = {
  azure: azure.instances,
  bedrock: (baseUrl) => {
    const there = { provider: 'bedrock', baseUrl, insecureUpstream: true, ...VENDORS.bedrock.access };
    return { invoking: { ...there, api: 'anthropic-invoke' }, speaking: { ...there, api: 'openai' } };
  },
  openai: (url) => {
    const { origin: baseUrl } = new URL(url);
    const there = { baseUrl, apiKey: PROVIDER_KEY, insecureUpstream: true };
    const alone = Object.entries(ALONE).map(([name, speaks]) => [`only_${name}`, { provider: 'one-surface', speaks, ...there }]);
    return { ...Object.fromEntries(alone), compatible: { provider: 'openai', ...there, baseUrl: `${baseUrl}/ml/v1/v1` } };
  },
};
/** A gateway before the simulator of a vendor, with every dialect and all that its recordings are asked at. */
export const openRecorded = async (vendor: Vendor): Promise<Bench> => {
  const house = installed('one-surface', '@acme/provider-one-surface');
  const bench = await openBench({
    vendor,
    plugins: [
      ...['anthropic', 'converse', 'gemini'].map((name) => `@llm-proxy-auth/dialect-${name}`),
      '@llm-proxy-auth/provider-openai',
      '@acme/provider-one-surface',
    ],
    pluginRoots: [house.root],
    main: vendor === 'bedrock' ? { api: 'converse' } : {},
    instances: (url) => INSTANCES[vendor]?.(url) ?? {},
    sections: { retry: { attempts: 1 }, policies: [{ allow: { classes: ['inference', 'models', 'stateful'] } }] },
  });
  return {
    ...bench,
    close: async () => {
      await bench.close();
      house.remove();
    },
  };
};
