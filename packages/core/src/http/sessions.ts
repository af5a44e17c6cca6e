import { type Credential, GatewayError, type Principal } from '@llm-proxy-auth/plugin';
import { isoOf } from '@llm-proxy-auth/plugin/issued';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Identified, Login } from '../access/authenticate.ts';
import { type AccessEvent, type Ended, whoOf } from '../access/event.ts';
import type { Audit } from '../audit/audit.ts';
import { SESSION, type SessionEntry, type SessionRecord, tokenIs, wasReplaced } from '../sessions/record.ts';
import type { Issued, Sessions } from '../sessions/sessions.ts';
import { findSession, holderIn } from '../sessions/strategy.ts';
import { createApp, replyJson } from './app.ts';
import type { AnyRequest, AnyResponse } from './sever.ts';

export interface SessionsOptions {
  /** Of the configuration that serves now; undefined without authentication. */
  readonly sessions: () => Sessions | undefined;
  /** Throws the refusal. With `login` it is the body's credential that counts. */
  readonly identify: (request: AnyRequest, response: AnyResponse, login?: Login, id?: string) => Promise<Identified>;
  /** The credential that stands in the head, unchecked. Throws `ambiguous_credentials`. */
  readonly credentialOf: (request: AnyRequest, id: string) => Credential | undefined;
  /** `www-authenticate` of a 401, as pairs. */
  readonly challenge: () => readonly string[];
  /** Where a request came from. */
  readonly addressOf: (request: AnyRequest) => string;
  readonly audit: Pick<Audit, 'access'>;
  /** Epoch ms. */
  readonly now: () => number;
}
export interface SessionsApp {
  handle(request: AnyRequest, response: AnyResponse, id: string): void;
  close(): Promise<void>;
}
const BODY_LIMIT = 4 * 1024;
const MOST_TRIES = 5;

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
/** `shown`: what stands in the head; a user shows name and password there, in place of a key in the body. Throws `invalid_request`; quotes nothing. */
const readLogin = (body: unknown, shown: () => Credential | undefined): Login => {
  const wrong = (param: string, what: string): GatewayError => new GatewayError('invalid_request', `${param} ${what}.`, { param });
  if (body === null || typeof body !== 'object' || Array.isArray(body)) throw new GatewayError('invalid_request', 'Send a JSON object with api_key.');
  const { api_key: key, totp_code: code, ...more } = body as Readonly<Record<string, unknown>>;
  const inHead = key === undefined ? shown() : undefined;
  const credential: Credential | undefined = isText(key) ? { slot: 'api-key', value: key } : inHead?.slot === 'basic' ? inHead : undefined;
  if (credential === undefined) throw wrong('api_key', 'must be text');
  if (code !== undefined && !isText(code)) throw wrong('totp_code', 'must be text');
  const [unknown] = Object.keys(more);
  if (unknown !== undefined) throw new GatewayError('invalid_request', 'Only api_key and totp_code are read.');
  return { credential, factor: code };
};

const answerIssued = (reply: FastifyReply, { token, record }: Issued, message: string, now: number): FastifyReply =>
  replyJson(reply, 200, {
    session_token: token,
    expires_at: isoOf(record.expiresAt),
    expires_in: Math.max(0, Math.floor((record.expiresAt - now) / 1_000)),
    user: record.principal,
    message,
  });

