import { type AuthResult, type BodyCheck, type Credential, GatewayError, isGatewayError, type Principal } from '@llm-proxy-auth/plugin';
import type { Incoming } from '../call/exchange.ts';
import type { Graph, Strategy } from '../graph.ts';
import { isOfForeignPage } from '../http/from-page.ts';
import { ambiguous, type Head } from '../http/head.ts';
import { peerCertificate } from '../http/peer-certificate.ts';
import { replayedBy } from '../sessions/strategy.ts';
import { ambientOf, ambientText } from './ambient.ts';
import { type Asked, ask } from './ask.ts';
import { type AccessEvent, whoOf } from './event.ts';
import type { Refused } from './refused.ts';
import { type Passed, secondFactor } from './second-factor.ts';
import { stillHeld } from './still-held.ts';
import type { Found, Verified, VerifiedCache } from './verified-cache.ts';

/** Result of one authentication, for the `llm_proxy_auth_total` metric. */
export type AuthNote = (strategy: string, result: 'ok' | 'denied' | 'unavailable' | 'missing') => void;

const ANONYMOUS: Principal = Object.freeze({
  id: 'anonymous',
  owner: 'anonymous',
  strategy: 'none',
  credential: 'none',
  groups: [],
  scopes: [],
  factor: 'none',
});
const LOOPBACK = /^(?:127\.|::1$)/;
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** `www-authenticate` of a 401, as pairs. */
export const challengeOf = (graph: Graph): readonly string[] =>
  graph.strategies
    .map((s) => s.strategy.challenge)
    .filter((c, i, all) => c !== '' && all.indexOf(c) === i)
    .flatMap((c) => ['www-authenticate', c]);
/** Refusals come by the thousand when somebody guesses: a stack, which nobody reads, would cost more than all else about them. */
const withoutStack = <T>(make: () => T): T => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
};
type Proven = Extract<AuthResult, { readonly is: 'principal' }>;
type Denied = Omit<Extract<AuthResult, { readonly is: 'denied' }>, 'is'>;
type Denial = (code: 'missing_credentials' | 'invalid_credentials', retryAfterMs?: number) => GatewayError;
const denials = (headers: readonly string[]): Denial => {
  const make: Denial = (code, retryAfterMs) => {
    const message =
      code === 'missing_credentials' ? 'No credential was sent; send an API key as `Authorization: Bearer …`.' : 'The credential is not valid here.';
    return withoutStack(() => new GatewayError(code, message, { headers, retryAfterMs }));
  };
  const known = { missing_credentials: make('missing_credentials'), invalid_credentials: make('invalid_credentials') };
  return (code, retryAfterMs) => (retryAfterMs === undefined ? known[code] : make(code, retryAfterMs));
};

/** `auth: none`: loopback only; `Host` must be a loopback name with our port, and a web page elsewhere must not reach us. */
const anonymous = (head: Head, port: number): Principal => {
  const [, name = '', sent = '80'] = /^(.*?)(?::(\d+))?$/.exec(head.host.toLowerCase()) ?? [];
  if (!LOOPBACK_NAMES.has(name) || Number(sent) !== port)
    throw new GatewayError('address_not_allowed', 'Without authentication only a loopback host name with the right port is served.');
  if (head.fetchSite === 'cross-site') throw new GatewayError('address_not_allowed', 'Without authentication no other web site may call.');
  if (head.origin !== undefined) {
    const origin = /^https?:\/\/(.*)$/.exec(head.origin.toLowerCase())?.[1];
    if (origin === undefined || origin !== head.host.toLowerCase())
      throw new GatewayError('address_not_allowed', 'Without authentication no other web site may call.');
  }
  return ANONYMOUS;
};

