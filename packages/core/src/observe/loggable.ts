import { headerUse } from '../http/credential-slots.ts';
import { REDACTED, type Scrub } from './scrub.ts';

const DEEPEST = 6;
/** Members copied of one object or list, and of the whole value. */
const WIDEST = 100;
const MOST = 1000;

/** Fields whose value is never written, beside the headers that carry credentials. Compared without case, `-` and `_`. */
const HIDDEN: ReadonlySet<string> = new Set(
  'cookie setcookie password passphrase secret clientsecret token accesstoken refreshtoken sessiontoken apikey privatekey secretaccesskey pepper totpcode'.split(
    ' ',
  ),
);
const SLOTS: ReadonlySet<string> = new Set(['authorization', 'key', 'session', 'factor']);
const hidden = (name: string): boolean => {
  const lower = name.toLowerCase();
  return HIDDEN.has(lower.replaceAll(/[-_]/g, '')) || SLOTS.has(headerUse(lower)) || lower === 'proxy-authorization';
};

/**
 * Copies a value for the log: strings scrubbed, credentials hidden by the name of their field at any depth, errors as name,
 * code, message and stack, bytes as their number. Bounded whatever it is given.
 */
export const createLoggable = (scrub: Scrub, scrubStack: Scrub): ((fields: object) => object) => {
  let left = 0;
  const failure = (error: Error, depth: number): Record<string, unknown> => {
    const { name, message, stack, cause } = error;
    const { code, errors } = error as { code?: unknown; errors?: unknown };
    return {
      name: scrub(String(name)),
      ...(typeof code === 'string' || typeof code === 'number' ? { code: copy(code, depth) } : {}),
      message: scrub(String(message)),
      ...(typeof stack === 'string' ? { stack: scrubStack(stack) } : {}),
      ...(Array.isArray(errors) ? { errors: copy(errors, depth + 1) } : {}),
      ...(cause === undefined ? {} : { cause: copy(cause, depth + 1) }),
    };
  };
  const members = (value: object, depth: number): Record<string, unknown> => {
    const out: Record<string, unknown> = Object.create(null);
    for (const key of Object.keys(value).slice(0, WIDEST)) {
      const member = (value as Record<string, unknown>)[key];
      out[scrub(key)] = member !== undefined && hidden(key) ? REDACTED : copy(member, depth + 1);
    }
    return out;
  };
  const copy = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return scrub(value);
    if (typeof value === 'bigint') return String(value);
    if (typeof value === 'function' || typeof value === 'symbol') return undefined;
    if (typeof value !== 'object' || value === null) return value;
    left -= 1;
    if (depth > DEEPEST || left < 0) return '[more]';
    if (value instanceof Error) return failure(value, depth);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    if (value instanceof URL) return scrub(value.href);
    if (Array.isArray(value)) return value.slice(0, WIDEST).map((item) => copy(item, depth + 1));
    return members(value, depth);
  };
  return (fields) => {
    left = MOST;
    const copied = copy(fields, 0);
    return typeof copied === 'object' && copied !== null && !(fields instanceof Error) && !Array.isArray(copied) ? copied : { value: copied };
  };
};
