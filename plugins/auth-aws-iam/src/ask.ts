import { asObject, asText, type Host, header, isGatewayError, parseJson, type UpstreamReply, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import type { SignedCall } from './call.ts';
import { type Identity, identityOf } from './identity.ts';
import { refuse } from './refused.ts';
import { GATEWAY_HEADER, NONCE_HEADER } from './token.ts';

const TIMEOUT_MS = 5000;
const MAX_BYTES = 65_536;
/** Words of the token service for "too often"; all but the second come with status 400. */
const THROTTLING = /^(?:Throttling|ThrottlingException|ThrottledException|RequestThrottled|RequestLimitExceeded)$/;

/** The token service cannot say now who somebody is. */
export class Away extends Error {
  override readonly name = 'Away';
  readonly reason: string;
  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

const requestOf = (call: SignedCall, gatewayId: string, origin: string | undefined): UpstreamRequest => ({
  method: call.method,
  origin: origin ?? `https://${call.endpoint.host}`,
  path: call.path,
  headers: [
    'host',
    call.endpoint.host,
    'accept',
    'application/json',
    GATEWAY_HEADER,
    gatewayId,
    ...(call.nonce === undefined ? [] : [NONCE_HEADER, call.nonce]),
    ...call.headers,
  ],
  body: call.body === undefined ? undefined : [call.body],
});
const codeOf = ({ body }: UpstreamReply): string => {
  try {
    return asText(asObject(asObject(parseJson(body, { maxDepth: 8 }))?.Error)?.Code) ?? '';
  } catch {
    return '';
  }
};
const judge = (reply: UpstreamReply, throttled: () => void): void => {
  if (reply.status === 200) return;
  const code = codeOf(reply);
  if (reply.status === 429 || THROTTLING.test(code)) {
    throttled();
    throw new Away('sts_throttling');
  }
  if (reply.status >= 500) throw new Away('sts_failing');
  refuse(/^[A-Za-z]{1,64}$/.test(code) ? `sts_${code}` : `sts_status_${reply.status}`);
};

/** Asks the token service who signed. Throws Refused and Away. */
export const asker = (host: Host, gatewayId: string, origin: string | undefined): ((call: SignedCall) => Promise<Identity>) => {
  const throttling = host.metrics.counter('llm_proxy_auth_sts_throttled_total');
  const send = async (call: SignedCall): Promise<UpstreamReply> => {
    try {
      return await host.fetch(requestOf(call, gatewayId, origin), AbortSignal.timeout(TIMEOUT_MS), { maxBytes: MAX_BYTES });
    } catch (error) {
      if (isGatewayError(error) && error.code === 'upstream_bad_response') return refuse('answer_too_long');
      throw new Away('sts_unreachable');
    }
  };
  return async (call) => {
    const reply = await send(call);
    judge(reply, () => throttling.add(1));
    if (!/^application\/json(?:;|$)/i.test(header(reply.headers, 'content-type') ?? '')) refuse('answer_not_json');
    return identityOf(reply.body, call.endpoint.partition);
  };
};
