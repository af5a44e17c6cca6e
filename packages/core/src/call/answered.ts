import { type Answered, type AnySurface, type ErrorLike, GatewayError, type Route, type Verdict } from '@llm-proxy-auth/plugin';

const JSON_TYPE = /^application\/(?:[a-z0-9.-]+\+)?json\b/i;
const PAGE = /^(?:text\/html|application\/xhtml\+xml)\b/i;
const SPACES: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);

export const isJsonType = (contentType: string): boolean => JSON_TYPE.test(contentType);
/** What a success of this operation holds; undefined: nobody said, and of a passing one only what says that it is JSON is read. */
export const answersOf = ({ surface, route }: { readonly surface: AnySurface; readonly route: Route }): Answered | undefined =>
  route.answers ?? surface.answers ?? (surface.operation === 'opaque' ? undefined : 'json');
/** Whether an answer of this type has to be one whole JSON object that is no error. */
export const mustBeJson = (answers: Answered | undefined, contentType: string): boolean =>
  answers === 'json' || ((answers === 'text' || answers === 'sound') && JSON_TYPE.test(contentType));
/** Whether an answer of this type is none, whatever it holds. */
export const isPage = (answers: Answered | undefined, contentType: string): boolean => (answers === 'text' || answers === 'sound') && PAGE.test(contentType);

/** Bytes that say nothing yet: servers send empty lines while they work. */
export const isBlank = (bytes: Uint8Array): boolean => bytes.every((byte) => SPACES.has(byte));
/** Whether the first of these bytes that is no space begins an object. */
const beginsObject = (bytes: Uint8Array): boolean => {
  let at = 0;
  while (SPACES.has(bytes[at])) at++;
  return bytes[at] === 0x7b;
};
/** What keeps an answer that must be JSON from being one; `first`: its first bytes that are not blank. */
export const flawOf = (name: string, answers: Answered | undefined, first: Uint8Array, verdict: Verdict | undefined): ErrorLike | undefined => {
  if (verdict?.error !== undefined) return verdict.error;
  if (!beginsObject(first) || answers === 'sound') return new GatewayError('upstream_bad_response', `The provider of ${name} answered with something else.`);
  return verdict?.complete === false ? new GatewayError('upstream_bad_response', `The answer of ${name} is not whole.`) : undefined;
};
