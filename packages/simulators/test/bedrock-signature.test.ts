import { describe, expect, test } from 'vitest';
import { canonicalRequest, signature, stringToSign } from '../src/aws/sigv4.ts';
import type { CapturedRequest, HeaderPairs } from '../src/index.ts';

const host = 'bedrock-runtime.us-east-1.amazonaws.com';
const body = Buffer.from('{"messages":[{"role":"user","content":[{"text":"hi"}]}]}');
const scope = { date: '20261123', region: 'us-east-1', service: 'bedrock' };
const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const when = '20261123T000000Z';
const plain: HeaderPairs = [
  ['Host', host],
  ['content-type', 'application/json'],
  ['x-amz-content-sha256', 'c3335e07d6e89650bf94cb98664be69f8774dbc3198df221f113db0a59ea14f0'],
  ['x-amz-date', when],
];

const request = (target: string, headers: HeaderPairs = plain, method = 'POST', content = body): CapturedRequest =>
  ({
    method,
    target,
    path: target.split('?', 1)[0] ?? '',
    headers,
    body: content,
    header: (name: string) => headers.find(([given]) => given.toLowerCase() === name.toLowerCase())?.[1],
  }) as CapturedRequest;

const signed = ['content-type', 'host', 'x-amz-content-sha256', 'x-amz-date'];
const signatureOf = (asked: CapturedRequest, names: readonly string[], where = scope, at = when, key = secret): string =>
  signature(key, stringToSign(canonicalRequest(asked, names), at, where), where);

const colon = '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse';
const arn = '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabc123def456/converse';

// Computed with the vendor's signer for exactly these requests.
describe('the signature that Bedrock calculates', () => {
  test('an id with a colon: the canonical request', () => {
    expect(canonicalRequest(request(colon), signed)).toBe(
      [
        'POST',
        '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%253A0/converse',
        '',
        'content-type:application/json',
        `host:${host}`,
        'x-amz-content-sha256:c3335e07d6e89650bf94cb98664be69f8774dbc3198df221f113db0a59ea14f0',
        `x-amz-date:${when}`,
        '',
        'content-type;host;x-amz-content-sha256;x-amz-date',
        'c3335e07d6e89650bf94cb98664be69f8774dbc3198df221f113db0a59ea14f0',
      ].join('\n'),
    );
  });

  test.each([
    ['an id with a colon', request(colon), signed, '3d1bc2f37f29b90418855384691de89522a12c4a95b725339e57dfeaf1765076'],
    ['the ARN of an application inference profile', request(arn), signed, '80303cc725aa69f21ba1105a39095af7b28bfc9894c130fb9618051cc96243a7'],
    [
      'a session token',
      request(colon, [...plain, ['x-amz-security-token', 'SESSIONTOKENEXAMPLE==']]),
      ['content-type', 'host', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token'],
      '58acce3827b0acb904d99e5d812e93a2a4706484c1e9ef1394784cdbdf33a65f',
    ],
  ])('%s', (_name, asked, names, expected) => {
    expect(signatureOf(asked, names)).toBe(expected);
  });

  test('the path is never encoded once only', () => {
    expect(signatureOf(request(colon), signed)).not.toBe('291e3b3cbe99f34d6b10596d8001ce6178be65615269d1e4642f6d4a869a5be7');
  });
});

// The suite that AWS publishes with its documentation: service `service`, key AKIDEXAMPLE, 2015-08-30T12:36:00Z.
describe("AWS's own test suite", () => {
  const suite = { date: '20150830', region: 'us-east-1', service: 'service' };
  const at = '20150830T123600Z';
  const of = (target: string, extra: HeaderPairs = [], method = 'GET'): string => {
    const headers: HeaderPairs = [['Host', 'example.amazonaws.com'], ...extra, ['X-Amz-Date', at]];
    const names = [...new Set(headers.map(([name]) => name.toLowerCase()))].sort();
    return signatureOf(request(target, headers, method, Buffer.alloc(0)), names, suite, at, 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY');
  };

  test.each([
    ['get-vanilla', of('/'), '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['get-vanilla-query-order-key-case', of('/?Param2=value2&Param1=value1'), 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500'],
    ['post-vanilla', of('/', [], 'POST'), '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    ['get-vanilla-empty-query-key', of('/?Param1=value1'), 'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb'],
  ])('%s', (_name, made, expected) => {
    expect(made).toBe(expected);
  });
  test('get-vanilla, presigned', () => {
    const query = [
      'X-Amz-Algorithm=AWS4-HMAC-SHA256',
      'X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request',
      `X-Amz-Date=${at}`,
      'X-Amz-SignedHeaders=host',
      'X-Amz-Expires=3600',
    ];
    const asked = request(`/?${query.join('&')}`, [['Host', 'example.amazonaws.com']], 'GET', Buffer.alloc(0));
    const expected = 'e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d';
    expect(signatureOf(asked, ['host'], suite, at, 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY')).toBe(expected);
    // The signature itself is no part of what is signed.
    const sent = request(`/?${[...query, `X-Amz-Signature=${expected}`].join('&')}`, [['Host', 'example.amazonaws.com']], 'GET', Buffer.alloc(0));
    expect(signatureOf(sent, ['host'], suite, at, 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY')).toBe(expected);
  });
});
