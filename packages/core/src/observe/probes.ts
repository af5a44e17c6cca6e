import type { Instance } from '../graph.ts';

export interface ProbeOptions {
  /** Those of the configuration that serves now. */
  readonly instances: () => Iterable<Instance>;
  /** Milliseconds between two rounds; the first round is that long after the start. */
  readonly everyMs: number;
  readonly note: (instance: string, healthy: boolean) => void;
}
export interface Probes {
  /** `ok` or `failed` by instance, as far as it was asked. */
  states(): Readonly<Record<string, 'ok' | 'failed'>>;
  stop(): void;
}
const PATIENCE_MS = 15_000;

/** Asks every instance whose provider can be asked whether it answers; off the hot path, one question at a time to each. */
export const startProbes = ({ instances, everyMs, note }: ProbeOptions): Probes => {
  const known = new Map<string, boolean>();
  const asking = new Set<string>();
  const stopped = new AbortController();
  const ask = async ({ name, provider }: Instance): Promise<void> => {
    if (provider.probe === undefined || asking.has(name)) return;
    asking.add(name);
    const healthy = await provider.probe(AbortSignal.any([stopped.signal, AbortSignal.timeout(PATIENCE_MS)])).then(
      () => true,
      () => false,
    );
    asking.delete(name);
    if (stopped.signal.aborted) return;
    known.set(name, healthy);
    note(name, healthy);
  };
  const timer = setInterval(() => {
    for (const instance of instances()) void ask(instance);
  }, everyMs).unref();
  return {
    states() {
      const states: Record<string, 'ok' | 'failed'> = {};
      for (const { name } of instances()) if (known.has(name)) states[name] = known.get(name) === true ? 'ok' : 'failed';
      return states;
    },
    stop() {
      clearInterval(timer);
      stopped.abort();
    },
  };
};
