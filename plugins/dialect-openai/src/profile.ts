import { asList, asObject, type Building, type Call, type Fields, type HeaderPairs, isObject } from '@llm-proxy-auth/plugin';
import { REQUEST_HEADERS } from './wire.ts';

/** A variant of chat and text completions: what a service, or an older version of it, does not take. */
interface Profile {
  /** False: the role `developer` is unknown, `system` says the same. */
  readonly developer: boolean;
  /** False: `reasoning_effort` is unknown. */
  readonly effort: boolean;
  /** False: the older name of the limit, `max_tokens`, is the only one. */
  readonly completionLimit: boolean;
  /** False: `stream_options` is unknown, so that streams never tell their usage. */
  readonly streamOptions: boolean;
}
/** By `Endpoint.profile`. Floors of Azure's dated versions: https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle */
const PROFILES: Readonly<Record<string, Profile>> = Object.freeze({
  azure: { developer: true, effort: true, completionLimit: true, streamOptions: true },
  'azure-before-2024-12': { developer: false, effort: false, completionLimit: true, streamOptions: true },
  'azure-before-2024-09': { developer: false, effort: false, completionLimit: false, streamOptions: false },
});
/** True for services that tell what their filters found in chunks of their own, also after a choice has ended. */
export const filtersLate = (call: Call): boolean => call.endpoint.profile?.startsWith('azure') === true;

const asSystem = (message: unknown): unknown => (isObject(message) && message.role === 'developer' ? { ...message, role: 'system' } : message);
const withoutDeveloper = (body: Building, call: Call): void => {
  const messages = asList(body.messages);
  if (!messages.some((message) => asObject(message)?.role === 'developer')) return;
  body.messages = messages.map(asSystem);
  call.ledger.note('emulated', 'turns.role', 'this version of the service has no role developer');
};
/** What the service's own client asks for is for the service to refuse; others get their answer, and are told. */
const withoutEffort = (body: Building, call: Call): void => {
  if (body.reasoning_effort === undefined || asObject(call.inbound.body)?.reasoning_effort !== undefined) return;
  delete body.reasoning_effort;
  call.ledger.note('ignored', 'reasoning', 'this version of the service takes no effort');
};
const withOlderLimit = (body: Building): void => {
  const { max_completion_tokens: limit } = body;
  if (limit === undefined) return;
  delete body.max_completion_tokens;
  body.max_tokens = limit;
};
const withoutOptions = (body: Building, call: Call): void => {
  if (body.stream_options === undefined) return;
  delete body.stream_options;
  if (asObject(call.inbound.body)?.stream_options !== undefined)
    call.ledger.note('ignored', 'stream_options', 'this version of the service tells no usage in streams');
};
/** Where the service searches the caller's own data it refuses options of streams, so that they are only what the client wrote. */
const withOwnOptions = (body: Building, call: Call): void => {
  if (asList(body.data_sources).length === 0 || body.stream_options === undefined) return;
  body.stream_options = asObject(call.inbound.body)?.stream_options;
  if (body.stream_options === undefined) delete body.stream_options;
};
/** The body as the endpoint's variant takes it; without a profile it is the API's own. */
export const fitProfile = (body: Fields, call: Call): Fields => {
  const profile = PROFILES[call.endpoint.profile ?? ''];
  if (profile === undefined) return body;
  const fitted: Building = { ...body };
  if (!profile.developer) withoutDeveloper(fitted, call);
  if (!profile.effort) withoutEffort(fitted, call);
  if (!profile.completionLimit) withOlderLimit(fitted);
  if (!profile.streamOptions) withoutOptions(fitted, call);
  withOwnOptions(fitted, call);
  return fitted;
};
/** Headers that a client of this dialect sent for a provider: an endpoint with a profile gets them from its writer. */
export const profileHeaders = (call: Call): HeaderPairs => {
  const { headers } = call.inbound;
  return call.endpoint.profile === undefined
    ? []
    : headers.flatMap((name, i) => (i % 2 === 0 && REQUEST_HEADERS.includes(name) ? [name, headers[i + 1] ?? ''] : []));
};
