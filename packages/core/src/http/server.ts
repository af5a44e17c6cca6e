import { randomBytes } from 'node:crypto';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { createSecureContext, type Server as TlsServer } from 'node:tls';
import type { Logger } from '@llm-proxy-auth/plugin';
import type { FloodLimits } from './flood.ts';
import { createPort, type Port, secureContext, type TlsOptions } from './one-port.ts';
import { distrust } from './peer-certificate.ts';
import type { RequestHandler } from './sever.ts';
import { createSweep } from './sweep.ts';

export type { TlsOptions } from './one-port.ts';
export type { AnyRequest, AnyResponse, RequestHandler } from './sever.ts';

export interface ListenerOptions {
  /** `server`, `ops`, `admin`: stands in messages and in the `listening` line. */
  readonly name: string;
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly tls?: TlsOptions | undefined;
  /** Several processes on one machine share the port. */
  readonly reusePort?: boolean | undefined;
  readonly timeouts: {
    /** Milliseconds until a request head is complete. */
    readonly head: number;
    /** Milliseconds until a request body is complete. */
    readonly body: number;
    /** Slowest body, bytes per second. */
    readonly minRate: number;
    /** Milliseconds over which `minRate` is measured; default 10,000. */
    readonly grace?: number | undefined;
    /** Milliseconds an HTTP/2 connection without a stream is kept; default 72,000. */
    readonly idle?: number | undefined;
  };
  readonly flood?: FloodLimits | undefined;
  readonly log?: Logger | undefined;
  readonly handler: RequestHandler;
}

export interface Listener {
  readonly name: string;
  /** Scheme, host and port as bound; throws before `listen`. */
  readonly url: string;
  readonly address: AddressInfo;
  /** Rejects with Node's error (`EADDRINUSE`, `EACCES` …). */
  listen(): Promise<void>;
  /** No new connections; answers from now on close theirs. */
  stopAccepting(): void;
  /** Closes connections without a request. */
  closeIdle(): void;
  /** Destroys every raw socket. */
  destroyAll(): void;
  /** `stopAccepting`, waits for what is under way, destroys what is left after `deadline` milliseconds. */
  close(deadline: number): Promise<void>;
  /** Throws what `setSecureContext` would throw, and changes nothing. */
  checkSecureContext(tls: TlsOptions): void;
  /** Throws and keeps the old certificate when the new one does not fit. */
  setSecureContext(tls: TlsOptions): void;
  /** Raw connections open. */
  connections(): number;
}

const bind = (front: NetServer | TlsServer, options: ListenerOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    front.once('error', reject);
    front.listen({ host: options.host, port: options.port, reusePort: options.reusePort ?? false, backlog: 2048 }, () => {
      front.removeListener('error', reject);
      front.on('error', (error) => options.log?.error({ listener: options.name, error }, 'listener failed'));
      resolve();
    });
  });

const urlOf = (address: AddressInfo, scheme: string): string =>
  `${scheme}://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;

/** Idle connections of a port: waiting for the first byte, between two requests, or HTTP/2 without a stream. */
const closeIdle = (port: Port): void => {
  for (const socket of port.undecided) if (socket.bytesRead === 0) socket.destroy();
  port.closeIdleHttp1();
  for (const { used, socket, startedAt } of port.http1) if (!used && socket.bytesRead === startedAt) socket.destroy();
  for (const { session, streams } of port.http2) if (streams === 0 && !session.closed) session.close();
};
/** The same, and HTTP/2 clients with open streams are told to send no further one. */
const windDown = (port: Port): void => {
  closeIdle(port);
  for (const { session } of port.http2) if (!session.closed && !session.destroyed) session.close();
};

const ends = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
/**
 * After the authorities of clients have changed, or whom they revoked: certificates of open connections count no longer, and connections end that are still
 * shaking hands, or that are open for their certificate alone. Whom the new authorities know connects anew.
 */
const forgetClients = (port: Port, alone: boolean): void => {
  distrust([...port.http1].map(({ socket }) => socket));
  distrust([...port.http2].map(({ session }) => session));
  const taken = new Set([...port.http1, ...port.http2].map(({ socket }) => ends(socket)));
  for (const socket of port.sockets) if (alone || !taken.has(ends(socket))) socket.destroy();
};

/**
 * One port for HTTP/1.1 and HTTP/2 (contract.md §4). Throws when certificate and key do not fit.
 */
export const createListener = async (options: ListenerOptions): Promise<Listener> => {
  const { tls, log, name, timeouts } = options;
  if (tls !== undefined) createSecureContext(secureContext(tls));
  const port = createPort({
    tls,
    head: timeouts.head,
    body: timeouts.body,
    flood: options.flood,
    handler: options.handler,
    failed: (error) => log?.error({ listener: name, error }, 'a request handler threw'),
    flooded: () => log?.warn({ listener: name }, 'closed an HTTP/2 connection that flooded'),
  });
  const sweep = createSweep(port, timeouts);
  let listening = false;
  const vouchedBy = ({ clientCa = '', clientCrl = '' }: TlsOptions): string => `${clientCa}\n${clientCrl}`;
  let vouching = tls === undefined ? '' : vouchedBy(tls);
  let accepting = true;
  const address = (): AddressInfo => {
    const bound = port.front.address();
    if (bound === null || typeof bound === 'string') throw new Error(`The listener ${name} is not bound.`);
    return bound;
  };
  let bound: AddressInfo | undefined;
  const listener: Listener = {
    name,
    get url() {
      return urlOf(bound ?? address(), tls === undefined ? 'http' : 'https');
    },
    get address() {
      return bound ?? address();
    },
    async listen() {
      await bind(port.front, options);
      bound = address();
      listening = true;
      sweep.start();
    },
    stopAccepting() {
      if (!accepting) return;
      accepting = false;
      if (listening) port.front.close();
      port.drain();
      sweep.drain(() => windDown(port));
    },
    closeIdle: () => closeIdle(port),
    destroyAll() {
      for (const socket of port.sockets) socket.destroy();
    },
    close: (deadline) =>
      new Promise((resolve) => {
        listener.stopAccepting();
        const finish = (): void => {
          clearTimeout(late);
          sweep.stop();
          port.dispose();
          resolve();
        };
        const late = setTimeout(() => listener.destroyAll(), deadline);
        windDown(port);
        sweep.whenEmpty(finish);
      }),
    checkSecureContext(next) {
      if (!('setSecureContext' in port.front)) throw new Error(`The listener ${name} has no TLS.`);
      createSecureContext(secureContext(next));
    },
    setSecureContext(next) {
      if (!('setSecureContext' in port.front)) throw new Error(`The listener ${name} has no TLS.`);
      listener.checkSecureContext(next);
      port.front.setSecureContext(secureContext(next));
      // No session that the old certificates opened is resumed: whom they vouched for is asked again.
      port.front.setTicketKeys(randomBytes(48));
      if (vouchedBy(next) !== vouching) forgetClients(port, tls?.clientCertificate === 'required');
      vouching = vouchedBy(next);
    },
    connections: () => port.sockets.size,
  };
  return listener;
};
