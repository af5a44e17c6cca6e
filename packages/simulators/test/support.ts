import OpenAI from 'openai';
import OpenAI6 from 'openai6';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type OpenaiSimulatorOptions, openaiSimulator, recordings, type Simulator } from '../src/index.ts';

export const key = 'sk-simulator';

/** Both majors of the vendor's SDK that are in the field. */
export const sdks = [
  ['openai 7', OpenAI],
  ['openai 6', OpenAI6 as unknown as typeof OpenAI],
] as const;

/** Recordings of whichever service that its OpenAI-shaped paths answered. */
export const openaiWire = recordings().filter(
  ({ operation, provider }) => provider !== 'gemini' && /^(foundry )?(chat\/completions|completions|embeddings|responses|models)$/.test(operation),
);

/** A simulator for one test file; scripts, replays and captured requests are forgotten after each test. */
export const useSimulator = (options: OpenaiSimulatorOptions = {}): (() => Simulator) => {
  let simulator: Simulator | undefined;
  const get = (): Simulator => {
    if (simulator === undefined) throw new Error('The simulator runs only inside tests');
    return simulator;
  };
  beforeAll(async () => {
    simulator = await openaiSimulator(options);
  });
  afterEach(() => get().clear());
  afterAll(() => get().close());
  return get;
};
