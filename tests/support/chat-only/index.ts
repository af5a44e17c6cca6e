import { define, type Plugin, type Provider } from '@llm-proxy-auth/plugin';
import openai from '@llm-proxy-auth/provider-openai';

const whole = openai.providers?.openai;
if (whole === undefined) throw new Error('provider-openai has no provider');
const PATHS: Readonly<Record<string, string>> = { chat: '/chat/completions', embeddings: '/embeddings' };

/** Every other surface of the dialect must be translated to its chat: what a client sees of a provider with another API. */
const plugin: Plugin = {
  name: '@acme/provider-chat-only',
  api: 1,
  providers: {
    'chat-only': define<Provider>()({
      summary: 'An OpenAI-compatible server with chat completions and embeddings only',
      config: whole.config,
      create: async (config, host) => {
        const provider = await whole.create(config, host);
        return {
          ...provider,
          endpoint: (ask) => {
            const path = PATHS[ask.operation];
            const known = provider.endpoint({ ...ask, dialect: '', surface: ask.operation });
            return path === undefined || known === undefined ? undefined : { ...known, surface: ask.operation, method: 'POST', path };
          },
        };
      },
    }),
  },
};
export default plugin;
