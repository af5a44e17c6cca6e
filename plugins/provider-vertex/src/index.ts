import { define, followApiKey, type Host, type Plugin, type Provider, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import { type Config, config } from './config.ts';
import { askSource } from './credentials/chain.ts';
import { checkFile } from './credentials/check-file.ts';
import { googleCredentials, kindOf } from './credentials/credentials.ts';
import { endpoints } from './endpoint.ts';
import { factsAt } from './facts.ts';
import { listModels } from './models.ts';
import { COUNTED_CACHES, nativeOf } from './native.ts';
import { pinnedChat, pinnedTo } from './pinned.ts';
import { placesOf } from './places.ts';
import { probe } from './probe.ts';
import { judge } from './rejected.ts';
import { cachedSigner, type Sign, tokenSigner } from './sign.ts';

/** Parts that tests replace. */
export interface Parts {
  readonly ask: typeof askSource;
  readonly random: () => number;
}
const REAL: Parts = Object.freeze({ ask: askSource, random: Math.random });

interface Signing {
  readonly sign: Sign;
  /** Absent where somebody else renews the token. */
  readonly expires?: (() => number | undefined) | undefined;
}
const signingOf = (settings: Config, host: Host, parts: Parts): Signing & { readonly kind: string } => {
  const kind = kindOf(settings);
  const { token } = settings.credentials;
  if (kind === 'token' && token !== undefined) return { kind, sign: tokenSigner(followApiKey(token, host), settings.quotaProject) };
  const cache = googleCredentials(settings, kind === 'token' ? 'default' : kind, { host, moved: placesOf(settings).moved, ...parts });
  return { kind, sign: cachedSigner(cache, settings.quotaProject), expires: cache.expires };
};

/** One project of Google Cloud in one location. */
export const createProvider = (settings: Config, host: Host, parts: Parts = REAL): Provider => {
  const { base, parent, ranking } = placesOf(settings);
  const { project, location, thoughtSignatures, betas = [] } = settings;
  const { kind, sign, expires } = signingOf(settings, host, parts);
  const listing = { ...base, host, sign: (request: UpstreamRequest) => sign(request, { fresh: false }) };
  host.log.info({ project, location, credentials: kind }, 'a Vertex AI instance is set up');
  return {
    base,
    region: location,
    errors: 'gemini',
    endpoint: endpoints({
      project,
      location,
      parent,
      ranking,
      thoughtSignatures,
      betas,
      judge: pinnedTo({ project, location }, { owned: COUNTED_CACHES }),
      judgeChat: pinnedChat({ project, location }),
      judgePrediction: pinnedTo({ project, location }, { format: 'prediction' }),
    }),
    native: nativeOf({ project, location }, ranking),
    signs: 'head',
    sign,
    rejected(reply) {
      const verdict = judge(reply);
      return verdict === 'refresh' && expires === undefined ? 'credential' : verdict;
    },
    facts: factsAt({ project, location }),
    models: listModels(listing),
    probe: probe(listing),
    ...(expires === undefined ? {} : { credentialExpires: expires }),
  };
};

const plugin: Plugin = {
  name: '@llm-proxy-auth/provider-vertex',
  api: 1,
  providers: {
    vertex: define<Provider>()({
      summary: 'Google Vertex AI in one project and location',
      config,
      async create(settings, host) {
        await checkFile(settings);
        return createProvider(settings, host);
      },
    }),
  },
};
export default plugin;
