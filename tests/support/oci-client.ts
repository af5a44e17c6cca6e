import { FetchHttpClient, type HttpRequest } from 'oci-common';
import { GenerativeAiInferenceClient } from 'oci-generativeaiinference';
import type { Bench } from './gateway.ts';

/** OCI's SDK as it comes, but for place, retries and who signs: the gateway's key stands where a signature would. */
export const sdkClient = (bench: Bench, mode = 'transparent/main'): GenerativeAiInferenceClient => {
  const signHttpRequest = async (request: HttpRequest): Promise<void> => void request.headers.set('authorization', `Bearer ${bench.key}`);
  const once = { retryConfiguration: { terminationStrategy: { shouldTerminate: () => true } } };
  const client = new GenerativeAiInferenceClient({ httpClient: new FetchHttpClient({ signHttpRequest }) } as never, once as never);
  client.endpoint = `${bench.url}/${mode}`;
  return client;
};
