import type { Answer } from '../../http/answer.ts';
import { json } from '../../http/answer.ts';
import type { CapturedRequest } from '../../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../../http/peer.ts';
import type { Recording } from '../../recordings.ts';
import { type ReplayOptions, replayAnswer, replays } from '../../replay.ts';
import { type GoogleAccounts, googleAccounts } from '../accounts.ts';
import { GoogleRefusal, googleError } from '../refusal.ts';
import { checkAccess } from './access.ts';
import { claudeSurface } from './claude.ts';
import { type Context, serials } from './context.ts';
import { maas, raw } from './models.ts';
import { openaiSurface } from './openai.ts';
import { operate } from './operations.ts';

export type VertexSimulatorOptions = PeerOptions & {
  /** Whose access tokens it takes; one account with the token `exampleGoogleToken` if absent. */
  readonly accounts?: GoogleAccounts;
  /** `my-project` if absent. */
  readonly project?: string;
  /** `us-central1` if absent. */
  readonly location?: string;
  /** Ids of models that the project has no access to. */
  readonly denied?: readonly string[];
  /** Most input tokens, as this package counts them; the model's window if absent. */
  readonly contextTokens?: number;
};
export type VertexSimulator = Peer & {
  /** Base URL for an SDK, without a version. */
  readonly url: string;
  readonly project: string;
  readonly location: string;
  readonly accounts: GoogleAccounts;
  /** Answers the recording's method and path with what was recorded; the newest replay wins. The token is checked first. */
  replay(recording: Recording, options?: ReplayOptions): () => void;
};
/** The access token that the simulator knows when no accounts are given. */
export const exampleGoogleToken = 'ya29.simulator-0123456789abcdefghijklmnopqrstuvwxyz';

const WORDS: Readonly<Record<number, readonly [status: string, message: string]>> = {
  400: ['INVALID_ARGUMENT', 'Request contains an invalid argument.'],
  401: ['UNAUTHENTICATED', 'Request had invalid authentication credentials.'],
  403: ['PERMISSION_DENIED', 'The caller does not have permission'],
  404: ['NOT_FOUND', 'Requested entity was not found.'],
  429: [
    'RESOURCE_EXHAUSTED',
    'Resource exhausted. Please try again later. Please refer to https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details.',
  ],
  499: ['CANCELLED', 'The operation was cancelled.'],
  500: ['INTERNAL', 'Internal error encountered.'],
  503: ['UNAVAILABLE', 'The service is currently unavailable.'],
  504: ['DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.'],
};
/** The body that the service sends with a status. */
export const vertexError = (status: number): { readonly error: object } => {
  const [word, message] = WORDS[status] ?? (status >= 500 ? ['UNKNOWN', 'Unknown Error.'] : ['INVALID_ARGUMENT', 'Request contains an invalid argument.']);
  return googleError(status, word, message);
};
/** An error inside a stream: an event like any other. */
export const vertexErrorEvent = (status: number): Buffer => Buffer.from(`data: ${JSON.stringify(vertexError(status))}\r\n\r\n`);

const page = (path: string): Answer => ({
  status: 404,
  headers: [['content-type', 'text/html; charset=UTF-8']],
  body: Buffer.from(
    `<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>Error 404 (Not Found)!!1</title>\n  <p><b>404.</b> <ins>That’s an error.</ins>\n  <p>The requested URL <code>${path.replace(/[<>&]/g, '')}</code> was not found on this server.  <ins>That’s all we know.</ins>\n`,
  ),
});
/** Headers that the front adds to every answer. */
const FRONT = [
  ['Vary', 'Origin, X-Origin, Referer'],
  ['Server', 'scaffolding on HTTPServer2'],
  ['X-XSS-Protection', '0'],
  ['X-Frame-Options', 'SAMEORIGIN'],
  ['X-Content-Type-Options', 'nosniff'],
] as const;

const refusalAnswer = (request: CapturedRequest, { status, body }: GoogleRefusal): Answer => {
  // Without alt=sse a stream is a list, and so is its error.
  const listed = /:streamGenerateContent$/.test(request.path) && !/[?&]alt=sse(&|$)/.test(request.target);
  const headers = [
    ['content-type', 'application/json; charset=UTF-8'] as const,
    ...(status === 401 ? [['WWW-Authenticate', 'Bearer realm="https://accounts.google.com/"'] as const] : []),
  ];
  return { status, headers, body: json(listed ? [body] : body) };
};
const answering = (call: Context, played: ReturnType<typeof replays>) => {
  const perform = (request: CapturedRequest): Answer => {
    checkAccess(request, call);
    const recording = played.take(request);
    return recording === undefined ? (operate(call, request) ?? page(request.path)) : replayAnswer(recording, request);
  };
  return (request: CapturedRequest): Answer => {
    try {
      const { status, headers, body } = perform(request);
      return { status, headers: [...headers, ...FRONT], body };
    } catch (cause) {
      if (!(cause instanceof GoogleRefusal)) throw cause;
      const { status, headers, body } = refusalAnswer(request, cause);
      return { status, headers: [...headers, ...FRONT], body };
    }
  };
};

/** Starts the Vertex AI stand-in for one project and location. It keeps everything in memory and ends with `close()`. */
export const vertexSimulator = async (options: VertexSimulatorOptions = {}): Promise<VertexSimulator> => {
  const { project = 'my-project', location = 'us-central1', denied = [], contextTokens } = options;
  const { accounts = googleAccounts({ known: { [exampleGoogleToken]: 'gateway@my-project.iam.gserviceaccount.com' } }) } = options;
  const call: Context = {
    now: accounts.now,
    project,
    projectNumber: '123456789012',
    location,
    accounts,
    denied,
    contextTokens: contextTokens ?? Number.POSITIVE_INFINITY,
    claude: claudeSurface(accounts.now, contextTokens),
    openai: openaiSurface([...maas, ...raw], accounts.now),
    caches: new Map(),
    jobs: new Map(),
    ...serials(),
  };
  const played = replays();
  const server = await peer({ answer: answering(call, played), errorBody: vertexError }, options);
  return {
    ...server,
    url: server.origin,
    project,
    location,
    accounts,
    replay: played.add,
    clear: () => {
      server.clear();
      played.clear();
    },
  };
};
