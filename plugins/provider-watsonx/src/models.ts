import {
  asList,
  asNumber,
  asObject,
  asText,
  dayOf,
  type Fields,
  GatewayError,
  type Host,
  type ModelInfo,
  textOf,
  type UpstreamReply,
  type UpstreamRequest,
} from '@llm-proxy-auth/plugin';
import type { Deployments } from './deployments.ts';

export interface Listing {
  readonly origin: string;
  readonly path: string;
  readonly version: string;
  readonly deployments: Deployments;
  readonly host: Host;
  /** Undefined: the list is public. */
  readonly sign: ((request: UpstreamRequest) => void | Promise<void>) | undefined;
}
interface Page {
  readonly models: readonly Fields[];
  /** Token of the next page, where there is one. */
  readonly next: string | undefined;
}
const pageOf = (reply: UpstreamReply): Page | undefined => {
  try {
    const body = asObject(JSON.parse(textOf(reply.body)));
    if (body === undefined || !Array.isArray(body.resources)) return undefined;
    const href = asText(asObject(body.next)?.href);
    const next = href === undefined ? undefined : (new URL(href, 'https://next.invalid').searchParams.get('start') ?? undefined);
    return { models: body.resources.map(asObject).filter((one) => one !== undefined), next };
  } catch {
    return undefined;
  }
};

/** Asks one page. Throws GatewayError `upstream_auth_failed` or `upstream_bad_response`, without a word of IBM's. */
export const askSpecs = async ({ origin, path, version, host, sign }: Listing, query: string, signal: AbortSignal): Promise<Page> => {
  const request: UpstreamRequest = {
    method: 'GET',
    origin,
    path: `${path}/ml/v1/foundation_model_specs?version=${version}&${query}`,
    headers: ['accept', 'application/json'],
    body: undefined,
  };
  await sign?.(request);
  const reply = await host.fetch(request, signal);
  if (reply.status === 401 || reply.status === 403) throw new GatewayError('upstream_auth_failed', 'watsonx.ai refused the credential of this instance.');
  const page = reply.status === 200 ? pageOf(reply) : undefined;
  if (page === undefined) throw new GatewayError('upstream_bad_response', `watsonx.ai answered the model list with status ${reply.status} and no list.`);
  return page;
};

const startOf = (model: Fields, state: string): string | undefined =>
  asText(asObject(asList(model.lifecycle).find((one) => asObject(one)?.id === state))?.start_date);
/** Epoch ms at which a model enters a state; undefined when it never does. */
const since = (model: Fields, state: string): number | undefined => {
  const at = Date.parse(startOf(model, state) ?? '');
  return Number.isNaN(at) ? undefined : at;
};
/** Models that can be called now. */
const modelOf = (model: Fields, now: number): ModelInfo | undefined => {
  const id = asText(model.model_id);
  if (id === undefined || (since(model, 'withdrawn') ?? Number.POSITIVE_INFINITY) <= now) return undefined;
  const functions = new Set(asList(model.functions).map((one) => asObject(one)?.id));
  const created = since(model, 'available');
  return {
    id,
    owner: asText(model.provider)?.toLowerCase(),
    created: created === undefined ? undefined : Math.floor(created / 1_000),
    context: asNumber(asObject(model.model_limits)?.max_sequence_length),
    // A stage may be left out: what is constricted can be called, and is on its way out.
    deprecated: dayOf(startOf(model, 'deprecated') ?? startOf(model, 'constricted')),
    retires: dayOf(startOf(model, 'withdrawn')),
    ...(functions.size === 0 ? {} : { capabilities: { images: functions.has('image_chat') } }),
  };
};
const MOST_PAGES = 20;
/** Every page of the foundation models, and the deployments of the configuration. */
export const listModels =
  (listing: Listing) =>
  async (signal: AbortSignal): Promise<readonly ModelInfo[]> => {
    const found: ModelInfo[] = listing.deployments.names.map((id) => ({ id, owner: 'deployment' }));
    let start: string | undefined;
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const cursor = start === undefined ? '' : `&start=${encodeURIComponent(start)}`;
      const page = await askSpecs(listing, `limit=200${cursor}`, signal);
      found.push(...page.models.flatMap((model) => modelOf(model, listing.host.now()) ?? []));
      start = page.next;
      if (start === undefined) break;
    }
    return found;
  };
