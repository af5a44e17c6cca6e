import { type Enrolled, Roster } from './roster.ts';

/** Something with deadlines. `tick` gets `performance.now()`. */
export interface Ticking extends Enrolled {
  tick(now: number): void;
}
const EVERY_MS = 50;

/** One timer for all open calls: arming a timer per piece of a stream would cost more than the piece. Accurate to 50 ms. */
export const makeTicker = () => {
  const members = new Roster<Ticking>();
  let timer: NodeJS.Timeout | undefined;
  const run = (): void => {
    const now = performance.now();
    members.each((member) => member.tick(now));
  };
  return {
    add(member: Ticking): void {
      members.add(member);
      timer ??= setInterval(run, EVERY_MS).unref();
    },
    remove(member: Ticking): void {
      members.remove(member);
    },
    stop(): void {
      clearInterval(timer);
      timer = undefined;
      members.clear();
    },
  };
};
export type Ticker = ReturnType<typeof makeTicker>;
