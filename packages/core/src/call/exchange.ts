import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { AnySurface, Dialect, ErrorLike, LedgerKind, LimitState, Operation, Principal, Reach, Usage } from '@llm-proxy-auth/plugin';
import type { Policy } from '../access/policy.ts';
import type { Instance } from '../graph.ts';
import type { Head } from '../http/head.ts';
import type { RawTarget } from '../http/target.ts';
import type { Plan } from '../plan.ts';

export type Incoming = IncomingMessage | Http2ServerRequest;
export type Outgoing = ServerResponse | Http2ServerResponse;

/** What is under way for a request and can be ended from outside. */
export interface Interruptible {
  interrupt(why: 'gone' | 'drain'): void;
}
/** How a stream ended, for the log and metrics. */
export type StreamOutcome = 'none' | 'complete' | 'truncated' | 'failed' | 'client';

/** One request on its way; made once, filled step by step along the straight line. */
export interface Exchange {
  readonly id: string;
  readonly plan: Plan;
  readonly request: Incoming;
  readonly response: Outgoing;
  readonly http2: boolean;
  /** `performance.now()` at arrival. */
  readonly started: number;
  /** Epoch ms at arrival. */
  readonly startedAt: number;
  target: RawTarget | undefined;
  head: Head | undefined;
  address: string;
  principal: Principal | undefined;
  policy: Policy | undefined;
  mode: 'protocol' | 'transparent';
  dialect: Dialect | undefined;
  surface: AnySurface | undefined;
  operation: Operation;
  /** Label of the route: a pattern, never what the client sent. */
  route: string;
  reach: Reach | undefined;
  stream: boolean;
  /** Model as the client named it. */
  model: string | undefined;
  upstreamModel: string | undefined;
  instance: Instance | undefined;
  attempts: number;
  retried: boolean;
  lease: string;
  limit: LimitState | undefined;
  /** Fidelity notes, `ignored=logit_bias`. */
  readonly ledger: Map<string, { readonly kind: LedgerKind; readonly param: string }>;
  upstreamRequestId: string | undefined;
  /** ms of our own work until our head was sent. */
  overhead: number;
  /** `performance.now()` of the last moment that somebody else had to act. */
  waitingSince: number;
  firstByteAt: number;
  dispatchedAt: number;
  bytesIn: number;
  bytesOut: number;
  status: number;
  code: string;
  error: ErrorLike | undefined;
  usage: Usage | undefined;
  streamOutcome: StreamOutcome;
  /** The client went before the answer was whole. */
  gone: boolean;
  /** Ends what is under way: the client went, or the drain deadline came. */
  pending: Interruptible | undefined;
  /** Ends the count of open calls at the instance. */
  counted: { end(): void } | undefined;
  /** The line has been walked to its end; with `closed` the request is settled. */
  walked: boolean;
  closed: boolean;
  settled: boolean;
}

export const openExchange = (id: string, plan: Plan, request: Incoming, response: Outgoing, startedAt: number): Exchange => ({
  id,
  plan,
  request,
  response,
  http2: request.httpVersionMajor === 2,
  started: performance.now(),
  startedAt,
  target: undefined,
  head: undefined,
  address: '',
  principal: undefined,
  policy: undefined,
  mode: 'protocol',
  dialect: undefined,
  surface: undefined,
  operation: 'opaque',
  route: 'unmatched',
  reach: undefined,
  stream: false,
  model: undefined,
  upstreamModel: undefined,
  instance: undefined,
  attempts: 0,
  retried: false,
  lease: '',
  limit: undefined,
  ledger: new Map(),
  upstreamRequestId: undefined,
  overhead: 0,
  waitingSince: 0,
  firstByteAt: 0,
  dispatchedAt: 0,
  bytesIn: 0,
  bytesOut: 0,
  status: 0,
  code: '',
  error: undefined,
  usage: undefined,
  streamOutcome: 'none',
  gone: false,
  pending: undefined,
  counted: undefined,
  walked: false,
  closed: false,
  settled: false,
});
