import { define, type Host, type Plugin, type Provider } from '@llm-proxy-auth/plugin';
import { type Config, config } from './config.ts';
import { accessOf } from './credentials.ts';
import { endpoints } from './endpoint.ts';
import { askEntra } from './entra.ts';
import { factsOf } from './facts.ts';
import { deploymentNames } from './names.ts';
import { native } from './native.ts';
import { placesOf } from './places.ts';
import { probe } from './probe.ts';
import { rejected } from './rejected.ts';

/** Parts that tests replace. */
export interface Parts {
  readonly ask: typeof askEntra;
  readonly random: () => number;
}
const REAL: Parts = Object.freeze({ ask: askEntra, random: Math.random });

/** Which deployment an image tool of a response draws with. https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses */
const MODEL_HEADERS: readonly string[] = Object.freeze(['x-ms-oai-image-generation-deployment']);

/** One resource of Azure. */
export const createProvider = (settings: Config, host: Host, parts: Parts = REAL): Provider => {
  const places = placesOf(settings);
  const { deployments } = settings;
  const names = deploymentNames(deployments);
  const { kind, sign, tokens } = accessOf(settings, { host, cloud: places.cloud, ...parts });
  const judge = rejected(tokens !== undefined);
  host.log.info({ api: places.api.is, credentials: kind }, 'an Azure instance is set up');
  return {
    base: places.base,
    region: places.region,
    errors: 'openai',
    endpoint: endpoints({ resource: new URL(places.base.origin).host, api: places.api, names }),
    native,
    names,
    modelHeaders: MODEL_HEADERS,
    facts: factsOf(names),
    signs: 'head',
    sign,
    rejected: judge,
    // What the service lists are the models that could be deployed, not those that are.
    ...(deployments === undefined ? {} : { models: () => Promise.resolve(Object.keys(deployments).map((id) => ({ id, owner: 'azure' }))) }),
    probe: probe(places, host, sign, judge),
    ...(tokens === undefined ? {} : { credentialExpires: () => tokens.expires() }),
  };
};

const plugin: Plugin = {
  name: '@llm-proxy-auth/provider-azure',
  api: 1,
  providers: {
    azure: define<Provider>()({
      summary: 'Azure OpenAI and models of Azure AI Foundry',
      config,
      create: (settings, host) => createProvider(settings, host),
    }),
  },
};
export default plugin;
