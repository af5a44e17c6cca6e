import { AnthropicVertex } from '@anthropic-ai/vertex-sdk';
import { GoogleGenAI } from '@google/genai';
import type { Recording } from '@llm-proxy-auth/simulators';
import { recordedPath } from '@llm-proxy-auth/simulators';
import { OAuth2Client } from 'google-auth-library10';
import type { Bench } from './gateway.ts';

export const PROJECT = 'my-project';
export const LOCATION = 'us-central1';
export const HOME = `projects/${PROJECT}/locations/${LOCATION}`;

/** The gateway's key where the SDK takes credentials of Google. */
const holderOf = (key: string): OAuth2Client => {
  const client = new OAuth2Client();
  client.setCredentials({ access_token: key });
  return client;
};
/** The Google GenAI SDK in Vertex mode, with nothing set but place and key. */
export const genaiAt = (bench: Pick<Bench, 'url' | 'key'>, instance = 'main'): GoogleGenAI =>
  new GoogleGenAI({
    vertexai: true,
    project: PROJECT,
    location: LOCATION,
    googleAuthOptions: { authClient: holderOf(bench.key) },
    httpOptions: { baseUrl: `${bench.url}/transparent/${instance}`, retryOptions: { attempts: 1 } },
  });
export const claudeAt = (bench: Pick<Bench, 'url' | 'key'>, instance = 'main'): AnthropicVertex =>
  new AnthropicVertex({
    baseURL: `${bench.url}/transparent/${instance}/v1`,
    projectId: PROJECT,
    region: LOCATION,
    authClient: holderOf(bench.key),
    maxRetries: 0,
  });

/** The recorded path at the project and location of the tests; models that a recorder left out are called so. */
export const pathOf = (one: Recording): string => {
  const rest = /publishers\/.*$/.exec(recordedPath(one))?.[0] ?? `publishers/google/models/gemini-2.0-flash:${one.operation}`;
  const version = /^\/(v1|v1beta1)\//.exec(recordedPath(one))?.[1] ?? 'v1';
  return `/${version}/${HOME}/${rest}`;
};
