import { define, followApiKey, type Host, type Plugin, type Provider } from '@llm-proxy-auth/plugin';
import { type Config, config } from './config.ts';
import { endpoints } from './endpoint.ts';
import { facts } from './facts.ts';
import { listModels } from './models.ts';
import { native } from './native.ts';
import { rejected } from './rejected.ts';
import { signer } from './sign.ts';

/** One Anthropic account. */
export const createProvider = (settings: Config, host: Host): Provider => {
  const url = new URL(settings.baseUrl);
  const base = { origin: url.origin, path: url.pathname.replace(/\/+$/, ''), prefix: '' };
  const sign = signer(settings, followApiKey(settings.apiKey, host));
  const models = listModels(base, host, sign);
  return {
    base,
    region: 'global',
    errors: 'anthropic',
    endpoint: endpoints(settings.betas ?? [], settings.version),
    native,
    signs: 'head',
    sign,
    rejected,
    models,
    // Other servers have their own models and prices.
    ...(url.hostname === 'api.anthropic.com' ? { facts } : {}),
    probe: async (signal) => void (await models(signal)),
  };
};

const plugin: Plugin = {
  name: '@llm-proxy-auth/provider-anthropic',
  api: 1,
  providers: { anthropic: define<Provider>()({ summary: 'Anthropic', config, create: createProvider }) },
};
export default plugin;
