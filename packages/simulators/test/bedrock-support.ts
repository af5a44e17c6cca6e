import { BedrockRuntimeClient, type BedrockRuntimeClientConfig } from '@aws-sdk/client-bedrock-runtime';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type BedrockSimulator, type BedrockSimulatorOptions, bedrockSimulator, exampleCredential } from '../src/index.ts';

export const profileId = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
export const newestId = 'us.anthropic.claude-opus-5-5';

/** A simulator for one test file; scripts, replays and captured requests are forgotten after each test. */
export const useBedrock = (options: BedrockSimulatorOptions = {}): (() => BedrockSimulator) => {
  let simulator: BedrockSimulator | undefined;
  const get = (): BedrockSimulator => {
    if (simulator === undefined) throw new Error('The simulator runs only inside tests');
    return simulator;
  };
  beforeAll(async () => {
    simulator = await bedrockSimulator(options);
  });
  afterEach(() => get().clear());
  afterAll(() => get().close());
  return get;
};

/** The vendor's client with nothing set but where, who and the region. */
export const clientOf = (simulator: BedrockSimulator, config: BedrockRuntimeClientConfig = {}): BedrockRuntimeClient =>
  new BedrockRuntimeClient({ region: simulator.region, endpoint: simulator.url, credentials: { ...exampleCredential }, ...config });

/** Runs `use` with a client and destroys it, so that no HTTP/2 session stays open. */
export const withClient = async <T>(
  simulator: BedrockSimulator,
  use: (client: BedrockRuntimeClient) => Promise<T>,
  config: BedrockRuntimeClientConfig = {},
): Promise<T> => {
  const client = clientOf(simulator, config);
  try {
    return await use(client);
  } finally {
    client.destroy();
  }
};

export const collected = async <T>(stream: AsyncIterable<T> | undefined): Promise<T[]> => {
  const all: T[] = [];
  for await (const one of stream ?? []) all.push(one);
  return all;
};
