import { isIP } from 'node:net';

/** Why a text is no base URL; undefined when it is one. The text itself is never part of the message: it may hold a password. */
export const urlRefusal = (text: string): string | undefined => {
  if (!/^https?:\/\//.test(text)) return 'must begin with https://';
  if (!URL.canParse(text)) return 'must be a URL such as https://host/path';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || /^https?:\/\/[^/?#]*@/.test(text)) return 'must not hold a user name or password';
  if (text.includes('#')) return 'must not hold a fragment (#)';
  if (text.includes('?')) return 'must not hold a query (?)';
  if (/[\s\\]/.test(text)) return 'must not hold white space or backslashes';
  return undefined;
};

const METADATA_HOSTS = Object.freeze(new Set(['metadata.google.internal', 'metadata', '100.100.100.200', '192.0.0.192', '[fd00:ec2::254]', '[fd20:ce::254]']));
/** Why an upstream may not be called without `insecureUpstream: true`: plain http, or an address of a cloud's metadata service. */
export const upstreamRefusal = (text: string): string | undefined => {
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname } = new URL(text);
  if (protocol !== 'https:') return 'must begin with https:// unless the instance says insecureUpstream: true';
  const host = hostname.replace(/\.$/, '');
  const linkLocal = (isIP(host) === 4 && host.startsWith('169.254.')) || /^\[fe[89ab]/.test(host) || /^\[::ffff:a9fe:/.test(host);
  return linkLocal || METADATA_HOSTS.has(host) ? 'names a metadata service, which needs insecureUpstream: true' : undefined;
};

/** True for the addresses and names that only this machine reaches. */
export const isLoopback = (host: string): boolean => {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (bare === 'localhost' || bare === '::1') return true;
  return isIP(bare) === 4 && bare.startsWith('127.');
};
