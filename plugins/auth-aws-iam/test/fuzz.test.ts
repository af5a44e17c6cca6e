import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SignedCall } from '../src/call.ts';
import { endpointTable } from '../src/endpoints.ts';
import { readToken } from '../src/read.ts';
import { Refused } from '../src/refused.ts';
import { PREFIX } from '../src/token.ts';
import { insideOf, makeSigned, makeToken, rawToken, START, shortToken } from './support.ts';

const reading = { endpoints: endpointTable(['us-east-1']), now: START };
const url = insideOf(await makeToken());
const json = insideOf(shortToken(await makeSigned()));
/** What was read, or why not; any other error is a defect. */
const read = (token: string): ReturnType<typeof readToken> | string => {
  try {
    return readToken(token, 'prod', reading);
  } catch (error) {
    if (error instanceof Refused) return error.reason;
    throw error;
  }
};
const isTheOneQuestion = ({ method, path, body }: SignedCall): void => {
  if (method === 'POST') {
    expect([
      path,
      Buffer.from(body ?? [])
        .toString()
        .split('&')
        .toSorted(),
    ]).toEqual(['/', ['Action=GetCallerIdentity', 'Version=2011-06-15']]);
    return;
  }
  expect(path).toMatch(/^\/\?[A-Za-z0-9\-._~%&=]+$/);
  const pairs = [...new URLSearchParams(path.slice(2))].map(([name, value]) => [name.toLowerCase(), value] as const);
  expect(new Set(pairs.map(([name]) => name)).size).toBe(pairs.length);
  expect(new Map(pairs).get('action')).toBe('GetCallerIdentity');
};
/** Whatever was read asks nothing but the one question, of a host of the list. */
const holds = (token: string): void => {
  const call = read(token);
  if (typeof call === 'string') {
    expect(call).toMatch(/^[a-z0-9_]+$/);
    return;
  }
  expect(reading.endpoints.get(call.endpoint.host)).toBe(call.endpoint);
  expect(call.ends).toBeGreaterThan(START);
  expect(call.headers.join('')).not.toMatch(/[\r\n\0]/);
  isTheOneQuestion(call);
};
/** A text with a piece of it replaced. */
const edited = (text: string): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.nat(text.length),
      fc.nat(12),
      fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('&Action=AssumeRole', '%00', '%2e', '#', '@', ':443', '/..', 'x-amz-date=', '\r\n', '"')),
    )
    .map(([at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut));

describe('the parser of tokens', () => {
  it('holds for any text', () =>
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => holds(PREFIX + text)),
      { numRuns: 2000 },
    ));
  it('holds for any text inside', () =>
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => holds(rawToken(text))),
      { numRuns: 2000 },
    ));
  it('holds for edited URLs', () =>
    fc.assert(
      fc.property(edited(url), (text) => holds(rawToken(text))),
      { numRuns: 4000 },
    ));
  it('holds for URLs edited twice', () =>
    fc.assert(
      fc.property(edited(url).chain(edited), (text) => holds(rawToken(text))),
      { numRuns: 4000 },
    ));
  it('holds for edited JSON', () =>
    fc.assert(
      fc.property(edited(json), (text) => holds(rawToken(text))),
      { numRuns: 4000 },
    ));
  it('holds for any query of known names', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.constantFrom('Action', 'ACTION', 'Version', 'X-Amz-Date', 'x-amz-date', 'X-Amz-Expires', 'Host', ''), fc.string({ maxLength: 20 })),
        ),
        (pairs) => holds(rawToken(`https://sts.us-east-1.amazonaws.com/?${new URLSearchParams(pairs)}`)),
      ),
      { numRuns: 2000 },
    ));
  it('reads what was not edited', () => {
    expect(read(rawToken(url))).toMatchObject({ method: 'GET' });
    expect(read(rawToken(json))).toMatchObject({ method: 'POST' });
  });
});
