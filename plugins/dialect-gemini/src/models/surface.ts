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
  some,
  stringifyJson,
  type UpstreamReply,
  type Written,
} from '@llm-proxy-auth/plugin';
import { replyObject } from '../generate/reply.ts';
import { bareName, OWNER, publishedName } from '../model-name.ts';
import { listing, MODELS } from '../routes.ts';
import { jsonTap } from '../tap-json.ts';

/** Names by which clients of Vertex ask; the Gemini API's are the others. */
const VERTEX = /\/publishers\//;

const writeModel = (m: ModelInfo, vertex: boolean): Fields => ({
  name: vertex ? publishedName(m.id) : `models/${m.id}`,
  displayName: m.id,
  ...some('inputTokenLimit', m.context),
  ...(vertex ? {} : { supportedGenerationMethods: ['generateContent', 'countTokens'] }),
  ...(m.owner === undefined || m.owner === OWNER ? {} : { ownedBy: m.owner }),
  ...some('createTime', m.created === undefined ? undefined : new Date(m.created * 1000).toISOString().replace('.000Z', 'Z')),
});
/** The list, or the one model of the path. Throws 404 `model_not_found`. */
const write = (models: readonly ModelInfo[], call: Call): Written => {
  const wanted = call.inbound.model;
  const headers = ['content-type', 'application/json; charset=UTF-8'];
  const vertex = VERTEX.test(call.inbound.path);
  if (wanted === undefined) return { headers, body: stringifyJson({ [vertex ? 'publisherModels' : 'models']: models.map((m) => writeModel(m, vertex)) }) };
  const found = models.find((m) => m.id === wanted);
  if (found === undefined)
    throw new GatewayError('model_not_found', `The model '${wanted}' does not exist or you do not have access to it.`, { param: 'model' });
  return { headers, body: stringifyJson(writeModel(found, vertex)) };
};
const readOne = (wire: unknown): readonly ModelInfo[] => {
  const m = asObject(wire);
  const name = asText(m?.name);
  if (m === undefined || name === undefined) return [];
  const created = Date.parse(asText(m.createTime) ?? '') / 1000;
  return [
    {
      id: bareName(name),
      ...(Number.isFinite(created) ? { created: Math.floor(created) } : {}),
      owner: asText(m.ownedBy) ?? OWNER,
      ...some('context', asNumber(m.inputTokenLimit)),
      ...(typeof m.thinking === 'boolean' ? { capabilities: { reasoning: m.thinking } } : {}),
    },
  ];
};
const read = (reply: UpstreamReply): readonly ModelInfo[] => {
  const o = replyObject(reply);
  const list = o.models ?? o.publisherModels;
  if (Array.isArray(list)) return asList(list).flatMap(readOne);
  if (asText(o.name) === undefined) throw new GatewayError('upstream_bad_response', 'The provider answered without a list of models.');
  return readOne(o);
};

/** `GET …/models` and `GET …/models/{model}`. */
export const models: Surface<'models'> = Object.freeze({
  name: 'models',
  operation: 'models',
  routes: listing,
  body: ['none'],
  governed: { model: 'none', stream: 'route' },
  reach: MODELS,
  framing: 'json',
  client: { read: () => undefined, write },
  provider: { write: () => ({ body: new Uint8Array() }), read },
  tap: jsonTap,
} satisfies Surface<'models'>);
