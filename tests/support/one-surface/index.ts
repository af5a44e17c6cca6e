import google from '@llm-proxy-auth/dialect-gemini';
import { define, type Framing, type Plugin, type Provider, type Surface, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import openai from '@llm-proxy-auth/provider-openai';

const whole = openai.providers?.openai;
const gemini = google.dialects?.gemini;
if (whole === undefined) throw new Error('provider-openai has no provider');
/** Where it is asked, whatever is asked. */
export const PATH = '/recorded';
interface Speaks {
  readonly dialect: string;
  readonly surface: string;
  readonly operation: string;
  readonly method: string;
  readonly framing?: Framing;
}
const text = { type: 'string' };
const speaks = {
  type: 'object',
  properties: { dialect: text, surface: text, operation: text, method: text, framing: text },
  required: ['dialect', 'surface', 'operation', 'method'],
  additionalProperties: false,
};

/** A server that speaks one surface of one dialect: for clients of it bytes pass, for all others they are translated. */
const plugin: Plugin = {
  name: '@acme/provider-one-surface',
  api: 1,
  providers: {
    'one-surface': define<Provider>()({
      summary: 'A server with one surface',
      config: { ...whole.config, properties: { ...(whole.config as { properties?: object }).properties, speaks }, required: ['speaks'] },
      create: async (config, host) => {
        const { speaks: spoken, ...rest } = config as unknown as { readonly speaks: Speaks };
        const provider = await whole.create(rest as never, host);
        const { operation, dialect, surface, method, framing } = spoken;
        const { capabilities } = provider.endpoint({ operation: 'chat', dialect: '', surface: 'chat', model: 'm', stream: false } as never) ?? {};
        if (capabilities === undefined) throw new Error('provider-openai has no chat');
        // The dialect reads lists as it would those of a vendor that lists in it.
        const lists = (await gemini?.create({} as never, host))?.surfaces.find((one) => one.operation === 'models') as Surface<'models'>;
        return {
          ...provider,
          models: async (signal) => {
            const request: UpstreamRequest = { method, origin: provider.base.origin, path: PATH, headers: [], body: undefined };
            await provider.sign(request, { number: 1, signal, now: host.now(), fresh: false });
            return lists.provider?.read(await host.fetch(request, signal), undefined as never, undefined) ?? [];
          },
          errors: dialect,
          endpoint: (ask) =>
            ask.operation === operation
              ? { dialect, surface, method, path: PATH, capabilities, ...(framing === undefined || !ask.stream ? {} : { framing }) }
              : undefined,
        };
      },
    }),
  },
};
export default plugin;
