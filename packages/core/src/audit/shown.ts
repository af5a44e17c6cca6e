import { isIP } from 'node:net';
import { groupsOf } from '@llm-proxy-auth/plugin/issued';

const MOST = 256;
/** A text that somebody else wrote, cut and without halves of characters and NUL, which not every store keeps. */
export const shown = (text: string | undefined): string | undefined =>
  text === undefined || text === '' ? undefined : text.slice(0, MOST).toWellFormed().replaceAll('\0', '\ufffd');

/** The network an address is in: /24 of IPv4, /48 of IPv6. */
export const addressPrefix = (address: string): string | undefined => {
  const family = isIP(address);
  if (family === 4) return `${address.slice(0, address.lastIndexOf('.'))}.0/24`;
  if (family !== 6) return undefined;
  return `${groupsOf(address).slice(0, 3).join(':')}::/48`;
};
