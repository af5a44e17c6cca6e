import { GatewayError, type Host, type ModelInfo, type UpstreamRequest } from '@llm-proxy-auth/plugin';

interface Base {
  readonly origin: string;
  readonly path: string;
}
const listOf = (body: Uint8Array): readonly unknown[] | undefined => {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof parsed === 'object' && parsed !== null && 'data' in parsed && Array.isArray(parsed.data) ? parsed.data : undefined;
  } catch {
    return undefined;
  }
};
const modelOf = (v: unknown): ModelInfo | undefined => {
  if (typeof v !== 'object' || v === null || !('id' in v) || typeof v.id !== 'string') return undefined;
  const created = 'created' in v && typeof v.created === 'number' ? v.created : undefined;
  const owner = 'owned_by' in v && typeof v.owned_by === 'string' ? v.owned_by : undefined;
  return { id: v.id, created, owner };
};

/** Asks `GET /models`. Throws GatewayError `upstream_auth_failed` or `upstream_bad_response`, without a word of the provider's. */
export const listModels =
  (base: Base, host: Host, sign: (request: UpstreamRequest) => void | Promise<void>) =>
  async (signal: AbortSignal): Promise<readonly ModelInfo[]> => {
    const request: UpstreamRequest = {
      method: 'GET',
      origin: base.origin,
      path: `${base.path}/models`,
      headers: ['accept', 'application/json'],
      body: undefined,
    };
    await sign(request);
    const reply = await host.fetch(request, signal);
    if (reply.status === 401 || reply.status === 403) throw new GatewayError('upstream_auth_failed', 'The provider refused the configured API key; check it.');
    const list = reply.status === 200 ? listOf(reply.body) : undefined;
    if (list === undefined) throw new GatewayError('upstream_bad_response', `The provider answered the model list with status ${reply.status} and no list.`);
    return list.map(modelOf).filter((m) => m !== undefined);
  };
