/** Something that writes to a socket. */
export interface Turned {
  go(): void;
}
let waiting: Turned[] = [];
const drain = (): void => {
  const now = waiting;
  waiting = [];
  for (const each of now) each.go();
};
/**
 * Runs `go` when everything that arrived in this turn of the event loop has been read, so that the writes of a turn follow one
 * another: the kernel wakes a peer that sleeps once for all of them, where a write after each read would wake it every time.
 * At low load the turn ends at once. `go` never throws.
 */
export const inTurn = (task: Turned): void => {
  if (waiting.push(task) === 1) setImmediate(drain);
};
