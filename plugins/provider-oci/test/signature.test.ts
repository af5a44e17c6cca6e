import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { header, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { DefaultRequestSigner, SimpleAuthenticationDetailsProvider } from 'oci-common';
import { describe, expect, it } from 'vitest';
import { readKey } from '../src/auth/key.ts';
import { ociSignature, signingString } from '../src/auth/signature.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const [TENANCY, USER, FINGERPRINT] = ['ocid1.tenancy.oc1..t', 'ocid1.user.oc1..u', '20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34'];
const keyId = `${TENANCY}/${USER}/${FINGERPRINT}`;
const NOW = Date.UTC(2026, 10, 23, 5);
const ORIGIN = 'https://inference.generativeai.us-chicago-1.oci.oraclecloud.com';
const request = (more: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
  method: 'POST',
  origin: ORIGIN,
  path: '/20231130/actions/chat?x=a%20b',
  headers: ['content-type', 'application/json'],
  body: [Buffer.from('{"a":"é"}')],
  ...more,
});
const signed = async (given: UpstreamRequest): Promise<UpstreamRequest> => {
  await ociSignature()(given, { keyId, key: privateKey }, NOW);
  return given;
};
const partsOf = (given: UpstreamRequest): ReadonlyMap<string, string> =>
  new Map([...(header(given.headers, 'authorization') ?? '').matchAll(/([A-Za-z]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));
const theirs = DefaultRequestSigner as unknown as { headersToSign: readonly string[] };
/** The vendor's own signer over the same request; it puts another name before the date where nobody tells it. */
const oracle = async ({ method, origin, path, body }: UpstreamRequest): Promise<string> => {
  const before = theirs.headersToSign;
  theirs.headersToSign = ['date', '(request-target)', 'host'];
  try {
    const headers = new Headers({ date: new Date(NOW).toUTCString(), 'content-type': 'application/json' });
    const whole = { method, uri: `${origin}${path}`, headers, ...(body === undefined ? {} : { body: Buffer.concat(body).toString() }) };
    const signer = new DefaultRequestSigner(new SimpleAuthenticationDetailsProvider(TENANCY, USER, FINGERPRINT, PEM, null));
    await signer.signHttpRequest(whole as Parameters<typeof signer.signHttpRequest>[0]);
    return headers.get('authorization') ?? '';
  } finally {
    theirs.headersToSign = before;
  }
};

describe('a signed request', () => {
  it('has the signing string that the documentation describes', async () => {
    const made = await signed(request());
    expect(header(made.headers, 'x-content-sha256')).toBe('s6CSpq9IgH+pSCsu4UAQVXXaom1bJLPA5gp+Le5mg7E=');
    const text = [
      'date: Mon, 23 Nov 2026 05:00:00 GMT',
      '(request-target): post /20231130/actions/chat?x=a%20b',
      'host: inference.generativeai.us-chicago-1.oci.oraclecloud.com',
      'content-type: application/json',
      'content-length: 10',
      'x-content-sha256: s6CSpq9IgH+pSCsu4UAQVXXaom1bJLPA5gp+Le5mg7E=',
    ].join('\n');
    expect(partsOf(made).get('headers')).toBe('date (request-target) host content-type content-length x-content-sha256');
    expect(verify('sha256', Buffer.from(text), publicKey, Buffer.from(partsOf(made).get('signature') ?? '', 'base64'))).toBe(true);
    expect(signingString([['a', 'b']])).toBe('a: b');
  });
  it('without a body signs the head alone, and an empty body as one', async () => {
    const got = await signed(request({ method: 'GET', body: undefined, headers: [] }));
    expect([partsOf(got).get('headers'), header(got.headers, 'x-content-sha256'), header(got.headers, 'content-type')]).toEqual([
      'date (request-target) host',
      undefined,
      undefined,
    ]);
    const empty = await signed(request({ body: undefined, headers: [] }));
    expect([header(empty.headers, 'x-content-sha256'), header(empty.headers, 'content-type')]).toEqual([
      '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
      'application/json',
    ]);
  });
  it('is signed as the vendor’s own signer signs it', async () => {
    const path = fc.array(fc.constantFrom('a', 'b-c', '%20', '%C3%A9', '1'), { minLength: 1, maxLength: 4 }).map((parts) => `/20231130/${parts.join('/')}`);
    const query = fc.constantFrom('', '?compartmentId=ocid1.x', '?a=%2F&b=c%20d');
    const body = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => JSON.stringify({ text }));
    await fc.assert(
      fc.asyncProperty(path, query, body, fc.constantFrom('POST', 'PUT', 'GET', 'DELETE'), async (at, more, text, method) => {
        const bytes = Buffer.from(text);
        const half = Math.floor(bytes.length / 2);
        const given = request({
          method,
          path: `${at}${more}`,
          body: method === 'GET' || method === 'DELETE' ? undefined : [bytes.subarray(0, half), bytes.subarray(half)],
        });
        const wanted = await oracle({ ...given, headers: [] });
        expect(partsOf(await signed(given)).get('signature')).toBe(/signature="([^"]+)"/.exec(wanted)?.[1]);
        expect(/keyId="([^"]+)"/.exec(wanted)?.[1]).toBe(keyId);
      }),
      { numRuns: 40 },
    );
  });
  it('holds one signature, whatever was planted before it', async () => {
    const given = request({
      headers: ['authorization', 'Bearer x', 'date', 'x', 'x-date', 'x', 'x-content-sha256', 'x', 'opc-obo-token', 'x', 'opc-retry-token', 'kept'],
    });
    await signed(given);
    await signed(given);
    const names = given.headers.filter((_, at) => at % 2 === 0);
    expect(names.toSorted()).toEqual(['authorization', 'content-type', 'date', 'opc-retry-token', 'x-content-sha256']);
  });
});

describe('a key', () => {
  const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }).toString();
  it.each([
    ['PKCS#8', PEM, undefined],
    ['PKCS#1', privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(), undefined],
    ['with the line of Oracle’s console behind it', `${PEM}OCI_API_KEY`, undefined],
    ['with line breaks as two characters', PEM.replaceAll('\n', '\\n'), undefined],
    ['encrypted', encrypted, 'secret'],
  ])('in %s is read', (_form, text, passphrase) => {
    const digest = (of: ReturnType<typeof createPublicKey>): string =>
      createHash('sha256')
        .update(of.export({ type: 'spki', format: 'der' }))
        .digest('hex');
    expect(digest(createPublicKey(readKey(text, passphrase)))).toBe(digest(publicKey));
  });
  it('that is none, or whose passphrase is wrong, is told from one', () => {
    expect(() => readKey('nothing', undefined)).toThrow('no PEM text');
    expect(() => readKey(encrypted, 'wrong')).toThrow();
  });
});