/** `/auth/*` of the main listener: logging in, and what becomes of a session (contract.md §4). Names are those of the earlier gateway. */
export const createSessionsApp = ({ sessions: current, identify, credentialOf, challenge, addressOf, audit, now }: SessionsOptions): SessionsApp => {
  const missing = (): GatewayError => new GatewayError('missing_credentials', 'Send the session token in X-Session-Token.', { headers: challenge() });
  const invalid = (): GatewayError => new GatewayError('invalid_credentials', 'The credential is not valid here.', { headers: challenge() });
  const open = (): Sessions => {
    const sessions = current();
    if (sessions === undefined) throw new GatewayError('unknown_route', 'Without authentication there are no sessions.');
    return sessions;
  };
  const callerOf = (request: FastifyRequest, reply: FastifyReply, login?: Login): Promise<Identified> =>
    identify(request.raw as AnyRequest, reply.raw as AnyResponse, login, request.id);
  const record = (operation: AccessEvent['operation'], request: FastifyRequest, who: Ended): Promise<void> | undefined =>
    audit.access({ operation, request: request.id, address: addressOf(request.raw as AnyRequest), ...who });
  /** Ends a session; what ended it is recorded once. */
  const end = async (operation: AccessEvent['operation'], request: FastifyRequest, who: Ended, isMeant?: (record: SessionRecord) => boolean): Promise<void> => {
    if (await open().end(who.target, isMeant)) void record(operation, request, who);
  };
  /** The session that the head names, and what its token is to it. Throws 401 and 503. */
  const named = async (request: FastifyRequest): Promise<{ readonly entry: SessionEntry; readonly token: string } | undefined> => {
    const credential = credentialOf(request.raw as AnyRequest, request.id);
    if (credential === undefined) throw missing();
    const id = SESSION.idOf(credential.value);
    if (id === undefined) return undefined;
    const entry = await findSession(open(), id, credential.value, now()).catch((cause: unknown) => {
      throw new GatewayError('auth_unavailable', 'Sessions cannot be looked up right now; try again.', { cause, retryAfterMs: 1_000 });
    });
    return entry === undefined ? undefined : { entry, token: credential.value };
  };
  const refresh = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const first = await named(request);
    // Whoever shows a token that was replaced has it from somebody: nobody keeps this session.
    if (first !== undefined) {
      const isReplay = (row: SessionRecord): boolean => wasReplaced(row, first.token);
      if (isReplay(first.entry.record)) await end('session.replay', request, holderIn(first.entry.record), isReplay);
    }
    await callerOf(request, reply);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const found = await named(request);
      if (found === undefined || tokenIs(found.entry.record, found.token) !== 'current') throw invalid();
      const issued = await open().refresh(found.entry, found.token);
      if (issued !== undefined) return answerIssued(reply, issued, 'Session refreshed', now());
      open().book.forget([found.entry.record.id]);
    }
    throw invalid();
  };
  const own = async (principal: Principal) => (await open().list()).filter(({ owner }) => owner === principal.owner);

  const app = createApp({
    bodyLimit: BODY_LIMIT,
    routes(fastify) {
      fastify.post('/auth/login', async (request, reply) => {
        const sessions = open();
        const login = readLogin(request.body, () => credentialOf(request.raw as AnyRequest, request.id));
        const { principal } = await callerOf(request, reply, login);
        const issued = await sessions.open(principal);
        try {
          await record('login', request, { ...whoOf(principal), target: issued.record.id });
        } catch (error) {
          // Nobody holds a session that the audit log does not know of.
          await sessions.end(issued.record.id);
          throw error;
        }
        return answerIssued(reply, issued, 'Login successful', now());
      });
      fastify.post('/auth/refresh', refresh);
      fastify.post('/auth/logout', async (request, reply) => {
        const found = await named(request);
        if (found !== undefined && tokenIs(found.entry.record, found.token) !== 'stranger') await end('logout', request, holderIn(found.entry.record));
        return replyJson(reply, 200, { message: 'Logged out' });
      });
      fastify.get('/auth/sessions', async (request, reply) => {
        const { principal } = await callerOf(request, reply);
        const credential = credentialOf(request.raw as AnyRequest, request.id);
        const shown = credential === undefined ? undefined : SESSION.idOf(credential.value);
        const list = (await own(principal)).map(({ id, createdAt, expiresAt, usedAt }) => ({
          id,
          created_at: isoOf(createdAt),
          expires_at: isoOf(expiresAt),
          last_used_at: isoOf(usedAt),
          current: id === shown,
        }));
        return replyJson(reply, 200, { sessions: list });
      });
      fastify.delete('/auth/sessions/:id', async (request, reply) => {
        const { principal } = await callerOf(request, reply);
        const { id } = request.params as { readonly id: string };
        if (!(await own(principal)).some((record) => record.id === id)) throw new GatewayError('session_not_found', 'There is no such session of yours.');
        await end('session.end', request, { ...whoOf(principal), target: id });
        return replyJson(reply, 200, { message: 'Session revoked' });
      });
    },
  });
  return { handle: (request, response, id) => app.handle(request, response, id), close: app.close };
};
