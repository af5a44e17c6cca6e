import { BlockList, isIP, SocketAddress } from 'node:net';
import { lastOf } from '../last-of.ts';

/** Compiled address ranges; IPv4-mapped IPv6 addresses count as IPv4. */
export type Ranges = (address: string) => boolean;

/** In one writing: without zone, IPv6 in its short form, IPv4 as such also where it is mapped. Undefined for anything else. */
const plain = (address: string): string | undefined => {
  const family = isIP(address);
  if (family !== 6) return family === 4 ? address : undefined;
  // As sockets for both write it: most callers of such a one.
  if (address.startsWith('::ffff:') && isIP(address.slice(7)) === 4) return address.slice(7);
  const short = new SocketAddress({ address: address.replace(/%.*$/, ''), family: 'ipv6' }).address;
  return short.startsWith('::ffff:') && isIP(short.slice(7)) === 4 ? short.slice(7) : short;
};

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
    return known !== undefined && list.check(known, isIP(known) === 6 ? 'ipv6' : 'ipv4');
  };
};

const directOf = lastOf((peer: string): string => plain(peer) ?? peer);
/**
 * The caller's address: the TCP peer, or behind trusted proxies the right-most address none of them wrote. What is no address ends the
 * way: the hop before it is the caller.
 */
export const clientAddress = (peer: string, forwardedFor: string | undefined, trusted: Ranges): string => {
  const direct = directOf(peer);
  if (forwardedFor === undefined || !trusted(peer)) return direct;
  let before = direct;
  for (const written of forwardedFor.split(',').slice(-50).reverse()) {
    const hop = plain(
      written
        .trim()
        .replace(/^\[(.*)\](?::\d+)?$/, '$1')
        .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1'),
    );
    if (hop === undefined) return before;
    if (!trusted(hop)) return hop;
    before = hop;
  }
  return direct;
};
