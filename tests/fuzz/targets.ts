import assert from 'node:assert/strict';
import { BlockList, isIP } from 'node:net';
import { eventStreamReader, fieldScanner, isGatewayError, parseJson, sseReader } from '@llm-proxy-auth/plugin';
import { clientAddress, compileRanges } from '../../packages/core/src/access/address.ts';
import { readDocument } from '../../packages/core/src/config/document.ts';
import { expand } from '../../packages/core/src/config/expand.ts';
import { readHead } from '../../packages/core/src/http/head.ts';
import { parseTarget } from '../../packages/core/src/http/target.ts';
import { compileGlob } from '../../packages/core/src/routing/glob.ts';
import { readJws } from '../../packages/plugin/src/jwt/jws.ts';
import { idOf } from '../../plugins/auth-api-key/src/key.ts';
import { credentialTargets } from './credentials.ts';
import type { FuzzTarget } from './fuzz.ts';

/** Runs `work`; only errors with a code of ours may come out. */
const refusing = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch (error) {
    if (isGatewayError(error)) return undefined;
    throw error;
  }
};
const textOf = (input: Buffer): string => input.toString('latin1');
const decodedTwice = (segment: string): string[] => {
  const once = decodeURIComponent(segment);
  try {
    return [once, decodeURIComponent(once)];
  } catch {
    return [once];
  }
};

