// Drives mixed calls at a gateway for a while, and looks whether it lost a record or grew.
import { setTimeout as sleep } from 'node:timers/promises';
import { table } from '../../packages/cli/src/terminal.ts';
import { memoryOf } from '../../tests/support/process.ts';
import { CALLERS, type Held, openSite, type Site } from './site.ts';
import { drive, LANES, newTally, prepare, type Tally } from './traffic.ts';

/** In each half, whatever its length. */
const RELOADS = 10;
const REST_MS = 60_000;
const REPORT_MS = 30_000;
/** Of what it held in the middle of the run, as much may come on top until the end. */
const GROWTH = 0.1;

interface Check {
  readonly what: string;
  /** What is wrong; empty if nothing is. */
  readonly wrong: readonly string[];
}
/** What becomes of a gateway that does not hold, so that it is seen. */
export interface Harm {
  /** In the second half. */
  readonly running?: (site: Site, tally: Tally) => Promise<void>;
  readonly stopped?: (site: Site) => void;
  /** How long its rest may take, ms. */
  readonly restMs?: number;
}
export interface Wanted {
  readonly minutes: number;
  readonly say: (line: string) => void;
  readonly harm?: Harm;
}

const COLUMNS = ['seconds', 'answered', 'left', 'refused', 'faults', 'reloads', 'wrong', 'open', 'MiB'];
const columns = (cells: readonly (string | number)[]): string => cells.map((cell) => String(cell).padStart(9)).join('');
const MIB = 2 ** 20;

/** What it holds when no call is open, or when it has had time enough for that. */
const rested = async (site: Site, restMs: number): Promise<Held> => {
  const until = performance.now() + restMs;
  while ((await site.inflight()) > 0 && performance.now() < until) await sleep(100);
  return site.held();
};
/** The least of some moments: connections that nobody needs any more go one after the other. */
const plateau = async (site: Site, restMs: number): Promise<Held> => {
  let least = await rested(site, restMs);
  for (let round = 0; round < 4; round++) {
    await sleep(500);
    const { bytes, handles, inflight } = await site.held();
    least = { bytes: Math.min(least.bytes, bytes), handles: Math.min(least.handles, handles), inflight };
  }
  return least;
};
const differences = (what: string, found: Tally['sent'], { sent }: Tally): readonly string[] =>
  CALLERS.filter((name) => found[name] !== sent[name]).map((name) => `${what} of ${name}: ${found[name]} of ${sent[name]} calls`);

const judge = async (site: Site, tally: Tally, middle: Held, end: Held, harm: Harm): Promise<readonly Check[]> => {
  const code = await site.stop();
  harm.stopped?.(site);
  const settled = site.settled();
  const audit = await site.verify();
  const grown = end.bytes - middle.bytes;
  const more = end.handles - middle.handles;
  return [
    { what: 'no answer is one that should not be', wrong: tally.wrong },
    { what: 'no call is open at rest', wrong: end.inflight === 0 ? [] : [`${end.inflight} are`] },
    {
      what: `memory grew in the second half by less than a tenth of ${(middle.bytes / MIB).toFixed(1)} MiB`,
      wrong: grown < middle.bytes * GROWTH ? [] : [`it grew by ${(grown / MIB).toFixed(1)} MiB`],
    },
    { what: `at most ${LANES} more handles than the ${middle.handles} in the middle`, wrong: more <= LANES ? [] : [`${more} more are open`] },
    { what: 'the gateway stopped cleanly', wrong: code === 0 ? [] : [`it ended with ${code}`] },
    {
      what: 'each call has one settled record, and each intent its end',
      wrong: [...differences('records', settled.calls, tally), ...(settled.open === 0 ? [] : [`${settled.open} intents without an end`])],
    },
    { what: 'the audit log verifies', wrong: audit.code === 0 ? [] : [audit.said] },
    { what: 'usage counts each call once', wrong: differences('usage', await site.used(), tally) },
  ];
};

/** Resolves with true when every check held. */
export const soak = async ({ minutes, say, harm = {} }: Wanted): Promise<boolean> => {
  const site = await openSite();
  try {
    prepare(site);
    const tally = newTally();
    const began = performance.now();
    const ms = minutes * 60_000;
    const shown = async (): Promise<void> => {
      const seconds = Math.round((performance.now() - began) / 1000);
      const rss = (memoryOf(site.pid)?.now ?? 0) / MIB;
      say(columns([seconds, ...Object.values(tally.calls), tally.wrong.length, await site.inflight(), Math.round(rss)]));
    };
    say(columns(COLUMNS));
    const ticking = setInterval(() => void shown().catch(() => undefined), Math.min(REPORT_MS, ms / 4));
    try {
      const half = { site, tally, ms: ms / 2, reloads: RELOADS };
      const restMs = harm.restMs ?? REST_MS;
      await drive(half);
      const middle = await plateau(site, restMs);
      await harm.running?.(site, tally);
      await drive(half);
      const end = await plateau(site, restMs);
      await shown();
      clearInterval(ticking);
      const checks = await judge(site, tally, middle, end, harm);
      say('');
      say(table(checks.map(({ what, wrong }) => [wrong.length === 0 ? 'ok' : 'FAILED', what, wrong.slice(0, 3).join('; ')])).trimEnd());
      return checks.every(({ wrong }) => wrong.length === 0);
    } finally {
      clearInterval(ticking);
    }
  } finally {
    await site.close();
  }
};
