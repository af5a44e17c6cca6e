import type { ConnectionOptions } from 'node:tls';
import { GatewayError, type Secret } from '@llm-proxy-auth/plugin';
import { isLoopback } from './address.ts';
import type { Config } from './config.ts';

type Reveal = (secret: Secret) => Promise<string>;

/** What the TLS connection is opened with; false = none. A file that asks for certificates without TLS contradicts itself. */
export const protectionOf = async (tls: Config['tls'], host: string, reveal: Reveal): Promise<ConnectionOptions | false> => {
  const mode = tls?.mode ?? (tls?.ca === undefined && isLoopback(host) ? 'off' : 'verify-full');
  if (mode === 'off') {
    if (tls?.ca === undefined && tls?.cert === undefined && tls?.key === undefined) return false;
    throw new GatewayError('internal_error', 'store.tls names certificates and is off; leave out one of them.', { param: 'store.tls' });
  }
  if ((tls?.cert === undefined) !== (tls?.key === undefined))
    throw new GatewayError('internal_error', 'store.tls needs cert and key together.', { param: 'store.tls' });
  return {
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(tls?.ca === undefined ? {} : { ca: await reveal(tls.ca) }),
    ...(tls?.cert === undefined ? {} : { cert: await reveal(tls.cert) }),
    ...(tls?.key === undefined ? {} : { key: await reveal(tls.key) }),
    ...(mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
};
