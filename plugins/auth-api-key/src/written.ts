import { createHmac, hash, randomBytes } from 'node:crypto';
import { GatewayError, type Host, type Principal, type Secret } from '@llm-proxy-auth/plugin';
import { momentOf, NAME, rangeOf } from '@llm-proxy-auth/plugin/issued';
import type { Config, WrittenKey } from './config.ts';
import { idOf, PREFIX } from './key.ts';
import { principalOf } from './principal.ts';

/** Longest key that is looked at; longer credentials are nobody's. */
export const LONGEST = 512;
const SHORTEST = 32;
const HEX_OR_BASE64 = /^[0-9A-Za-z+/_-]+={0,2}$/;

const refuse = (name: string, param: string, what: string): GatewayError => new GatewayError('invalid_request', `Key ${name} of api-key ${what}.`, { param });

/** 32 digits of hex are 128 bits; base64 has more in as many characters. */
const check = (name: string, key: string): void => {
  if (key.startsWith(PREFIX) ? idOf(key) !== undefined : key.length >= SHORTEST && key.length <= LONGEST && HEX_OR_BASE64.test(key)) return;
  throw refuse(name, 'key', `must be a whole key of ours or at least ${SHORTEST} characters of hex or base64, such as \`openssl rand -hex 32\` prints`);
};

/** The written form: `{ env }` arrives as one secret for each variable, by the text the `*` stood for. */
const listOf = (keys: Config['keys']): readonly WrittenKey[] => {
  if (keys === undefined) return [];
  if (Array.isArray(keys)) return keys;
  if (!('env' in keys)) return [];
  if (typeof keys.env !== 'object') throw new GatewayError('internal_error', 'The environment was not filled into keys.env of api-key.', { param: 'keys.env' });
  return Object.entries<Secret>(keys.env).map(([text, key]) => ({ name: text.toLowerCase(), key }));
};

export interface WrittenEntry {
  readonly principal: Principal;
  /** Epoch ms. */
  readonly ends: number | undefined;
}
/** Keys that stand in the configuration, found by a hash with a prefix of this process: no scan, nothing to measure. */
export interface WrittenKeys {
  readonly names: ReadonlySet<string>;
  find(key: string): WrittenEntry | undefined;
  byCredential(credential: string): WrittenEntry | undefined;
}

/** Whoever had the value before has no sessions with the next one. The value has 128 bits and more, of which this tells nothing. */
const versionOf = (value: string): string => createHmac('sha256', value).update('sessions of a written key').digest('base64url').slice(0, 11);

/** Checks all but the value, which may change. */
const entryOf = (key: WrittenKey): ((value: string) => WrittenEntry) => {
  if (!new RegExp(NAME).test(key.name)) throw refuse(key.name, 'name', 'needs a name of letters, digits, dot, dash and underscore');
  const wrong = key.cidr?.find((cidr) => rangeOf(cidr) === undefined);
  if (wrong !== undefined) throw refuse(key.name, 'cidr', `names ${wrong}, which is no address range`);
  if (key.expires !== undefined && /^[0-9]+[a-z]+$/.test(key.expires))
    throw refuse(key.name, 'expires', 'must expire on a date, as a duration would start again with every start');
  const ends = key.expires === undefined ? undefined : momentOf(key.expires, 0, 'expires');
  const principal = principalOf(key.name, `written:${key.name}`, key, ends);
  return (value) => ({ ends, principal: Object.freeze({ ...principal, secretVersion: versionOf(value) }) });
};

/** Reads and checks the keys; when a secret rotates its key is replaced and `changed` called. Throws `invalid_request`. */
export const writtenKeys = async (keys: Config['keys'], host: Host, changed: () => void): Promise<WrittenKeys> => {
  const prefix = randomBytes(32).toString('base64');
  const digestOf = (key: string): string => hash('sha256', prefix + key, 'base64');
  const entries = new Map<string, WrittenEntry>();
  const names = new Set<string>();

  const add = (name: string, key: string, entry: (value: string) => WrittenEntry): string => {
    check(name, key);
    const digest = digestOf(key);
    if (entries.has(digest)) throw refuse(name, 'key', `has the same value as key ${entries.get(digest)?.principal.id.slice('key:'.length) ?? ''}`);
    entries.set(digest, entry(key));
    return digest;
  };
  const follow = (name: string, secret: Secret, entry: (value: string) => WrittenEntry, first: string): void => {
    let digest = first;
    secret.onRotate(() => {
      const replace = async (): Promise<void> => {
        const key = await host.secret(secret);
        if (digestOf(key) === digest) return;
        const next = add(name, key, entry);
        entries.delete(digest);
        digest = next;
        changed();
      };
      replace().catch((error: unknown) =>
        host.log.error(
          { principal: `key:${name}`, reason: error instanceof Error ? error.message : 'unknown' },
          'the new value of a key cannot be used; the one before stays valid',
        ),
      );
    });
  };
  for (const key of listOf(keys)) {
    if (names.has(key.name)) throw refuse(key.name, 'name', 'is written twice');
    names.add(key.name);
    const entry = entryOf(key);
    follow(key.name, key.key, entry, add(key.name, await host.secret(key.key), entry));
  }
  return {
    names,
    find: (key) => (entries.size === 0 ? undefined : entries.get(digestOf(key))),
    byCredential: (credential) => [...entries.values()].find((entry) => entry.principal.credential === credential),
  };
};
