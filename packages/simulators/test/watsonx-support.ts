import { WatsonXAI } from '@ibm-cloud/watsonx-ai';
import { BearerTokenAuthenticator } from 'ibm-cloud-sdk-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type WatsonxSimulator, type WatsonxSimulatorOptions, watsonxSimulator } from '../src/index.ts';

export const token = 'watsonx-simulated-token';
export const account = { projectId: 'project-1' };
export const granite = 'ibm/granite-3-3-8b-instruct';

/** A simulator for one test file; scripts, replays and captured requests are forgotten after each test. */
export const useWatsonx = (options: () => WatsonxSimulatorOptions): (() => WatsonxSimulator) => {
  let simulator: WatsonxSimulator | undefined;
  const get = (): WatsonxSimulator => {
    if (simulator === undefined) throw new Error('The simulator runs only inside tests');
    return simulator;
  };
  beforeAll(async () => {
    simulator = await watsonxSimulator(options());
  });
  afterEach(() => get().clear());
  afterAll(() => get().close());
  return get;
};
/** The vendor's client with nothing set but where and who. */
export const clientOf = (url: string, bearer = token, version = '2025-04-23'): WatsonXAI =>
  WatsonXAI.newInstance({
    version,
    serviceUrl: url,
    authenticator: new BearerTokenAuthenticator({ bearerToken: bearer }),
  });
export const failure = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
export const collected = async <T>(stream: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
};
