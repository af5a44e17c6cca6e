import { GatewayError, type Host, type Provider, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import type { Places } from './places.ts';
import type { Sign } from './sign.ts';

const PATHS: Readonly<Record<Places['api']['is'], string>> = Object.freeze({ v1: '/openai/v1/models', dated: '/openai/models', models: '/info' });
const pathOf = ({ base, api }: Places): string => {
  const query = api.is === 'v1' ? '' : `?api-version=${api.version}`;
  return `${base.path}${api.is === 'models' ? api.path : ''}${PATHS[api.is]}${query}`;
};
/** Any answer will do that is not about our key or token; a front may not have the path. Throws GatewayError. */
export const probe =
  (places: Places, host: Host, sign: Sign, rejected: NonNullable<Provider['rejected']>) =>
  async (signal: AbortSignal): Promise<void> => {
    const { origin } = places.base;
    const request: UpstreamRequest = { method: 'GET', origin, path: pathOf(places), headers: ['accept', 'application/json'], body: undefined };
    await sign(request, { fresh: false });
    const reply = await host.fetch(request, signal);
    if (reply.status >= 500) throw new GatewayError('upstream_bad_response', `Azure answered with status ${reply.status}.`);
    if (rejected(reply) !== undefined) throw new GatewayError('upstream_auth_failed', 'Azure refused the credential of this instance.');
  };
