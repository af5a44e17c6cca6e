import { type Ask, type Endpoint, GatewayError } from '@llm-proxy-auth/plugin';
import { encode } from './canonical.ts';
import { capabilitiesOf, OPENAI } from './capabilities.ts';
import type { Config } from './config.ts';
import { checkModelId, type ModelId, readModelId } from './model-id.ts';

type Api = NonNullable<Config['api']>;
export interface EndpointOptions {
  readonly api: Api | undefined;
  readonly guardrail: Config['guardrail'];
  readonly betas: readonly string[];
  /** Region that ARNs must name. */
  readonly region: string;
}

/** Families that cannot be reached through an API, even when the instance asks for it. */
const WITHOUT: Readonly<Record<Api, (family: string) => boolean>> = Object.freeze({
  converse: () => false,
  'anthropic-invoke': (family) => family !== 'anthropic' && family !== 'unknown',
  openai: (family) => family === 'anthropic' || family === 'amazon',
});
/** Where the client speaks the very API that the model has, bytes pass; everything else goes through Converse, which has every model. */
const byModel = (family: string, client: string): Api => {
  if (family === 'anthropic' && client === 'anthropic') return 'anthropic-invoke';
  return family === 'openai' && client === 'openai' ? 'openai' : 'converse';
};
const apiFor = (model: ModelId, client: string, wanted: Api | undefined): Api =>
  wanted === undefined ? byModel(model.family, client) : WITHOUT[wanted](model.family) ? 'converse' : wanted;

/** The guardrail as headers, which every API but Converse takes. */
const guardrailHeaders = (guardrail: Config['guardrail']): readonly string[] =>
  guardrail === undefined
    ? []
    : [
        'x-amzn-bedrock-guardrailidentifier',
        guardrail.id,
        'x-amzn-bedrock-guardrailversion',
        guardrail.version,
        ...(guardrail.trace === undefined ? [] : ['x-amzn-bedrock-trace', guardrail.trace.toUpperCase()]),
      ];
const OPENAI_PATHS: Readonly<Record<string, string>> = Object.freeze({ chat: '/openai/v1/chat/completions', responses: '/openai/v1/responses' });

const chatEndpoints = ({ guardrail }: EndpointOptions): Readonly<Record<Api, (ask: Ask, model: ModelId) => Endpoint>> => ({
  converse: (ask, model) => ({
    dialect: 'converse',
    surface: 'converse',
    method: 'POST',
    path: `/model/${encode(ask.model)}/${ask.stream ? 'converse-stream' : 'converse'}`,
    capabilities: capabilitiesOf(model),
  }),
  'anthropic-invoke': (ask, model) => ({
    dialect: 'anthropic',
    surface: 'messages',
    method: 'POST',
    path: `/model/${encode(ask.model)}/${ask.stream ? 'invoke-with-response-stream' : 'invoke'}`,
    framing: ask.stream ? 'aws-eventstream' : 'json',
    profile: 'bedrock-invoke',
    headers: guardrailHeaders(guardrail),
    capabilities: capabilitiesOf(model),
  }),
  openai: (ask) => {
    const surface = ask.dialect === 'openai' && ask.surface === 'responses' ? 'responses' : 'chat';
    return {
      dialect: 'openai',
      surface,
      method: 'POST',
      path: OPENAI_PATHS[surface] ?? '',
      headers: guardrailHeaders(guardrail),
      capabilities: OPENAI,
    };
  },
});

/** AWS would refuse it as no model of the region; told here, in words that say so. */
const checkRegion = (model: ModelId, region: string): void => {
  if (model.region !== undefined && model.region !== region)
    throw new GatewayError('region_not_allowed', `The ARN names ${model.region}, but this instance is in ${region}.`, { param: 'model' });
};

/** Which API of Bedrock serves an operation for a model. */
export const endpoints = (options: EndpointOptions): ((ask: Ask) => Endpoint | undefined) => {
  const chat = chatEndpoints(options);
  return (ask) => {
    if (ask.operation !== 'chat') return undefined;
    const model = readModelId(checkModelId(ask.model));
    checkRegion(model, options.region);
    return chat[apiFor(model, ask.dialect, options.api)](ask, model);
  };
};
