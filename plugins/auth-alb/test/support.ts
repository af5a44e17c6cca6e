import type { AuthRequest, UpstreamReply, UpstreamRequest } from '@llm-proxy-auth/plugin';
import { type LoadBalancerKeys, loadBalancerKeys } from '@llm-proxy-auth/simulators';

export const ARN = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/gateway/50dc6c495c0c9188';
export const OTHER_ARN = 'arn:aws:elasticloadbalancing:eu-west-1:210987654321:loadbalancer/app/mallory/0123456789abcdef';
export const CLIENT = '1h57kf5cpq17m0eml12EXAMPLE';
export const ISSUER = 'https://idp.example';
export const RULE = { arn: ARN, clientId: CLIENT, issuer: ISSUER };
export const PLACE = 'https://public-keys.auth.elb.eu-west-1.amazonaws.com';

export const openKeys = (): Promise<LoadBalancerKeys> => loadBalancerKeys();
/** Answers what is asked of the public server with what the stand-in says. */
export const answeredBy =
  (keys: LoadBalancerKeys) =>
  async ({ method, origin, path }: UpstreamRequest): Promise<UpstreamReply> => {
    if (origin !== PLACE) return { status: 599, headers: [], body: Buffer.of() };
    const reply = await fetch(keys.url + path, { method });
    return { status: reply.status, headers: [], body: Buffer.from(await reply.arrayBuffer()) };
  };
export const requestOf = (value: string, more: Partial<AuthRequest['peer']> = {}, header = 'x-amzn-oidc-data'): AuthRequest => ({
  credential: { slot: 'proxy', header, value },
  method: 'GET',
  target: '/v1/models',
  url: '/v1/models',
  headers: [],
  rawHeaders: [header, value],
  peer: { address: '10.0.0.1', trusted: true, tls: false, ...more },
});
