import { describe, expect, test } from 'vitest';
import { clientAddress, compileRanges } from '../src/access/address.ts';

const trusted = compileRanges(['10.0.0.0/8', 'fd00::/8']);
describe('A054 the address of a caller behind trusted proxies', () => {
  test.each([
    ['the right-most that none of them wrote', '198.51.100.1, 203.0.113.7, 10.0.0.2', '203.0.113.7'],
    ['what is no address ends the way at the hop before it', '203.0.113.7, unknown, 10.0.0.2', '10.0.0.2'],
    ['nothing before it: the peer', '203.0.113.7, unknown', '10.0.0.1'],
    ['an empty hop', '203.0.113.7,, 10.0.0.2', '10.0.0.2'],
    ['trusted ones alone: the peer', '10.0.0.3, 10.0.0.2', '10.0.0.1'],
    ['a port', '203.0.113.7:4711', '203.0.113.7'],
    ['brackets and a port', '[2001:db8::7]:4711', '2001:db8::7'],
    ['a zone', 'fe80::7%eth0', 'fe80::7'],
    ['capitals and zeros', '2001:0DB8:0:0::7', '2001:db8::7'],
    ['mapped', '::ffff:203.0.113.7', '203.0.113.7'],
    ['mapped in capitals', '::FFFF:203.0.113.7', '203.0.113.7'],
    ['mapped in hex', '::ffff:cb00:7107', '203.0.113.7'],
    ['mapped without the short form', '0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
    ['a trusted one that is mapped', '203.0.113.7, ::ffff:0a00:0002', '203.0.113.7'],
    ['a trusted one with a zone', '203.0.113.7, fd00::2%eth0', '203.0.113.7'],
  ])('%s', (_name, forwarded, wanted) => {
    expect(clientAddress('10.0.0.1', forwarded, trusted)).toBe(wanted);
    expect(clientAddress('::ffff:10.0.0.1', forwarded, trusted)).toBe(wanted);
    expect(clientAddress('192.0.2.1', forwarded, trusted)).toBe('192.0.2.1');
  });
});
