import type { IncomingMessage, ServerResponse } from 'node:http';
import { Server } from 'node:net';

/** One request that a server of this process was sent, and what it answered; bodies up to `MOST` characters. */
export interface Crossing {
  /** A gateway took it; else somebody whom a gateway calls. */
  readonly gateway: boolean;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly sent: string;
  readonly status: number;
  readonly head: string;
  readonly body: string;
}
const MOST = 65_536;

const kept = (): { add(piece: unknown): void; text(): string } => {
  const pieces: Buffer[] = [];
  let size = 0;
  return {
    add(piece) {
      if (size > MOST || (typeof piece !== 'string' && !(piece instanceof Uint8Array))) return;
      // A copy: what is written may be written over.
      const copy = Buffer.from(piece as string);
      pieces.push(copy);
      size += copy.length;
    },
    text: () => Buffer.concat(pieces).toString('latin1', 0, MOST),
  };
};
type Any = (...args: unknown[]) => unknown;
/** What a function of an object is given from now on. */
const overhear = (object: object, name: string, hear: (piece: unknown) => void): void => {
  const before = (object as Record<string, Any>)[name] as Any;
  Object.assign(object, {
    [name](this: object, ...args: unknown[]) {
      hear(args[0]);
      return before.apply(this, args);
    },
  });
};
const pairs = (raw: readonly string[]): [string, string][] =>
  raw.flatMap((name, i) => (i % 2 === 0 ? ([[name.toLowerCase(), raw[i + 1] ?? '']] as [string, string][]) : []));

/** Calls `crossed` once for each request, when its answer has ended or broken off. Over HTTP/1.1 and HTTP/2, in the clear or not. */
export const watchCrossings = (crossed: (crossing: Crossing) => void): void => {
  const { emit } = Server.prototype;
  Server.prototype.emit = function (this: Server, name: string, ...args: unknown[]): boolean {
    if (name === 'request') {
      const [request, response] = args as [IncomingMessage, ServerResponse & { readonly _header?: unknown }];
      const [sent, body] = [kept(), kept()];
      // The server of a gateway is given its sockets by the one that listens.
      const gateway = this.address() === null;
      overhear(request, 'push', sent.add);
      overhear(response, 'write', body.add);
      overhear(response, 'end', body.add);
      response.once('close', () => {
        // As it was written, or over HTTP/2 its parts.
        const head = typeof response._header === 'string' ? response._header : JSON.stringify(response.getHeaders());
        crossed({
          gateway,
          target: request.url ?? '',
          headers: pairs(request.rawHeaders),
          sent: sent.text(),
          status: response.statusCode,
          head,
          body: body.text(),
        });
      });
    }
    return (emit as Any).call(this, name, ...args) as boolean;
  };
};
