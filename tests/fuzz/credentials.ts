import assert from 'node:assert/strict';
import { endpointTable } from '../../plugins/auth-aws-iam/src/endpoints.ts';
import { readToken } from '../../plugins/auth-aws-iam/src/read.ts';
import { decode } from '../../plugins/auth-basic/src/decode.ts';
import { urisOf } from '../../plugins/auth-mtls/src/certificate.ts';
import { spiffeIdOf } from '../../plugins/auth-mtls/src/spiffe.ts';
import { readXfcc } from '../../plugins/auth-mtls/src/xfcc.ts';
import { claimOf as ociClaimOf } from '../../plugins/auth-oci-signature/src/claim.ts';
import { claimOf } from '../../plugins/auth-sigv4/src/claim.ts';
import type { FuzzTarget } from './fuzz.ts';

const textOf = (input: Buffer): string => input.toString('latin1');

const xfcc: FuzzTarget = {
  name: 'xfcc',
  seeds: [
    'By=spiffe://corp/gw;Hash=00ff;Subject="CN=a,O=b";URI=spiffe://corp/apps/a',
    'URI=spiffe://corp/a,By=spiffe://corp/b;URI=spiffe://corp/c',
    'Hash=0;Subject="CN=a\\";URI=x";DNS=a;DNS=b',
  ],
  words: ['URI=', 'By=', 'Subject=', 'Hash=', 'DNS=', '"', '\\"', '\\\\', ';', ',', '=', 'spiffe://corp/apps/admin', ' ', '\0'],
  run(input) {
    const text = textOf(input);
    const elements = readXfcc(text) ?? [];
    // What stands between quotes is text: with it taken out, a URI must still be there.
    const outside = text.replace(/"(?:[^"\\]|\\.)*"/gs, '""');
    for (const { uri } of elements) if (uri !== undefined && !/uri="/i.test(text)) assert.ok(outside.includes(`=${uri}`), `${uri} stood between quotes`);
    assert.ok(elements.length <= outside.split(',').length, 'more elements than commas');
  },
};
const names: FuzzTarget = {
  name: 'alternative-names',
  seeds: ['DNS:a, URI:spiffe://corp/a', 'DNS:"a, URI:spiffe://corp/b", IP Address:10.0.0.1', 'URI:"a\\u0000b"'],
  words: [', ', 'URI:', 'DNS:', '"', '\\"', '\\u0000', 'IP Address:', 'spiffe://corp/admin'],
  run(input) {
    for (const uri of urisOf(textOf(input)) ?? []) {
      const id = spiffeIdOf(uri);
      if (id !== undefined) assert.match(id, /^spiffe:\/\/[a-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/);
    }
  },
};
const basic: FuzzTarget = {
  name: 'basic',
  seeds: ['QWxhZGRpbjpvcGVuIHNlc2FtZQ==', 'dGVzdDoxMjPCow==', 'dTpwOnE=', 'dTo='],
  words: ['=', '==', 'Og==', 'OjA=', '-', '_', '+', '/', ' ', '\n', 'AAAA'],
  run(input) {
    const text = textOf(input);
    const found = decode(text, { allowUnpadded: false });
    if (found === undefined) return;
    assert.equal(Buffer.from(`${found.user}:${found.password}`).toString('base64'), text);
    assert.doesNotMatch(`${found.user}${found.password}`, /\p{Cc}/u);
  },
};
const SIGNATURE = 'a'.repeat(64);
const sigv4: FuzzTarget = {
  name: 'sigv4',
  seeds: [`Credential=LPAKAAAAAAAAAAAAAAAA/20261123/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=${SIGNATURE}`],
  words: ['Credential=', 'SignedHeaders=', 'Signature=', ', ', ',', ';', '/', 'aws4_request', 'host', ':authority', 'LPAK', SIGNATURE, '\t'],
  run(input) {
    const claim = claimOf(textOf(input));
    if (claim === undefined) return;
    assert.match(claim.signature, /^[0-9a-f]{64}$/);
    assert.deepEqual(claim.names, [...new Set(claim.names)].toSorted());
    assert.ok(claim.names.every((name) => name === name.toLowerCase() && !/[\s,;]/.test(name)));
  },
};
const oci: FuzzTarget = {
  name: 'oci-signature',
  seeds: ['version="1",keyId="LPAKAAAAAAAAAAAAAAAA/u/00:11",algorithm="rsa-sha256",headers="x-date (request-target) Host",signature="AAEC"'],
  words: ['version="1"', 'keyId="', 'algorithm="rsa-sha256"', 'headers="', 'signature="', '"', ',', '(request-target)', ' ', 'LPAK', '=', '\\"'],
  run(input) {
    const claim = ociClaimOf(textOf(input));
    if (claim === undefined) return;
    assert.match(claim.id, /^[A-Z0-9]{4,128}$/);
    assert.equal(new Set(claim.names).size, claim.names.length);
    assert.ok(claim.signature.length > 0);
  },
};

const STS = 'https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256';
const AT = Date.UTC(2026, 10, 23, 12);
const endpoints = endpointTable(['us-east-1']);
/** What stands inside a token, as a URL or as JSON. */
const awsToken: FuzzTarget = {
  name: 'aws-token',
  seeds: [
    `${STS}&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261123%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date=20261123T120000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host%3Bx-lpa-gateway-id&X-Amz-Signature=${SIGNATURE}`,
    `{"iam_http_request_method":"POST","url":"https://sts.us-east-1.amazonaws.com/","body":"Action=GetCallerIdentity&Version=2011-06-15","headers":{"authorization":"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261123/us-east-1/sts/aws4_request, SignedHeaders=host;x-amz-date;x-lpa-gateway-id, Signature=${SIGNATURE}","x-amz-date":"20261123T120000Z"}}`,
  ],
  words: [
    '&Action=AssumeRole',
    'x-amz-date=',
    '%00',
    '%2e',
    '%',
    '#',
    '@',
    ':443',
    '/..',
    '//',
    '\\',
    '\r\n',
    '"',
    ',',
    '{',
    'http://',
    '.evil',
    'host;',
    ' ',
    '+',
  ],
  run(input) {
    let call: ReturnType<typeof readToken>;
    try {
      call = readToken(`lpa-aws-v1.${input.toString('base64url')}`, 'prod', { endpoints, now: AT });
    } catch (error) {
      assert.equal((error as Error).name, 'Refused');
      return;
    }
    assert.equal(endpoints.get(call.endpoint.host), call.endpoint);
    assert.doesNotMatch(call.headers.join(''), /[\r\n\0]/);
    const said = call.method === 'POST' ? Buffer.from(call.body ?? []).toString() : call.path.replace(/^\/\?/, '');
    assert.deepEqual(
      new URLSearchParams(said)
        .getAll('Action')
        .concat(new URLSearchParams(said.toLowerCase()).getAll('action'))
        .map((text) => text.toLowerCase())
        .filter((text) => text !== 'getcalleridentity'),
      [],
    );
    assert.match(said, /^[A-Za-z0-9\-._~%&=]+$/);
  },
};

/** What callers and proxies write to say who is calling. */
export const credentialTargets: readonly FuzzTarget[] = [xfcc, names, basic, sigv4, oci, awsToken];
