import type { Whose } from './canaries.ts';
import type { Crossing } from './crossings.ts';

type Seen = readonly (readonly [secret: string, whose: Whose])[];

/** Headers that carry a credential and nothing else. */
const SLOTS: ReadonlySet<string> = new Set([
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'x-session-token',
  'x-amzn-oidc-data',
  'x-amz-security-token',
  'x-vault-token',
]);
/** Members of a form or a JSON object whose text is a secret. */
const SECRET =
  /^(?:key|secret|pepper|password|backupCodes|totp_?code|pem|passphrase|assertion|(?:.*_)?(?:api_?key|token|secret|assertion))$|(?:Key|Secret|Token|Password)$/;
/** Members like those whose text is none; `key` often names one, which then is shorter than a secret. */
const PLAIN = /^(?:accessKeyId|publicKey|token_type)$/;
const SHORTEST_KEY = 32;
/** Errors have a `code` too. */
const DIGITS = /^\d+$/;
const isSecret = (name: string, text: string): boolean =>
  name === 'code' ? DIGITS.test(text) : SECRET.test(name) && !PLAIN.test(name) && (name !== 'key' || text.length >= SHORTEST_KEY);

const textsOf = (value: unknown): string[] => (typeof value === 'string' ? [value] : Array.isArray(value) ? value.flatMap(textsOf) : []);
/** Texts of members that are named as secrets are, at any depth. */
export const secretsInMembers = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(secretsInMembers);
  return Object.entries(value).flatMap(([name, member]) =>
    textsOf(member)
      .filter((text) => isSecret(name, text))
      .concat(secretsInMembers(member)),
  );
};
const inJson = (text: string): string[] => {
  try {
    return secretsInMembers(JSON.parse(text));
  } catch {
    return [];
  }
};
const inForm = (text: string): string[] => [...new URLSearchParams(text)].flatMap(([name, value]) => (SECRET.test(name) ? [value] : []));
/** A credential that was made, as against a word that a test sends in its place and writes elsewhere too. */
const isMade = (text: string): boolean => text.length >= 20 && new Set(text).size >= 14;
const inHeader = (name: string, value: string): string[] => {
  if (name === 'x-totp-code') return [value];
  if (SLOTS.has(name)) return [value].filter(isMade);
  if (name !== 'authorization') return [];
  const [scheme = '', credential = ''] = value.split(/ +/, 2);
  // A signature is made anew for each request.
  if (/^bearer$/i.test(scheme)) return inHeader('x-api-key', credential);
  if (!/^basic$/i.test(scheme)) return [];
  const pair = Buffer.from(credential, 'base64').toString();
  return [credential, pair.slice(pair.indexOf(':') + 1)].filter(isMade);
};

/** What came in a slot for credentials, or was asked for and handed out at a door for them. */
export const secretsOfCrossing = ({ gateway, target, headers, sent, status, body }: Crossing): Seen => {
  const found = headers.flatMap(([name, value]) => inHeader(name, value));
  if (!gateway) {
    // Whoever else a gateway calls to get in: directories, token services.
    const form = headers.some(([name, value]) => name === 'content-type' && value.startsWith('application/x-www-form-urlencoded'));
    // What is looked into is a caller's (RFC 7662).
    if (form && !target.includes('introspect')) found.push(...inForm(sent));
    return found.map((secret) => [secret, 'provider'] as const);
  }
  if (/^\/(?:auth|admin)\//.test(target)) found.push(...inJson(sent), ...(status < 400 ? inJson(body) : []));
  return found.map((secret) => [secret, 'caller'] as const);
};

const secretsIn = (value: unknown, whose: Whose): Seen =>
  secretsInMembers(value)
    // References and paths of files, which may be shown.
    .filter((text) => !/^(?:\.{0,2}\/|\$\{)/.test(text))
    .map((text) => [text, whose]);
interface Sections {
  readonly auth?: readonly { readonly keys?: unknown }[] | string;
  readonly keyEncryption?: { readonly keys?: object };
  readonly instances?: object;
  readonly secrets?: object;
}
/** The secrets that stand in a configuration. */
export const secretsOfConfiguration = ({ auth = [], keyEncryption, instances, secrets }: Sections): Seen => {
  const strategies = typeof auth === 'string' ? [] : auth;
  return [
    ...secretsIn(instances, 'provider'),
    ...secretsIn(secrets, 'provider'),
    ...strategies.flatMap(({ keys, ...own }) => [...secretsIn(keys, 'caller'), ...secretsIn(own, 'gateway')]),
    ...textsOf(Object.values(keyEncryption?.keys ?? {})).map((key) => [key, 'gateway'] as const),
  ];
};
