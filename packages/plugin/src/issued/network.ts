import { isIP } from 'node:net';

/** The eight groups of an address of IPv6, in lower case and without zeros in front. */
const groupsOf = (address: string): readonly string[] => {
  // `::` may stand for any of the groups: the URL parser writes the shortest form, from which they are counted.
  const [head = '', tail] = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  return tail === undefined ? before : [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
};
/** Who can call from one address of IPv6 can call from all of its /64: these count as one. Anything else is itself, mapped IPv4 too. */
export const networkOf = (address: string): string => {
  if (isIP(address) !== 6) return address;
  const groups = groupsOf(address);
  return groups.slice(0, 6).join() === '0,0,0,0,0,ffff' ? address : `${groups.slice(0, 4).join(':')}::/64`;
};
/** Of an address what records keep: /24 of IPv4, /48 of IPv6. */
export const addressPrefix = (address: string): string | undefined => {
  const family = isIP(address);
  if (family === 4) return `${address.slice(0, address.lastIndexOf('.'))}.0/24`;
  if (family !== 6) return undefined;
  return `${groupsOf(address).slice(0, 3).join(':')}::/48`;
};
