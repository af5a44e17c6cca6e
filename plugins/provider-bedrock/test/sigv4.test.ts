import { createHash, createHmac } from 'node:crypto';
import type { UpstreamRequest } from '@llm-proxy-auth/plugin';
import { canonicalHeaders, canonicalPath, encode, signatureOf, signingKey } from '@llm-proxy-auth/plugin/sigv4';
import { awsSignatureSuite, awsUnnormalized } from '@llm-proxy-auth/simulators';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyHash, sigV4 } from '../src/sigv4.ts';

const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const BEDROCK = { region: 'us-east-1', service: 'bedrock' };
const HOST = 'bedrock-runtime.us-east-1.amazonaws.com';
const AT = Date.UTC(2026, 10, 23);
const ARN = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456';
const COLON = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const request = (path: string, more: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
  method: 'POST',
  origin: `https://${HOST}`,
  path,
  headers: ['content-type', 'application/json'],
  body: [Buffer.from('{"messages":[{"role":"user","content":[{"text":"hi"}]}]}')],
  ...more,
});
const converse = (id: string): string => `/model/${encode(id)}/converse`;
const header = (signed: UpstreamRequest, name: string): string | undefined => {
  const at = signed.headers.findIndex((text, i) => i % 2 === 0 && text === name);
  return at < 0 ? undefined : signed.headers[at + 1];
};
const signed = (path: string, more: Partial<UpstreamRequest> = {}, keys: Parameters<ReturnType<typeof sigV4>>[1] = KEYS): UpstreamRequest => {
  const made = request(path, more);
  sigV4()(made, keys, BEDROCK, AT);
  return made;
};
const signature = (of: UpstreamRequest): string | undefined => /Signature=([0-9a-f]{64})$/.exec(header(of, 'authorization') ?? '')?.[1];

describe('known signatures', () => {
  it.each([
    ['an id with a colon', converse(COLON), undefined, '3d1bc2f37f29b90418855384691de89522a12c4a95b725339e57dfeaf1765076'],
    ['an ARN', converse(ARN), undefined, '80303cc725aa69f21ba1105a39095af7b28bfc9894c130fb9618051cc96243a7'],
    ['a session token', converse(COLON), 'SESSIONTOKENEXAMPLE==', '58acce3827b0acb904d99e5d812e93a2a4706484c1e9ef1394784cdbdf33a65f'],
  ])('%s', (_name, path, sessionToken, want) => expect(signature(signed(path, {}, { ...KEYS, sessionToken }))).toBe(want));
  it('never come from the path encoded once', () =>
    expect(signature(signed(converse(COLON)))).not.toBe('291e3b3cbe99f34d6b10596d8001ce6178be65615269d1e4642f6d4a869a5be7'));
  it('stand in the header with key, scope and names', () => {
    const made = signed(converse(COLON));
    expect(header(made, 'x-amz-content-sha256')).toBe('c3335e07d6e89650bf94cb98664be69f8774dbc3198df221f113db0a59ea14f0');
    expect(header(made, 'x-amz-date')).toBe('20261123T000000Z');
    expect(header(made, 'authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261123\/us-east-1\/bedrock\/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, Signature=/,
    );
  });
  it.each(awsSignatureSuite)("%s of AWS's suite", (_name, method, path, headers, body, want) => {
    const scope = { region: 'us-east-1', service: 'service' };
    const date = '20150830T123600Z';
    const lines = canonicalHeaders([...headers, 'x-amz-date', date], 'example.amazonaws.com', () => true);
    const payload = bodyHash(body === undefined ? undefined : [Buffer.from(body)]);
    const key = signingKey(KEYS.secretAccessKey, '20150830', scope);
    expect(signatureOf({ method, path, headers: lines, payload, date }, key, scope)).toBe(want);
  });
  it.each(awsUnnormalized)("%s of AWS's suite is another vendor service's, with the path as it stands", (_name, path, want) => {
    const scope = { region: 'us-east-1', service: 'service' };
    const date = '20150830T123600Z';
    const lines = canonicalHeaders(['x-amz-date', date], 'example.amazonaws.com', () => true);
    const key = signingKey(KEYS.secretAccessKey, '20150830', scope);
    expect(signatureOf({ method: 'GET', path, headers: lines, payload: bodyHash(undefined), date }, key, scope)).not.toBe(want);
  });
});

describe('paths', () => {
  it.each([
    [converse(COLON), '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%253A0/converse'],
    [converse(ARN), '/model/arn%253Aaws%253Abedrock%253Aus-east-1%253A123456789012%253Aapplication-inference-profile%252Fabc123def456/converse'],
    ['/model/amazon.nova-lite-v1:0/invoke', '/model/amazon.nova-lite-v1%3A0/invoke'],
    ['/a//b/./c/../d/', '/a/b/d/'],
    ['/', '/'],
    ["/x!'()*", '/x%21%27%28%29%2A'],
  ])('%s is signed as %s', (path, want) => expect(canonicalPath(path)).toBe(want));
  it('of 160 characters and more are signed whole', () => {
    const long = `arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/${'x'.repeat(100)}`;
    expect(canonicalPath(converse(long))).toBe(`/model/${encode(encode(long))}/converse`);
  });
});

describe('headers', () => {
  it('that a hop may change are not signed', () => {
    const made = signed('/x', { headers: ['content-type', 'a/b', 'user-agent', 'u', 'accept', '*/*', 'content-length', '5', 'x-trace', 't'] });
    expect(header(made, 'authorization')).toContain('SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date,');
  });
  it('of Bedrock are signed', () =>
    expect(header(signed('/x', { headers: ['x-amzn-bedrock-trace', 'ENABLED'] }), 'authorization')).toContain('x-amz-date;x-amzn-bedrock-trace,'));
  it('of another signature are replaced', () => {
    const made = signed('/x', {
      headers: ['authorization', 'Bearer lpa', 'x-amz-security-token', 'theirs', 'x-amz-content-sha256', 'UNSIGNED-PAYLOAD', 'x-amz-date', '20000101T000000Z'],
    });
    expect(made.headers.filter((_, i) => i % 2 === 0).toSorted()).toEqual(['authorization', 'x-amz-content-sha256', 'x-amz-date']);
    expect(made.headers).not.toContain('theirs');
  });
  it('keep the port of a host', () => {
    const other = signature(signed('/x', { origin: 'https://127.0.0.1:8443' }));
    expect(other).not.toBe(signature(signed('/x', { origin: 'https://127.0.0.1' })));
  });
});

const hashing = class {
  readonly #hash: { update(data: string | Uint8Array): unknown; digest(): Buffer };
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', typeof secret === 'string' ? secret : new Uint8Array(secret as ArrayBuffer));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer));
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
  reset(): void {
    throw new Error('not used');
  }
};
/** The vendor's signer over the same request; `path` is on the wire. */
const oracle = async (made: UpstreamRequest, keys: typeof KEYS & { sessionToken?: string }, scope: typeof BEDROCK, at: number): Promise<string> => {
  const signer = new SignatureV4({ ...scope, credentials: keys, sha256: hashing, applyChecksum: true });
  const url = new URL(made.path, made.origin);
  const query: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) query[name] = [...(query[name] ?? []), value];
  const headers: Record<string, string> = { host: url.host };
  for (let i = 0; i < made.headers.length; i += 2) headers[made.headers[i] ?? ''] = made.headers[i + 1] ?? '';
  const result = await signer.sign(
    {
      method: made.method,
      protocol: 'https:',
      hostname: url.hostname,
      path: made.path.split('?', 1)[0] ?? '',
      query,
      headers,
      body: Buffer.concat(made.body ?? []),
    } as Parameters<typeof signer.sign>[0],
    { signingDate: new Date(at) },
  );
  return result.headers.authorization ?? '';
};
const segment = fc.oneof(fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }), fc.constantFrom('a:b', 'x/y', "!'()*", '%41', '~', 'ü')).map(encode);
const value = fc.string({ maxLength: 12, unit: 'grapheme' });
const headerValue = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);

