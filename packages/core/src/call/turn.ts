/** Something that writes to a socket. */
export interface Turned {
  go(): void;
}
type Lane = (task: Turned) => void;
/** Whoever comes before `start` runs what it was given goes along. */
const lane = (start: (drain: () => void) => void): Lane => {
  let waiting: Turned[] = [];
  const drain = (): void => {
    const now = waiting;
    waiting = [];
    for (const each of now) each.go();
  };
  return (task) => {
    if (waiting.push(task) === 1) start(drain);
  };
};

/**
 * Runs `go` when everything that arrived in this turn of the event loop has been read, so that the writes of a turn follow one
 * another: the kernel wakes a peer that sleeps once for all of them, where a write after each read would wake it every time.
 * At low load the turn ends at once. `go` never throws.
 */
export const inTurn: Lane = lane((drain) => setImmediate(drain));
/** What follows a piece within this time may wait as long for company: a client that reads on sees no difference, and each read and write of a socket costs more than what is done with its bytes. */
export const CLOSE_MS = 1;
/** The same after `CLOSE_MS`. */
export const soon: Lane = lane((drain) => setTimeout(drain, CLOSE_MS));
