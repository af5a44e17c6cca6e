import { lastOf } from '../last-of.ts';
import { HeaderLines } from './header-lines.ts';
import type { LeanRequest } from './lean-request.ts';
import { ServerResponse } from './node-http.ts';

/** Milliseconds that a connection may wait for its next request. */
export const KEEP_ALIVE_MS = 72_000;
const KEPT = `Connection: keep-alive\r\nKeep-Alive: timeout=${KEEP_ALIVE_MS / 1_000}\r\n`;

const dateLineOf = lastOf((second: number): string => `Date: ${new Date(second * 1_000).toUTCString()}\r\n`);
/** `Date` of this second. */
const dateLine = (): string => dateLineOf(Math.floor(Date.now() / 1_000));

/** What node:http keeps of an answer's head; no part of its types. */
interface Below {
  _header: string;
  _headerSent: boolean;
  _hasBody: boolean;
  readonly _removedConnection: boolean;
  readonly _removedTE: boolean;
  _storeHeader(firstLine: string, headers: readonly string[]): void;
}
const below = ServerResponse.prototype as unknown as Below;
const storeHeader = below._storeHeader;
/** A body as it is sent; bytes are not copied. */
export const bytesOf = (body: string | Uint8Array): Buffer =>
  typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);

/** An answer whose head may be lines that were checked already: node:http looks at each name and value three times. */
export class LeanResponse extends ServerResponse<LeanRequest> {
  /** Its head went out as lines, and says how long it is. */
  hasLength = false;
  /** The same as `writeHead` with these headers. */
  writeLines(status: number, lines: HeaderLines): void {
    this.hasLength = lines.hasLength;
    // Beside headers that were set one by one, node:http takes pairs alone.
    this.writeHead(status, (this.getHeaderNames().length === 0 ? lines : lines.pairs()) as string[]);
  }
  /** The same as `writeLines` and `end`; `size`: of the body in bytes. Head and body go out in one piece: node:http joins them for strings alone, each of which is copied twice. */
  endWhole(status: number, lines: HeaderLines, body: Uint8Array | string, size: number): void {
    this.writeLines(status, lines);
    const own = this as unknown as Below;
    if (!own._hasBody) return void this.end();
    // A head that has gone out, or says that chunks follow, has no body that can be joined to it.
    if (own._headerSent || this.chunkedEncoding || (typeof body !== 'string' && body.length !== size)) return void this.end(bytesOf(body));
    const head = own._header;
    const whole = Buffer.allocUnsafe(head.length + size);
    whole.write(head, 0, 'latin1');
    if (typeof body === 'string') whole.write(body, head.length, 'utf8');
    else whole.set(body, head.length);
    own._headerSent = true;
    this.end(whole);
  }
}
Object.defineProperty(LeanResponse.prototype, '_storeHeader', {
  value(this: LeanResponse & Below, firstLine: string, headers: HeaderLines | readonly string[]): void {
    if (!(headers instanceof HeaderLines)) return storeHeader.call(this, firstLine, headers);
    // The rest is node:http's: answers without a body, to HTTP/1.0, those that end their connection, and those that leave out what all have.
    if (
      !this._hasBody ||
      !this.shouldKeepAlive ||
      !this.useChunkedEncodingByDefault ||
      headers.hasOther ||
      !this.sendDate ||
      this._removedConnection ||
      this._removedTE
    )
      return storeHeader.call(this, firstLine, headers.pairs());
    let framing = '';
    if (!headers.hasLength) {
      this.chunkedEncoding = true;
      framing = 'Transfer-Encoding: chunked\r\n';
    }
    this._header = `${firstLine}${headers.text}${headers.hasDate ? '' : dateLine()}${KEPT}${framing}\r\n`;
    this._headerSent = false;
  },
});
