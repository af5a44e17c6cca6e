import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../src/json/parse.ts';
import { hasRepeatedKeys } from '../src/json/unique-keys.ts';
import { LONGEST_TOKEN, readJws } from '../src/jwt/index.ts';

const b64 = (value: string | Uint8Array): string => Buffer.from(value).toString('base64url');
const token = (header: string, claims = '{"iss":"i"}', signature = 'c2ln'): string => `${b64(header)}.${b64(claims)}.${signature}`;
const isRepeated = (source: string): boolean => hasRepeatedKeys(source, parseJson(source));
const GOOD = '{"alg":"RS256","kid":"k"}';

describe('a token that is read', () => {
  test('gives header, algorithm, key id and claims', () => {
    expect(readJws(token(GOOD))).toEqual({ header: { alg: 'RS256', kid: 'k' }, alg: 'RS256', kid: 'k', claims: { iss: 'i' } });
    expect(readJws(token('{"alg":"RS256","jku":"https://evil.example","jwk":{}}'))).toMatchObject({ kid: undefined });
    expect(readJws(token(GOOD, '{"name":"Žofie 💥"}'))).toMatchObject({ claims: { name: 'Žofie 💥' } });
  });
  test.each([
    ['two segments', `${b64(GOOD)}.${b64('{}')}`, 'form'],
    ['four segments', `${token(GOOD)}.AA`, 'form'],
    ['five segments, an encrypted token', `${b64('{"alg":"RSA-OAEP","enc":"A256GCM","zip":"DEF"}')}.AA.AA.AA.AA`, 'form'],
    ['an empty signature', `${b64('{"alg":"none"}')}.${b64('{}')}.`, 'form'],
    ['an empty header', `.${b64('{}')}.AA`, 'form'],
    ['padding', `${token(GOOD)}==`, 'form'],
    ['base64 of the other alphabet', token(GOOD, '{}', 'ab+/'), 'form'],
    ['white space', `${token(GOOD)} `, 'form'],
    ['a line break', `${b64(GOOD)}\n.${b64('{}')}.AA`, 'form'],
    ['bits that nobody reads', token(GOOD, '{}', 'AB'), 'form'],
    ['more than 16 KiB', token(GOOD, '{}', 'A'.repeat(LONGEST_TOKEN)), 'too_long'],
    ['a header that is no JSON', token('{'), 'header'],
    ['a header that is a list', token('[]'), 'header'],
    ['a header that is no UTF-8', `${b64(Uint8Array.of(0xff, 0xfe))}.${b64('{}')}.AA`, 'header'],
    ['a header with a key twice', token('{"alg":"RS256","alg":"none"}'), 'header'],
    ['a header with a key twice, spelt otherwise', token('{"alg":"RS256","\\u0061lg":"none"}'), 'header'],
    ['a header that names a prototype', token('{"alg":"RS256","__proto__":{"kid":"k"}}'), 'header'],
    ['missing alg', token('{"kid":"k"}'), 'header'],
    ['non-string alg', token('{"alg":5}'), 'header'],
    ['kid not a string', token('{"alg":"RS256","kid":7}'), 'header'],
    ['an empty kid', token('{"alg":"RS256","kid":""}'), 'header'],
    ['a kid of 300 characters', token(`{"alg":"RS256","kid":"${'k'.repeat(300)}"}`), 'header'],
    ['a critical extension', token('{"alg":"RS256","crit":["exp"],"exp":1}'), 'critical'],
    ['an empty list of critical extensions', token('{"alg":"RS256","crit":[]}'), 'critical'],
    ['an unencoded payload', token('{"alg":"RS256","b64":false}'), 'critical'],
    ['payload not an object', token(GOOD, '["a"]'), 'claims'],
    ['payload not JSON', token(GOOD, 'null'), 'claims'],
    ['a claim twice', token(GOOD, '{"iss":"a","iss":"b"}'), 'claims'],
    ['a claim of a claim twice', token(GOOD, '{"a":[{"b":1,"b":2}]}'), 'claims'],
    ['claims deeper than 64 levels', token(GOOD, `{"a":${'['.repeat(70)}${']'.repeat(70)}}`), 'claims'],
  ])('%s: none', (_, text, fault) => {
    expect(readJws(text)).toBe(fault);
  });
  test('padding, where a load balancer writes it', () => {
    const padded = [GOOD, '{"a":1}', 'sig'].map((part) => Buffer.from(part).toString('base64').replaceAll('+', '-').replaceAll('/', '_')).join('.');
    expect(padded).toContain('=');
    expect(readJws(padded)).toBe('form');
    expect(readJws(padded, { padded: true })).toMatchObject({ alg: 'RS256' });
    for (const wrong of [`${padded}=`, `${padded}====`, padded.replace('=', ''), token(GOOD, '{}', 'A==A'), token(GOOD, '{}', '====')])
      expect(readJws(wrong, { padded: true }), wrong).toBe('form');
  });
});

const search = { numRuns: 500 };
describe('any header and segments', () => {
  const junk = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'ABab01-_=+/. ') }),
    fc.json(),
    fc.constantFrom(GOOD, '{}', '[]', '{"alg":"none"}'),
  );
  const segment = fc.oneof(junk, junk.map(b64), fc.uint8Array({ maxLength: 40 }).map(b64));
  const texts = fc.oneof(
    junk,
    fc.array(segment, { minLength: 1, maxLength: 6 }).map((all) => all.join('.')),
  );
  test('no text makes it throw, and what it reads has one form only', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const read = readJws(text);
        if (typeof read === 'string') return;
        const [head = '', body = '', signature = ''] = text.split('.');
        for (const part of [head, body, signature]) expect(b64(Buffer.from(part, 'base64url'))).toBe(part);
        expect(read.alg).toBe(read.header.alg);
      }),
      search,
    );
  });
  test('every header and every claims of JSON are read as JSON reads them', () => {
    const objects = fc.dictionary(
      fc.string({ minLength: 1, maxLength: 5 }).filter((k) => !['alg', 'kid', 'crit', 'b64', '__proto__', 'constructor'].includes(k)),
      fc.jsonValue({ maxDepth: 2, noUnicodeString: false }),
    );
    fc.assert(
      fc.property(objects, objects, (header, claims) => {
        const [head, body] = [JSON.stringify({ ...header, alg: 'ES256' }), JSON.stringify(claims)];
        if (/__proto__|constructor/.test(head + body)) return;
        expect(readJws(token(head, body))).toMatchObject({ alg: 'ES256', claims: JSON.parse(body) });
      }),
      search,
    );
  });
  test('a repeated key is found wherever it stands', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.string(), (value, name) => {
        if (/__proto__|constructor/.test(value + name)) return;
        const key = JSON.stringify(name);
        expect(isRepeated(`[{${key}:${value},"other\\"":"{${name.replaceAll(/["\\]/g, '')}:",${key} :1}]`)).toBe(true);
        expect(isRepeated(`[{${key}:${value}},{${key}:${value}}]`)).toBe(isRepeated(value));
        expect(isRepeated(`{"a":12345678901234567890,${key}:${value},"\\u0061":1}`)).toBe(true);
      }),
      search,
    );
  });
});
