import type { AuthRequest, HeaderPairs } from '@llm-proxy-auth/plugin';

const LOOPBACK = /^(?:127\.[0-9.]+|::1)$/;
/** What all lines of `x-forwarded-proto` say together; undefined when there is none. */
const forwardedProto = (headers: HeaderPairs): string | undefined => {
  const lines = headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === 'x-forwarded-proto');
  return lines.length === 0 ? undefined : lines.join(',').toLowerCase();
};
/** Every proxy on the way must have been called over TLS. */
const isHttps = (forwarded: string): boolean => forwarded.split(',').every((proto) => proto.trim() === 'https');

/**
 * Whether nobody on the way could read the password: TLS up to here, TLS up to a trusted proxy that says so, or a connection within
 * this machine. What a proxy forwards did not come from this machine, whatever address it names.
 */
export const isPrivate = ({ peer, rawHeaders }: Pick<AuthRequest, 'peer' | 'rawHeaders'>): boolean => {
  if (peer.trusted) {
    const forwarded = forwardedProto(rawHeaders);
    return forwarded === undefined ? peer.tls : isHttps(forwarded);
  }
  return peer.tls || LOOPBACK.test(peer.address);
};