describe("AWS's own signer", () => {
  it('agrees on any path, query, header, body, token and time', async () => {
    const sign = sigV4();
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
          segments: fc.array(segment, { minLength: 1, maxLength: 5 }),
          query: fc.array(fc.tuple(value, value), { maxLength: 4 }),
          metadata: fc.option(headerValue, { nil: undefined }),
          type: fc.constantFrom('application/json', 'application/octet-stream; q=1'),
          body: fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 3 }),
          sessionToken: fc.option(fc.stringMatching(/^[A-Za-z0-9+/=]{1,40}$/), { nil: undefined }),
          secretAccessKey: fc.stringMatching(/^[A-Za-z0-9+/]{1,80}$/),
          region: fc.constantFrom('us-east-1', 'eu-west-1', 'us-gov-west-1'),
          at: fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2035, 0, 1) }),
        }),
        async ({ method, segments, query, metadata, type, body, sessionToken, secretAccessKey, region, at }) => {
          const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
          const text = query.map(([name, v]) => `${encode(name)}=${encode(v)}`).join('&');
          const make = (): UpstreamRequest => ({
            method,
            origin: `https://bedrock-runtime.${region}.amazonaws.com`,
            path: `/${segments.join('/')}${text === '' ? '' : `?${text}`}`,
            headers: ['content-type', type, ...(metadata === undefined ? [] : ['x-amzn-bedrock-request-metadata', metadata])],
            body: body.map((piece) => Buffer.from(piece)),
          });
          const ours = make();
          sign(ours, keys, { region, service: 'bedrock' }, at);
          expect(header(ours, 'authorization')).toBe(await oracle(make(), keys, { region, service: 'bedrock' }, at));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('keys', () => {
  it('are made anew for another day, region, service and secret', () => {
    const sign = sigV4();
    const of = (keys: typeof KEYS, scope: typeof BEDROCK, at: number): string | undefined => {
      const made = request('/x');
      sign(made, keys, scope, at);
      return signature(made);
    };
    const all = [
      of(KEYS, BEDROCK, AT),
      of(KEYS, BEDROCK, AT + 86_400_000),
      of(KEYS, { ...BEDROCK, region: 'eu-west-1' }, AT),
      of(KEYS, { ...BEDROCK, service: 'bedrock-mantle' }, AT),
      of({ ...KEYS, secretAccessKey: 'other' }, BEDROCK, AT),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(of(KEYS, BEDROCK, AT)).toBe(all[0]);
  });
});
