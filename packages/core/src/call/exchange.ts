import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { AnySurface, Claim, Dialect, ErrorLike, LedgerKind, LimitState, Operation, Principal, Reach, Usage } from '@llm-proxy-auth/plugin';
import type { Estimate } from '../access/claims.ts';
import type { Policy } from '../access/policy.ts';
import type { AuditRecord } from '../audit/record.ts';
import type { Instance } from '../graph.ts';
import type { Head } from '../http/head.ts';
import type { RawTarget } from '../http/target.ts';
import type { CallMetrics } from '../observe/metrics.ts';
import type { Plan } from '../plan.ts';
import { type InnerIds, NO_INNER_IDS } from './inner-ids.ts';
import type { Enrolled } from './roster.ts';

export type Incoming = IncomingMessage | Http2ServerRequest;
export type Outgoing = ServerResponse | Http2ServerResponse;

/** What is under way for a request and can be ended from outside. */
export interface Interruptible {
  interrupt(why: 'gone' | 'drain' | 'revoked'): void;
}
/** How a stream ended, for the log and metrics. */
export type StreamOutcome = 'none' | 'complete' | 'truncated' | 'failed' | 'client';

const NO_CLAIMS: readonly Claim[] = Object.freeze([]);
const NO_NOTES: ReadonlyMap<string, Note> = new Map();
/** A field that could not be carried over. */
export interface Note {
  readonly kind: LedgerKind;
  readonly param: string;
}

/**
 * One request on its way; made once, filled step by step along the straight line. A class, not a literal: fields that turn
 * from small integer to double would deprecate a literal's shape and make every further object migrate. Times start at -0,
 * which is a double from the beginning.
 */
export class Exchange implements Enrolled {
  readonly id: string;
  readonly plan: Plan;
  readonly request: Incoming;
  readonly response: Outgoing;
  readonly http2: boolean;
  /** `performance.now()` at arrival. */
  readonly started: number;
  /** Epoch ms at arrival. */
  readonly startedAt: number;
  target: RawTarget | undefined = undefined;
  head: Head | undefined = undefined;
  address: string = '';
  principal: Principal | undefined = undefined;
  policy: Policy | undefined = undefined;
  mode: 'protocol' | 'transparent' = 'protocol';
  dialect: Dialect | undefined = undefined;
  surface: AnySurface | undefined = undefined;
  operation: Operation = 'opaque';
  /** Label of the route: a pattern, never what the client sent. */
  route: string = 'unmatched';
  reach: Reach | undefined = undefined;
  /** The ids that the answer creates become the caller's; false when the request must ask for that and did not. */
  creates: boolean = true;
  /** Ids inside the body. */
  inner: InnerIds = NO_INNER_IDS;
  stream: boolean = false;
  /** Model as the client named it. */
  model: string | undefined = undefined;
  /** The body of a signed request, which was read to know the caller. */
  received: readonly Buffer[] | undefined = undefined;
  /** What a legacy route made of the client's body. */
  rewritten: Buffer | undefined = undefined;
  upstreamModel: string | undefined = undefined;
  instance: Instance | undefined = undefined;
  attempts: number = 0;
  retried: boolean = false;
  /** A try failed of which its provider may have made something: only a refusal tells that it did not. */
  worked: boolean = false;
  /** Gives back what a retry under way takes of the budget; set while one is. */
  retrying: (() => void) | undefined = undefined;
  lease: string = '';
  /** What the call may use, where its policy reserves tokens or money. */
  estimate: Estimate | undefined = undefined;
  /** What was claimed of such limits; `settle` tells them what was used. */
  reserved: readonly Claim[] = NO_CLAIMS;
  limit: LimitState | undefined = undefined;
  /** Fidelity notes, `ignored=logit_bias`. */
  ledger: ReadonlyMap<string, Note> = NO_NOTES;
  upstreamRequestId: string | undefined = undefined;
  /** ms of our own work until our head was sent. */
  overhead: number = -0;
  /** `performance.now()` of the last moment that somebody else had to act. */
  waitingSince: number = -0;
  firstByteAt: number = -0;
  dispatchedAt: number = -0;
  /** `performance.now()` at its end. */
  ended: number = -0;
  bytesIn: number = 0;
  /** Bytes of its body that are kept until it ends. */
  held: number = 0;
  bytesOut: number = 0;
  /** Lines of a stream, counted where its call reserves. */
  linesOut: number = 0;
  status: number = 0;
  code: string = '';
  error: ErrorLike | undefined = undefined;
  usage: Usage | undefined = undefined;
  /** What the provider said of its limits when it refused the last try, for a client that reads its words; undefined: nothing. */
  refusedLimits: readonly string[] | undefined = undefined;
  /** What parts of the answer used that were given up for another target's, and its cost in billionths of a dollar. */
  givenUp: { readonly usage: Usage; readonly cost: number } | undefined = undefined;
  /** USD; undefined while no price is known. */
  cost: number | undefined = undefined;
  streamOutcome: StreamOutcome = 'none';
  /** Of the audit log; made before the first byte went to a provider. */
  intended: AuditRecord | undefined = undefined;
  /** The client went before the answer was whole. */
  gone: boolean = false;
  /** Its credential turned out to be in wrong hands, or ended and is not outlived; nothing more is begun for it. */
  revoked: boolean = false;
  /** Ends what is under way: the client went, the drain deadline came, or its credential was revoked. */
  pending: Interruptible | undefined = undefined;
  /** Id behind which a list is to be asked for again, because nothing of a page was the caller's. */
  nextPage: string | undefined = undefined;
  pagesPassed: number = 0;
  /** Ends the count of open calls at the instance. */
  counted: CallMetrics | undefined = undefined;
  /** The line has been walked to its end; with `closed` the request is settled. */
  walked: boolean = false;
  closed: boolean = false;
  settled: boolean = false;
  /** It holds a place of the calls that may be open. */
  placed: boolean = false;
  /** Of the plan's roster of open calls. */
  place: number = -1;

  constructor(id: string, plan: Plan, request: Incoming, response: Outgoing, startedAt: number) {
    this.id = id;
    this.plan = plan;
    this.request = request;
    this.response = response;
    this.http2 = request.httpVersionMajor === 2;
    this.started = performance.now();
    this.startedAt = startedAt;
  }
  /** Ends it: its credential does not let in any more. */
  revoke(): void {
    this.revoked = true;
    this.pending?.interrupt('revoked');
  }
  note(kind: LedgerKind, param: string): void {
    const notes = new Map(this.ledger);
    notes.set(`${kind}=${param}`, { kind, param });
    this.ledger = notes;
  }
  forgetNotes(): void {
    this.ledger = NO_NOTES;
  }
}
