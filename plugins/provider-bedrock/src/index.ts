import { correctedClock, type Dialect, define, GatewayError, type Host, type Plugin, type Provider, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import { askChain } from './chain.ts';
import { timeInText } from './clock.ts';
import { type Config, config } from './config.ts';
import { awsCredentials } from './credentials.ts';
import { endpoints } from './endpoint.ts';
import { invokeDialect } from './invoke/dialect.ts';
import { listModels } from './models.ts';
import { nativeTable } from './native.ts';
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

/** One AWS account in one region. */
export const createProvider = (settings: Config, host: Host, parts: Parts = REAL): Provider => {
  const { base, region, control } = placesOf(settings);
  const kind = kindOf(settings);
  const clock = correctedClock(() => host.now());
  const signature = sigV4();
  const cache = awsCredentials(settings, { host, clock, sign: signature, ...parts });
  let last: Verdict | undefined;
  const { token } = settings.credentials;
  const bearer = kind === 'bearer' && token !== undefined;
  const sign = bearer ? bearerSigner(token, host) : awsSigner({ region, clock, cache, sign: signature, clockOnly: () => last === 'clock' });
  const signed = (request: UpstreamRequest): void | Promise<void> => sign(request, { fresh: false });
  const owner = { region, account: accountOf(settings.credentials.assumeRole?.arn) };
  const plane = { ...control, host, sign: signed };
  const { know, learn, stands } = profilesOf(plane, owner);
  const models = listModels(plane, know);
  host.log.info({ region, credentials: kind, assumesRole: settings.credentials.assumeRole !== undefined }, 'a Bedrock instance is set up');
  return {
    base,
    region,
    errors: 'converse',
    endpoint: endpoints({ api: settings.api, guardrail: settings.guardrail, betas: settings.betas ?? [], stands, ...owner }),
    learn,
    native: nativeTable({ ...owner, guardrail: settings.guardrail, controlOrigin: control.origin === base.origin ? undefined : control.origin }),
    signs: bearer ? 'head' : 'body',
    sign,
    rejected(reply) {
      const verdict = judge(reply);
      if (verdict === undefined) return undefined;
      last = verdict;
      if (verdict === 'clock') clock.learn(reply, timeInText(readRefusal(reply).text));
      return verdict === 'refresh' && kind !== 'default' && settings.credentials.assumeRole === undefined ? 'credential' : verdict;
    },
    models,
    probe: probe({ ...base, host, sign: signed }),
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
