import { type AuthRequest, type AuthResult, type BodyCheck, GatewayError, type Principal } from '@llm-proxy-auth/plugin';
import type { Incoming } from '../call/exchange.ts';
import type { Graph, Strategy } from '../graph.ts';
import type { Head } from '../http/head.ts';
import type { VerifiedCache } from './verified-cache.ts';

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
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

const challengeOf = (graph: Graph): readonly string[] =>
  graph.strategies.map((s) => s.strategy.challenge).filter((c, i, all) => c !== '' && all.indexOf(c) === i);
const denial = (graph: Graph, code: 'missing_credentials' | 'invalid_credentials'): GatewayError =>
  new GatewayError(
    code,
    code === 'missing_credentials' ? 'No credential was sent; send an API key as `Authorization: Bearer …`.' : 'The credential is not valid here.',
    {
      headers: challengeOf(graph).flatMap((c) => ['www-authenticate', c]),
    },
  );

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

const ask = async (
  strategies: readonly Strategy[],
  request: AuthRequest,
): Promise<{ readonly strategy: Strategy; readonly result: AuthResult } | undefined> => {
  for (const strategy of strategies) {
    if (!strategy.strategy.slots.includes(request.credential.slot)) continue;
    let result: AuthResult;
    try {
      const answer = strategy.strategy.authenticate(request);
      result = answer instanceof Promise ? await answer : answer;
    } catch {
      return { strategy, result: { is: 'unavailable', reason: 'the strategy failed', retryAfterMs: 1_000 } };
    }
    if (result.is !== 'not-mine') return { strategy, result };
  }
  return undefined;
};

export interface Identified {
  readonly principal: Principal;
  /** A signed request: the body's hash must pass before the call is allowed. */
  readonly body?: BodyCheck | undefined;
}
/** Where a request came from. */
export interface Peer {
  readonly address: string;
  readonly trusted: boolean;
  readonly tls: boolean;
  /** Port of ours that was called. */
  readonly port: number;
}
/** The caller at once when it is remembered, else a promise. Throws 400, 401, 403 and 503. */
export type Authenticator = (head: Head, request: Incoming, target: string, peer: Peer, now: number) => Identified | Promise<Identified>;

export const makeAuthenticator = (graph: Graph, cache: VerifiedCache, note: AuthNote): Authenticator => {
  const kindOf = new Map(graph.strategies.map((s) => [s.strategy, s.kind]));
  const slow = async (key: string, request: AuthRequest, now: number): Promise<Identified> => {
    const answer = await ask(graph.strategies, request);
    if (answer === undefined || answer.result.is === 'denied' || answer.result.is === 'not-mine') {
      note(answer?.strategy.kind ?? 'none', 'denied');
      cache.deny(key, now);
      throw denial(graph, 'invalid_credentials');
    }
    const { strategy, result } = answer;
    if (result.is === 'unavailable') {
      note(strategy.kind, 'unavailable');
      throw new GatewayError('auth_unavailable', 'The credential cannot be checked right now; try again.', { retryAfterMs: result.retryAfterMs });
    }
    if (result.principal.factor === 'needed') throw denial(graph, 'invalid_credentials');
    note(strategy.kind, 'ok');
    if (result.body !== undefined) return { principal: result.principal, body: result.body };
    cache.keep(key, { principal: result.principal, strategy: strategy.strategy, until: result.cacheUntil, epoch: result.epoch });
    return result;
  };
  return (head, request, target, peer, now) => {
    if (graph.strategies.length === 0) return { principal: anonymous(head, peer.port) };
    const { credential } = head;
    if (credential === undefined) {
      note('none', head.unknownScheme ? 'denied' : 'missing');
      throw denial(graph, head.unknownScheme ? 'invalid_credentials' : 'missing_credentials');
    }
    if (head.unknownScheme) throw new GatewayError('ambiguous_credentials', 'The request carries two credentials; send exactly one.');
    const key = cache.keyOf(credential.slot, credential.value);
    const known = cache.get(key, now);
    if (known === 'denied') {
      note('none', 'denied');
      throw denial(graph, 'invalid_credentials');
    }
    if (known !== undefined) {
      note(kindOf.get(known.strategy) ?? 'none', 'ok');
      return known;
    }
    const { method = 'GET', url = '', rawHeaders } = request;
    const { address, trusted, tls } = peer;
    return slow(key, { credential, method, target, url, headers: head.forward, rawHeaders, peer: { address, trusted, tls } }, now);
  };
};
