import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';

/** Frames a peer may send that cost us work and it nothing: a burst, then so many per second. */
export interface FloodLimits {
  readonly resets: { readonly burst: number; readonly perSecond: number };
  readonly control: { readonly burst: number; readonly perSecond: number };
}
/**
 * Resets: a client that hangs up may cancel all 256 streams at once, and do so again after a reconnect. Control: PING and
 * SETTINGS; keep-alives are one PING in some seconds.
 */
export const FLOOD: FloodLimits = Object.freeze({
  resets: Object.freeze({ burst: 600, perSecond: 30 }),
  control: Object.freeze({ burst: 100, perSecond: 10 }),
});

interface Bucket {
  take(): boolean;
}
const bucket = (limits: { readonly burst: number; readonly perSecond: number }): Bucket => {
  let left = limits.burst;
  let at = performance.now();
  return {
    take() {
      const now = performance.now();
      left = Math.min(limits.burst, left + ((now - at) / 1000) * limits.perSecond);
      at = now;
      left -= 1;
      return left >= 0;
    },
  };
};

/**
 * Ends a session whose peer floods it (rapid reset CVE-2023-44487, MadeYouReset CVE-2025-8671, PING and SETTINGS floods
 * CVE-2019-9512 and -9515). INTERNAL_ERROR is not counted: that is how we cut an answer ourselves.
 */
export const guardSession = (session: ServerHttp2Session, limits: FloodLimits, flooded: () => void): void => {
  const resets = bucket(limits.resets);
  const control = bucket(limits.control);
  const end = (): void => {
    if (session.destroyed) return;
    flooded();
    session.destroy(new Error('flooded'), constants.NGHTTP2_ENHANCE_YOUR_CALM);
  };
  const count = (): void => {
    if (!control.take()) end();
  };
  session.on('ping', count);
  session.on('remoteSettings', count);
  session.on('stream', (stream: ServerHttp2Stream) => {
    stream.once('close', () => {
      if (stream.rstCode === constants.NGHTTP2_NO_ERROR || stream.rstCode === constants.NGHTTP2_INTERNAL_ERROR) return;
      if (!resets.take()) end();
    });
  });
};
