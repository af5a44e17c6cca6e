import { GatewayError, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import { VERSION } from './endpoint.ts';
import { COMPATIBLE_MODELS, type Management } from './models.ts';

/**
 * Asks the inference service, since that is what calls need. Any answer will do that is not about our credential: who may call models need
 * not be allowed to list anything. Throws GatewayError.
 */
export const probe =
  ({ origin, path, compartment, host, sign }: Management, bearer: boolean) =>
  async (signal: AbortSignal): Promise<void> => {
    const asked = bearer ? COMPATIBLE_MODELS : `${VERSION}/guardrailVersions?compartmentId=${encodeURIComponent(compartment)}`;
    const request: UpstreamRequest = { method: 'GET', origin, path: `${path}${asked}`, headers: ['accept', 'application/json'], body: undefined };
    await sign(request);
    const reply = await host.fetch(request, signal);
    if (reply.status >= 500) throw new GatewayError('upstream_bad_response', `OCI answered with status ${reply.status}.`);
    if (reply.status === 401) throw new GatewayError('upstream_auth_failed', 'OCI refused the credential of this instance.');
  };
