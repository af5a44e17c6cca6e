import { describe, expect, it } from 'vitest';
import { deniedWithoutAsking, make, makeSigned, rawToken, type SignedParts, START, shortToken, vaultToken } from './support.ts';

const parts = await makeSigned();

describe('a signed POST in the JSON of Vault’s login', () => {
  it('is put to the token service anew, under long names and short', async () => {
    const parts = await makeSigned({ keys: { accessKeyId: 'ASIAIOSFODNN7EXAMPLE', secretAccessKey: 's', sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLE==' } });
    for (const token of [vaultToken(parts), shortToken(parts)]) {
      const { ask, host } = await make();
      expect(await ask(token)).toMatchObject({ is: 'principal', principal: { expires: START + 900_000 } });
      const { request } = host.fetched[0] ?? {};
      expect(request).toMatchObject({ method: 'POST', origin: 'https://sts.us-east-1.amazonaws.com', path: '/' });
      expect(Buffer.concat([...(request?.body ?? [])]).toString()).toBe('Action=GetCallerIdentity&Version=2011-06-15');
      const names = request?.headers.filter((_, i) => i % 2 === 0);
      expect(names).toEqual(['host', 'accept', 'x-lpa-gateway-id', 'authorization', 'content-type', 'x-amz-date', 'x-amz-security-token']);
    }
  });

  const without = (name: string): Readonly<Record<string, unknown>> => Object.fromEntries(Object.entries(parts.headers).filter(([key]) => key !== name));
  const header = (more: Record<string, unknown>): SignedParts => ({ ...parts, headers: { ...parts.headers, ...more } });
  const authorization = (edit: (text: string) => string): SignedParts => header({ authorization: edit(String(parts.headers.authorization)) });
  const rows: [string, SignedParts, string][] = [
    ['GET', { ...parts, method: 'GET' }, 'method'],
    ['another host', { ...parts, url: 'https://evil.example/' }, 'host_unknown'],
    ['plain http', { ...parts, url: 'http://sts.us-east-1.amazonaws.com/' }, 'scheme'],
    ['a path', { ...parts, url: `${parts.url}x` }, 'path'],
    ['a query', { ...parts, url: `${parts.url}?Action=AssumeRole` }, 'url_malformed'],
    ['another action', { ...parts, body: 'Action=AssumeRole&Version=2011-06-15' }, 'action'],
    ['more than the action', { ...parts, body: `${parts.body}&Action=AssumeRole` }, 'action'],
    ['another host in the headers', header({ host: 'evil.example' }), 'header_value'],
    ['the id of another gateway', header({ 'x-lpa-gateway-id': 'test' }), 'header_value'],
    ['a header twice', header({ Host: 'evil.example' }), 'header_repeated'],
    ['a header with two values', header({ host: ['sts.us-east-1.amazonaws.com', 'evil.example'] }), 'header_malformed'],
    ['a header that is a number', header({ host: 1 }), 'header_malformed'],
    ['JSON as type', header({ 'content-type': 'application/json' }), 'header_value'],
    ['another length', header({ 'content-length': '1' }), 'header_value'],
    ['another hash', header({ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }), 'header_value'],
    ['a session token with a line break', header({ 'x-amz-security-token': 'IQoJb3JpZ2luX2Vj\r\nx: y' }), 'header_value'],
    ['no authorization', { ...parts, headers: without('authorization') }, 'header_missing'],
    ['no date', { ...parts, headers: without('x-amz-date') }, 'header_missing'],
    ['basic authorization', header({ authorization: 'Basic eDp5' }), 'authorization_malformed'],
    ['a line break in the authorization', authorization((text) => text.replace(', SignedHeaders', ',\r\nSignedHeaders')), 'authorization_malformed'],
    ['the gateway not signed', authorization((text) => text.replace(';x-lpa-gateway-id', '')), 'gateway_not_signed'],
    ['a signed header that is not sent', authorization((text) => text.replace('host;', 'host;x-evil;')), 'signed_header_unknown'],
    ['a credential of another region', authorization((text) => text.replace('us-east-1', 'eu-west-1')), 'credential_scope'],
    ['an old date', header({ 'x-amz-date': '20251231T120000Z' }), 'expired'],
    ['a nonce that was not signed', header({ 'x-lpa-nonce': '0123456789abcdef' }), 'nonce_not_signed'],
  ];
  it.each(rows)('with %s is refused without a question', async (_name, changed, reason) => {
    await deniedWithoutAsking(shortToken(changed), reason);
    await deniedWithoutAsking(vaultToken(changed), reason === 'header_malformed' ? expect.any(String) : reason);
  });
  it.each([
    ['no JSON', '{', 'json_malformed'],
    ['a prototype', '{"__proto__":{},"iam_http_request_method":"POST","url":"x","body":"y"}', 'json_malformed'],
    ['a member too many', JSON.stringify({ iam_http_request_method: 'POST', url: 'x', body: 'y', headers: {}, more: 1 }), 'members'],
    ['a member too few', JSON.stringify({ iam_http_request_method: 'POST', url: 'x', body: 'y' }), 'members'],
    ['names of both kinds', JSON.stringify({ iam_http_request_method: 'POST', iam_request_url: 'x', body: 'y', headers: {} }), 'members'],
    ['headers that are a list', JSON.stringify({ iam_http_request_method: 'POST', url: parts.url, body: parts.body, headers: [] }), 'members'],
    [
      'base64 that is none',
      JSON.stringify({ iam_http_request_method: 'POST', iam_request_url: '!', iam_request_body: '!', iam_request_headers: '!' }),
      'base64_malformed',
    ],
  ])('as %s is refused without a question', (_name, inside, reason) => deniedWithoutAsking(rawToken(inside), reason));
  it('with a nonce beside the JSON is refused', () => deniedWithoutAsking(`${shortToken(parts)}.0123456789abcdef`, 'parts'));
});
