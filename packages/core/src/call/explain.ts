import { type Dialect, GatewayError } from '@llm-proxy-auth/plugin';
import type { Found } from '../http/route.ts';
import type { Candidate } from '../routing/resolve.ts';
import { ownHeaders, sendWhole } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { prepare } from './operate.ts';
import type { ReceivedBody } from './protocol.ts';

/** `x-lpa-explain: 1`: route, policy decision and the upstream request, unsigned, without calling the provider. */
export const explain = (
  x: Exchange,
  dialect: Dialect,
  found: Extract<Found, { is: 'surface' }>,
  candidates: readonly Candidate[],
  body: ReceivedBody,
): void => {
  const scopes = x.principal?.scopes ?? [];
  if (!scopes.includes('explain') && !scopes.includes('admin')) throw new GatewayError('scope_required', 'x-lpa-explain needs the scope `explain`.');
  const targets = candidates.map((candidate) => {
    x.instance = candidate.instance;
    x.forgetNotes();
    const { request, body: upstream } = prepare(x, dialect, found, candidate, body);
    return {
      instance: candidate.instance.name,
      model: candidate.model,
      request: {
        method: request.method,
        url: `${request.origin}${request.path}`,
        headers: request.headers,
        body: Array.isArray(upstream) ? Buffer.concat(upstream).toString() : undefined,
      },
      fidelity: [...x.ledger.values()],
    };
  });
  const answer = {
    route: { mode: x.mode, dialect: dialect.name, surface: found.surface.name, operation: found.surface.operation, pattern: found.route.pattern },
    principal: x.principal?.id,
    policy: x.policy?.name,
    model: x.model,
    stream: x.stream,
    targets,
  };
  sendWhole(x, 200, [...ownHeaders(x), 'content-type', 'application/json'], JSON.stringify(answer, undefined, 2));
};
