/** undici 8 dispatch with a handler that writes straight into the ServerResponse: the barest relay Node allows. */
import { Pool } from 'undici';
import { backHeaders, CONNECTIONS, outHeaders, UPSTREAM } from './common.mjs';

const pool = new Pool(UPSTREAM, { connections: CONNECTIONS, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });

/** Every piece is one write. */
class Handler {
  constructor(res) {
    this.res = res;
  }
  onRequestStart(controller) {
    this.controller = controller;
    this.res.on('close', () => {
      if (!this.res.writableFinished) controller.abort(new Error('client gone'));
    });
  }
  onResponseStart(controller, status) {
    if (status >= 200) this.res.writeHead(status, backHeaders(controller.rawHeaders));
  }
  onResponseData(controller, piece) {
    if (this.res.write(piece)) return;
    controller.pause();
    this.res.once('drain', () => controller.resume());
  }
  onResponseEnd() {
    this.res.end();
  }
  onResponseError(_controller, error) {
    if (this.res.headersSent) this.res.destroy();
    else {
      this.res.writeHead(502);
      this.res.end(error.message);
    }
  }
}
/** As Handler, but the pieces of one read of the upstream socket go out in one write (BATCH=1). */
class BatchHandler extends Handler {
  onResponseData(_controller, piece) {
    if (this.parts === undefined) {
      this.parts = [piece];
      process.nextTick(flush, this);
    } else this.parts.push(piece);
  }
  onResponseEnd() {
    const { parts } = this;
    this.parts = undefined;
    if (parts === undefined) this.res.end();
    else this.res.end(parts.length === 1 ? parts[0] : Buffer.concat(parts));
  }
}
function flush(handler) {
  const { parts } = handler;
  if (parts === undefined) return;
  handler.parts = undefined;
  if (handler.res.write(parts.length === 1 ? parts[0] : Buffer.concat(parts))) return;
  handler.controller.pause();
  handler.res.once('drain', () => handler.controller.resume());
}
const Chosen = process.env.BATCH ? BatchHandler : Handler;
export function forward(method, path, rawHeaders, body, res) {
  pool.dispatch({ method, path, headers: outHeaders(rawHeaders), body }, new Chosen(res));
}
