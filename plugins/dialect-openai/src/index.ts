import { type Dialect, define, type Plugin, type Seal } from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import { error, rateHeaders, readLimits } from './error.ts';
import { IDS } from './named-ids.ts';
import { readError } from './read-error.ts';
import { surfaces } from './surfaces.ts';
import { HEADER_PARAMS, OPENAI, REQUEST_HEADERS } from './wire.ts';

/** Provider headers a client may see; `openai-organization` names our account and `x-request-id` is ours. */
const replyHeaders: readonly string[] = Object.freeze([
  'openai-processing-ms',
  'openai-version',
  'x-ratelimit-*',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'content-disposition',
]);

/** The OpenAI dialect. */
export const openai = (seal: Seal): Dialect => ({
  name: OPENAI,
  surfaces: surfaces(seal),
  modelSegment: 'deployments', // AzureOpenAI clients
  requestHeaders: REQUEST_HEADERS,
  headerParams: HEADER_PARAMS,
  replyHeaders,
  ids: IDS,
  error,
  readError,
  rateHeaders,
  readLimits,
});

const plugin: Plugin = {
  name: '@llm-proxy-auth/dialect-openai',
  api: 1,
  dialects: {
    openai: define<Dialect>()({
      summary: 'The API that OpenAI SDKs speak',
      config: Type.Object({}, { additionalProperties: false }),
      create: (_config, host) => openai(host.seal),
    }),
  },
};
export default plugin;
