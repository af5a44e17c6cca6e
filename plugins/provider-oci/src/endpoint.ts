import type { Ask, Endpoint, Json } from '@llm-proxy-auth/plugin';
import { capabilitiesOf, EMBEDDING } from './capabilities.ts';
import { OCI } from './dialect/name.ts';
import { type ApiFormat, checkModelId, formatOf, isEndpoint } from './model-id.ts';

export interface EndpointOptions {
  readonly compartment: string;
  /** Endpoint of a dedicated cluster that chats go to. */
  readonly endpointId: string | undefined;
  readonly apiFormat: ApiFormat | undefined;
  /** An API key, which the OpenAI-compatible paths alone take. */
  readonly bearer: boolean;
}
/** Version of the API, which stands in every path. */
export const VERSION = '/20231130';
const ACTIONS = `${VERSION}/actions`;
const OPENAI_PATHS: Readonly<Record<string, string>> = Object.freeze({ chat: `${ACTIONS}/v1/chat/completions`, responses: `${ACTIONS}/v1/responses` });
const SURFACES: Readonly<Record<Exclude<ApiFormat, 'OPENAI'>, string>> = Object.freeze({ GENERIC: 'generic', COHERE: 'cohere', COHEREV2: 'coherev2' });

const servingMode = (model: string, dedicated: string | undefined): Json => {
  const endpointId = dedicated ?? (isEndpoint(model) ? model : undefined);
  return endpointId === undefined ? { servingType: 'ON_DEMAND', modelId: model } : { servingType: 'DEDICATED', endpointId };
};
const compatible = (ask: Ask): Endpoint => {
  const surface = ask.dialect === 'openai' && ask.surface === 'responses' ? 'responses' : 'chat';
  return { dialect: 'openai', surface, method: 'POST', path: OPENAI_PATHS[surface] ?? '', capabilities: capabilitiesOf('OPENAI', ask.model) };
};
/** Below the API's own paths the body says where a call is served and who pays. */
const action = (options: EndpointOptions, model: string, dedicated?: string): Pick<Endpoint, 'dialect' | 'method' | 'members'> => ({
  dialect: OCI,
  method: 'POST',
  members: { compartmentId: options.compartment, servingMode: servingMode(model, dedicated) },
});
const chat = (ask: Ask, options: EndpointOptions): Endpoint => {
  const format = options.apiFormat ?? (options.bearer ? 'OPENAI' : formatOf(ask.model));
  if (format === 'OPENAI') return compatible(ask);
  return {
    ...action(options, ask.model, options.endpointId),
    surface: SURFACES[format],
    path: `${ACTIONS}/chat`,
    capabilities: capabilitiesOf(format, ask.model),
  };
};

/** Which API of the service serves an operation for a model. */
export const endpoints =
  (options: EndpointOptions) =>
  (ask: Ask): Endpoint | undefined => {
    if (ask.operation === 'chat') return chat({ ...ask, model: checkModelId(ask.model) }, options);
    if (options.bearer) return undefined;
    if (ask.operation === 'embeddings')
      return { ...action(options, checkModelId(ask.model)), surface: 'embed', path: `${ACTIONS}/embedText`, batch: 96, capabilities: EMBEDDING };
    if (ask.operation === 'rerank')
      return { ...action(options, checkModelId(ask.model)), surface: 'rerank', path: `${ACTIONS}/rerankText`, capabilities: EMBEDDING };
    return undefined;
  };