export interface Identified {
  readonly principal: Principal;
  /** What it showed is good for one request, and cannot be asked about again. */
  readonly once?: boolean | undefined;
}
/** Whether the body of a request is what was signed; reads it. Throws what is wrong with a body itself. */
export type Prove = (check: BodyCheck) => boolean | Promise<boolean>;
/** Where a request came from. */
export interface Peer {
  readonly address: string;
  /** False: nobody may make this request from there, whoever it is. */
  readonly served: boolean;
  readonly trusted: boolean;
  readonly tls: boolean;
  /** Id of the request. */
  readonly request: string;
  /** Port of ours that was called. */
  readonly port: number;
}
interface Request {
  readonly head: Head;
  readonly request: Incoming;
  readonly target: string;
  readonly peer: Peer;
  readonly now: number;
  readonly prove: Prove;
  readonly again: boolean;
}
/** A credential that stands in a body instead of the head. */
export interface Login {
  readonly credential: Credential;
  readonly factor: string | undefined;
}
/** A head with the credential of a body; the same one may stand in both. Throws `ambiguous_credentials`. */
export const withLogin = (head: Head, { credential, factor }: Login): Head => {
  if (head.credential !== undefined && head.credential.value !== credential.value) throw ambiguous();
  return { ...head, credential, factor: factor ?? head.factor };
};
/** Where strategies look for a credential. */
export const slotsOf = (strategies: readonly Strategy[]): ReadonlySet<Credential['slot']> => new Set(strategies.flatMap((s) => s.strategy.slots));
/**
 * The caller at once when it is remembered, else a promise. Throws 400, 401, 403 and 503. `again`: whoever was let in by this head before,
 * which counts once and asks for no second factor, whose code is used up.
 */
export type Authenticator = (
  head: Head,
  request: Incoming,
  target: string,
  peer: Peer,
  now: number,
  prove: Prove,
  again?: boolean,
) => Identified | Promise<Identified>;

/** Where nothing is remembered: what is signed is another each time, and says nothing about the next request. */
const UNCACHED: ReadonlySet<Credential['slot']> = new Set(['aws4', 'oci-signature']);
/** What of the connection may decide about a credential beside its value: passwords count over TLS, or within this machine. */
const wayOf = ({ slot }: Credential, peer: Peer, { forwardedProto }: Head): string =>
  slot === 'basic' ? `basic ${peer.tls} ${peer.trusted && forwardedProto} ${LOOPBACK.test(peer.address)}` : slot;

/** Whether an address is in the ranges of a credential. */
export type AllowedFrom = (principal: Principal, address: string) => boolean;

