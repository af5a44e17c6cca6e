import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readXfcc, type XfccElement } from '../src/xfcc.ts';

const HASH = '468ed33be74eee6556d90c0149c1309e9ba61d6425303443c0748a02dd8de688';

describe("examples of Envoy's documentation", () => {
  it.each([
    [`By=http://frontend.lyft.com;Hash=${HASH};Subject="/C=US/ST=CA/L=San Francisco/OU=Lyft/CN=Test Client";URI=http://testclient.lyft.com`, 1],
    [
      `By=http://frontend.lyft.com;Hash=${HASH};URI=http://testclient.lyft.com,By=http://backend.lyft.com;Hash=9ba61d6425303443c0748a02dd8de688468ed33be74eee6556d90c0149c1309e;URI=http://frontend.lyft.com`,
      2,
    ],
    [`Hash=${HASH};Subject="/C=US/ST=CA/L=San Francisco/OU=Lyft/CN=Test Client";URI=http://testclient.lyft.com;DNS=lyft.com;DNS=www.lyft.com`, 1],
  ])('%s', (text, count) => {
    const found = readXfcc(text);
    expect(found).toHaveLength(count);
    expect(found?.[0]).toMatchObject({ uri: 'http://testclient.lyft.com' });
  });
});

describe('what is inside quotes is no pair', () => {
  it.each([
    ['Subject="CN=a;URI=spiffe://x/admin"', { subject: 'CN=a;URI=spiffe://x/admin' }],
    ['Subject="CN=a,URI=spiffe://x/admin";Hash=00', { subject: 'CN=a,URI=spiffe://x/admin' }],
    ['Subject="CN=a\\";URI=spiffe://x/admin;DNS=\\"b"', { subject: 'CN=a";URI=spiffe://x/admin;DNS="b' }],
    ['Subject="CN=a\\,b"', { subject: 'CN=a\\,b' }],
    ['Subject=""', {}],
    ['URI=', {}],
    ['uri=spiffe://x/a', { uri: 'spiffe://x/a' }],
  ] as const)('%s', (text, want) => expect(readXfcc(text)).toEqual([{ by: undefined, uri: undefined, subject: undefined, ...want }]));
});

describe('what is refused', () => {
  it.each([
    ['nothing', ''],
    ['no pair', 'spiffe://x/a'],
    ['a pair without a key', '=spiffe://x/a'],
    ['an unknown key', 'URL=spiffe://x/a'],
    ['two URIs', 'URI=spiffe://x/a;URI=spiffe://x/b'],
    ['two URIs in other letters', 'URI=spiffe://x/a;uri=spiffe://x/b'],
    ['two subjects', 'Subject="CN=a";Subject="CN=b"'],
    ['a quote that does not end', 'Subject="CN=a;URI=spiffe://x/a'],
    ['text behind a quote', 'Subject="CN=a"b;URI=spiffe://x/a'],
    ['a quote in the middle', 'URI=spiffe://x/"a"'],
    ['a raw equals sign', 'Subject=CN=a'],
    ['a backslash before a backslash', 'Subject="CN=a\\\\";URI=spiffe://x/a'],
    ['two backslashes', 'Subject="CN=a\\\\b";URI=spiffe://x/a'],
    ['a raw backslash', 'URI=spiffe://x/a\\'],
    ['a space in a raw value', 'URI=spiffe://x/a b'],
    ['a space before a pair', 'Hash=00; URI=spiffe://x/a'],
    ['an empty element', 'URI=spiffe://x/a,'],
    ['an empty element first', ',URI=spiffe://x/a'],
    ['an empty pair', 'URI=spiffe://x/a;'],
    ['a control character', 'URI=spiffe://x/a\t'],
    ['a letter beyond ASCII', 'URI=spiffe://x/ä'],
    ['more than 16 KiB', `Chain="${'a'.repeat(16_384)}"`],
  ])('%s', (_name, text) => expect(readXfcc(text)).toBeUndefined());
});

/** As Envoy writes it: values with separators are quoted, and quotes in them escaped. */
const write = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([key, value]) => `${key}=${/[,;="]/.test(value) || key === 'Subject' ? `"${value.replaceAll('"', '\\"')}"` : value}`).join(';');
const printable = fc.stringMatching(/^[!-[\]-~]{0,40}$/);
const element = fc.record({
  by: fc.option(printable, { nil: undefined }),
  hash: fc.option(fc.stringMatching(/^[0-9a-f]{64}$/), { nil: undefined }),
  subject: fc.option(fc.string({ unit: fc.constantFrom(...'abc =,;"+äU RI'), maxLength: 30 }), { nil: undefined }),
  uri: fc.option(printable, { nil: undefined }),
});
const pairsOf = ({ by, hash, subject, uri }: XfccElement & { readonly hash: string | undefined }, dns: readonly string[]): (readonly [string, string])[] => [
  ...(by === undefined ? [] : [['By', by] as const]),
  ...(hash === undefined ? [] : [['Hash', hash] as const]),
  ...(subject === undefined ? [] : [['Subject', subject] as const]),
  ...(uri === undefined ? [] : [['URI', uri] as const]),
  ...dns.map((name) => ['DNS', name] as const),
];
it('what Envoy writes is read back, whatever stands in the values', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(element, fc.array(fc.domain(), { minLength: 1, maxLength: 2 })), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      (all, spaced) => {
        const text = all.map(([one, dns]) => write(pairsOf(one, dns))).join(spaced ? ', ' : ',');
        const blank = (value: string | undefined): string | undefined => (value === '' ? undefined : value);
        expect(readXfcc(text)).toEqual(all.map(([{ by, uri, subject }]) => ({ by: blank(by), uri: blank(uri), subject: blank(subject) })));
      },
    ),
    { numRuns: 2000 },
  );
});
it('fuzz: nothing throws, takes long, or names a URI that does not stand in the text by itself', () => {
  const piece = fc.constantFrom('By=', 'URI=', 'Subject=', 'Hash=', 'DNS=', '"', '\\', '\\"', ',', ';', '=', ' ', 'spiffe://corp/a', 'x', '\0', 'é');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece, { maxLength: 30 }).map((all) => all.join('')),
        fc.string({ unit: 'binary' }),
      ),
      (text) => {
        for (const { uri } of readXfcc(text) ?? []) if (uri !== undefined) expect(text).toMatch(/(?:^|[,; ])uri=/i);
      },
    ),
    { numRuns: 5000 },
  );
  const started = process.cpuUsage();
  for (const text of [
    '"'.repeat(16_000),
    `Subject="${'\\"'.repeat(8000)}`,
    `Subject="${'\\'.repeat(16_000)}`,
    'a='.repeat(8000),
    'DNS=a;'.repeat(2700),
    ','.repeat(16_000),
  ])
    expect(readXfcc(text)).toBeUndefined();
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1000).toBeLessThan(200);
});
