import type { Outlet } from './outlet.ts';

/** Knows whether the peer of a response has gone, and lets waits end when it goes. One for each response. */
export type Departure = {
  readonly gone: boolean;
  /** Resolves when `start` calls `done` or the peer goes; what `start` returns is called then. */
  or(start: (done: () => void) => (() => void) | undefined): Promise<void>;
};

export const departure = (response: Outlet): Departure => {
  const waiting = new Set<() => void>();
  let gone = false;
  response.onClose(() => {
    gone = true;
    for (const end of [...waiting]) end();
  });
  return {
    get gone() {
      return gone;
    },
    or: (start) => {
      if (gone) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      let stop: (() => void) | undefined;
      const end = (): void => {
        if (!waiting.delete(end)) return;
        stop?.();
        resolve();
      };
      waiting.add(end);
      stop = start(end);
      return promise;
    },
  };
};
