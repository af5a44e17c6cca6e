import {
  asObject,
  asText,
  type Fields,
  GatewayError,
  type Host,
  isObject,
  type ModelInfo,
  type UpstreamReply,
  type UpstreamRequest,
} from '@llm-proxy-auth/plugin';
import type { Place } from './places.ts';

export interface Listing extends Place {
  readonly host: Host;
  readonly sign: (request: UpstreamRequest) => void | Promise<void>;
}
interface Page {
  readonly items: readonly Fields[];
  readonly next: string | undefined;
}
const MOST_PAGES = 20;
const pageOf = (reply: UpstreamReply): Page | undefined => {
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(reply.body));
    if (!isObject(body)) return undefined;
    const { publisherModels = [], nextPageToken } = body;
    const next = asText(nextPageToken);
    return Array.isArray(publisherModels) ? { items: publisherModels.filter(isObject), next: next === '' ? undefined : next } : undefined;
  } catch {
    return undefined;
  }
};
/** One page of a publisher's models. Throws GatewayError `upstream_auth_failed` or `upstream_bad_response`, without a word of Google's. */
const ask = async ({ origin, path, host, sign }: Listing, publisher: string, token: string | undefined, signal: AbortSignal): Promise<Page> => {
  const cursor = token === undefined ? '' : `&pageToken=${encodeURIComponent(token)}`;
  const request: UpstreamRequest = {
    method: 'GET',
    origin,
    path: `${path}/v1beta1/publishers/${publisher}/models?pageSize=100${cursor}`,
    headers: ['accept', 'application/json'],
    body: undefined,
  };
  await sign(request);
  const reply = await host.fetch(request, signal);
  if (reply.status === 401 || reply.status === 403)
    throw new GatewayError(
      'upstream_auth_failed',
      'Google refused to list models; the account needs aiplatform.publisherModels.list, as in roles/aiplatform.user.',
    );
  // A publisher that this location does not know has no models here.
  if (reply.status === 404) return { items: [], next: undefined };
  const page = reply.status === 200 ? pageOf(reply) : undefined;
  if (page === undefined) throw new GatewayError('upstream_bad_response', `Google answered the model list with status ${reply.status} and no list.`);
  return page;
};

/** Publishers of models that this provider serves, and which of the garden's many entries are such. */
const PUBLISHERS: readonly { readonly name: string; readonly serves: RegExp }[] = Object.freeze([
  { name: 'google', serves: /^gemini-|embedding/ },
  { name: 'anthropic', serves: /^claude-/ },
  { name: 'meta', serves: /-maas$/ },
  { name: 'mistralai', serves: /./ },
  { name: 'ai21', serves: /./ },
  { name: 'deepseek-ai', serves: /-maas$/ },
  { name: 'qwen', serves: /-maas$/ },
  { name: 'openai', serves: /-maas$/ },
  { name: 'moonshotai', serves: /-maas$/ },
  { name: 'minimaxai', serves: /-maas$/ },
  { name: 'zai-org', serves: /-maas$/ },
]);
const BARE: ReadonlySet<string> = new Set(['google', 'anthropic']);
const modelOf = (publisher: string, serves: RegExp, item: Fields): ModelInfo | undefined => {
  const id = /^publishers\/[^/]+\/models\/([^/]+)$/.exec(asText(item.name) ?? '')?.[1];
  if (id === undefined || !serves.test(id)) return undefined;
  const version = asText(item.versionId);
  // Claude's versions are part of what is called; `default` is the newest, which the bare name means too.
  const versioned = publisher === 'anthropic' && version !== undefined && /^\d{8}$/.test(version) ? `${id}@${version}` : id;
  return { id: BARE.has(publisher) ? versioned : `${publisher}/${id}`, owner: publisher, context: contextOf(item) };
};
const contextOf = (item: Fields): number | undefined => {
  const limit = asObject(item.publisherModelTemplate)?.inputTokenLimit;
  return typeof limit === 'number' ? limit : undefined;
};

const listOf = async (listing: Listing, name: string, serves: RegExp, signal: AbortSignal): Promise<readonly ModelInfo[]> => {
  const found: ModelInfo[] = [];
  let next: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const page = await ask(listing, name, next, signal);
    found.push(...page.items.flatMap((item) => modelOf(name, serves, item) ?? []));
    next = page.next;
    if (next === undefined) break;
  }
  return found;
};
/** Every publisher's models, all pages; Model Garden lists what exists, not what the project may use. */
export const listModels =
  (listing: Listing) =>
  async (signal: AbortSignal): Promise<readonly ModelInfo[]> => {
    const lists = await Promise.all(PUBLISHERS.map(({ name, serves }) => listOf(listing, name, serves, signal)));
    return [...new Map(lists.flat().map((model) => [model.id, model])).values()];
  };
