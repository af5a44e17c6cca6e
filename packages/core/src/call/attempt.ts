import { Readable } from 'node:stream';
import { type Attempt, type ErrorLike, GatewayError, isGatewayError, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import type { Instance } from '../graph.ts';
import { beginWait } from './answer.ts';
import { dispatch, type Flight, type Sink } from './dispatch.ts';
import type { Exchange, Interruptible } from './exchange.ts';
import { type Attempting, cutOutcome, DONE, type Outcome } from './reply/outcome.ts';

const MAX_DRAINS = 4;
const DRAIN_MS = 60_000;

/** One upstream request, signed and sent; resolves when the client has its answer or the try failed. */
export interface Prepared {
  readonly request: Omit<UpstreamRequest, 'body'>;
  readonly body: readonly Uint8Array[] | Readable | undefined;
  readonly stream: boolean;
  sink(a: Attempting): Sink;
  /** Whether a refusal taught something of what was sent, so that it is written anew and asked once more. Undefined: none does. */
  readonly learns?: ((error: ErrorLike) => boolean) | undefined;
  /** What the client calls a parameter that the provider refused; undefined for one that it did not write. Absent: the same. */
  readonly names?: ((param: string) => string | undefined) | undefined;
}

const credentialFailure = (instance: Instance, error: unknown): Outcome => ({
  is: 'failed',
  class: '503',
  error: isGatewayError(error)
    ? error
    : new GatewayError('upstream_credentials_unavailable', `No credential for ${instance.name} can be had right now.`, { cause: error, retryAfterMs: 1_000 }),
});

type Why = Parameters<Interruptible['interrupt']>[0];
/** The attempt as a signer sees it; the signal is made only when somebody asks for it. */
class Signing implements Attempt, Interruptible {
  readonly number: number;
  readonly fresh: boolean;
  readonly #plan: Exchange['plan'];
  #now: number | undefined;
  readonly session: string | undefined;
  #controller: AbortController | undefined;
  #interrupted = false;
  #ended: ((why: Why) => void) | undefined;
  constructor(x: Exchange, number: number, fresh: boolean) {
    this.number = number;
    this.fresh = fresh;
    this.#plan = x.plan;
    this.session = x.principal?.id;
  }
  get now(): number {
    this.#now ??= this.#plan.now();
    return this.#now;
  }
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#interrupted) this.#controller.abort();
    return this.#controller.signal;
  }
  interrupt(why: Why): void {
    this.#interrupted = true;
    this.#controller?.abort();
    this.#ended?.(why);
  }
  /** Waits for the signature, for as long as its call may take and is wanted: a credential that is asked for goes on being asked for, for others. Rejects with what the signer throws. */
  async wait(signed: Promise<void>, most: number): Promise<'signed' | 'late' | Why> {
    const { promise, resolve, reject } = Promise.withResolvers<'signed' | 'late' | Why>();
    const timer = setTimeout(() => resolve('late'), most);
    this.#ended = resolve;
    signed.then(() => resolve('signed'), reject);
    return await promise.finally(() => clearTimeout(timer));
  }
}

/** One request on its way to the provider and its answer on its way back; settles once. */
class Sending implements Attempting, Interruptible {
  readonly x: Exchange;
  readonly instance: Instance;
  readonly #settle: (outcome: Outcome) => void;
  #flight: Flight | undefined;
  #undrain: (() => void) | undefined;
  constructor(x: Exchange, instance: Instance, settle: (outcome: Outcome) => void) {
    this.x = x;
    this.instance = instance;
    this.#settle = settle;
  }
  start(request: UpstreamRequest, prepared: Prepared): void {
    const { x, instance } = this;
    const { timeouts } = instance.settings;
    const at = beginWait(x);
    x.dispatchedAt = at;
    x.refusedLimits = undefined;
    const deadlines = {
      firstByte: prepared.stream ? timeouts.firstByte : undefined,
      idle: timeouts.idle,
      total: timeouts.total,
      clientStall: timeouts.clientStall,
    };
    const outgoing = { method: request.method, origin: request.origin, path: request.path, headers: request.headers, body: prepared.body };
    this.#flight = dispatch(x.plan.pool(instance, request.origin), outgoing, deadlines, x.plan.ticker, prepared.sink(this), x.plan.breaker(instance), at);
    x.pending = this;
    if (x.revoked) return this.interrupt('revoked');
    // A body that is refused while the connection is still being made would be noticed by nobody else.
    if (prepared.body instanceof Readable) prepared.body.once('error', (error) => this.#refuse(error));
  }
  #refuse(error: Error): void {
    this.flight.abort('aborted');
    if (!this.x.response.headersSent && isGatewayError(error)) this.resolve({ is: 'failed', class: 'other', error, accounted: true });
  }
  get flight(): Flight {
    return this.#flight ?? NOT_FLYING;
  }
  resolve(outcome: Outcome): void {
    if (this.x.pending === this) this.x.pending = undefined;
    if (outcome.is === 'failed' && outcome.accounted !== true && this.flight.taken) this.x.worked = true;
    this.#undrain?.();
    this.#undrain = undefined;
    this.#settle(outcome);
  }
  interrupt(why: 'gone' | 'drain' | 'revoked'): void {
    if (why !== 'gone') return this.flight.abort(why);
    this.#undrain = this.instance.settings.onDisconnect === 'drain' ? this.x.plan.takeDrain(this.instance, MAX_DRAINS) : undefined;
    if (this.#undrain === undefined) return this.flight.abort('aborted');
    // A client that read too slowly before it went no longer holds the provider up.
    this.flight.resume();
    setTimeout(() => this.flight.abort('aborted'), DRAIN_MS).unref();
  }
}
const NOT_FLYING: Flight = Object.freeze({ taken: false, pause: () => undefined, resume: () => undefined, abort: () => undefined });

const fly = (x: Exchange, instance: Instance, request: UpstreamRequest, prepared: Prepared): Promise<Outcome> =>
  x.gone
    ? Promise.resolve(DONE)
    : new Promise<Outcome>((resolve) => {
        new Sending(x, instance, resolve).start(request, prepared);
      });

export const send = (x: Exchange, instance: Instance, prepared: Prepared, number: number, fresh: boolean): Promise<Outcome> => {
  const { method, origin, path, headers } = prepared.request;
  const request: UpstreamRequest = { method, origin, path, headers: [...headers], body: Array.isArray(prepared.body) ? prepared.body : undefined };
  const signing = new Signing(x, number, fresh);
  try {
    x.pending = signing;
    const signed = instance.provider.sign(request, signing);
    if (signed instanceof Promise)
      return signing.wait(signed, instance.settings.timeouts.total).then(
        (how) => {
          if (how === 'signed') return fly(x, instance, request, prepared);
          if (how === 'gone') return DONE;
          return how === 'late' ? credentialFailure(instance, undefined) : cutOutcome(instance, how);
        },
        (error: unknown) => credentialFailure(instance, error),
      );
  } catch (error) {
    return Promise.resolve(credentialFailure(instance, error));
  }
  return fly(x, instance, request, prepared);
};
