import { type Ask, asText, type Endpoint, type Fields, type ModelInfo } from '@llm-proxy-auth/plugin';
import { capabilitiesOf, OPENAI } from './capabilities.ts';
import type { EndpointOptions } from './endpoint.ts';
import { guardrailHeaders, unsaid } from './guardrail.ts';
import { checkModelId, readModelId } from './model-id.ts';
import { askList, type ControlPlane } from './models.ts';
import { type Entry, models, OWNED, post } from './native.ts';

/*
 * The host `bedrock-mantle`: chat completions and responses of OpenAI, messages of Anthropic, each under the vendor's own paths, and
 * nothing of Bedrock's own API. https://docs.aws.amazon.com/bedrock/latest/userguide/endpoints.html
 */
const VERSION: readonly string[] = ['anthropic-version', '2023-06-01'];
const messages = (ask: Ask, surface: string, path: string, { guardrail, betas }: EndpointOptions): Endpoint => ({
  dialect: 'anthropic',
  surface,
  method: 'POST',
  path,
  headers: [
    ...(ask.dialect === 'anthropic' ? [] : VERSION),
    ...(betas.length === 0 ? [] : ['anthropic-beta', betas.join(',')]),
    ...guardrailHeaders(guardrail),
  ],
  capabilities: capabilitiesOf(readModelId(ask.model)),
  ...unsaid(guardrail),
});
const openai = (ask: Ask, { guardrail }: EndpointOptions): Endpoint => {
  const responses = ask.dialect === 'openai' && ask.surface === 'responses';
  return {
    dialect: 'openai',
    surface: responses ? 'responses' : 'chat',
    method: 'POST',
    path: responses ? '/v1/responses' : '/v1/chat/completions',
    headers: guardrailHeaders(guardrail),
    capabilities: OPENAI,
    ...unsaid(guardrail),
  };
};
/** Claude speaks Anthropic's API there, everything else OpenAI's. */
export const mantleEndpoints =
  (options: EndpointOptions): ((ask: Ask) => Endpoint | undefined) =>
  (ask) => {
    if (ask.operation !== 'chat' && ask.operation !== 'countTokens') return undefined;
    const claude = readModelId(checkModelId(ask.model)).family === 'anthropic';
    if (ask.operation === 'chat') return claude ? messages(ask, 'messages', '/anthropic/v1/messages', options) : openai(ask, options);
    return claude ? messages(ask, 'count_tokens', '/anthropic/v1/messages/count_tokens', options) : undefined;
  };

const chat = (path: string): Entry => post(path, 'chat', 'sse', { surface: ['openai', 'chat'], modelIn: 'body', ids: 'chat', guarded: 'head' });
const responses = (path: string): Entry => post(path, 'chat', 'sse', { surface: ['openai', 'responses'], modelIn: 'body', ids: 'responses', guarded: 'head' });
const listed = (path: string): Entry => ({ method: 'GET', path, operation: 'models', framing: 'json', reach: models });
const stored = (method: string, path: string): Entry => ({ method, path, operation: 'opaque', framing: 'json', reach: OWNED });

/** The closed table of transparent mode there. Some models are under `/openai/v1` alone. */
export const MANTLE: readonly Entry[] = Object.freeze([
  chat('v1/chat/completions'),
  chat('openai/v1/chat/completions'),
  responses('v1/responses'),
  responses('openai/v1/responses'),
  {
    ...stored('GET', 'v1/responses/{id}'),
    surface: ['openai', 'responses-stored'],
    framing: 'sse',
    reach: { class: 'stateful' },
    ids: 'storedResponse',
  } as const,
  stored('DELETE', 'v1/responses/{id}'),
  stored('POST', 'v1/responses/{id}/cancel'),
  post('anthropic/v1/messages', 'chat', 'sse', { surface: ['anthropic', 'messages'], modelIn: 'body', guarded: 'head' }),
  post('anthropic/v1/messages/count_tokens', 'countTokens', 'json', { surface: ['anthropic', 'count_tokens'], modelIn: 'body' }),
  listed('v1/models'),
  listed('openai/v1/models'),
]);

const modelOf = (v: Fields): ModelInfo | undefined => {
  const id = asText(v.id);
  return id === undefined ? undefined : { id, owner: asText(v.owned_by), created: typeof v.created === 'number' ? v.created : undefined };
};
const RIGHTS = 'AWS refused to list models; the credential may not use bedrock-mantle.';
/** `GET /v1/models`. Throws GatewayError `upstream_auth_failed` or `upstream_bad_response`. */
export const mantleModels =
  (plane: ControlPlane) =>
  async (signal: AbortSignal): Promise<readonly ModelInfo[]> => {
    const { items } = await askList(plane, '/v1/models', 'data', signal, RIGHTS);
    return items.flatMap((each) => modelOf(each) ?? []);
  };
