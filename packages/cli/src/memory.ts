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
 * Collects once what loading left behind (sources, parse trees, schemas): some 30 MB less stay resident, and the limits that V8
 * derives from the heap it finds follow from what lives on, not from the start. Node has no other way to ask for it.
 */
export const collectOnce = (): void => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect === 'function') collect();
};

/** Largest half of the young generation, MiB. V8 alone goes to 32, which 500 streams that open at once make it keep. */
const NURSERY = '--max-semi-space-size=8';
/**
 * The command line with which the process should have been started, undefined when it is as it should be: whoever runs it has
 * said a size, or the engine cannot be started anew in place (Windows, Node 22).
 */
export const withNursery = ({ execArgv, argv, env, platform, versions }: Pick<NodeJS.Process, 'execArgv' | 'argv' | 'env' | 'platform' | 'versions'>) => {
  const said = [...execArgv, env.NODE_OPTIONS ?? ''].some((option) => /--max[-_]semi[-_]space[-_]size/.test(option));
  if (said || platform === 'win32' || Number.parseInt(versions.node, 10) < 24) return undefined;
  return [NURSERY, ...execArgv, ...argv.slice(1)];
};
/** Starts the process anew with a bounded young generation; the process id stays. Must come first: nothing is open yet. */
export const boundNursery = (): void => {
  const args = withNursery(process);
  if (args !== undefined && typeof process.execve === 'function') process.execve(process.execPath, [process.execPath, ...args], process.env);
};
