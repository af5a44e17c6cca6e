import { type Dialect, define, type Host, type Plugin, type Seal } from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import { error, rateHeaders, readLimits } from './error.ts';
import { IDS } from './named-ids.ts';
import { readError } from './read-error.ts';
import { surfaces } from './surfaces.ts';
import { ANTHROPIC } from './wire.ts';

/** Client headers that a provider of this vendor may see; key and workspace are the instance's, not the caller's. */
const requestHeaders: readonly string[] = Object.freeze(['anthropic-version', 'anthropic-beta', 'anthropic-user-profile-id', 'idempotency-key']);
/** Parameters of the SDKs that they send as headers; betas are told of by the surface, which knows those that a cloud takes. */
const headerParams: Readonly<Record<string, string>> = Object.freeze({
  'anthropic-user-profile-id': 'user_profile_id',
  'anthropic-workspace-id': 'workspace_id',
  'idempotency-key': 'idempotency-key',
});
/** Provider headers a client may see; `anthropic-organization-id` and `anthropic-workspace-id` name our account. */
const replyHeaders: readonly string[] = Object.freeze([
  'request-id',
  'anthropic-ratelimit-*',
  'anthropic-priority-*',
  'anthropic-fast-*',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'content-disposition',
]);

/** The Anthropic dialect. `now`: epoch ms, for limits that are told as a time; `seal` closes what other vendors signed. */
export const anthropic = (now: Host['now'], seal: Seal): Dialect => ({
  name: ANTHROPIC,
  surfaces: surfaces(seal),
  requestHeaders,
  headerParams,
  replyHeaders,
  requestIdHeader: 'request-id',
  ids: IDS,
  error,
  readError,
  rateHeaders: rateHeaders(now),
  readLimits: readLimits(now),
});

const plugin: Plugin = {
  name: '@llm-proxy-auth/dialect-anthropic',
  api: 1,
  dialects: {
    anthropic: define<Dialect>()({
      summary: 'The API that Anthropic SDKs speak',
      config: Type.Object({}, { additionalProperties: false }),
      create: (_config, host) => anthropic(() => host.now(), host.seal),
    }),
  },
};
export default plugin;
