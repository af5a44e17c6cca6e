import { since } from '@llm-proxy-auth/plugin';

/** Tokens that the API server refused after they were let in. */
export interface Background {
  /** Moves when a token is refused. */
  epoch(): number;
  refused(key: string): boolean;
  /** Reviews a token while its caller is served already. Nothing is done when it was reviewed in the last 10 s. */
  review(key: string, ends: number, ask: () => Promise<boolean>): void;
}
const AGAIN_MS = 10_000;
/** Tokens that are remembered; the oldest go first. */
const MOST = 10_000;

const bounded = (map: Map<string, number>, key: string, value: number): void => {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MOST && oldest !== undefined) map.delete(oldest);
};
export const background = (now: () => number): Background => {
  /** Until when a token is refused, and when one was last reviewed. */
  const [ended, reviewed] = [new Map<string, number>(), new Map<string, number>()];
  let epoch = 0;
  return {
    epoch: () => epoch,
    refused: (key) => (ended.get(key) ?? 0) > now(),
    review(key, ends, ask) {
      if (since(reviewed.get(key) ?? Number.NEGATIVE_INFINITY, now()) < AGAIN_MS) return;
      bounded(reviewed, key, now());
      const settle = (good: boolean): void => {
        if (good) return;
        bounded(ended, key, ends);
        epoch++;
      };
      // An API server that is away changes nothing: the signature holds.
      ask().then(settle, () => reviewed.delete(key));
    },
  };
};
