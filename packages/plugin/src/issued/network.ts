import { isIP } from 'node:net';

/** The eight groups of an address of IPv6, in lower case and without zeros in front. */
export const groupsOf = (address: string): readonly string[] => {
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