const target: FuzzTarget = {
  name: 'target',
  seeds: ['/transparent/main/v1/chat/completions?a=1&key=k', '/converse/main/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A%3Ax%2Fy/converse', '/v1/models/a:b'],
  words: [
    '%2e',
    '%2E%2e',
    '..',
    '/./',
    '//',
    '%2f',
    '%5c',
    '\\',
    '%25',
    '%00',
    ';',
    '#',
    '?',
    '&key=',
    '%6bey=',
    '&api_key=',
    '@',
    'http://',
    '%c0%ae',
    '%',
    '/',
  ],
  run(input) {
    const parsed = refusing(() => parseTarget(textOf(input)));
    if (parsed === undefined) return;
    assert.equal(parsed.path, `/${parsed.segments.join('/')}`);
    for (const [i, segment] of parsed.segments.entries()) {
      assert.ok(segment !== '' || i === parsed.segments.length - 1, 'an empty segment');
      for (const reading of [segment, ...decodedTwice(segment)]) {
        for (const piece of reading.split('/')) assert.ok(!/^\.{1,2}(?:;|$)/.test(piece), `a dot segment in ${segment}`);
        assert.ok(!/[\\\0\r\n]/.test(reading), `a control character or backslash in ${segment}`);
      }
    }
    for (const [name] of new URLSearchParams(parsed.query)) assert.doesNotMatch(name, /^(?:(?:x[-_])?api[-_])?key$/i);
  },
};
const key: FuzzTarget = {
  name: 'key',
  seeds: ['lpa_0A1B2C3D4E5F_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA3iCQxf', 'lpa__', 'lpas_x'],
  words: ['lpa_', '_', 'A', '0', ' ', '\0', '\u00e9', 'AAAAAAAAAAAA'],
  run(input) {
    const text = textOf(input);
    const id = idOf(text);
    if (id !== undefined) assert.match(text, new RegExp(`^lpa_${id}_[0-9A-Za-z]{49}$`));
  },
};
/** Whether two texts are one address, however it is written; IPv4 is one with what is mapped to it. */
const sameAddress = (written: string, address: string): boolean => {
  const [bare = ''] = written.split('%');
  const [family, wanted] = [isIP(bare), isIP(address)];
  if (family === 0 || wanted === 0) return false;
  const list = new BlockList();
  list.addAddress(bare, family === 6 ? 'ipv6' : 'ipv4');
  return list.check(address, wanted === 6 ? 'ipv6' : 'ipv4') || (wanted === 4 && list.check(`::ffff:${address}`, 'ipv6'));
};
const trusted = compileRanges(['10.0.0.0/8', '::1', 'fd00::/8']);
const forwarded: FuzzTarget = {
  name: 'forwarded-for',
  seeds: ['203.0.113.9, 10.0.0.2', '[2001:db8::1]:443, ::ffff:10.1.1.1', 'unknown, 10.0.0.1'],
  words: [',', ' ', '10.0.0.1', '::ffff:', '[', ']', ':80', '%eth0', '127.0.0.1', '0x7f.1', '::1', '203.0.113.9', 'unknown', '"', ';'],
  run(input) {
    const text = textOf(input);
    assert.equal(clientAddress('198.51.100.7', text, trusted), '198.51.100.7', 'a peer that nobody trusts speaks for itself');
    const address = clientAddress('10.9.9.9', text, trusted);
    assert.notEqual(isIP(address), 0, `${address} is no address`);
    const hops = text.split(',').map((hop) =>
      hop
        .trim()
        .replace(/^\[(.*)\](?::\d+)?$/, '$1')
        .replace(/^([\d.]+):\d+$/, '$1'),
    );
    assert.ok(address === '10.9.9.9' || hops.some((hop) => sameAddress(hop, address)), `${address} is not one of the header`);
  },
};
const PATHS = [['model'], ['stream'], ['a', 'b']];
const json: FuzzTarget = {
  name: 'json',
  seeds: [
    '{"model":"m","stream":true,"a":{"b":1e400}}',
    '{"\\u006dodel":"x","n":[1,2,{"model":"y"}]}',
    '[{"a":"\\ud83d\\ude00"}]',
    '{"model":"a","model":"b"}',
  ],
  words: [
    '"model":',
    '"m\\u006fdel":',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '\\u',
    '\\ud800',
    'null',
    'true',
    '1e',
    '-',
    '0',
    '__proto__',
    '\xc3',
    '\0',
    '[[[[[[[[',
  ],
  run(input) {
    const pieces = [input.subarray(0, input.length >> 1), input.subarray(input.length >> 1)];
    const scanner = fieldScanner(PATHS);
    for (const piece of pieces) scanner.push(piece);
    const found = scanner.end();
    const nameless = (result: typeof found): unknown => (result.ok ? result : [result.code, result.offset]);
    const whole = fieldScanner(PATHS);
    whole.push(input);
    assert.deepEqual(nameless(whole.end()), nameless(found), 'another chunking, another result');
    if (!found.ok) return;
    const value: unknown = JSON.parse(input.toString('utf8'));
    const model = found.fields[0]?.value;
    const read = typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as { model?: unknown }).model : undefined;
    if (found.duplicates.length === 0 && typeof read === 'string')
      assert.equal(model?.text, read, 'the model that the tokenizer sees is not the one in the body');
    refusing(() => parseJson(input));
  },
};
const yaml: FuzzTarget = {
  name: 'yaml',
  seeds: ['plugins:\n  - "@llm-proxy-auth/store-sqlite"\nserver: { port: "${PORT:-8080}" }\nauth: none\n', 'a: &x [1, 2]\nb: *x\n', 'a: !!js/function x\n'],
  words: [
    '\n',
    '  ',
    ': ',
    '- ',
    '&a ',
    '*a',
    '<<: ',
    '!!',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '${',
    '}',
    '${file:',
    '|',
    '>',
    '?',
    '#',
    '\t',
    '__proto__',
    '---\n',
  ],
  run(input) {
    const { root, problems } = readDocument(input.toString('utf8'));
    assert.ok(root !== undefined || problems.length > 0, 'neither a document nor a problem');
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
    expand(input.toString('utf8').slice(0, 2_000), { env: { PORT: '1' }, folder: '/nowhere', secret: false });
  },
};
const sse: FuzzTarget = {
  name: 'sse',
  seeds: ['event: a\ndata: {"x":1}\n\ndata: [DONE]\n\n', ': comment\r\ndata: a\r\ndata: b\r\n\r\n', '\xef\xbb\xbfdata: x\r\r'],
  words: ['\n', '\r', '\r\n', 'data:', 'data: ', 'event:', 'id:', 'retry:', ':', '\n\n', '\xef\xbb\xbf', '\xc3\xa9'],
  run(input) {
    const read = (pieces: readonly Buffer[]): unknown => {
      const events: unknown[] = [];
      const reader = sseReader((type, data) => events.push([type, data]));
      refusing(() => {
        for (const piece of pieces) reader.push(piece);
        reader.end();
      });
      return events;
    };
    assert.deepEqual(read(Array.from(input, (_, i) => input.subarray(i, i + 1))), read([input]));
  },
};
const eventStream: FuzzTarget = {
  name: 'event-stream',
  seeds: ['\0\0\0\x10\0\0\0\0\x05\xc2\x48\xeb\x7d\x98\xc8\xff', '\0\0\0\x1d\0\0\0\x0d\x83\xe3\xf0\xe7\x00'],
  words: ['\0\0\0\x10', '\0\0\0\0', '\xff\xff\xff\xff', '\x7d\x98\xc8\xff', '\x05\xc2\x48\xeb', '\x07', ':event-type'],
  run(input) {
    const reader = eventStreamReader(() => undefined);
    refusing(() => {
      reader.push(input);
      reader.end();
    });
  },
};
const SLOTS = new Set(['bearer', 'basic', 'api-key', 'session', 'aws4', 'oci-signature'] as const);
const head: FuzzTarget = {
  name: 'head',
  seeds: [
    'authorization: Bearer lpa_x\nhost: a',
    'x-api-key: a\napi-key: a',
    'authorization: AWS4-HMAC-SHA256 Credential=LPAK1/x\nx-amz-date: 1',
    'connection: x-a, close\nx-a: 1',
  ],
  words: [
    '\n',
    ': ',
    'authorization',
    'Bearer ',
    'Basic ',
    'Signature ',
    'keyId="LPA',
    'x-api-key',
    'x_api_key',
    'api-key',
    'x-goog-api-key',
    'cookie',
    'connection',
    ',',
  ],
  run(input) {
    const pairs = textOf(input)
      .split('\n')
      .flatMap((line) => {
        const colon = line.indexOf(':');
        return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trim()];
      });
    const read = refusing(() => readHead(pairs, undefined, SLOTS));
    if (read === undefined) return;
    const { credential, forward } = read;
    for (let i = 0; i < forward.length; i += 2)
      assert.doesNotMatch(
        (forward[i] ?? '').replaceAll('_', '-'),
        /^(?:authorization|cookie|x-api-key|api-key|x-goog-api-key|x-session-token|x-totp-code|proxy-.*|x-lpa-.*)$/,
      );
    if (credential !== undefined) assert.ok(SLOTS.has(credential.slot as never) && credential.value !== '');
  },
};
const glob: FuzzTarget = {
  name: 'glob',
  seeds: ['a*b*c', '*', 'gpt-?', '**'],
  words: ['*', 'a', '?', '[', ']', '\\', '.', '(', ')+', '^', '$'],
  run(input) {
    const pattern = textOf(input).slice(0, 500);
    assert.ok(!pattern.includes('*') || refusing(() => compileGlob(pattern)(pattern.replaceAll('*', ''))) !== false, 'a pattern does not hold for itself');
    refusing(() => compileGlob(pattern)('a'.repeat(65_536)));
  },
};

