import Anthropic from '@anthropic-ai/sdk';
import Anthropic0 from 'anthropic0';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type AnthropicSimulator, type AnthropicSimulatorOptions, anthropicSimulator } from '../src/index.ts';

export const key = 'sk-ant-simulator';

/** Both majors of the vendor's SDK that are in the field: the older sends its key in `x-api-key` and asks for version 2023-06-01. */
export const sdks = [
  ['@anthropic-ai/sdk 1', Anthropic],
  ['@anthropic-ai/sdk 0', Anthropic0 as unknown as typeof Anthropic],
] as const;

/** A simulator for one test file; scripts, replays and captured requests are forgotten after each test. */
export const useAnthropic = (options: AnthropicSimulatorOptions = {}): (() => AnthropicSimulator) => {
  let simulator: AnthropicSimulator | undefined;
  const get = (): AnthropicSimulator => {
    if (simulator === undefined) throw new Error('The simulator runs only inside tests');
    return simulator;
  };
  beforeAll(async () => {
    simulator = await anthropicSimulator(options);
  });
  afterEach(() => get().clear());
  afterAll(() => get().close());
  return get;
};

/** 1 by 1 pixel. */
export const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
export const pdf = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64');
