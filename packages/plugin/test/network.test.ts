import { BlockList } from 'node:net';
import { networkOf } from '@llm-proxy-auth/plugin/issued';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('the network that a caller can choose addresses of', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::7', '2001:db8:1:2::/64'],
    ['2001:db8::7', '2001:db8:0:0::/64'],
    ['fe80::7%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['::ffff:203.0.113.7', '::ffff:203.0.113.7'],
    ['a name', 'a name'],
  ])('of %s', (address, network) => expect(networkOf(address)).toBe(network));
  test('two addresses of IPv6 have one exactly when their first 64 bits are the same', () =>
    fc.assert(
      fc.property(fc.ipV6(), fc.ipV6(), (a, b) => {
        fc.pre(!a.includes('.') && !b.includes('.'));
        const list = new BlockList();
        list.addSubnet(a, 64, 'ipv6');
        expect(networkOf(a) === networkOf(b)).toBe(list.check(b, 'ipv6'));
        expect(networkOf(a)).toBe(networkOf(a.toUpperCase()));
      }),
    ));
});
