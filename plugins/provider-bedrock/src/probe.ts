import { GatewayError, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import type { ControlPlane } from './models.ts';
import { judge, readRefusal } from './rejected.ts';

/**
 * Asks the data plane, by the path `models`, since that is what calls need and what a private network may reach alone. Any answer will do that is not about
 * our credential: a role that may call models need not be allowed to list them. Throws GatewayError.
 */
export const probe =
  (plane: ControlPlane, models: string) =>
  async (signal: AbortSignal): Promise<void> => {
    const request: UpstreamRequest = {
      method: 'GET',
      origin: plane.origin,
      path: `${plane.path}${models}`,
      headers: ['accept', 'application/json'],
      body: undefined,
    };
    await plane.sign(request, signal);
    const reply = await plane.host.fetch(request, signal);
    if (reply.status >= 500) throw new GatewayError('upstream_bad_response', `Bedrock answered with status ${reply.status}.`);
    if (judge(reply) !== undefined && !readRefusal(reply).text.includes('is not authorized to perform'))
      throw new GatewayError('upstream_auth_failed', 'AWS refused the credential of this instance.');
  };
