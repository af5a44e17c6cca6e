import { define, followApiKey, type Host, type Plugin, type Provider } from '@llm-proxy-auth/plugin';
import { type Config, config } from './config.ts';
import { endpoint, endpointOfServer } from './endpoint.ts';
import { facts } from './facts.ts';
import { listModels } from './models.ts';
import { native } from './native.ts';
import { rejected } from './rejected.ts';
import { signer } from './sign.ts';

/** Hosts of OpenAI itself. */
const OWN = /^(?:[a-z0-9-]+\.)?api\.openai\.com$/;
/** `api.openai.com` is global; `eu.api.openai.com` keeps data in the region its first label names. */
const regionOf = (host: string): string => /^([a-z]{2,3})\.api\.openai\.com$/.exec(host)?.[1] ?? 'global';
/** One OpenAI account, or one OpenAI-compatible server. */
export const createProvider = (settings: Config, host: Host): Provider => {
  const url = new URL(settings.baseUrl);
  const base = { origin: url.origin, path: url.pathname.replace(/\/+$/, ''), prefix: '/v1' };
  const region = regionOf(url.hostname);
  const sign = signer(settings, followApiKey(settings.apiKey, host));
  const models = listModels(base, host, sign);
  return {
    base,
    region,
    errors: 'openai',
    endpoint: OWN.test(url.hostname) ? endpoint : endpointOfServer,
    native,
    signs: 'head',
    sign,
    rejected,
    models,
    // Other servers have their own models and prices.
    ...(OWN.test(url.hostname) ? { facts: (model: string) => facts(model, [region]) } : {}),
    probe: async (signal) => void (await models(signal)),
  };
};

const plugin: Plugin = {
  name: '@llm-proxy-auth/provider-openai',
  api: 1,
  providers: { openai: define<Provider>()({ summary: 'OpenAI, or any server that speaks its API', config, create: createProvider }) },
};
export default plugin;
