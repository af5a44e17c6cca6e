import { SimpleAuthenticationDetailsProvider } from 'oci-common';
import { GenerativeAiClient } from 'oci-generativeai';
import { GenerativeAiInferenceClient } from 'oci-generativeaiinference';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type OciSimulator, type OciSimulatorOptions, type OciUser, ociSimulator } from '../src/index.ts';

/** One simulator for a file. */
export const useOci = (options: OciSimulatorOptions = {}): (() => OciSimulator) => {
  let simulator: OciSimulator | undefined;
  beforeAll(async () => {
    simulator = await ociSimulator(options);
  });
  afterEach(() => simulator?.clear());
  afterAll(() => simulator?.close());
  return () => {
    if (simulator === undefined) throw new Error('the simulator has not started');
    return simulator;
  };
};
export const providerOf = ({ tenancy, user, fingerprint, privateKey }: OciUser) =>
  new SimpleAuthenticationDetailsProvider(tenancy, user, fingerprint, privateKey, null);
/** Retries are a client's own affair: a refusal is looked at once. */
const ONCE = { retryConfiguration: { terminationStrategy: { shouldTerminate: () => true } } } as never;
export const inferenceClient = (url: string, user: OciUser): GenerativeAiInferenceClient => {
  const client = new GenerativeAiInferenceClient({ authenticationDetailsProvider: providerOf(user) }, ONCE);
  client.endpoint = url;
  return client;
};
export const managementClient = (url: string, user: OciUser): GenerativeAiClient => {
  const client = new GenerativeAiClient({ authenticationDetailsProvider: providerOf(user) }, ONCE);
  client.endpoint = url;
  return client;
};
