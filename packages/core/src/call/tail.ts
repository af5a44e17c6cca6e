import { sever } from '../http/sever.ts';
import type { Exchange } from './exchange.ts';

const DEFAULT_STALL_MS = 60_000;

/**
 * The provider is done and the line has been walked, but the client has not taken all of its answer: it has `clientStall`
 * for each step forward, as while the answer was still coming. Node's own timer knows how far a write in progress has come.
 */
export const watchTail = (x: Exchange): void => {
  const { response } = x;
  if (x.closed || response.destroyed || !(response.writableLength > 0)) return;
  response.setTimeout(x.instance?.settings.timeouts.clientStall ?? DEFAULT_STALL_MS, () => {
    // Ended by us, it may call itself finished.
    x.gone = true;
    sever(response, true);
  });
};
