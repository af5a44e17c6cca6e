import { type ErrorLike, type Operation, type WireError, waitOf } from '@llm-proxy-auth/plugin';
import { CONVERSE } from './wire.ts';
import { typeOfError } from './words.ts';

const retryHeaders = (e: ErrorLike): readonly string[] => {
  const wait = waitOf(e);
  return wait === undefined ? [] : ['retry-after', String(Math.max(1, Math.ceil(wait / 1000)))];
};
/** The vendor's own body, where this error came from a provider of this dialect and is not about our credential. */
const vendorBody = (e: ErrorLike): string | undefined => (e.vendor?.dialect === CONVERSE && e.code !== 'upstream_auth_failed' ? e.vendor.body.json : undefined);

/** An answer as Bedrock's: the exception in `x-amzn-errortype`, `{"message":…}` in the body. A provider's own body passes as it came. */
export const error = (e: ErrorLike, _operation: Operation | undefined): WireError => ({
  status: e.status,
  headers: ['content-type', 'application/json', 'x-amzn-errortype', typeOfError(e), ...retryHeaders(e)],
  body: vendorBody(e) ?? JSON.stringify({ message: e.message, ...(e.param === undefined ? {} : { param: e.param }) }),
});
