import {
  asList,
  asNumber,
  asObject,
  asText,
  type Call,
  type Fields,
  GatewayError,
  type ModelInfo,
  type Surface,
  stringifyJson,
  type UpstreamReply,
  type Written,
} from '@llm-proxy-auth/plugin';
import { replyObject } from '../chat/read-reply.ts';
import { MODELS, route } from '../routes.ts';
import { jsonTap } from '../tap-json.ts';

/** `created` must be an integer for typed clients; 0 stands for unknown. */
const writeModel = (m: ModelInfo): Fields => ({ id: m.id, object: 'model', created: m.created ?? 0, owned_by: m.owner ?? 'system' });
/** The list, or the one model of the path. Throws 404 `model_not_found`. */
const write = (models: readonly ModelInfo[], call: Call): Written => {
  const wanted = call.inbound.model;
  const headers = ['content-type', 'application/json'];
  if (wanted === undefined) return { headers, body: stringifyJson({ object: 'list', data: models.map(writeModel) }) };
  const found = models.find((m) => m.id === wanted);
  if (found === undefined)
    throw new GatewayError('model_not_found', `The model '${wanted}' does not exist or you do not have access to it.`, { param: 'model' });
  return { headers, body: stringifyJson(writeModel(found)) };
};
const readOne = (wire: unknown): readonly ModelInfo[] => {
  const m = asObject(wire);
  const id = asText(m?.id);
  if (m === undefined || id === undefined) return [];
  const created = asNumber(m.created);
  const owner = asText(m.owned_by);
  return [{ id, ...(created === undefined ? {} : { created }), ...(owner === undefined ? {} : { owner }) }];
};
const read = (reply: UpstreamReply): readonly ModelInfo[] => {
  const o = replyObject(reply);
  return o.object === 'model' ? readOne(o) : asList(o.data).flatMap(readOne);
};

/** `GET /models` and `GET /models/{model}`; ids may hold `/`, encoded or not. */
export const models: Surface<'models'> = Object.freeze({
  name: 'models',
  operation: 'models',
  routes: [...route('GET', '/models', { stream: false, query: true }), ...route('GET', '/models/{model+}', { stream: false, model: 'path' })],
  body: ['none'],
  governed: { model: 'none', stream: 'route' },
  reach: MODELS,
  framing: 'json',
  client: { read: () => undefined, write },
  provider: { write: () => ({ body: new Uint8Array() }), read },
  tap: jsonTap,
} satisfies Surface<'models'>);
