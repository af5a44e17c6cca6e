import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readKey } from './key.ts';
import type { OciCredential } from './signature.ts';
import { expiryOf } from './token.ts';

/** A profile of the configuration file of OCI; what it leaves out stands in DEFAULT. */
export type Profile = Readonly<Record<string, string>>;

/** INI as OCI's tools read it: `#` begins a comment at the start of a line only, a value is everything behind the first `=`. */
export const profilesIn = (text: string): ReadonlyMap<string, Profile> => {
  const profiles = new Map<string, Record<string, string>>();
  let current: Record<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim();
    const name = /^\[([^\]]+)\]$/.exec(trimmed)?.[1]?.trim();
    if (name !== undefined) {
      current = profiles.get(name) ?? {};
      profiles.set(name, current);
      continue;
    }
    const at = trimmed.indexOf('=');
    if (trimmed === '' || trimmed.startsWith('#') || at <= 0 || current === undefined) continue;
    current[trimmed.slice(0, at).trim()] = trimmed.slice(at + 1).trim();
  }
  return profiles;
};
const expand = (path: string): string => (path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path);
/** Throws what `node:fs` throws, and an Error for a profile that is not there. */
export const readProfile = async (file: string | undefined, profile: string): Promise<Profile> => {
  const profiles = profilesIn(await readFile(expand(file ?? '~/.oci/config'), 'utf8'));
  const own = profiles.get(profile);
  if (own === undefined) throw new Error(`the configuration file of OCI has no profile ${profile}`);
  return { ...profiles.get('DEFAULT'), ...own };
};
const needed = (profile: Profile, name: string): string => {
  const value = profile[name];
  if (value === undefined || value === '') throw new Error(`the profile has no ${name}`);
  return value;
};
/** The credential of a profile as it is now: an API key, or a session of `oci session authenticate`, whose token is read again each time. */
export const credentialOf = async (profile: Profile): Promise<OciCredential> => {
  const key = readKey(await readFile(expand(needed(profile, 'key_file')), 'utf8'), profile.pass_phrase);
  const session = profile.security_token_file;
  if (session !== undefined && session !== '') {
    const token = (await readFile(expand(session), 'utf8')).trim();
    return { keyId: `ST$${token}`, key, expiration: expiryOf(token) };
  }
  return { keyId: `${needed(profile, 'tenancy')}/${needed(profile, 'user')}/${needed(profile, 'fingerprint')}`, key };
};
