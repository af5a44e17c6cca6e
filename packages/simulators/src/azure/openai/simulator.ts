import { randomUUID } from 'node:crypto';
import type { Answer } from '../../http/answer.ts';
import { json, withHeaders } from '../../http/answer.ts';
import type { CapturedRequest, HeaderPairs } from '../../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../../http/peer.ts';
import type { Fields } from '../../openai/check.ts';
import { type Context, context, type RateLimit } from '../../openai/context.ts';
import { endpoints } from '../../openai/endpoints.ts';
import { Refusal } from '../../openai/refusal.ts';
import { findRoute, formFields, jsonReply, type Reply, type Route, readBody } from '../../openai/routes.ts';
import type { Recording } from '../../recordings.ts';
import { type ReplayOptions, replayAnswer, replays } from '../../replay.ts';
import type { AzureTenant } from '../tenant.ts';
import { type Access, checkAccess } from './access.ts';
import { type FilterMode, filtered, isBlocked, promptResults, withResults } from './filter.ts';
import { checkFloors } from './floors.ts';
import { models } from './models.ts';
import { locate, type Place } from './place.ts';
import { AzureRefusal, errorBody, refuse } from './refusal.ts';

export type AzureSimulatorOptions = PeerOptions & {
  /** Keys of the resource; `['azure-simulator']` if absent. */
  readonly keys?: readonly string[];
  /** False: keys are switched off. */
  readonly keysOn?: boolean;
  /** Whose tokens get in; without one none does. */
  readonly tenant?: AzureTenant;
  /** Principals without the role that calls need. */
  readonly withoutRole?: readonly string[];
  /** Audiences that tokens may have; those of Azure AI in the public cloud if absent. */
  readonly audiences?: readonly string[];
  /** Deployments and their models; if absent every model is deployed under its own name. */
  readonly deployments?: Readonly<Record<string, string>>;
  /** Further chat models. */
  readonly models?: readonly string[];
  /** How answers are filtered; `sync` if absent. */
  readonly filter?: FilterMode;
  readonly contextTokens?: number;
  /** Unix milliseconds; the tenant's clock, else Date.now, if absent. */
  readonly now?: () => number;
  /** What `x-ratelimit-*` say, for each minute. They are not enforced: script a 429. */
  readonly rateLimit?: RateLimit;
};
export type AzureSimulator = Peer & {
  /** What `AZURE_OPENAI_ENDPOINT` takes. */
  readonly url: string;
  /** Answers the recording's method and path with what was recorded; the newest replay wins. The credential is checked first. */
  replay(recording: Recording, options?: ReplayOptions): () => void;
};

/** Rate limits as recorded: bare numbers, of what is left of 60 seconds. */
const limitHeaders = ({ requests, tokens }: RateLimit, used: number): HeaderPairs => [
  ['x-ratelimit-limit-requests', String(requests)],
  ['x-ratelimit-limit-tokens', String(tokens)],
  ['x-ratelimit-remaining-requests', String(Math.max(0, requests - 1))],
  ['x-ratelimit-remaining-tokens', String(Math.max(0, tokens - used))],
  ['x-ratelimit-renewalperiod-requests', '60'],
  ['x-ratelimit-renewalperiod-tokens', '60'],
  ['x-ratelimit-reset-requests', '1'],
  ['x-ratelimit-reset-tokens', '0'],
];
const serviceHeaders = (): HeaderPairs => [
  ['apim-request-id', randomUUID()],
  ['x-request-id', randomUUID()],
  ['x-ms-region', 'East US 2'],
  ['x-ms-rai-invoked', 'true'],
  ['x-ms-is-spilled-over', 'false'],
  ['azureml-model-session', 'simulated-session'],
  ['strict-transport-security', 'max-age=31536000; includeSubDomains; preload'],
  ['x-content-type-options', 'nosniff'],
];

