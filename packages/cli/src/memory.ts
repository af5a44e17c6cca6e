import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Lets V8 count the bytes of Buffers into the limit at which it collects its whole heap. By default they have a fixed limit of
 * 64 MiB of their own, which bodies of some megabytes exceed every few requests; each time the whole heap is marked, although
 * the bytes are long free to go. A call with a 10 MB image costs half the CPU with it. V8 12 (Node 22) does not know the flag.
 */
export const countBuffers = (v8: string = process.versions.v8): void => {
  if (Number.parseInt(v8, 10) >= 13) setFlagsFromString('--external-memory-accounted-in-global-limit');
};

/**
 * What small Buffers are cut from: 8 KiB, as in Node 22. Of a slab of 64 KiB one piece that is kept keeps the whole, and a call
 * keeps some as long as it lasts: the body that was sent, what its client has not taken yet.
 */
export const shareLess = (): void => {
  Buffer.poolSize = 8_192;
};

/** Node has no other way to ask for a collection. */
const collector = (): (() => void) => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return typeof collect === 'function' ? (collect as () => void) : () => undefined;
};
/**
 * Starts something with what loading left behind collected (sources, parse trees, schemas), before and after it: some 35 MB less
 * stay resident, and the limits that V8 derives from the heap it finds follow from what lives on.
 */
export const collected = async <T>(start: () => Promise<T>): Promise<T> => {
  const collect = collector();
  collect();
  const started = await start();
  collect();
  return started;
};