/** Header and claims as they stand in the input, put together as a token; a token that is a whole input is read as it is. */
const jwt: FuzzTarget = {
  name: 'jwt',
  seeds: [
    '{"alg":"ES256","kid":"k"}\n{"iss":"https://idp.example","exp":1}\nsig',
    '{"alg":"none"}\n{}\n',
    '{"alg":"RS256","crit":["exp"],"b64":false}\n{"aud":["a","b"]}\nx',
    'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.AAAA',
  ],
  words: ['\n', '.', '=', '"alg":', '"\\u0061lg":', '"kid":', '"crit":[]', '"none"', '{', '}', '[', ',', '"', '\\', '__proto__', '\xff', '1e400', 'null', 'AA'],
  run(input) {
    const segments = textOf(input)
      .split('\n')
      .map((part) => Buffer.from(part, 'latin1').toString('base64url'));
    for (const token of [textOf(input), segments.join('.')]) {
      for (const padded of [false, true]) {
        const read = readJws(token, { padded });
        if (typeof read === 'string') continue;
        const [head = '', body = ''] = token.split('.');
        assert.deepEqual(JSON.parse(Buffer.from(head, 'base64url').toString()).alg, read.alg);
        assert.ok(!('crit' in read.header) && Object.getPrototypeOf(read.claims) === Object.prototype);
        assert.equal(JSON.parse(Buffer.from(body, 'base64url').toString()).iss, read.claims.iss);
        if (!padded) for (const part of token.split('.')) assert.equal(Buffer.from(part, 'base64url').toString('base64url'), part, 'a second spelling');
      }
    }
  },
};

export const targets: readonly FuzzTarget[] = [target, key, forwarded, json, yaml, sse, eventStream, head, glob, jwt, ...credentialTargets];
