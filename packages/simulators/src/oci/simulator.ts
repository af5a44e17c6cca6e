import { type Answer, json } from '../http/answer.ts';
import type { CapturedRequest, HeaderPairs } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import type { fieldsOf } from '../openai/check.ts';
import type { Recording } from '../recordings.ts';
import { type ReplayOptions, replayAnswer, replays } from '../replay.ts';
import { cohere } from './cohere.ts';
import { cohereV2 } from './coherev2.ts';
import { compatible, isCompatible } from './compatible.ts';
import { chatOf, checkCompartment, envelope, type Tenancy } from './envelope.ts';
import { type ChatAnswer, generic } from './generic.ts';
import { type OciIdentity, type OciUser, ociIdentity } from './identity.ts';
import type { Format, Model } from './models.ts';
import { summaries } from './models.ts';
import { errorBody, OciRefusal, refuse } from './refusal.ts';
import { type Context, context, events } from './said.ts';
import { verifySignature } from './signature.ts';
import { embedText, rerankText } from './texts.ts';

export type OciSimulatorOptions = PeerOptions & {
  /** Who may call; one user, `simulator.user`, if absent. */
  readonly identity?: OciIdentity;
  /** API keys (`Authorization: Bearer`), which the OpenAI-compatible paths alone take. None if absent. */
  readonly apiKeys?: readonly string[];
  /** Compartments that the caller may use; any that looks like one if absent. */
  readonly compartments?: readonly string[];
  /** Endpoints of dedicated clusters: their OCID, and the model that they serve. */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** Most input tokens, as this package counts them; without it nothing is too long. */
  readonly contextTokens?: number;
};
export type OciSimulator = Peer & {
  /** What the SDK takes as endpoint; inference and management on one port. */
  readonly url: string;
  readonly identity: OciIdentity;
  /** A user with an API key, made at the start. */
  readonly user: OciUser;
  /** A compartment that a call may name. */
  readonly compartment: string;
  /** Answers the recording's method and path with what was recorded; the newest replay wins. The signature is checked first. */
  replay(recording: Recording, options?: ReplayOptions): () => void;
};
const FORMATS: Readonly<Record<Format, (call: Context, model: Model, chat: ReturnType<typeof fieldsOf>) => ChatAnswer>> = {
  GENERIC: generic,
  COHERE: cohere,
  COHEREV2: cohereV2,
};
const jsonAnswer = (body: unknown, headers: HeaderPairs = []): Answer => ({
  status: 200,
  headers: [['content-type', 'application/json'], ...headers],
  body: json(body),
});
const bodyOf = (request: CapturedRequest): unknown => {
  try {
    return request.json();
  } catch {
    throw refuse.unparsable();
  }
};

const chat = (call: Context, request: CapturedRequest, tenancy: Tenancy): Answer => {
  const asked = envelope(bodyOf(request), ['chatRequest'], tenancy);
  const { format, chat: given } = chatOf(asked);
  const answer = FORMATS[format](call, asked.model, given);
  if ('events' in answer) return { status: 200, headers: [['content-type', 'text/event-stream']], body: events(answer.events) };
  return jsonAnswer({ modelId: asked.model.id, modelVersion: '1.0.0', chatResponse: answer.response });
};
const PAGE = 10;
/** GET /models, ten a page. */
const list = (request: CapturedRequest, tenancy: Tenancy): Answer => {
  const query = new URLSearchParams(request.target.slice(request.path.length));
  const compartment = query.get('compartmentId') ?? undefined;
  checkCompartment(compartment, tenancy);
  const from = Number(query.get('page') ?? 0);
  const all = summaries(compartment ?? '');
  const next = from + PAGE < all.length ? ([['opc-next-page', String(from + PAGE)]] as const) : [];
  return jsonAnswer({ items: all.slice(from, from + PAGE) }, next);
};
const versions = (request: CapturedRequest, tenancy: Tenancy): Answer => {
  checkCompartment(new URLSearchParams(request.target.slice(request.path.length)).get('compartmentId') ?? undefined, tenancy);
  return jsonAnswer({ items: [] });
};

type Routes = Readonly<Record<string, (request: CapturedRequest) => Answer>>;
const routesOf = (call: Context, tenancy: Tenancy): Routes => ({
  'POST /20231130/actions/chat': (request) => chat(call, request, tenancy),
  'POST /20231130/actions/embedText': (request) => jsonAnswer(embedText(call, bodyOf(request), tenancy)),
  'POST /20231130/actions/rerankText': (request) => jsonAnswer(rerankText(call, bodyOf(request), tenancy)),
  'GET /20231130/models': (request) => list(request, tenancy),
  'GET /20231130/guardrailVersions': (request) => versions(request, tenancy),
});
const answering = (call: Context, tenancy: Tenancy, identity: OciIdentity, apiKeys: readonly string[], played: ReturnType<typeof replays>) => {
  const routes = routesOf(call, tenancy);
  const openai = compatible(call.now, (id) => checkCompartment(id, tenancy));
  const isBearer = (request: CapturedRequest): boolean => {
    const key = /^Bearer\s+(.*)$/i.exec(request.header('authorization') ?? '')?.[1];
    if (key === undefined) return false;
    if (!apiKeys.includes(key) || !isCompatible(request.path)) throw refuse.notAuthenticated();
    return true;
  };
  return (request: CapturedRequest): Answer => {
    const recording = played.take(request);
    const bearer = isBearer(request);
    if (!bearer) verifySignature(request, identity.find, identity.now());
    if (recording !== undefined) return replayAnswer(recording, request);
    if (isCompatible(request.path)) return openai(request, bearer);
    const route = routes[`${request.method} ${request.path}`];
    if (route === undefined) throw refuse.notFound();
    return route(request);
  };
};

/** Starts the stand-in of OCI Generative AI. It ends with `close()`. */
export const ociSimulator = async (options: OciSimulatorOptions = {}): Promise<OciSimulator> => {
  const { identity = ociIdentity(), apiKeys = [], compartments, endpoints = {}, contextTokens } = options;
  const call = context(identity.now, contextTokens);
  const played = replays();
  const perform = answering(call, { compartments, endpoints }, identity, apiKeys, played);
  const withId = (headers: HeaderPairs): HeaderPairs => [['Date', new Date(identity.now()).toUTCString()], ['opc-request-id', call.id()], ...headers];
  const server = await peer(
    {
      answer: (request) => {
        try {
          const { status, headers, body } = perform(request);
          return { status, headers: withId(headers), body };
        } catch (cause) {
          if (!(cause instanceof OciRefusal)) throw cause;
          return { status: cause.status, headers: withId([['content-type', 'application/json']]), body: json({ code: cause.code, message: cause.message }) };
        }
      },
      errorBody,
    },
    options,
  );
  return {
    ...server,
    url: server.origin,
    identity,
    user: identity.user('simulator'),
    compartment: compartments?.[0] ?? 'ocid1.compartment.oc1..aaaasimulated',
    replay: played.add,
    clear: () => {
      server.clear();
      played.clear();
    },
  };
};
