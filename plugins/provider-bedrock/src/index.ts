import { correctedClock, type Dialect, define, GatewayError, type Host, type Plugin, type Provider, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import { askChain } from './chain.ts';
import { timeInText } from './clock.ts';
import { type Config, config } from './config.ts';
import { awsCredentials } from './credentials.ts';
import { type EndpointOptions, endpoints } from './endpoint.ts';
import { factsAt } from './facts.ts';
import { invokeDialect } from './invoke/dialect.ts';
import { MANTLE, mantleEndpoints, mantleModels } from './mantle.ts';
import { type ControlPlane, listModels } from './models.ts';
import { type NativeOptions, nativeTable } from './native.ts';
import { accountOf } from './own-arn.ts';
import { placesOf } from './places.ts';
import { probe } from './probe.ts';
import { profilesOf } from './profiles.ts';
import { judge, readRefusal, type Verdict } from './rejected.ts';
import { METRIC_ALIASES, shortcuts } from './shortcuts.ts';
import { awsSigner, bearerSigner } from './sign.ts';
import { sigV4 } from './sigv4.ts';

/** Parts that tests replace. */
export interface Parts {
  readonly chain: typeof askChain;
  readonly random: () => number;
}
const REAL: Parts = Object.freeze({ chain: askChain, random: Math.random });

/** Which kind of credential an instance uses: what it says, else a Bedrock API key where there is one, else the chain of AWS. */
const kindOf = ({ credentials }: Config): 'default' | 'static' | 'bearer' => {
  const { type, token, accessKeyId, secretAccessKey } = credentials;
  const kind = type ?? (token === undefined || token.peek()?.trim() === '' || credentials.assumeRole !== undefined ? 'default' : 'bearer');
  if (kind === 'static' && (accessKeyId === undefined || secretAccessKey === undefined))
    throw new GatewayError('invalid_request', 'credentials of type static need accessKeyId and secretAccessKey');
  if (kind === 'bearer' && token === undefined) throw new GatewayError('invalid_request', 'credentials of type bearer need token, or AWS_BEARER_TOKEN_BEDROCK');
  if (kind === 'bearer' && credentials.assumeRole !== undefined) throw new GatewayError('invalid_request', 'a Bedrock API key cannot assume a role');
  return kind;
};

type Api = Pick<Provider, 'errors' | 'endpoint' | 'native' | 'learn' | 'models' | 'probe'>;
const runtimeApi = (data: ControlPlane, plane: ControlPlane, choice: EndpointOptions, native: NativeOptions): Api => {
  const { know, learn, stands } = profilesOf(plane, choice);
  return {
    errors: 'converse',
    endpoint: endpoints({ ...choice, stands }),
    native: nativeTable(native),
    learn,
    models: listModels(plane, know),
    probe: probe(data, '/openai/v1/models'),
  };
};
const mantleApi = (data: ControlPlane, choice: EndpointOptions, native: NativeOptions): Api => ({
  errors: 'openai',
  endpoint: mantleEndpoints(choice),
  native: nativeTable(native, MANTLE),
  models: mantleModels(data),
  probe: probe(data, '/v1/models'),
});

/** One AWS account in one region. */
export const createProvider = (settings: Config, host: Host, parts: Parts = REAL): Provider => {
  const { base, region, control, mantle } = placesOf(settings);
  const kind = kindOf(settings);
  const clock = correctedClock(() => host.now());
  const signature = sigV4();
  const cache = awsCredentials(settings, { host, clock, sign: signature, ...parts });
  let last: Verdict | undefined;
  const { token } = settings.credentials;
  const bearer = kind === 'bearer' && token !== undefined;
  const sign = bearer
    ? bearerSigner(token, host)
    : awsSigner({ region, service: mantle ? 'bedrock-mantle' : 'bedrock', clock, cache, sign: signature, clockOnly: () => last === 'clock' });
  const signed = (request: UpstreamRequest): void | Promise<void> => sign(request, { fresh: false });
  const owner = { region, account: accountOf(settings.credentials.assumeRole?.arn) };
  const plane = { ...control, host, sign: signed };
  const data = { ...base, host, sign: signed };
  const choice = { api: settings.api, guardrail: settings.guardrail, betas: settings.betas ?? [], ...owner };
  const native = { ...owner, guardrail: settings.guardrail, controlOrigin: control.origin === base.origin ? undefined : control.origin };
  const api = mantle ? mantleApi(data, choice, native) : runtimeApi(data, plane, choice, native);
  host.log.info({ region, credentials: kind, assumesRole: settings.credentials.assumeRole !== undefined }, 'a Bedrock instance is set up');
  return {
    base,
    region,
    ...api,
    facts: factsAt(region, mantle),
    signs: bearer ? 'head' : 'body',
    sign,
    rejected(reply) {
      const verdict = judge(reply);
      if (verdict === undefined) return undefined;
      last = verdict;
      if (verdict === 'clock') clock.learn(reply, timeInText(readRefusal(reply).text));
      return verdict === 'refresh' && kind !== 'default' && settings.credentials.assumeRole === undefined ? 'credential' : verdict;
    },
    ...(bearer ? {} : { credentialExpires: () => cache.expires() }),
  };
};

const plugin: Plugin = {
  name: '@llm-proxy-auth/provider-bedrock',
  api: 1,
  providers: {
    bedrock: define<Provider>()({ summary: 'Amazon Bedrock in one account and region', config, create: (settings, host) => createProvider(settings, host) }),
  },
  dialects: {
    'bedrock-invoke': define<Dialect>()({
      summary: 'Bodies of InvokeModel that Bedrock alone has: embeddings and rerank',
      config: Type.Object({}, { additionalProperties: false }),
      create: () => invokeDialect,
    }),
  },
  shortcuts,
  metricAliases: METRIC_ALIASES,
};
export default plugin;
