import { AnthropicVertex } from '@anthropic-ai/vertex-sdk';
import { GoogleGenAI } from '@google/genai';
import { OAuth2Client } from 'google-auth-library10';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { exampleGoogleToken, type VertexSimulator, type VertexSimulatorOptions, vertexSimulator } from '../src/index.ts';

/** A simulator for one test file; scripts, replays and captured requests are forgotten after each test. */
export const useVertex = (options: VertexSimulatorOptions = {}): (() => VertexSimulator) => {
  let simulator: VertexSimulator | undefined;
  const get = (): VertexSimulator => {
    if (simulator === undefined) throw new Error('The simulator runs only inside tests');
    return simulator;
  };
  beforeAll(async () => {
    simulator = await vertexSimulator(options);
  });
  afterEach(() => get().clear());
  afterAll(() => get().close());
  return get;
};
const authOf = (token: string): OAuth2Client => {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: token });
  return authClient;
};
/** The vendor's client with nothing set but where and who. */
export const genai = ({ url, project, location }: VertexSimulator, token = exampleGoogleToken): GoogleGenAI =>
  new GoogleGenAI({
    vertexai: true,
    project,
    location,
    googleAuthOptions: { authClient: authOf(token) },
    httpOptions: { baseUrl: url, retryOptions: { attempts: 1 } },
  });
export const claude = ({ url, project, location }: VertexSimulator, token = exampleGoogleToken): AnthropicVertex =>
  new AnthropicVertex({ baseURL: `${url}/v1`, projectId: project, region: location, authClient: authOf(token), maxRetries: 0 });
