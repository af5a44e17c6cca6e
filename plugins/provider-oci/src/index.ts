import {
  correctedClock,
  type Dialect,
  define,
  followApiKey,
  GatewayError,
  type Host,
  type Plugin,
  type Provider,
  type UpstreamRequest,
} from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import { readProfile } from './auth/config-file.ts';
import { type Kind, kindOf, ociCredentials, PRINCIPALS, type Principals } from './auth/credentials.ts';
import { bearerSigner, requestSigner } from './auth/sign.ts';
import { ociSignature } from './auth/signature.ts';
import { type Config, config } from './config.ts';
import { ociDialect } from './dialect/dialect.ts';
import { endpoints } from './endpoint.ts';
import { facts } from './facts.ts';
import { listCompatible, listModels } from './models.ts';
import { nativeTable } from './native.ts';
import { placesOf } from './places.ts';
import { probe } from './probe.ts';
import { judge, readRefusal, timeInText, type Verdict } from './rejected.ts';

/** Parts that tests replace. */
export interface Parts {
  readonly principals: Principals;
  readonly random: () => number;
}
const REAL: Parts = Object.freeze({ principals: PRINCIPALS, random: Math.random });

/** An API key is used where nothing that is written needs signatures. */
const isBearer = ({ apiKey, apiFormat, credentials }: Config): boolean =>
  apiKey !== undefined && credentials.type === undefined && (apiFormat === undefined || apiFormat === 'OPENAI');
const check = (settings: Config): void => {
  const { compartmentId, endpointId, apiFormat } = settings;
  if (!isBearer(settings) && compartmentId === '') throw new GatewayError('invalid_request', 'compartmentId is needed, or OCI_COMPARTMENT_ID');
  if (endpointId !== undefined && apiFormat === undefined)
    throw new GatewayError('invalid_request', 'endpointId needs apiFormat: an endpoint does not say which model it serves');
};
/** The configured region, else that of the profile. */
const regionOf = async ({ region, credentials }: Config, kind: Kind): Promise<string> => {
  const found = region ?? (kind === 'config-file' ? (await readProfile(credentials.file, credentials.profile).catch(() => undefined))?.region : undefined);
  if (found === undefined) throw new GatewayError('invalid_request', 'region is needed, or OCI_REGION, or a region in the profile');
  return found;
};

/** One compartment of OCI in one region. */
export const createProvider = async (settings: Config, host: Host, parts: Parts = REAL): Promise<Provider> => {
  check(settings);
  const { apiKey, compartmentId: compartment, endpointId, apiFormat, credentials } = settings;
  const bearer = isBearer(settings);
  const kind = kindOf(credentials);
  const { base, region, control } = placesOf(settings, await regionOf(settings, kind));
  const clock = correctedClock(() => host.now());
  const cache = ociCredentials(credentials, kind, { host, clock, ...parts });
  let last: Verdict | undefined;
  const sign =
    bearer && apiKey !== undefined
      ? bearerSigner(followApiKey(apiKey, host), compartment)
      : requestSigner({ compartment, clock, cache, sign: ociSignature(), clockOnly: () => last === 'clock' });
  const signed = (request: UpstreamRequest): void | Promise<void> => sign(request, { fresh: false });
  host.log.info({ region, credentials: bearer ? 'bearer' : kind }, 'an OCI instance is set up');
  return {
    base,
    region,
    errors: 'oci',
    endpoint: endpoints({ compartment, endpointId, apiFormat, bearer }),
    native: nativeTable({ compartment, endpointId, controlOrigin: control.origin === base.origin ? undefined : control.origin }),
    signs: bearer ? 'head' : 'body',
    sign,
    rejected(reply) {
      const verdict = judge(reply, clock);
      if (verdict === undefined) return undefined;
      if (bearer) return 'credential';
      last = verdict;
      if (verdict === 'clock') clock.learn(reply, timeInText(readRefusal(reply).text));
      return verdict === 'refresh' && kind === 'api-key' ? 'credential' : verdict;
    },
    // A dedicated cluster is paid by the hour.
    ...(endpointId === undefined ? { facts } : {}),
    models: bearer ? listCompatible({ ...base, compartment, host, sign: signed }) : listModels({ ...control, compartment, host, sign: signed }),
    probe: probe({ ...base, compartment, host, sign: signed }, bearer),
    ...(bearer ? {} : { credentialExpires: () => cache.expires() }),
  };
};

const plugin: Plugin = {
  name: '@llm-proxy-auth/provider-oci',
  api: 1,
  providers: {
    oci: define<Provider>()({
      summary: 'Oracle OCI Generative AI in one compartment and region',
      config,
      create: (settings, host) => createProvider(settings, host),
    }),
  },
  dialects: {
    oci: define<Dialect>()({
      summary: 'The formats of OCI Generative AI: GENERIC, COHERE and COHEREV2 chats, embeddings, rerank',
      config: Type.Object({}, { additionalProperties: false }),
      create: () => ociDialect,
    }),
  },
};
export default plugin;
