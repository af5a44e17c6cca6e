import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Bytes, Credential } from '@llm-proxy-auth/plugin';
import type { AnyRequest } from './sever.ts';

/** A client's certificate that comes from `clientCa`. */
export interface PeerCertificate {
  readonly credential: Credential;
  readonly der: Bytes;
}
const known = new WeakMap<object, PeerCertificate | undefined>();
const distrusted = new WeakSet<object>();
/** From now on no certificate of these connections counts: whoever verified it is no authority any longer. */
export const distrust = (connections: Iterable<object>): void => {
  for (const connection of connections) distrusted.add(connection);
};

const read = (socket: TLSSocket): PeerCertificate | undefined => {
  // A resumed session counts as authorized even when it began without a certificate: only one that is there is believed.
  if (!socket.authorized) return undefined;
  const der = socket.getPeerX509Certificate()?.raw;
  if (der === undefined) return undefined;
  return Object.freeze({ credential: Object.freeze({ slot: 'certificate', value: createHash('sha256').update(der).digest('hex') }), der });
};
/** The certificate of the connection a request came over, read once per connection; undefined when none was verified. */
export const peerCertificate = (request: AnyRequest): PeerCertificate | undefined => {
  const session = 'stream' in request ? request.stream.session : undefined;
  const connection: object = session ?? request.socket;
  if (distrusted.has(connection)) return undefined;
  if (known.has(connection)) return known.get(connection);
  const socket = (session?.socket ?? request.socket) as TLSSocket;
  const found = 'encrypted' in socket ? read(socket) : undefined;
  known.set(connection, found);
  return found;
};
