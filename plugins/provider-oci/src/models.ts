import {
  asNumber,
  asObject,
  asText,
  dayOf,
  type Fields,
  GatewayError,
  type Host,
  header,
  isObject,
  type ModelInfo,
  type UpstreamReply,
  type UpstreamRequest,
} from '@llm-proxy-auth/plugin';
import { VERSION } from './endpoint.ts';

export interface Management {
  readonly origin: string;
  readonly path: string;
  readonly compartment: string;
  readonly host: Host;
  readonly sign: (request: UpstreamRequest) => void | Promise<void>;
}
const bodyOf = (reply: UpstreamReply): Fields | undefined => {
  try {
    return reply.status === 200 ? asObject(JSON.parse(new TextDecoder().decode(reply.body))) : undefined;
  } catch {
    return undefined;
  }
};
/** The objects of a list. Throws where there is none. */
const listed = (items: unknown, { status }: UpstreamReply): readonly Fields[] => {
  if (!Array.isArray(items)) throw new GatewayError('upstream_bad_response', `OCI answered the model list with status ${status} and no list.`);
  return items.filter(isObject);
};
const ask = async ({ origin, path, host, sign }: Management, place: string, signal: AbortSignal): Promise<UpstreamReply> => {
  const request: UpstreamRequest = { method: 'GET', origin, path: `${path}${place}`, headers: ['accept', 'application/json'], body: undefined };
  await sign(request);
  return host.fetch(request, signal);
};
const MOST_PAGES = 50;
/** What a chat, an embedding or a rerank call can name; models to be trained alone are left out. */
const CALLED: ReadonlySet<string> = new Set(['CHAT', 'TEXT_EMBEDDINGS', 'TEXT_RERANK', 'IMAGE_TEXT_TO_TEXT', 'TEXT_GENERATION']);
const textsOf = (v: unknown): readonly string[] => (Array.isArray(v) ? v.filter((each) => typeof each === 'string') : []);
/** A base model is called by its name, which is its `displayName`; one of the tenancy by its OCID. */
const modelOf = (v: Fields): ModelInfo | undefined => {
  const id = v.type === 'CUSTOM' ? asText(v.id) : (asText(v.displayName) ?? asText(v.id));
  if (id === undefined || (v.lifecycleState !== undefined && v.lifecycleState !== 'ACTIVE')) return undefined;
  const capabilities = textsOf(v.capabilities);
  if (capabilities.length > 0 && !capabilities.some((each) => CALLED.has(each))) return undefined;
  const created = Date.parse(asText(v.timeCreated) ?? '');
  return {
    id,
    owner: asText(v.vendor)?.toLowerCase(),
    created: Number.isNaN(created) ? undefined : Math.floor(created / 1000),
    deprecated: dayOf(v.timeDeprecated),
    retires: dayOf(v.timeOnDemandRetired),
    ...(capabilities.length > 0 ? { capabilities: { images: capabilities.includes('IMAGE_TEXT_TO_TEXT') } } : {}),
  };
};

/** Every page of ListModels. Throws GatewayError `upstream_auth_failed` or `upstream_bad_response`, without a word of OCI's. */
export const listModels =
  (management: Management) =>
  async (signal: AbortSignal): Promise<readonly ModelInfo[]> => {
    const models: ModelInfo[] = [];
    let page: string | undefined;
    for (let turn = 0; turn < MOST_PAGES; turn++) {
      const query = `compartmentId=${encodeURIComponent(management.compartment)}&limit=100${page === undefined ? '' : `&page=${encodeURIComponent(page)}`}`;
      const reply = await ask(management, `${VERSION}/models?${query}`, signal);
      if (reply.status === 401 || reply.status === 403 || reply.status === 404)
        throw new GatewayError('upstream_auth_failed', 'OCI refused to list models; the credential needs `inspect generative-ai-model` in the compartment.');
      models.push(...listed(bodyOf(reply)?.items, reply).flatMap((each) => modelOf(each) ?? []));
      page = header(reply.headers, 'opc-next-page');
      if (page === undefined || page === '') break;
    }
    return models;
  };

/** Models of the OpenAI-compatible API, which is all that an API key reaches. */
export const COMPATIBLE_MODELS = '/openai/v1/models';
const compatibleModel = ({ id, created, owned_by: owner }: Fields): ModelInfo | undefined => {
  const [name, made] = [asText(id), asNumber(created)];
  // 0 says that it is not known.
  return name === undefined ? undefined : { id: name, owner: asText(owner), created: made === 0 ? undefined : made };
};
/** Every page of it. Throws GatewayError; `operation_not_supported` in a region that has no such list. */
export const listCompatible =
  (management: Management) =>
  async (signal: AbortSignal): Promise<readonly ModelInfo[]> => {
    const models: ModelInfo[] = [];
    let after: string | undefined;
    for (let turn = 0; turn < MOST_PAGES; turn++) {
      const reply = await ask(management, `${COMPATIBLE_MODELS}${after === undefined ? '' : `?after=${encodeURIComponent(after)}`}`, signal);
      if (reply.status === 401 || reply.status === 403) throw new GatewayError('upstream_auth_failed', 'OCI refused the API key of this instance.');
      if (reply.status === 404)
        throw new GatewayError('operation_not_supported', 'OCI lists no models to API keys in this region; `models` of the instance can say them.');
      const body = bodyOf(reply);
      const page = listed(body?.data, reply).flatMap((each) => compatibleModel(each) ?? []);
      models.push(...page);
      after = page.at(-1)?.id;
      if (body?.has_more !== true || after === undefined) break;
    }
    return models;
  };