const named = /^\/v1\/(?:(?:chat\/)?completions|embeddings|images\/|audio\/|moderations|responses(?:\/(?:input_tokens|compact))?$)/;
type Body = ReturnType<typeof readBody>;
/** The body with the model of the deployment in place of its name. */
const withModel = (place: Place, body: Body, deployments: Readonly<Record<string, string>> | undefined, known: Context['models']): Body => {
  if (!named.test(place.path)) return body;
  const wanted = place.deployment ?? body.fields.model ?? formFields(body.parts).model;
  // What continues a stored answer goes on with its model; the models' own check refuses the rest.
  if (typeof wanted !== 'string' || wanted === '') return body;
  const model = deployments === undefined ? wanted : (deployments[wanted] ?? '');
  if (known.find(model) === undefined) throw refuse.deployment();
  const part = { name: 'model', filename: undefined, bytes: Buffer.from(model) } as Body['parts'][number];
  return body.parts.length > 0 ? { ...body, parts: [...body.parts, part] } : { ...body, fields: { ...body.fields, model } };
};
const isChat = (path: string): boolean => /^\/v1\/(?:chat\/)?completions$/.test(path);
const parsed = (reply: Reply): Fields => JSON.parse(Buffer.isBuffer(reply.body) ? reply.body.toString('utf8') : '{}');

/** A reply as Azure gives it: with what its filters found, and for others' embedding models in numbers. */
const azured = (place: Place, fields: Fields, reply: Reply, mode: FilterMode): Reply => {
  if (!isChat(place.path)) return reply;
  return Buffer.isBuffer(reply.body) ? jsonReply(withResults(parsed(reply))) : { ...reply, body: filtered(reply.body, fields, mode) };
};
const info = (): Reply => jsonReply({ model_name: 'grok-4-1-fast-non-reasoning', model_type: 'chat-completion', model_provider_name: 'xAI' });

type Serving = { readonly call: Context; readonly routes: readonly Route[]; readonly access: Access; readonly options: AzureSimulatorOptions };
const perform = ({ call, routes, access, options }: Serving, request: CapturedRequest): Reply => {
  const place = locate(request);
  checkAccess(request, place, access);
  if (place.path === '/v1/info') return info();
  const { route, params } = findRoute(routes, request.method, place.path);
  const body = withModel(place, readBody(route, request), options.deployments, call.models);
  checkFloors(place, body.fields);
  if (isBlocked(body.fields)) throw refuse.prompt(promptResults(true));
  // Cohere has no vectors in base64.
  const fields = /cohere/i.test(String(body.fields.model)) ? { ...body.fields, encoding_format: 'float' } : body.fields;
  const query = new URLSearchParams(request.target.slice(request.path.length));
  return azured(place, fields, route.handle({ call, params, query, parts: body.parts, fields }), options.filter ?? 'sync');
};

const answering = (serving: Serving, played: ReturnType<typeof replays>) => {
  const { rateLimit = { requests: 120, tokens: 120_000 } } = serving.options;
  const replayed = (request: CapturedRequest, recording: Recording): Answer => {
    checkAccess(request, { api: 'dated' }, serving.access);
    return replayAnswer(recording, request);
  };
  return (request: CapturedRequest): Answer => {
    const limits = limitHeaders(rateLimit, Math.ceil(request.body.length / 4));
    try {
      const recording = played.take(request);
      if (recording !== undefined) return replayed(request, recording);
      const { status = 200, type, body } = perform(serving, request);
      return { status, headers: [...(type === undefined ? [] : [['content-type', type] as const]), ...serviceHeaders(), ...limits], body };
    } catch (cause) {
      if (!(cause instanceof AzureRefusal) && !(cause instanceof Refusal)) throw cause;
      // The router of OpenAI's stand-in speaks its own sentence for paths that are not there.
      const { status, headers, body } = cause instanceof Refusal && cause.body.error.code === 'unknown_url' ? refuse.notFound() : cause;
      const kept = headers.filter(([name]) => name !== 'www-authenticate');
      return { status, headers: withHeaders([...serviceHeaders(), ...kept], { 'content-type': 'application/json' }), body: json(body) };
    }
  };
};

/** Starts the stand-in of an Azure OpenAI resource: dated API, v1 and model inference on one port. It ends with `close()`. */
export const azureSimulator = async (options: AzureSimulatorOptions = {}): Promise<AzureSimulator> => {
  const { keys = ['azure-simulator'], keysOn = true, tenant, withoutRole = [], now = tenant?.now ?? Date.now } = options;
  const audiences = options.audiences ?? ['https://cognitiveservices.azure.com', 'https://ai.azure.com'];
  const call = context(models(options.models ?? []), now, options.contextTokens);
  const played = replays();
  const access: Access = { keys: new Set(keys), keysOn, tenant, withoutRole, audiences };
  const server = await peer({ answer: answering({ call, routes: endpoints(call), access, options }, played), errorBody }, options);
  return {
    ...server,
    url: server.origin,
    replay: played.add,
    clear: () => {
      server.clear();
      played.clear();
    },
  };
};
