import { type Dialect, define, type Plugin, type Seal } from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import { error } from './error.ts';
import { readErrorReply } from './read-error.ts';
import { surfaces } from './surfaces.ts';
import { CONVERSE } from './wire.ts';

/** Provider headers a client may see. */
const replyHeaders: readonly string[] = Object.freeze(['x-amzn-requestid', 'x-amzn-bedrock-*', 'retry-after']);

/** The dialect of Bedrock's Converse API. */
export const converseDialect = (seal: Seal): Dialect => ({
  name: CONVERSE,
  surfaces: surfaces(seal),
  replyHeaders,
  requestIdHeader: 'x-amzn-requestid',
  error,
  readError: readErrorReply,
});

const plugin: Plugin = {
  name: '@llm-proxy-auth/dialect-converse',
  api: 1,
  dialects: {
    converse: define<Dialect>()({
      summary: 'Bedrock’s Converse API, as AWS SDKs speak it',
      config: Type.Object({}, { additionalProperties: false }),
      create: (_config, host) => converseDialect(host.seal),
    }),
  },
};
export default plugin;
