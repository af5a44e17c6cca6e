import { table } from '../terminal.ts';
import type { Stop, Visited } from './tour.ts';

/** What a stop of the tour showed. */
export interface Seen {
  readonly provider: string;
  readonly what: string;
  readonly ok: boolean;
  readonly seen: string;
  readonly ms: number;
}
/** Goes from stop to stop, also after one that failed. */
export const visit = async (stops: readonly Stop[], visited: Visited, told: (seen: Seen) => void): Promise<readonly Seen[]> => {
  const all: Seen[] = [];
  for (const { provider, what, see } of stops) {
    const since = performance.now();
    const [ok, seen] = await see(visited).then(
      (text) => [true, text] as const,
      (error: unknown) => [false, error instanceof Error ? error.message : String(error)] as const,
    );
    const one = { provider, what, ok, seen, ms: Math.round(performance.now() - since) };
    all.push(one);
    told(one);
  }
  return all;
};
const KINDS = ['answer', 'stream', 'tools'];
/** A row a provider, then what the gateway showed of itself. */
export const summary = (all: readonly Seen[]): string => {
  const mark = (one: Seen | undefined): string => (one === undefined ? '' : one.ok ? 'ok' : 'FAILED');
  const providers = [...new Set(all.filter(({ what }) => KINDS.includes(what)).map(({ provider }) => provider))];
  const rows = providers.map((provider) => [provider, ...KINDS.map((kind) => mark(all.find((one) => one.provider === provider && one.what === kind)))]);
  const rest = all.filter(({ what }) => !KINDS.includes(what)).map((one) => [one.what, mark(one)]);
  return `${table([['provider', ...KINDS], ...rows])}\n${table(rest)}`;
};
