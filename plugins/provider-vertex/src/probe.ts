import { GatewayError, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import type { Listing } from './models.ts';
import { judge, readRefusal } from './rejected.ts';

/**
 * Asks about one model. Any answer will do that is not about our credential: an account that may call models need not be allowed to
 * read about them. Throws GatewayError.
 */
export const probe =
  ({ origin, path, host, sign }: Listing) =>
  async (signal: AbortSignal): Promise<void> => {
    const request: UpstreamRequest = {
      method: 'GET',
      origin,
      path: `${path}/v1beta1/publishers/google/models/gemini-2.5-flash`,
      headers: ['accept', 'application/json'],
      body: undefined,
    };
    await sign(request);
    const reply = await host.fetch(request, signal);
    if (reply.status >= 500) throw new GatewayError('upstream_bad_response', `Vertex AI answered with status ${reply.status}.`);
    const mayNotRead = reply.status === 403 && JSON.stringify(readRefusal(reply) ?? {}).includes('aiplatform.publisherModels');
    if (judge(reply) !== undefined && !mayNotRead) throw new GatewayError('upstream_auth_failed', 'Google refused the credential of this instance.');
  };
