import { isIP, SocketAddress } from 'node:net';

/** Who can call from one address of IPv6 can call from all of its /64: these count as one. Anything else is itself. */
export const networkOf = (address: string): string => {
  if (isIP(address) !== 6) return address;
  const short = new SocketAddress({ address: address.replace(/%.*$/, ''), family: 'ipv6' }).address;
  if (short.includes('.')) return short;
  const [head = '', tail] = short.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = tail === undefined ? before : [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
  return `${groups.slice(0, 4).join(':')}::/64`;
};
