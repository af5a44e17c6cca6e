import { type Dialect, define, type Host, type Plugin, type Provider, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import { type Config, config } from './config.ts';
import { credentialsOf, type Parts } from './credentials.ts';
import { deploymentsOf } from './deployments.ts';
import { watsonxDialect } from './dialect/dialect.ts';
import { WATSONX } from './dialect/words.ts';
import { endpoints } from './endpoint.ts';
import { facts } from './facts.ts';
import { askSpecs, listModels } from './models.ts';
import { native } from './native.ts';
import { placesOf } from './places.ts';
import { judge } from './rejected.ts';
import { signer } from './sign.ts';
import { askToken } from './tokens.ts';

const REAL: Parts = Object.freeze({ ask: askToken, random: Math.random });
/** Where models are listed to nobody in particular; a cluster of one's own may ask who it is. */
const PUBLIC: ReadonlySet<string> = new Set(['apikey', 'trusted-profile']);

/** Of those who run it themselves. */
const CLUSTER: ReadonlySet<string> = new Set(['cp4d', 'zen']);

/** One project or space of watsonx.ai. */
export const createProvider = (settings: Config, host: Host, parts: Parts = REAL): Provider => {
  const { base, region, account } = placesOf(settings);
  const { version } = settings;
  const deployments = deploymentsOf(settings.deployments);
  const credentials = credentialsOf(settings, base.origin, host, parts);
  const sign = signer(credentials);
  const signed = (request: UpstreamRequest): void | Promise<void> => sign(request, { fresh: false });
  const listing = { ...base, version, deployments, host };
  const known = { version, account, deployments };
  const { expires } = credentials;
  host.log.info({ region, credentials: credentials.kind }, 'a watsonx.ai instance is set up');
  return {
    base,
    region,
    errors: WATSONX,
    endpoint: endpoints(known),
    native: native(known),
    signs: 'head',
    sign,
    rejected(reply) {
      const verdict = judge(reply);
      return verdict === 'refresh' && expires === undefined ? 'credential' : verdict;
    },
    // Prices are those of IBM Cloud: a cluster of one's own has none, and a deployment's name tells nothing of what it costs.
    facts: (model) => (CLUSTER.has(credentials.kind) || deployments.names.includes(model) ? undefined : facts(model)),
    models: listModels({ ...listing, sign: PUBLIC.has(credentials.kind) ? undefined : signed }),
    // Whether the credential is good is asked too, which a public list would not say.
    probe: async (signal) => void (await askSpecs({ ...listing, sign: signed }, 'limit=1', signal)),
    ...(expires === undefined ? {} : { credentialExpires: expires }),
  };
};

const plugin: Plugin = {
  name: '@llm-proxy-auth/provider-watsonx',
  api: 1,
  providers: {
    watsonx: define<Provider>()({ summary: 'IBM watsonx.ai in one project or space', config, create: (settings, host) => createProvider(settings, host) }),
  },
  dialects: {
    watsonx: define<Dialect>()({
      summary: 'What watsonx.ai speaks: chat, generations, embeddings, rerank, token counts',
      config: Type.Object({}, { additionalProperties: false }),
      create: () => watsonxDialect,
    }),
  },
};
export default plugin;
