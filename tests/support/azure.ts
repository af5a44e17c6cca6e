import { type Recording, recordedPath, recordings } from '@llm-proxy-auth/simulators';
import { PROVIDER_KEY } from './gateway.ts';

const all = recordings({ provider: 'azure_openai' });
/** A recording without a request body (a bare answer) is asked for with the least its path takes. */
const LEAST = Object.freeze({ model: 'm', input: 'hi' });
const deploymentOf = (one: Recording): string | undefined => /\/deployments\/([^/]+)\//.exec(recordedPath(one))?.[1];
/** Azure's own SDK names the model in the path alone. */
export const bodyOf = (one: Recording): Readonly<Record<string, unknown>> => ({
  model: deploymentOf(one),
  ...((one.request.body ?? LEAST) as object),
  ...(one.stream ? { stream: true } : {}),
});
/** Instance for the API that a recording was made with: the current one, a dated version, or model inference. */
export const instanceOf = (one: Recording): string => {
  if (recordedPath(one).startsWith('/models/')) return 'foundry';
  return /api-version=([0-9a-z-]+)/.exec(one.request.url)?.[1] ?? 'current';
};
/** Deployments that have another name than the body says. */
const deployments = Object.fromEntries(
  all.flatMap((one) => {
    const deployment = deploymentOf(one);
    return deployment === undefined || bodyOf(one).model === deployment ? [] : [[String(bodyOf(one).model), deployment]];
  }),
);
/** An instance for each API that something was recorded with. */
export const instances = (url: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    [...new Set(all.map(instanceOf))].map((name) => [
      name,
      {
        provider: 'azure',
        endpoint: name === 'foundry' ? `${url}/models` : url,
        apiKey: PROVIDER_KEY,
        insecureUpstream: true,
        ...(/^\d/.test(name) ? { apiVersion: name, deployments } : {}),
      },
    ]),
  );
/** One was sent to a path that Azure does not have; the gateway never asks there. */
export const pathOf = (one: Recording): string => (recordedPath(one).startsWith('/chat/') ? '/openai/v1/chat/completions' : recordedPath(one));
