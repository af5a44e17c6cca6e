/** Loaded before a gateway: `GET /` on STALLS_PORT answers the longest time, in ms, that the event loop stood still since the last time it was asked. */
import http from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
http
  .createServer((_request, response) => {
    const longest = Math.max(0, delay.max / 1e6 - RESOLUTION_MS);
    delay.reset();
    response.end(JSON.stringify({ longest }));
  })
  .listen(Number(process.env.STALLS_PORT), '127.0.0.1')
  .unref();
