import type { CapturedRequest } from './captured.ts';

export type Match = (request: CapturedRequest) => boolean;

/** Hands each item once, to the first waiter that wants it, whichever comes first. */
const queue = (what: string) => {
  let items: CapturedRequest[] = [];
  let waiters: { match: Match; give(request: CapturedRequest): void }[] = [];
  return {
    push(request: CapturedRequest): void {
      const waiter = waiters.find(({ match }) => match(request));
      if (waiter === undefined) items.push(request);
      else waiter.give(request);
    },
    next(match: Match = () => true, timeout = 20_000): Promise<CapturedRequest> {
      const ready = items.find(match);
      if (ready !== undefined) {
        items = items.filter((item) => item !== ready);
        return Promise.resolve(ready);
      }
      const { promise, resolve, reject } = Promise.withResolvers<CapturedRequest>();
      const timer = setTimeout(() => {
        waiters = waiters.filter((other) => other !== waiter);
        reject(new Error(`No ${what} within ${timeout} ms`));
      }, timeout);
      const waiter = {
        match,
        give: (request: CapturedRequest) => {
          clearTimeout(timer);
          waiters = waiters.filter((other) => other !== waiter);
          resolve(request);
        },
      };
      waiters.push(waiter);
      return promise;
    },
    trim(most: number): void {
      if (items.length > most) items = items.slice(items.length - most);
    },
    clear(): void {
      items = [];
    },
  };
};

type Queue = ReturnType<typeof queue>;

export type RequestLog = {
  /** The latest requests in order of arrival. */
  readonly requests: readonly CapturedRequest[];
  readonly heads: Queue;
  readonly whole: Queue;
  readonly aborted: Queue;
  /** Notes a request whose head has come. */
  head(request: CapturedRequest): void;
  clear(): void;
};

/** Keeps the latest `most` requests and lets tests wait for the next one in each state. */
export const requestLog = (most: number): RequestLog => {
  const requests: CapturedRequest[] = [];
  const heads = queue('request head');
  const whole = queue('request');
  const aborted = queue('aborted request');
  return {
    requests,
    heads,
    whole,
    aborted,
    head: (request) => {
      requests.push(request);
      if (requests.length > most) requests.splice(0, requests.length - most);
      for (const line of [heads, whole, aborted]) line.trim(most);
      heads.push(request);
    },
    clear: () => {
      requests.length = 0;
      for (const line of [heads, whole, aborted]) line.clear();
    },
  };
};
