import type { Readable } from 'node:stream';
import { type Attempt, GatewayError, isGatewayError, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import type { Instance } from '../graph.ts';
import { beginWait } from './answer.ts';
import { dispatch, type Flight, type Sink } from './dispatch.ts';
import type { Exchange } from './exchange.ts';
import { type Attempting, DONE, type Outcome } from './reply/outcome.ts';

const MAX_DRAINS = 4;
const DRAIN_MS = 60_000;

/** One upstream request, signed and sent; resolves when the client has its answer or the try failed. */
export interface Prepared {
  readonly request: Omit<UpstreamRequest, 'body'>;
  readonly body: readonly Uint8Array[] | Readable | undefined;
  readonly stream: boolean;
  sink(a: Attempting): Sink;
}

const credentialFailure = (instance: Instance, error: unknown): Outcome => ({
  is: 'failed',
  class: '503',
  error: isGatewayError(error)
    ? error
    : new GatewayError('upstream_credentials_unavailable', `No credential for ${instance.name} can be had right now.`, { cause: error, retryAfterMs: 1_000 }),
});

/** The attempt as a signer sees it; the signal is made only when somebody asks for it. */
const attemptOf = (x: Exchange, number: number, fresh: boolean): Attempt & { abort(): void } => {
  let controller: AbortController | undefined;
  return {
    number,
    fresh,
    now: x.plan.now(),
    session: x.principal?.id,
    get signal() {
      controller ??= new AbortController();
      return controller.signal;
    },
    abort: () => controller?.abort(),
  };
};

export const send = async (x: Exchange, instance: Instance, prepared: Prepared, number: number, fresh: boolean): Promise<Outcome> => {
  const { provider, settings } = instance;
  const request: UpstreamRequest = {
    ...prepared.request,
    headers: [...prepared.request.headers],
    body: Array.isArray(prepared.body) ? prepared.body : undefined,
  };
  const attempt = attemptOf(x, number, fresh);
  try {
    x.interrupt = attempt.abort;
    const signing = provider.sign(request, attempt);
    if (signing instanceof Promise) await signing;
  } catch (error) {
    return credentialFailure(instance, error);
  }
  if (x.gone) return DONE;
  return new Promise<Outcome>((resolve) => {
    let flight: Flight | undefined;
    let undrain: (() => void) | undefined;
    const finish = (outcome: Outcome): void => {
      x.interrupt = undefined;
      undrain?.();
      undrain = undefined;
      resolve(outcome);
    };
    const a: Attempting = { x, instance, resolve: finish, flight: () => flight as Flight };
    const { timeouts } = settings;
    x.dispatchedAt = performance.now();
    beginWait(x);
    flight = dispatch(
      x.plan.pool(instance, request.origin),
      { ...request, body: prepared.body },
      { firstByte: prepared.stream ? timeouts.firstByte : undefined, idle: timeouts.idle, total: timeouts.total, clientStall: timeouts.clientStall },
      x.plan.ticker,
      prepared.sink(a),
    );
    x.interrupt = (why) => {
      if (why === 'drain') return flight?.abort('drain');
      undrain = settings.onDisconnect === 'drain' ? x.plan.takeDrain(instance, MAX_DRAINS) : undefined;
      if (undrain === undefined) flight?.abort('aborted');
      else setTimeout(() => flight?.abort('aborted'), DRAIN_MS).unref();
    };
  });
};
