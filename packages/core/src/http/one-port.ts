import net, { type Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { createHttp1, type Http1Connection } from './http1.ts';
import { createHttp2, type Http2Connection, type Http2Upload } from './http2.ts';
import { answerRaw, parserError } from './raw-answer.ts';
import type { Serving } from './serving.ts';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** PEM texts. `clientCa`: certificates are asked for. `clientCrl`: lists of those that it has revoked. */
export interface TlsOptions {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string | undefined;
  readonly clientCrl?: string | undefined;
  /** `required`: a connection without a certificate of `clientCa` is closed. Default `optional`: whom it lets in is the strategies' business. */
  readonly clientCertificate?: 'optional' | 'required' | undefined;
}
export interface PortOptions extends Serving {
  readonly tls?: TlsOptions | undefined;
}
export interface Port {
  readonly front: net.Server | tls.Server;
  /** Every raw socket, decided or not; destroying these always ends the port. */
  readonly sockets: ReadonlySet<Socket>;
  /** Sockets of which no byte decided the protocol yet. */
  readonly undecided: ReadonlySet<Socket>;
  readonly http1: ReadonlySet<Http1Connection>;
  readonly http2: ReadonlySet<Http2Connection>;
  readonly uploads: Set<Http2Upload>;
  /** Answers from now on close their connection. */
  drain(): void;
  /** HTTP/1.1 connections between two requests. */
  closeIdleHttp1(): void;
  dispose(): void;
  timeOut(connection: Http1Connection): void;
}

/**
 * Takes a socket until its first bytes say what it speaks. The pieces are held and unshifted once: unshift before the next
 * `readable` spins the loop when the first piece is shorter than the preface.
 */
const peek = (socket: Socket, deadline: number, decided: (protocol: 'http1' | 'http2') => void): void => {
  let held: Buffer | undefined;
  const early = setTimeout(() => {
    if (held === undefined) socket.destroy();
    else answerRaw(socket, parserError('ERR_HTTP_REQUEST_TIMEOUT'));
  }, deadline);
  const goodbye = (): void => {
    socket.destroy();
  };
  const look = (): void => {
    const piece: Buffer | null = socket.read();
    if (piece === null) {
      socket.once('readable', look);
      return;
    }
    held = held === undefined ? piece : Buffer.concat([held, piece]);
    const length = Math.min(held.length, PREFACE.length);
    const same = held.compare(PREFACE, 0, length, 0, length) === 0;
    if (same && length < PREFACE.length) {
      socket.once('readable', look);
      return;
    }
    clearTimeout(early);
    socket.removeListener('end', goodbye);
    socket.unshift(held);
    // The closures above live as long as the connection.
    held = undefined;
    decided(same ? 'http2' : 'http1');
  };
  socket.once('readable', look);
  socket.once('close', () => clearTimeout(early));
  socket.once('end', goodbye);
};

/** What the certificates make of a listener, at its start and when they change. */
export const secureContext = ({ cert, key, clientCa, clientCrl }: TlsOptions) => ({
  cert,
  key,
  // Without authorities of its own a listener knows none: nobody is a caller because the public ones vouch for him.
  ca: clientCa ?? [],
  ...(clientCa === undefined || clientCrl === undefined ? {} : { crl: clientCrl }),
  minVersion: 'TLSv1.2' as const,
});

const createFront = (options: PortOptions, give: (protocol: 'http1' | 'http2', socket: Socket) => void, undecided: Set<Socket>): net.Server | tls.Server => {
  // What a client has not taken waits at the provider: a slow reader holds no more than one read of it here, and one under way.
  const transport = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000, highWaterMark: 16_384 };
  if (options.tls === undefined) {
    return net.createServer({ ...transport, allowHalfOpen: true }, (socket) => {
      undecided.add(socket);
      peek(socket, options.head, (protocol) => {
        undecided.delete(socket);
        give(protocol, socket);
      });
    });
  }
  const { clientCa, clientCertificate } = options.tls;
  const front = tls.createServer(
    {
      ...transport,
      ...secureContext(options.tls),
      requestCert: clientCa !== undefined,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: options.head,
    },
    (socket: TLSSocket) => {
      // A resumed session counts as authorized even when it began without a certificate.
      if (clientCertificate === 'required' && clientCa !== undefined && !(socket.authorized && socket.getPeerX509Certificate() !== undefined)) {
        socket.destroy();
        return;
      }
      socket.on('error', () => socket.destroy());
      give(socket.alpnProtocol === 'h2' ? 'http2' : 'http1', socket);
    },
  );
  front.on('tlsClientError', (_error, socket) => socket.destroy());
  return front;
};

/** HTTP/1.1 and HTTP/2 behind one front: cleartext by the first bytes, TLS by ALPN. */
export const createPort = (options: PortOptions): Port => {
  const sockets = new Set<Socket>();
  const undecided = new Set<Socket>();
  const http1Connections = new Set<Http1Connection>();
  const http2Connections = new Set<Http2Connection>();
  const uploads = new Set<Http2Upload>();
  let draining = false;
  const one = createHttp1(options, http1Connections, () => draining);
  const two = createHttp2(options, http2Connections, uploads);
  const front = createFront(options, (protocol, socket) => (protocol === 'http2' ? two : one).give(socket), undecided);
  front.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sockets.delete(socket);
      undecided.delete(socket);
    });
  });
  return {
    front,
    sockets,
    undecided,
    http1: http1Connections,
    http2: http2Connections,
    uploads,
    drain() {
      draining = true;
      for (const { response } of http1Connections) if (response !== undefined && !response.headersSent) response.shouldKeepAlive = false;
    },
    closeIdleHttp1: () => one.server.closeIdleConnections(),
    dispose: () => {
      one.server.close();
      two.server.close();
    },
    timeOut: one.timeOut,
  };
};
