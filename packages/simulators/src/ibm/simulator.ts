import type { Answer } from '../http/answer.ts';
import type { CapturedRequest, HeaderPairs } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import { type Fields, fieldsOf, textOf } from '../openai/check.ts';
import type { Recording } from '../recordings.ts';
import { type ReplayOptions, replayAnswer, replays } from '../replay.ts';
import { chatCompletion, chatStream, event, speak } from './chat.ts';
import { checkChat } from './chat-check.ts';
import { type Context, context } from './context.ts';
import { type IbmIdentityOptions, identityAnswers } from './identity.ts';
import { listSpecs, type Model, type Models, models, oneSpec } from './models.ts';
import { errorBody, errorOf, unfit, WatsonxRefusal } from './refusal.ts';
import { checkEmbeddings, checkGeneration, checkRerank, checkTokenization, embed, generate, generateStream, rank, tokenize } from './texts.ts';
import { ibmTokens } from './tokens.ts';

export type WatsonxSimulatorOptions = PeerOptions &
  IbmIdentityOptions & {
    /** Projects and spaces that are charged; `['project-1']` and `['space-1']` if absent. */
    readonly projects?: readonly string[];
    readonly spaces?: readonly string[];
    /** Deployments by id or serving name, and the model that answers for each. */
    readonly deployments?: Readonly<Record<string, string>>;
    /** Further models beside the built-in ones. */
    readonly models?: readonly string[];
    /** Longest sequence of every model, as this package counts tokens. */
    readonly contextTokens?: number;
    /** The plan is used up. */
    readonly quotaReached?: boolean;
    /** User and API key pairs (`user:key`) of Cloud Pak for Data that need no exchange. */
    readonly zenKeys?: readonly string[];
  };
export type WatsonxSimulator = Peer & {
  /** Service URL for an SDK; the token services answer at the same origin. */
  readonly url: string;
  readonly tokens: ReturnType<typeof ibmTokens>;
  /** Answers the recording's method and path with what was recorded; the newest replay wins. The token is checked first. */
  replay(recording: Recording, options?: ReplayOptions): () => void;
};

/** The event that ends a stream with an error, for the fault `endWith`. */
export const watsonxErrorEvent = (status: number): Buffer => {
  const [code, message] = errorOf(status);
  return event(99, errorBody(status, code, message, 'simulated'), 'error');
};

type Reply = { readonly type: string; readonly body: Answer['body'] };
const compact = (value: Fields): Reply => ({ type: 'application/json', body: Buffer.from(JSON.stringify(value)) });
const streamed = (body: Iterable<Buffer>): Reply => ({ type: 'text/event-stream', body });

type Service = {
  readonly call: Context;
  readonly models: Models;
  readonly projects: ReadonlySet<string>;
  readonly spaces: ReadonlySet<string>;
  readonly deployments: Readonly<Record<string, string>>;
};
const parsed = (request: CapturedRequest): unknown => {
  if (!/^application\/json/i.test(request.header('content-type') ?? ''))
    throw new WatsonxRefusal(415, 'invalid_request_entity', 'The content type must be application/json');
  try {
    return request.json();
  } catch {
    throw new WatsonxRefusal(400, 'json_validation_error', 'Json document validation error: the body is not valid JSON');
  }
};
/** Exactly one of both is given and exists. */
const checkAccount = ({ projects, spaces }: Service, { project_id: project, space_id: space }: Fields): void => {
  if ((project === undefined) === (space === undefined)) throw unfit('Either space_id or project_id has to be given, and not both');
  if (project !== undefined && !projects.has(textOf(project))) throw new WatsonxRefusal(404, 'project_not_found', `Failed to find project ${textOf(project)}`);
  if (space !== undefined && !spaces.has(textOf(space))) throw new WatsonxRefusal(404, 'space_not_found', `Failed to find space ${textOf(space)}`);
};
const chatReply = ({ call }: Service, body: Fields, model: Model, stream: boolean): Reply => {
  const spoken = speak(body, model);
  return stream ? streamed(chatStream(call, spoken)) : compact(chatCompletion(call, spoken));
};
const generationReply = ({ call }: Service, body: Fields, model: Model, stream: boolean): Reply =>
  stream ? streamed(generateStream(call, body, model)) : compact(generate(call, body, model));

