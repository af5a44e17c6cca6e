import { createHash, type KeyObject, verify } from 'node:crypto';
import type { CapturedRequest } from '../http/captured.ts';
import { refuse } from './refusal.ts';

/**
 * OCI's request signature from the receiving end, as "Request Signatures" of its documentation describes it: everything is computed anew
 * from the bytes that arrived. A refusal does not say what is wrong, but for a clock.
 */
const required = (method: string): readonly string[] => {
  const head = ['(request-target)', 'host'];
  return /^(POST|PUT|PATCH)$/.test(method) ? [...head, 'content-type', 'content-length', 'x-content-sha256'] : head;
};
const TOLERANCE = 5 * 60_000;

type Claim = { readonly keyId: string; readonly names: readonly string[]; readonly signature: Buffer };

const claimOf = (request: CapturedRequest): Claim => {
  const given = request.header('authorization') ?? '';
  if (!/^Signature /i.test(given)) throw refuse.notAuthenticated();
  const parts = new Map([...given.matchAll(/([A-Za-z]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value] as const));
  const [keyId, headers, signature] = [parts.get('keyId'), parts.get('headers'), parts.get('signature')];
  const versioned = parts.get('version') === undefined || parts.get('version') === '1';
  if (keyId === undefined || headers === undefined || signature === undefined || parts.get('algorithm') !== 'rsa-sha256' || !versioned)
    throw refuse.notAuthenticated();
  return { keyId, names: headers.toLowerCase().split(' '), signature: Buffer.from(signature, 'base64') };
};
const stamp = (milliseconds: number): string => new Date(milliseconds).toUTCString().replace('GMT', 'UTC');
const checkDate = (request: CapturedRequest, names: readonly string[], now: number): void => {
  const name = names.includes('x-date') ? 'x-date' : names.includes('date') ? 'date' : undefined;
  const given = name === undefined ? undefined : request.header(name);
  const at = Date.parse(given ?? '');
  if (Number.isNaN(at)) throw refuse.notAuthenticated();
  if (Math.abs(at - now) <= TOLERANCE) return;
  const range = `['${stamp(now - TOLERANCE)}', '${stamp(now + TOLERANCE + 1000)}']`;
  throw refuse.notAuthenticated(`Date '${stamp(at)}' is not within allowed clock skew. Current '${stamp(now)}', valid datetime range: ${range}`);
};
const signedValue = (request: CapturedRequest, name: string): string => {
  if (name === '(request-target)') return `${request.method.toLowerCase()} ${request.target}`;
  const value = request.header(name);
  if (value === undefined) throw refuse.notAuthenticated();
  return value;
};
const checkBody = (request: CapturedRequest, names: readonly string[]): void => {
  if (!names.includes('x-content-sha256')) return;
  const digest = createHash('sha256').update(request.body).digest('base64');
  if (request.header('x-content-sha256') !== digest) throw refuse.notAuthenticated();
  if (request.header('content-length') !== String(request.body.length)) throw refuse.notAuthenticated();
};

/** Who signed the request; throws OciRefusal. `find`: the key that a key id stands for. */
export const verifySignature = (request: CapturedRequest, find: (keyId: string) => KeyObject | undefined, now: number): string => {
  const { keyId, names, signature } = claimOf(request);
  if (!required(request.method).every((name) => names.includes(name))) throw refuse.notAuthenticated();
  checkDate(request, names, now);
  checkBody(request, names);
  const key = find(keyId);
  const signed = names.map((name) => `${name}: ${signedValue(request, name)}`).join('\n');
  if (key === undefined || !verify('sha256', Buffer.from(signed), key, signature)) throw refuse.notAuthenticated();
  return keyId;
};