/** `strategies`: those of the configuration, and the core's own. */
export const makeAuthenticator = (
  graph: Graph,
  strategies: readonly Strategy[],
  cache: VerifiedCache,
  note: AuthNote,
  { refused, accessed }: { readonly refused: (r: Refused) => void; readonly accessed: (event: AccessEvent) => void },
  allowedFrom: AllowedFrom,
): Authenticator => {
  const challenge = challengeOf(graph);
  const denial = denials(challenge);
  const kindOf = new Map(strategies.map((s) => [s.strategy, s.kind]));
  const slots = slotsOf(strategies);
  const required = strategies.filter((s) => s.strategy.alsoRequired === true);
  const askedOf = ({ head, request, target, peer }: Request): Asked => {
    const { method = 'GET', url = '', rawHeaders } = request;
    const { address, trusted, tls } = peer;
    const certificate = tls && slots.has('certificate') ? peerCertificate(request)?.der : undefined;
    return { method, target, url, headers: head.forward, rawHeaders, peer: { address, trusted, tls, certificate } };
  };
  /** Counts and logs why somebody is not let in; what the client gets says none of it. */
  const refuse = (
    r: Request,
    error: GatewayError,
    result: Parameters<AuthNote>[1],
    why: Pick<Refused, 'strategy' | 'reason' | 'principal' | 'credential'>,
  ): GatewayError => {
    note(why.strategy, result);
    refused({ request: r.peer.request, address: r.peer.address, code: error.code, ...why });
    return error;
  };
  /** Whoever is asked about again was counted. */
  const letIn = (r: Request, strategy: string): void => {
    if (!r.again) note(strategy, 'ok');
  };
  /** What is found out about a signature; an error that is none of `auth_unavailable`, such as of the body itself, is its own answer. */
  const told = async <T>(r: Request, strategy: string, found: () => T | Promise<T>): Promise<T> => {
    try {
      return await found();
    } catch (error) {
      if (!isGatewayError(error) || error.code !== 'auth_unavailable') throw error;
      throw refuse(r, error, 'unavailable', { strategy, reason: 'store_unavailable' });
    }
  };
  /** Until the body has proven the signature it may be anybody's: nothing is asked, counted or told of whom it names. */
  const bySignature = async (r: Request, strategy: Strategy, { principal, epoch }: Proven, body: BodyCheck): Promise<Identified> => {
    const { kind } = strategy;
    if (!(await told(r, kind, () => r.prove(body)))) throw refuse(r, denial('invalid_credentials'), 'denied', { strategy: kind, reason: 'unproven' });
    // A body may be long in coming, and the credential may have ended meanwhile.
    const held = stillHeld(strategies, strategy, principal, epoch);
    const holder = held instanceof Promise ? await told(r, kind, () => held) : held;
    if (holder === undefined) {
      const { id, credential } = principal;
      throw refuse(r, denial('invalid_credentials'), 'denied', { strategy: kind, reason: 'credential_gone', principal: id, credential });
    }
    letIn(r, kind);
    return { principal: holder, once: true };
  };
  const remembered = ({ strategy }: Strategy, { principal, cacheUntil, epoch }: Proven, now: number): Found => ({
    principal,
    strategy,
    from: now,
    until: cacheUntil,
    epoch,
  });
  const slow = async (key: string | undefined, strategies: readonly Strategy[], credentials: readonly Credential[], r: Request): Promise<Identified> => {
    const answer = await ask(strategies, credentials, askedOf(r));
    if (answer === undefined || answer.result.is === 'denied' || answer.result.is === 'not-mine') {
      const { reason, retryAfterMs, credential }: Denied = answer?.result.is === 'denied' ? answer.result : { reason: 'unknown' };
      // A lock says how long it lasts, each time anew, and after it the credential may be good.
      if (key !== undefined && retryAfterMs === undefined) cache.deny(key, r.now);
      const { request, address } = r.peer;
      const replayed = answer === undefined ? undefined : replayedBy(answer.result);
      if (replayed !== undefined) accessed({ operation: 'session.replay', request, address, ...replayed });
      throw refuse(r, denial('invalid_credentials', retryAfterMs), 'denied', { strategy: answer?.strategy.kind ?? 'none', reason, credential });
    }
    const { strategy, result } = answer;
    if (result.is === 'unavailable') {
      const error = new GatewayError('auth_unavailable', 'The credential cannot be checked right now; try again.', { retryAfterMs: result.retryAfterMs });
      throw refuse(r, error, 'unavailable', { strategy: strategy.kind, reason: result.reason });
    }
    if (result.body !== undefined) return bySignature(r, strategy, result, result.body);
    letIn(r, strategy.kind);
    const { principal, cacheUntil } = result;
    if (key !== undefined) cache.keep(key, remembered(strategy, result, r.now));
    return { principal, once: cacheUntil <= r.now };
  };
  /** Asks for what is remembered before it ends. What cannot be asked now holds until then; what is refused is asked for, and told of, with the next request. */
  const renew = async (key: string, known: Verified, strategies: readonly Strategy[], credentials: readonly Credential[], r: Request): Promise<void> => {
    const answer = await ask(strategies, credentials, askedOf(r));
    // Whoever must be proven by a body is proven with each request.
    if (answer?.result.is === 'principal' && answer.result.body === undefined) cache.replace(key, known, remembered(answer.strategy, answer.result, r.now));
    else if (answer?.result.is === 'unavailable') cache.postpone(known, r.now);
    else cache.forget(key);
  };
  const decide = (key: string, strategies: readonly Strategy[], credentials: readonly Credential[], r: Request): Identified | Promise<Identified> => {
    const known = cache.get(key, r.now);
    if (known === 'denied') throw refuse(r, denial('invalid_credentials'), 'denied', { strategy: 'none', reason: 'refused_before' });
    if (known === undefined) return slow(key, strategies, credentials, r);
    letIn(r, kindOf.get(known.strategy) ?? 'none');
    if (cache.isDue(known, r.now)) renew(key, known, strategies, credentials, r).catch(() => cache.forget(key));
    return known;
  };
  /** A browser adds these by itself to every request, whichever site makes it: pages of the gateway's own origin and of `cors.origins` alone may use them. */
  const checkPage = (r: Request): void => {
    const { origin, fetchSite, host } = r.head;
    if (origin !== undefined && graph.settings.server.cors.origins.includes(origin)) return;
    if (!isOfForeignPage({ method: r.request.method, origin, fetchSite, host, encrypted: r.peer.tls })) return;
    const error = withoutStack(() => new GatewayError('address_not_allowed', 'No other web site may call with what a browser adds by itself.'));
    throw refuse(r, error, 'denied', { strategy: 'none', reason: 'foreign_page' });
  };
  const byAmbient = (r: Request): Identified | Promise<Identified> => {
    const shown = ambientOf(r.head, r.request, r.peer, slots);
    if (shown.length > 0) {
      checkPage(r);
      return decide(cache.keyOf('ambient', ambientText(shown)), strategies, shown, r);
    }
    throw refuse(r, denial('missing_credentials'), 'missing', { strategy: 'none', reason: 'missing' });
  };
  const identify = (r: Request): Identified | Promise<Identified> => {
    const { credential, unknownScheme } = r.head;
    if (unknownScheme) {
      if (credential !== undefined)
        throw refuse(r, ambiguous(), 'denied', {
          strategy: 'none',
          reason: 'two_credentials',
        });
      throw refuse(r, denial('invalid_credentials'), 'denied', { strategy: 'none', reason: 'unknown_scheme' });
    }
    if (credential === undefined) return byAmbient(r);
    if (credential.slot === 'basic') checkPage(r);
    if (UNCACHED.has(credential.slot)) return slow(undefined, strategies, [credential], r);
    return decide(cache.keyOf(wayOf(credential, r.peer, r.head), credential.value), strategies, [credential], r);
  };
  /** Before anything else is looked at, so that the answer says nothing about another credential. */
  const satisfy = async (r: Request): Promise<Identified> => {
    const shown = ambientOf(r.head, r.request, r.peer, slots);
    for (const [i, strategy] of required.entries()) {
      if (!shown.some(({ slot }) => strategy.strategy.slots.includes(slot)))
        throw refuse(r, denial('missing_credentials'), 'missing', { strategy: strategy.kind, reason: 'missing' });
      await decide(cache.keyOf(`required ${i}`, ambientText(shown)), [strategy], shown, r);
    }
    return identify(r);
  };
  const factorOf = secondFactor(graph.factor);
  /** A credential's own addresses hold wherever it is used, and come first: whoever is elsewhere must not use up tries of the second factor. */
  const checkAddress = (caller: Principal, r: Request): void => {
    if (caller.restrict?.cidr === undefined || allowedFrom(caller, r.peer.address)) return;
    const { id: principal, strategy, credential } = caller;
    const error = new GatewayError('address_not_allowed', `${principal} may not call from this address.`);
    throw refuse(r, error, 'denied', { strategy, reason: 'address', principal, credential });
  };
  /** Before any look at a credential: where nobody may call from, no key is guessed, hashed or asked for elsewhere. It says nothing of the credential. */
  const checkPlace = (r: Request): void => {
    const shown = r.head.credential !== undefined || r.head.unknownScheme || ambientOf(r.head, r.request, r.peer, slots).length > 0;
    if (!shown) return;
    const error = withoutStack(() => new GatewayError('address_not_allowed', 'Nobody may call from this address.'));
    throw refuse(r, error, 'denied', { strategy: 'none', reason: 'address' });
  };
  /** Nobody leaves without the second factor where one is due, whichever way in it was. */
  const whole = (identified: Identified, r: Request): Identified | Promise<Identified> => {
    checkAddress(identified.principal, r);
    if (r.again || !factorOf.isDue(identified.principal)) return identified;
    const credential = r.head.credential ?? ambientOf(r.head, r.request, r.peer, slots)[0];
    if (credential === undefined) throw denial('missing_credentials');
    const passed = ({ identified: whoever, by }: Passed): Identified => {
      const { request, address } = r.peer;
      if (by !== undefined) accessed({ operation: 'factor', request, address, ...whoOf(whoever.principal), reason: by });
      return whoever;
    };
    const failed = (error: unknown): never => {
      if (!isGatewayError(error)) throw error;
      const { id: principal, strategy, credential: held } = identified.principal;
      const result = error.code === 'auth_unavailable' ? 'unavailable' : 'denied';
      const reason = error.code === 'invalid_credentials' && error.retryAfterMs !== undefined ? 'factor_locked' : `factor_${error.code}`;
      throw refuse(r, error, result, { strategy, reason, principal, credential: held });
    };
    return factorOf.ask(identified, r.head.factor, { ...askedOf(r), credential }, challenge).then(passed, failed);
  };
  return (head, request, target, peer, now, prove, again = false) => {
    if (graph.strategies.length === 0) return { principal: anonymous(head, peer.port) };
    const r: Request = { head, request, target, peer, now, prove, again };
    if (!peer.served) checkPlace(r);
    const first = required.length === 0 ? identify(r) : satisfy(r);
    return first instanceof Promise ? first.then((identified) => whole(identified, r)) : whole(first, r);
  };
};
