import { GatewayError } from '../error.ts';

export interface TurnsOptions {
  /** Pieces of work that run at once. */
  readonly concurrent: number;
  /** Pieces that wait; one more is refused. */
  readonly waiting: number;
  /** Sentence of the refusal. */
  readonly refusal: string;
}
/** Lets costly work in a few at a time. Throws `auth_unavailable` when too many wait. */
export const turns = ({ concurrent, waiting: most, refusal }: TurnsOptions): (<T>(work: () => Promise<T>) => Promise<T>) => {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running === concurrent && waiting.length === most) throw new GatewayError('auth_unavailable', refusal, { retryAfterMs: 1000 });
    if (running === concurrent) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
};
