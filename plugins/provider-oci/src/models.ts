import {
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
const itemsOf = (reply: UpstreamReply): readonly Fields[] | undefined => {
  try {
    const items = asObject(JSON.parse(new TextDecoder().decode(reply.body)))?.items;
    return Array.isArray(items) ? items.filter(isObject) : undefined;
  } catch {
    return undefined;
  }
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
  ({ origin, path, compartment, host, sign }: Management) =>
  async (signal: AbortSignal): Promise<readonly ModelInfo[]> => {
    const models: ModelInfo[] = [];
    let page: string | undefined;
    for (let turn = 0; turn < MOST_PAGES; turn++) {
      const query = `compartmentId=${encodeURIComponent(compartment)}&limit=100${page === undefined ? '' : `&page=${encodeURIComponent(page)}`}`;
      const request: UpstreamRequest = {
        method: 'GET',
        origin,
        path: `${path}${VERSION}/models?${query}`,
        headers: ['accept', 'application/json'],
        body: undefined,
      };
      await sign(request);
      const reply = await host.fetch(request, signal);
      if (reply.status === 401 || reply.status === 403 || reply.status === 404)
        throw new GatewayError('upstream_auth_failed', 'OCI refused to list models; the credential needs `inspect generative-ai-model` in the compartment.');
      const items = reply.status === 200 ? itemsOf(reply) : undefined;
      if (items === undefined) throw new GatewayError('upstream_bad_response', `OCI answered the model list with status ${reply.status} and no list.`);
      models.push(...items.flatMap((each) => modelOf(each) ?? []));
      page = header(reply.headers, 'opc-next-page');
      if (page === undefined || page === '') break;
    }
    return models;
  };
