import { type Dialect, define, type Plugin, type Seal } from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import { error } from './error.ts';
import { IDS } from './named-ids.ts';
import { readError } from './read-error.ts';
import { surfaces } from './surfaces.ts';
import { GEMINI } from './wire.ts';

/** Client headers that a provider of this vendor may see; keys, projects and quota are the instance's, not the caller's. */
const requestHeaders: readonly string[] = Object.freeze(['x-vertex-ai-llm-request-type', 'x-vertex-ai-llm-shared-request-type']);
/** What they ask for is capacity of Vertex AI, which no other provider has. */
const headerParams: Readonly<Record<string, string>> = Object.freeze(Object.fromEntries(requestHeaders.map((name) => [name, name])));
/** Provider headers a client may see. */
const replyHeaders: readonly string[] = Object.freeze(['retry-after', 'server-timing']);

/** The Gemini dialect. */
export const gemini = (seal: Seal): Dialect => ({
  name: GEMINI,
  surfaces: surfaces(seal),
  requestHeaders,
  headerParams,
  replyHeaders,
  ids: IDS,
  error,
  readError,
});

const plugin: Plugin = {
  name: '@llm-proxy-auth/dialect-gemini',
  api: 1,
  dialects: {
    gemini: define<Dialect>()({
      summary: "The API that Google's GenAI SDKs speak",
      config: Type.Object({}, { additionalProperties: false }),
      create: (_config, host) => gemini(host.seal),
    }),
  },
};
export default plugin;
