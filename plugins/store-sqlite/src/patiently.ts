import { setTimeout as sleep } from 'node:timers/promises';
import { isBusy } from './failure.ts';

/** Total of the pauses before a lock is reported, ms. */
export const PATIENCE = 2000;
const LONGEST_PAUSE = 25;

/** Runs `work` until it finds the database free; pauses between tries leave the event loop to others. Throws the driver's last error. */
export const patiently = async <T>(work: () => T): Promise<T> => {
  for (let waited = 0, pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || waited >= PATIENCE) throw error;
    }
    const jittered = pause * (0.5 + Math.random() / 2);
    waited += jittered;
    await sleep(jittered);
  }
};
