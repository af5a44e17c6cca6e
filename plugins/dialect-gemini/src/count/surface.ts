import {
  asNumber,
  asObject,
  type Call,
  type ChatRequest,
  type Endpoint,
  type Fields,
  GatewayError,
  type Inbound,
  invalid,
  type Json,
  type Ledger,
  type Seal,
  type Surface,
  stringifyJson,
  type UpstreamReply,
  type Written,
} from '@llm-proxy-auth/plugin';
import { PREFIX } from '../carried.ts';
import { formOf, withForm } from '../form.ts';
import { furtherModels } from '../further-models.ts';
import { joinedTurns } from '../generate/joined-turns.ts';
import { names } from '../generate/names.ts';
import { readBody } from '../generate/read-request.ts';
import { replyObject } from '../generate/reply.ts';
import { isOwn, isVertex, writeRequest } from '../generate/write-request.ts';
import { checkModel } from '../model-name.ts';
import { COUNTING } from '../named-ids.ts';
import { operation } from '../routes.ts';
import { camelCased } from '../snake.ts';
import { jsonTap } from '../tap-json.ts';
import { GEMINI } from '../wire.ts';

/** Places in the conversation that count nothing, so that nothing is lost with them. */
const STEERING: ReadonlySet<string> = new Set([
  'maxTokens',
  'stop',
  'sampling',
  'user',
  'tier',
  'verbosity',
  'metadata',
  'prediction',
  'choices',
  'logprobs',
  'output',
  'reasoning',
  'toolChoice',
  'webSearch',
]);
const counting = (ledger: Call['ledger']): Call['ledger'] => ({
  note(kind, param, why) {
    if (!STEERING.has(param.split('.', 1)[0] ?? '')) ledger.note(kind, param, why);
  },
});
/** Members of a generation that count nothing. */
const STEERING_MEMBERS: ReadonlySet<string> = new Set(['generationConfig', 'toolConfig', 'serviceTier', 'labels', 'safetySettings', 'model']);
const counted = (body: Fields): Fields => Object.fromEntries(Object.entries(body).filter(([key]) => !STEERING_MEMBERS.has(key)));
const modelName = (call: Call): string => `models/${call.model}`;

const read =
  (seal: Seal) =>
  (inbound: Inbound, _ledger: Ledger, target?: Endpoint): ChatRequest => {
    const request = readOwn(inbound, seal);
    return target === undefined || target.dialect === GEMINI ? request : { ...request, turns: joinedTurns(request.turns) };
  };
const readOwn = (inbound: Inbound, seal: Seal): ChatRequest => {
  const body = asObject(camelCased(inbound.body));
  if (body === undefined) throw invalid('body', 'The body must be a JSON object.');
  const inner = body.generateContentRequest;
  if (inner === undefined || inner === null) return readBody(body, seal);
  if (asObject(inner) === undefined) throw invalid('generateContentRequest', "'generateContentRequest' must be an object.");
  checkModel(asObject(inner)?.model, inbound, 'generateContentRequest.model');
  const request = readBody(inner, seal);
  return withForm(request, { ...formOf(request), wrapped: true });
};
/** Members of a request that Vertex counts; it knows no others. */
const VERTEX: ReadonlySet<string> = new Set(['contents', 'systemInstruction', 'tools', 'generationConfig']);
/** What a whole request of the Gemini API's form says to Vertex, which takes its members beside each other and fewer of them. */
const unwrapped = (body: Fields, ledger: Ledger): Fields => {
  for (const key of Object.keys(body))
    if (!VERTEX.has(key) && !STEERING_MEMBERS.has(key)) ledger.note('ignored', `generateContentRequest.${key}`, 'the provider does not count it');
  return Object.fromEntries(Object.entries(body).filter(([key]) => VERTEX.has(key)));
};
/** The Gemini API counts prompt and tools of a whole request only; Vertex takes them beside the contents. */
const wraps = (request: ChatRequest, body: Fields): boolean =>
  isOwn(request) ? formOf(request)?.wrapped === true : body.systemInstruction !== undefined || body.tools !== undefined;
const write = (request: ChatRequest, call: Call): { readonly body: Json } => {
  const { body } = writeRequest(request, { ...call, ledger: counting(call.ledger) });
  const own = asObject(body) ?? {};
  const fields = isOwn(request) ? own : counted(own);
  if (!wraps(request, fields)) return { body: fields };
  if (isVertex(call.endpoint)) return { body: isOwn(request) ? unwrapped(fields, call.ledger) : fields };
  return { body: { generateContentRequest: { ...fields, model: modelName(call) } } };
};
const readReply = (reply: UpstreamReply): { readonly input: number } => {
  const o = replyObject(reply);
  const input = asNumber(o.totalTokens);
  if (input === undefined) throw new GatewayError('upstream_bad_response', 'The provider answered without a count.');
  return withForm({ input }, { answer: { surface: 'count', wire: o } });
};

/** A count as it came, else the number alone. */
const writeReply = (reply: { readonly input: number }): Written => ({
  headers: ['content-type', 'application/json; charset=UTF-8'],
  body: stringifyJson(formOf(reply)?.answer?.wire ?? { totalTokens: reply.input }),
});

/** `:countTokens`. */
export const count = (seal: Seal): Surface<'countTokens'> =>
  Object.freeze({
    name: 'count',
    operation: 'countTokens',
    routes: operation('countTokens', false),
    body: ['json'],
    governed: { model: 'path', stream: 'route' },
    reach: COUNTING,
    framing: 'json',
    client: {
      names,
      read: read(seal),
      write: writeReply,
    },
    provider: { write, read: readReply },
    marks: [PREFIX],
    furtherModels,
    tap: jsonTap,
  } satisfies Surface<'countTokens'>);
