import type { Instance } from '../graph.ts';

export interface ProbeOptions {
  /** Those of the configuration that serves now. */
  readonly instances: () => Iterable<Instance>;
  /** Milliseconds between two rounds; the first round is that long after the start. */
  readonly everyMs: number;
  readonly note: (instance: string, healthy: boolean) => void;
  /** Whether calls pass it over because it failed too often. */
  readonly broken: (instance: Instance) => boolean;
}
/** `degraded`: its calls failed too often, so that it is left alone, or asked by one call to see. */
type State = 'ok' | 'failed' | 'degraded';
export interface Probes {
  /** By instance, as far as it was asked or left alone. */
  states(): Readonly<Record<string, State>>;
  stop(): void;
}
const PATIENCE_MS = 15_000;

/** Asks every instance whose provider can be asked whether it answers; off the hot path, one question at a time to each. */
export const startProbes = ({ instances, everyMs, note, broken }: ProbeOptions): Probes => {
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
      const states: Record<string, State> = {};
      for (const instance of instances()) {
        const healthy = known.get(instance.name);
        if (broken(instance)) states[instance.name] = 'degraded';
        else if (healthy !== undefined) states[instance.name] = healthy ? 'ok' : 'failed';
      }
      return states;
    },
    stop() {
      clearInterval(timer);
      stopped.abort();
    },
  };
};
