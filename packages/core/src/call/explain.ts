import { isUtf8 } from 'node:buffer';
import { type Bytes, GatewayError } from '@llm-proxy-auth/plugin';
import { NANO } from '../access/prices.ts';
import type { Candidate } from '../routing/resolve.ts';
import { ownHeaders, sendWhole } from './answer.ts';
import type { Prepared } from './attempt.ts';
import type { Exchange } from './exchange.ts';

/** `x-lpa-explain: 1` stands on the request. Throws `scope_required` when its caller may not ask that. */
export const explainAsked = (x: Exchange): boolean => {
  if (x.head?.ours.get('explain') !== '1') return false;
  const scopes = x.principal?.scopes ?? [];
  if (!scopes.includes('explain') && !scopes.includes('admin')) throw new GatewayError('scope_required', 'x-lpa-explain needs the scope `explain`.');
  return true;
};

const bodyOf = (prepared: Prepared): { body?: string; bytes?: number } => {
  if (!Array.isArray(prepared.body)) return {};
  const bytes = Buffer.concat(prepared.body as readonly Bytes[]);
  return isUtf8(bytes) ? { body: bytes.toString() } : { bytes: bytes.length };
};
/** Known secrets as they stand in JSON text; what the operator wrote into headers may hold some. */
const withoutSecrets = (x: Exchange, json: string): string =>
  x.plan.graph
    .secrets()
    .filter((secret) => secret !== '')
    .reduce((text, secret) => text.replaceAll(JSON.stringify(secret).slice(1, -1), '[secret]'), json);

/** What would be sent to one target, unsigned. */
export const targetOf = (x: Exchange, candidate: Candidate, prepare: () => Prepared) => {
  x.instance = candidate.instance;
  const prepared = prepare();
  const { method, origin, path, headers } = prepared.request;
  return {
    instance: candidate.instance.name,
    model: candidate.model,
    request: { method, url: `${origin}${path}`, headers, ...bodyOf(prepared) },
    fidelity: [...x.ledger.values()],
  };
};

/** What the call would reserve of limits of tokens and money; costs in USD. */
const reservationOf = ({ estimate, reserved }: Exchange) =>
  estimate === undefined
    ? undefined
    : {
        inputTokens: estimate.input,
        outputTokens: estimate.output,
        ...(estimate.cost === undefined ? {} : { costUsd: estimate.cost / NANO }),
        claims: reserved.map(({ key, kind, amount, limit, shadow }) =>
          kind === 'budget' ? { key, costUsd: amount / NANO, limitUsd: limit / NANO, observed: shadow } : { key, amount, limit },
        ),
      };

/** Answers with route, policy decision and the upstream requests, without secrets; the provider is not called. */
export const explain = (x: Exchange, route: object, targets: readonly ReturnType<typeof targetOf>[]): void => {
  const answer = {
    route: { mode: x.mode, operation: x.operation, ...route },
    principal: x.principal?.id,
    policy: x.policy?.name,
    model: x.model,
    stream: x.stream,
    reservation: reservationOf(x),
    targets,
  };
  sendWhole(x, 200, ownHeaders(x).put('content-type', 'application/json'), withoutSecrets(x, JSON.stringify(answer, undefined, 2)));
};
