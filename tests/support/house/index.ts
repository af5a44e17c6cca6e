import { define, GatewayError, type Plugin, type Provider, Secret } from '@llm-proxy-auth/plugin';
import openai from '@llm-proxy-auth/provider-openai';
import { auth, counters, dialect, store } from './kinds.ts';

const whole = openai.providers?.openai;
if (whole === undefined) throw new Error('provider-openai has no provider');

/** `Secret` is optional here: an object schema lists what is required by name. */
const schema = {
  ...whole.config,
  properties: { ...(whole.config as { properties?: object }).properties, staleKey: Secret({ description: 'Sent until it is refused once.' }) },
};

/** What OpenAI's provider never does: a token that is renewed when it is refused, small batches, a probe, counters of its own. */
const plugin: Plugin = {
  name: '@acme/provider-house',
  api: 1,
  auth: { house: auth },
  stores: { house: store },
  counters: { house: counters },
  dialects: { house: dialect },
  providers: {
    house: define<Provider>()({
      summary: 'An OpenAI-compatible server behind a token that runs out',
      config: schema,
      create: async (config, host) => {
        const provider = await whole.create(config, host);
        const signed = host.metrics.counter('house_signed_total');
        const stale = (config as { readonly staleKey?: Secret }).staleKey?.peek();
        let renewed = stale === undefined;
        return {
          ...provider,
          endpoint: (ask) => {
            const known = provider.endpoint({ ...ask, dialect: '', surface: ask.operation });
            if (known === undefined) return provider.endpoint(ask);
            if (ask.operation !== 'embeddings') return known;
            return ask.model.includes('large') ? { ...known, batch: 2 } : { ...known, batch: 2, profile: 'house' };
          },
          async sign(request, attempt) {
            signed.add(1);
            renewed ||= attempt.fresh;
            if (renewed) await provider.sign(request, attempt);
            else request.headers.push('authorization', `Bearer ${stale}`);
          },
          rejected: (reply) => (reply.status === 401 ? 'refresh' : undefined),
          async probe(signal) {
            const { origin } = provider.base;
            const reply = await host.fetch({ method: 'GET', origin, path: '/probe', headers: [], body: undefined }, signal);
            if (reply.status !== 200) throw new GatewayError('upstream_unreachable', 'The probe was refused.');
          },
        };
      },
    }),
  },
};
export default plugin;
