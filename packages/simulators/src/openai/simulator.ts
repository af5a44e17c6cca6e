import type { Answer } from '../http/answer.ts';
import { json, withHeaders } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import type { Recording } from '../recordings.ts';
import { type ReplayOptions, replayAnswer, replays } from '../replay.ts';
import { type Context, context, rateLimitHeaders, serviceHeaders } from './context.ts';
import { endpoints } from './endpoints.ts';
import { models } from './models.ts';
import { errorBody, Refusal } from './refusal.ts';
import { findRoute, type Reply, readBody } from './routes.ts';

export type OpenaiSimulatorOptions = PeerOptions & {
  /** Keys it accepts; `['sk-simulator']` if absent. */
  readonly keys?: readonly string[];
  /** Unix milliseconds for `created` and the like; Date.now if absent. */
  readonly now?: () => number;
  /** Further chat models beside the built-in ones. */
  readonly models?: readonly string[];
  /** Models that put documents in order, as servers have that speak the API; without any there is no `/rerank`, as at OpenAI. */
  readonly rerankModels?: readonly string[];
  /** Most input tokens of chat and responses, as this package counts them; without it nothing is too long. */
  readonly contextTokens?: number;
  /** What `x-ratelimit-*` say, for each minute. They are not enforced: script a 429. */
  readonly rateLimit?: { readonly requests: number; readonly tokens: number };
};

export type Simulator = Peer & {
  /** Base URL for an SDK, `/v1` included. */
  readonly url: string;
  /** Answers the recording's method and path with what was recorded; the newest replay wins. The key is checked first. */
  replay(recording: Recording, options?: ReplayOptions): () => void;
};

const masked = (key: string): string => (key.length <= 12 ? key : `${key.slice(0, 8)}${'*'.repeat(key.length - 12)}${key.slice(-4)}`);

const challenge = [['www-authenticate', 'Bearer realm="OpenAI API"']] as const;

/** The key of a request. Replays of Azure recordings carry theirs in `api-key`. */
const checkKey = (request: CapturedRequest, keys: ReadonlySet<string>, replayed: Recording | undefined): void => {
  const bearer = /^Bearer\s+(\S+)\s*$/i.exec(request.header('authorization') ?? '')?.[1];
  const key = bearer ?? (replayed?.provider === 'azure_openai' ? request.header('api-key') : undefined);
  if (key !== undefined && keys.has(key)) return;
  if (key !== undefined) {
    const message = `Incorrect API key provided: ${masked(key)}. You can find your API key at https://platform.openai.com/account/api-keys.`;
    throw new Refusal(401, { message, code: 'invalid_api_key' }, challenge);
  }
  const message =
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're accessing the API from your browser and are prompted for a username and password. You can obtain an API key from https://platform.openai.com/account/api-keys.";
  throw new Refusal(401, { message }, challenge);
};

const limited = /^\/v1\/(chat\/completions|completions|embeddings|responses|moderations|images|audio)/;

const answering = (call: Context, played: ReturnType<typeof replays>, options: OpenaiSimulatorOptions) => {
  const { keys = ['sk-simulator'], rateLimit = { requests: 10_000, tokens: 2_000_000 } } = options;
  const accepted = new Set(keys);
  const routes = endpoints(call, options.rerankModels);

  const perform = (request: CapturedRequest): Reply => {
    const { route, params } = findRoute(routes, request.method, request.path);
    checkKey(request, accepted, undefined);
    const query = new URLSearchParams(request.target.slice(request.path.length));
    return route.handle({ call, params, query, ...readBody(route, request) });
  };

  return (request: CapturedRequest): Answer => {
    const started = performance.now();
    const recording = played.take(request);
    const limits = limited.test(request.path) ? rateLimitHeaders(rateLimit, Math.ceil(request.body.length / 4)) : [];
    try {
      if (recording !== undefined) {
        checkKey(request, accepted, recording);
        return replayAnswer(recording, request);
      }
      const { status = 200, type, body } = perform(request);
      const headers = [...(type === undefined ? [] : [['content-type', type] as const]), ...serviceHeaders(call, started), ...limits];
      return { status, headers, body };
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      const headers = [...serviceHeaders(call, started), ...cause.headers];
      return { status: cause.status, headers: withHeaders(headers, { 'content-type': 'application/json' }), body: json(cause.body) };
    }
  };
};

/** Starts the OpenAI stand-in. It keeps everything in memory and ends with `close()`. */
export const openaiSimulator = async (options: OpenaiSimulatorOptions = {}): Promise<Simulator> => {
  const call = context(models(options.models), options.now ?? Date.now, options.contextTokens);
  const played = replays();
  const service = await peer({ answer: answering(call, played, options), errorBody }, options);
  return {
    ...service,
    url: `${service.origin}/v1`,
    replay: played.add,
    clear: () => {
      service.clear();
      played.clear();
    },
  };
};