/** A model of the foundation, charged to a project or space. */
const foundation = (service: Service, operation: string, request: CapturedRequest): Reply | undefined => {
  const stream = operation.endsWith('_stream');
  const kind = operation.replace(/_stream$/, '');
  const checks: Readonly<Record<string, readonly [check: (body: unknown) => unknown, wanted: string]>> = {
    chat: [(body) => checkChat(body, { stream, deployed: false }), 'text_chat'],
    generation: [(body) => checkGeneration(body, false), 'text_generation'],
    embeddings: [(body) => checkEmbeddings(body, ''), 'embedding'],
    rerank: [(body) => checkRerank(body, ''), 'rerank'],
    tokenization: [(body) => checkTokenization(body, ''), 'text_chat'],
  };
  const found = checks[kind];
  if (found === undefined || (stream && kind !== 'chat' && kind !== 'generation')) return undefined;
  const [check, wanted] = found;
  const body = parsed(request);
  check(body);
  const fields = fieldsOf(body);
  checkAccount(service, fields);
  const model = service.models.require(textOf(fields.model_id), wanted);
  if (kind === 'chat') return chatReply(service, fields, model, stream);
  if (kind === 'generation') return generationReply(service, fields, model, stream);
  if (kind === 'embeddings') return compact(embed(service.call, fields, model));
  return compact(kind === 'rerank' ? rank(service.call, fields, model) : tokenize(fields, model));
};
/** A deployment, which is a model and an account of its own. */
const deployed = (service: Service, id: string, operation: string, request: CapturedRequest): Reply | undefined => {
  const stream = operation.endsWith('_stream');
  const kind = operation.replace(/_stream$/, '');
  if (kind !== 'chat' && kind !== 'generation') return undefined;
  const body = parsed(request);
  const modelId = service.deployments[id];
  if (modelId === undefined) throw new WatsonxRefusal(404, 'deployment_not_found', `Failed to find deployment ${id}`);
  if (kind === 'chat') return chatReply(service, checkChat(body, { stream, deployed: true }), service.models.require(modelId, 'text_chat'), stream);
  checkGeneration(body, true);
  return generationReply(service, fieldsOf(body), service.models.require(modelId, 'text_generation'), stream);
};
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
const perform = (service: Service, request: CapturedRequest, query: URLSearchParams, origin: string): Reply => {
  const path = request.path.startsWith('/ml/v1/') ? request.path.slice('/ml/v1/'.length) : '';
  const notFound = new WatsonxRefusal(404, 'invalid_request_entity', `The path ${request.path} does not exist`);
  if (request.method === 'GET' && path === 'foundation_model_specs') return compact(listSpecs(service.models, origin, query));
  if (request.method === 'GET' && path.startsWith('foundation_model_specs/')) return compact(oneSpec(service.models, decoded(path.slice(23))));
  if (request.method === 'GET' && path === 'foundation_model_tasks') return compact({ limit: 100, first: { href: origin }, resources: [] });
  if (request.method !== 'POST') throw notFound;
  const [, id, inner] = /^(?:deployments\/([^/]+)\/)?text\/([a-z_]+)$/.exec(path) ?? [];
  if (inner === undefined) throw notFound;
  const reply = id === undefined ? foundation(service, inner, request) : deployed(service, decoded(id), inner, request);
  if (reply === undefined) throw notFound;
  return reply;
};

const checkVersion = (query: URLSearchParams): void => {
  const version = query.get('version');
  if (version === null) throw new WatsonxRefusal(400, 'invalid_query_parameter', 'The version query parameter is required');
  if (!/^\d{4}-\d{2}-\d{2}$/.test(version))
    throw new WatsonxRefusal(400, 'invalid_query_parameter', 'The version query parameter must be a date of the form YYYY-MM-DD');
};
/** The list of models is open to everybody. */
const isPublic = (request: CapturedRequest): boolean => request.method === 'GET' && request.path.startsWith('/ml/v1/foundation_model_');

const gate = ({ tokens = ibmTokens(), zenKeys = [] }: WatsonxSimulatorOptions) => {
  const zen = new Set(zenKeys.map((pair) => Buffer.from(pair).toString('base64')));
  return (request: CapturedRequest): void => {
    const header = request.header('authorization');
    if (header === undefined && isPublic(request)) return;
    const [, scheme = '', value = ''] = /^(\S+) (.+)$/.exec(header ?? '') ?? [];
    if (scheme === 'ZenApiKey' && zen.has(value)) return;
    const verdict = scheme === 'Bearer' ? tokens.judge(value) : 'unknown';
    if (verdict === 'expired') throw new WatsonxRefusal(401, 'authentication_token_expired', 'Failed to authenticate the request due to an expired token');
    if (verdict === 'unknown') throw new WatsonxRefusal(401, 'authentication_token_not_valid', 'Failed to authenticate the request due to invalid token');
  };
};
const serviceHeaders = (id: string): HeaderPairs => [
  ['x-global-transaction-id', id],
  ['x-requests-limit-rate', '8'],
  ['x-requests-limit-remaining', '7'],
  ['server', 'istio-envoy'],
];

/** Starts the watsonx.ai stand-in, with IBM's token services at the same origin. It keeps everything in memory and ends with `close()`. */
export const watsonxSimulator = async (given: WatsonxSimulatorOptions = {}): Promise<WatsonxSimulator> => {
  const tokens = given.tokens ?? ibmTokens();
  const options = { ...given, tokens };
  const call = context(tokens.now);
  const played = replays();
  const identity = identityAnswers(options);
  const authenticate = gate(options);
  const service: Service = {
    call,
    models: models(options.models, options.contextTokens),
    projects: new Set(options.projects ?? ['project-1']),
    spaces: new Set(options.spaces ?? ['space-1']),
    deployments: options.deployments ?? {},
  };
  let origin = '';
  const answer = (request: CapturedRequest): Answer => {
    const token = identity(request);
    if (token !== undefined) return token;
    const id = call.id('');
    const headers = serviceHeaders(id);
    try {
      authenticate(request);
      const recording = played.take(request);
      if (recording !== undefined) return replayAnswer(recording, request);
      const query = new URLSearchParams(request.target.slice(request.path.length));
      checkVersion(query);
      if (options.quotaReached === true && !isPublic(request))
        throw new WatsonxRefusal(403, 'token_quota_reached', 'The monthly token quota of the plan has been reached');
      const { type, body } = perform(service, request, query, origin);
      return { status: 200, headers: [['content-type', type], ...headers], body };
    } catch (cause) {
      if (!(cause instanceof WatsonxRefusal)) throw cause;
      const body = Buffer.from(JSON.stringify(errorBody(cause.status, cause.code, cause.message, id)));
      return { status: cause.status, headers: [['content-type', 'application/json'], ...headers], body };
    }
  };
  const running = await peer(
    {
      answer,
      errorBody: (status) => errorBody(status, ...errorOf(status), 'simulated'),
      errorHeaders: () => ({ 'x-global-transaction-id': call.id('') }),
    },
    options,
  );
  origin = running.origin;
  return {
    ...running,
    url: running.origin,
    tokens,
    replay: played.add,
    clear: () => {
      running.clear();
      played.clear();
    },
  };
};
