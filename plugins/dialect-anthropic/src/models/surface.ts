import {
  asList,
  asNumber,
  asObject,
  asText,
  type Building,
  type Call,
  type Capabilities,
  dayOf,
  defined,
  type Fields,
  GatewayError,
  isObject,
  type ModelInfo,
  type Surface,
  some,
  stringifyJson,
  type UpstreamReply,
  type Written,
} from '@llm-proxy-auth/plugin';
import { replyObject } from '../messages/reply.ts';
import { MODELS, route } from '../routes.ts';
import { jsonTap } from '../tap-json.ts';

/** Whose models the vendor's own are; another owner stands in a member of its own. */
const OWNER = 'anthropic';
const ZERO = '1970-01-01T00:00:00Z';
const LINE = /\b(haiku|sonnet|opus|fable|mythos)\b/;
/** Epoch seconds as a time (RFC 3339); the vendor's own word for an unknown one is the epoch. */
const timeOf = (created: number | undefined): string => (created === undefined ? ZERO : new Date(created * 1000).toISOString().replace('.000Z', 'Z'));
const stateOf = ({ deprecated, retires }: ModelInfo, today: string): 'active' | 'deprecated' | 'retired' => {
  if (retires !== undefined && retires <= today) return 'retired';
  return deprecated !== undefined && deprecated <= today ? 'deprecated' : 'active';
};
const timeOfDay = (day: string | undefined): string | null => (day === undefined ? null : `${day}T00:00:00Z`);
/** All members that clients are typed to find, under either version of the API. */
const writeModel = (m: ModelInfo, now: number): Fields => ({
  type: 'model',
  id: m.id,
  display_name: m.id,
  created_at: timeOf(m.created),
  lifecycle: stateOf(m, new Date(now).toISOString().slice(0, 10)),
  deprecated_at: timeOfDay(m.deprecated),
  retires_at: timeOfDay(m.retires),
  line: LINE.exec(m.id)?.[1] ?? null,
  max_input_tokens: m.context ?? null,
  max_tokens: null,
  capabilities: null,
  ...(m.owner === undefined || m.owner === OWNER ? {} : { owned_by: m.owner }),
});
/** The list, or the one model of the path. Throws 404 `model_not_found`. */
const write = (models: readonly ModelInfo[], call: Call): Written => {
  const wanted = call.inbound.model;
  const headers = ['content-type', 'application/json'];
  if (wanted === undefined) {
    const data = models.map((m) => writeModel(m, call.now));
    return { headers, body: stringifyJson({ data, has_more: false, first_id: models[0]?.id ?? null, last_id: models.at(-1)?.id ?? null }) };
  }
  const found = models.find((m) => m.id === wanted);
  if (found === undefined)
    throw new GatewayError('model_not_found', `The model '${wanted}' does not exist or you do not have access to it.`, { param: 'model' });
  return { headers, body: stringifyJson(writeModel(found, call.now)) };
};

const supports = (wire: unknown): boolean | undefined => {
  const flag = asObject(wire)?.supported;
  return typeof flag === 'boolean' ? flag : undefined;
};
const capabilitiesOf = (wire: unknown): Partial<Capabilities> | undefined => {
  if (!isObject(wire)) return undefined;
  const structured = supports(wire.structured_outputs);
  const known: Building = defined({
    images: supports(wire.image_input),
    documents: supports(wire.pdf_input),
    reasoning: supports(wire.thinking),
    jsonSchema: structured === undefined ? undefined : structured ? 'native' : 'tool',
  });
  return Object.keys(known).length === 0 ? undefined : (known as Partial<Capabilities>);
};
const readOne = (wire: unknown): readonly ModelInfo[] => {
  const m = asObject(wire);
  const id = asText(m?.id);
  if (m === undefined || id === undefined) return [];
  const created = Date.parse(asText(m.created_at) ?? '') / 1000;
  return [
    {
      id,
      ...(Number.isFinite(created) && created > 0 ? { created } : {}),
      owner: asText(m.owned_by) ?? OWNER,
      ...some('context', asNumber(m.max_input_tokens)),
      ...some('deprecated', dayOf(m.deprecated_at)),
      ...some('retires', dayOf(m.retires_at)),
      ...some('capabilities', capabilitiesOf(m.capabilities)),
    },
  ];
};
const read = (reply: UpstreamReply): readonly ModelInfo[] => {
  const o = replyObject(reply);
  if (o.type === 'model') return readOne(o);
  if (!Array.isArray(o.data)) throw new GatewayError('upstream_bad_response', 'The provider answered without a list of models.');
  return asList(o.data).flatMap(readOne);
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
