import { type Capabilities, dayOf, GatewayError, type Host, type ModelInfo, type UpstreamRequest } from '@llm-proxy-auth/plugin';

interface Base {
  readonly origin: string;
  readonly path: string;
}
type Fields = Readonly<Record<string, unknown>>;
interface Page {
  readonly data: readonly unknown[];
  /** Id to go on from, where there is more. */
  readonly next: string | undefined;
}
const isFields = (v: unknown): v is Fields => typeof v === 'object' && v !== null && !Array.isArray(v);
const pageOf = (body: Uint8Array): Page | undefined => {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(body));
    if (!isFields(parsed) || !Array.isArray(parsed.data)) return undefined;
    const { data, has_more: more, last_id: last } = parsed;
    return { data, next: more === true && typeof last === 'string' ? last : undefined };
  } catch {
    return undefined;
  }
};

const supported = (capabilities: Fields, name: string): boolean | undefined => {
  const found = capabilities[name];
  return isFields(found) && typeof found.supported === 'boolean' ? found.supported : undefined;
};
/** What the vendor says a model can; what it does not say stays open. */
const capabilitiesOf = (capabilities: unknown): Partial<Capabilities> | undefined => {
  if (!isFields(capabilities)) return undefined;
  const images = supported(capabilities, 'image_input');
  const documents = supported(capabilities, 'pdf_input');
  const structured = supported(capabilities, 'structured_outputs');
  const reasoning = supported(capabilities, 'thinking');
  return {
    ...(images === undefined ? {} : { images }),
    ...(documents === undefined ? {} : { documents }),
    ...(structured === undefined ? {} : { jsonSchema: structured ? 'native' : 'tool' }),
    ...(reasoning === undefined ? {} : { reasoning }),
  };
};
const modelOf = (v: unknown): ModelInfo | undefined => {
  if (!isFields(v) || typeof v.id !== 'string') return undefined;
  const at = typeof v.created_at === 'string' ? Date.parse(v.created_at) : Number.NaN;
  return {
    id: v.id,
    created: Number.isNaN(at) ? undefined : Math.floor(at / 1000),
    owner: 'anthropic',
    context: typeof v.max_input_tokens === 'number' ? v.max_input_tokens : undefined,
    deprecated: dayOf(v.deprecated_at),
    retires: dayOf(v.retires_at),
    capabilities: capabilitiesOf(v.capabilities),
  };
};

const MOST_PAGES = 20;
/** Asks `GET /v1/models`, all pages. Throws GatewayError `upstream_auth_failed` or `upstream_bad_response`, without a word of the provider's. */
export const listModels = (base: Base, host: Host, sign: (request: UpstreamRequest) => void | Promise<void>) => {
  const ask = async (after: string | undefined, signal: AbortSignal): Promise<Page> => {
    const cursor = after === undefined ? '' : `&after_id=${encodeURIComponent(after)}`;
    const path = `${base.path}/v1/models?limit=1000${cursor}`;
    const request: UpstreamRequest = { method: 'GET', origin: base.origin, path, headers: ['accept', 'application/json'], body: undefined };
    await sign(request);
    const reply = await host.fetch(request, signal);
    if (reply.status === 401 || reply.status === 403) throw new GatewayError('upstream_auth_failed', 'The provider refused the configured API key; check it.');
    const page = reply.status === 200 ? pageOf(reply.body) : undefined;
    if (page === undefined) throw new GatewayError('upstream_bad_response', `The provider answered the model list with status ${reply.status} and no list.`);
    return page;
  };
  return async (signal: AbortSignal): Promise<readonly ModelInfo[]> => {
    const found: ModelInfo[] = [];
    let after: string | undefined;
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const page = await ask(after, signal);
      found.push(...page.data.map(modelOf).filter((m) => m !== undefined));
      if (page.next === undefined) return found;
      after = page.next;
    }
    return found;
  };
};
