import { type Answer, sseFrame } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import type { Recording } from '../recordings.ts';
import { type ReplayOptions, replayAnswer, replays } from '../replay.ts';
import { type Context, context, type RateLimit, rateLimitHeaders, serviceHeaders } from './context.ts';
import { endpoints } from './endpoints.ts';
import { models } from './models.ts';
import { envelope, errorOf, Refusal } from './refusal.ts';
import { checkKey, readHeaders } from './request.ts';
import { compact, findRoute, type Reply, type Route } from './routes.ts';

export type AnthropicSimulatorOptions = PeerOptions & {
  /** Keys it accepts in `x-api-key` or as bearer token; `['sk-ant-simulator']` if absent. */
  readonly keys?: readonly string[];
  /** Unix milliseconds for `created_at`, cache lifetimes and the like; Date.now if absent. */
  readonly now?: () => number;
  /** Further models beside the built-in ones; they take what the 4.5 models take. */
  readonly models?: readonly string[];
  /** Most input tokens, as this package counts them; the model's window if absent. */
  readonly contextTokens?: number;
  /** What `anthropic-ratelimit-*` say, for each minute. They are not enforced: script a 429. */
  readonly rateLimit?: RateLimit;
};

export type AnthropicSimulator = Peer & {
  /** Base URL for an SDK, without `/v1`. */
  readonly url: string;
  /** Answers the recording's method and path with what was recorded; the newest replay wins. The key is checked first. */
  replay(recording: Recording, options?: ReplayOptions): () => void;
};

/** The event that ends a stream with an error, for the fault `endWith`: `overloaded_error` for 529, and so on for other statuses. */
export const anthropicErrorEvent = (status: number): Buffer => sseFrame({ type: 'error', error: errorOf(status), request_id: null }, 'error');

const perform = (call: Context, routes: readonly Route[], request: CapturedRequest): Reply => {
  const { route, params } = findRoute(routes, request.method, request.path);
  const reading = readHeaders(request);
  const query = new URLSearchParams(request.target.slice(request.path.length));
  return route.handle({ call, request, reading, params, query });
};

const answering = (call: Context, origin: () => string, played: ReturnType<typeof replays>, options: AnthropicSimulatorOptions) => {
  const { keys = ['sk-ant-simulator'], rateLimit = { requests: 4000, inputTokens: 2_000_000, outputTokens: 400_000 } } = options;
  const accepted = new Set(keys);
  const routes = endpoints(call, origin);

  return (request: CapturedRequest): Answer => {
    const requestId = call.id('req_01');
    const headers = serviceHeaders(requestId);
    try {
      checkKey(request, accepted);
      const recording = played.take(request);
      if (recording !== undefined) return replayAnswer(recording, request);
      const { type, body, inputTokens } = perform(call, routes, request);
      const limits = inputTokens === undefined ? [] : rateLimitHeaders(call, rateLimit, inputTokens);
      return { status: 200, headers: [['content-type', type], ...headers, ...limits], body };
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      const body = compact(envelope(cause.error, requestId));
      return { status: cause.status, headers: [['content-type', 'application/json'], ['x-should-retry', 'false'], ...headers], body };
    }
  };
};

/** The words of scripted errors: header and body name the same request. */
const scripted = (call: Context) => {
  let requestId = '';
  return {
    errorHeaders: (status: number): Record<string, string> => {
      requestId = call.id('req_01');
      return { 'request-id': requestId, 'x-should-retry': status === 408 || status === 409 || status === 429 || status >= 500 ? 'true' : 'false' };
    },
    errorBody: (status: number) => envelope(errorOf(status), requestId),
  };
};

/** Starts the Anthropic stand-in. It keeps everything in memory and ends with `close()`. */
export const anthropicSimulator = async (options: AnthropicSimulatorOptions = {}): Promise<AnthropicSimulator> => {
  const call = context(models(options.models), options.now ?? Date.now, options.contextTokens);
  const played = replays();
  let origin = '';
  const service = await peer({ answer: answering(call, () => origin, played, options), ...scripted(call) }, options);
  origin = service.origin;
  return {
    ...service,
    url: service.origin,
    replay: played.add,
    clear: () => {
      service.clear();
      played.clear();
    },
  };
};
