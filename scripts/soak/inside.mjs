// Loaded into the gateway that is soaked: tells over the channel to its parent what it holds once all garbage is gone.
import { setTimeout as sleep } from 'node:timers/promises';

const kept = [];
process.on('message', async ({ keep = 0 }) => {
  if (keep > 0) kept.push(Array.from({ length: keep / 8 }, (_, i) => i + 0.5));
  // What a first collection finalizes, a second one frees.
  for (let round = 0; round < 3; round++) {
    globalThis.gc();
    await sleep(50);
  }
  const { heapUsed, external } = process.memoryUsage();
  process.send({ bytes: heapUsed + external, handles: process.getActiveResourcesInfo().length });
});
// The gateway ends when it has nothing to do any more, as without this.
process.channel.unref();
