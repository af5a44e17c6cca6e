import { authenticate, SignatureRefused } from '../aws/authenticate.ts';
import type { AwsCredentials } from '../aws/credentials.ts';
import { isFields, textOf } from '../openai/check.ts';
import { OauthRefusal } from './refusal.ts';

const rejected = (description: string): OauthRefusal => new OauthRefusal(400, 'invalid_grant', description);
const HOST = /^sts\.([a-z0-9-]+)\.amazonaws\.com$/;
const MINUTES = 15;
const none = Buffer.alloc(0);

/** What stands in a subject token: a signed call that the token service makes in the name of its sender. */
const parse = (subject: string): { readonly url: URL; readonly method: string; readonly headers: readonly (readonly [string, string])[] } => {
  try {
    const value: unknown = JSON.parse(decodeURIComponent(subject));
    if (isFields(value) && Array.isArray(value.headers) && URL.canParse(textOf(value.url)))
      return { url: new URL(textOf(value.url)), method: textOf(value.method), headers: value.headers.map((one) => [textOf(one?.key), textOf(one?.value)]) };
  } catch {
    // Told below.
  }
  throw rejected('Unable to parse the AWS subject token.');
};
/** Who signed the call of AWS STS that a subject token is; its signature is verified as that service does. */
export const awsSubject = (subject: string, audience: string, credentials: AwsCredentials): string => {
  const { url, method, headers } = parse(subject);
  const region = HOST.exec(url.host)?.[1];
  const { searchParams } = url;
  if (region === undefined || url.protocol !== 'https:' || searchParams.get('Action') !== 'GetCallerIdentity' || searchParams.get('Version') !== '2011-06-15')
    throw rejected('The AWS subject token is not a request for GetCallerIdentity.');
  const header = (name: string): string | undefined => headers.find(([given]) => given.toLowerCase() === name.toLowerCase())?.[1];
  if (method !== 'POST' || header('host') !== url.host) throw rejected('The AWS subject token has another method or host.');
  if (header('x-goog-cloud-target-resource') !== audience) throw rejected('x-goog-cloud-target-resource must be the audience.');
  const request = { method, target: `${url.pathname}${url.search}`, path: url.pathname, headers, header, body: none };
  try {
    return authenticate(request, { credentials, region, service: 'sts', minutes: MINUTES }).arn;
  } catch (cause) {
    if (cause instanceof SignatureRefused) throw rejected(`Error connecting to the given credential's issuer: ${cause.message}`);
    throw cause;
  }
};
