import { BlockList, isIP } from 'node:net';

/** Compiled address ranges; IPv4-mapped IPv6 addresses count as IPv4. */
export type Ranges = (address: string) => boolean;

const plain = (address: string): string => (address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address);

/** Throws a RangeError naming the first entry that is no address or CIDR. */
export const compileRanges = (cidrs: readonly string[]): Ranges => {
  if (cidrs.length === 0) return () => false;
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/');
    const family = isIP(address);
    const width = bits === undefined ? (family === 6 ? 128 : 32) : Number(bits);
    if (family === 0 || !Number.isInteger(width) || width < 0 || width > (family === 6 ? 128 : 32)) throw new RangeError(`"${cidr}" is not an address range`);
    list.addSubnet(address, width, family === 6 ? 'ipv6' : 'ipv4');
  }
  return (address) => {
    const known = plain(address);
    const family = isIP(known);
    return family !== 0 && list.check(known, family === 6 ? 'ipv6' : 'ipv4');
  };
};

/** The caller's address: the TCP peer, or behind trusted proxies the right-most address none of them wrote. */
export const clientAddress = (peer: string, forwardedFor: string | undefined, trusted: Ranges): string => {
  if (forwardedFor === undefined || !trusted(peer)) return plain(peer);
  const hops = forwardedFor.split(',').slice(-50);
  for (let i = hops.length - 1; i >= 0; i--) {
    const hop = plain(
      (hops[i] ?? '')
        .trim()
        .replace(/^\[(.*)\](?::\d+)?$/, '$1')
        .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1'),
    );
    if (isIP(hop) === 0) return plain(peer);
    if (!trusted(hop)) return hop;
  }
  return plain(peer);
};
