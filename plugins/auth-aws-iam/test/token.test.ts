import { describe, expect, it } from 'vitest';
import { PREFIX } from '../src/token.ts';
import { deniedWithoutAsking, insideOf, make, makeToken, rawToken, START } from './support.ts';

const good = await makeToken();
const url = insideOf(good);
const [shortNonce, withNonce] = [await makeToken({ nonce: '0123456789abcde' }), await makeToken({ nonce: '0123456789abcdef' })];
/** The URL with one parameter written otherwise; undefined leaves it out. */
const having = (name: string, value: string | undefined, from = url): string =>
  from.replace(new RegExp(`&?${name}=[^&]*`), value === undefined ? '' : `&${name}=${value}`).replace('?&', '?');
const at = (place: string): string => url.replace('https://sts.us-east-1.amazonaws.com/', place);

it('a good token asks the token service once, for the gateway’s own header and in JSON', async () => {
  const { ask, host } = await make();
  expect(await ask(good)).toMatchObject({ is: 'principal', principal: { id: 'aws:123456789012:role/app-one' } });
  expect(host.fetched.map(({ request, options }) => ({ ...request, options }))).toEqual([
    {
      method: 'GET',
      origin: 'https://sts.us-east-1.amazonaws.com',
      path: url.slice('https://sts.us-east-1.amazonaws.com'.length),
      headers: ['host', 'sts.us-east-1.amazonaws.com', 'accept', 'application/json', 'x-lpa-gateway-id', 'prod'],
      body: undefined,
      options: { maxBytes: 65_536 },
    },
  ]);
});
it('is taken in the slots of API keys, and nothing without its prefix is', async () => {
  const { ask } = await make();
  expect(await ask(good, 'api-key')).toMatchObject({ is: 'principal' });
  for (const other of [good.slice(1), good.toUpperCase(), `k8s-aws-v1.${good.slice(PREFIX.length)}`, url]) expect(await ask(other)).toEqual({ is: 'not-mine' });
  expect(await ask(good, 'basic')).toEqual({ is: 'not-mine' });
});

describe('A046 STS URL matrix', () => {
  it.each([
    ['plain http', at('http://sts.us-east-1.amazonaws.com/'), 'scheme'],
    ['another scheme', at('ftp://sts.us-east-1.amazonaws.com/'), 'scheme'],
    ['no scheme', url.slice('https://'.length), 'url_malformed'],
    ['a relative URL', at('//sts.us-east-1.amazonaws.com/'), 'url_malformed'],
    ['another host', at('https://evil.example/'), 'host_unknown'],
    ['a host that begins like one of AWS', at('https://sts.us-east-1.amazonaws.com.evil/'), 'host_unknown'],
    ['a host that begins like the global one', at('https://sts.amazonaws.com.evil/'), 'host_unknown'],
    ['a host that ends like one', at('https://evil-sts.us-east-1.amazonaws.com/'), 'host_unknown'],
    ['another service of AWS', at('https://s3.us-east-1.amazonaws.com/'), 'host_unknown'],
    ['a region that is not configured', at('https://sts.eu-west-1.amazonaws.com/'), 'host_unknown'],
    ['another partition', at('https://sts.cn-north-1.amazonaws.com.cn/'), 'host_unknown'],
    ['a port', at('https://sts.us-east-1.amazonaws.com:444/'), 'host_unknown'],
    ['the usual port, written', at('https://sts.us-east-1.amazonaws.com:443/'), 'host_unknown'],
    ['a user', at('https://sts.us-east-1.amazonaws.com@evil.example/'), 'host_unknown'],
    ['a user before the host', at('https://evil@sts.us-east-1.amazonaws.com/'), 'host_unknown'],
    ['a dot behind the host', at('https://sts.us-east-1.amazonaws.com./'), 'host_unknown'],
    ['capitals', at('https://STS.us-east-1.amazonaws.com/'), 'host_unknown'],
    ['a backslash', at('https://sts.us-east-1.amazonaws.com\\@evil.example/'), 'host_unknown'],
    ['a path', at('https://sts.us-east-1.amazonaws.com/abc'), 'path'],
    ['a path that resolves to none', at('https://sts.us-east-1.amazonaws.com/./'), 'path'],
    ['two slashes', at('https://sts.us-east-1.amazonaws.com//'), 'path'],
    ['no path', at('https://sts.us-east-1.amazonaws.com'), 'path'],
    ['no query', 'https://sts.us-east-1.amazonaws.com/', 'url_malformed'],
    ['a fragment', `${url}#x`, 'url_malformed'],
    ['a space', `${url} `, 'url_malformed'],
    ['a plus in the query', having('Version', '2011+06+15'), 'url_malformed'],
    ['a second question mark', `${url}?`, 'url_malformed'],
    ['an unknown parameter', `${url}&NoInWhiteList=abc`, 'parameter_unknown'],
    ['a parameter without a value', `${url}&Action`, 'query_malformed'],
    ['an empty pair', `${url}&`, 'query_malformed'],
    ['two signs of equality', having('Action', 'a=b'), 'query_malformed'],
    ['AssumeRole', having('Action', 'AssumeRole'), 'action'],
    ['an action in other letters', having('Action', 'getCallerIdentity'), 'action'],
    ['another version', having('Version', '2010-05-08'), 'action'],
    ['no action', having('Action', undefined), 'parameter_missing'],
    ['another algorithm', having('X-Amz-Algorithm', 'AWS4-ECDSA-P256-SHA256'), 'algorithm'],
    ['expires 9999999', having('X-Amz-Expires', '9999999'), 'expires'],
    ['expires 901', having('X-Amz-Expires', '901'), 'expires'],
    ['expires -1', having('X-Amz-Expires', '-1'), 'expires'],
    ['expires 1e2', having('X-Amz-Expires', '1e2'), 'expires'],
    ['expires 060', having('X-Amz-Expires', '060'), 'expires'],
    ['expires 60.0', having('X-Amz-Expires', '60.0'), 'expires'],
    ['no expires', having('X-Amz-Expires', undefined), 'parameter_missing'],
    ['a date that is none', having('X-Amz-Date', 'xxxxxxx'), 'date_malformed'],
    ['the thirty-first of February', having('X-Amz-Date', '20260231T120000Z'), 'date_malformed'],
    ['an old date', having('X-Amz-Date', '19900422T010203Z'), 'expired'],
    ['a date to come', having('X-Amz-Date', '20260101T120501Z'), 'date_in_future'],
    ['no date', having('X-Amz-Date', undefined), 'parameter_missing'],
    ['a bad escape', having('Version', '%gh'), 'escape_malformed'],
    ['a cut escape', having('Version', '%2'), 'escape_malformed'],
    ['an escape that is no UTF-8', having('Version', '%ff'), 'escape_malformed'],
    ['headers signed without the gateway’s id', having('X-Amz-SignedHeaders', 'abc%3bx-lpa-gateway-i%3bdef'), 'gateway_not_signed'],
    ['headers signed without the host', having('X-Amz-SignedHeaders', 'x-lpa-gateway-id'), 'gateway_not_signed'],
    ['a signed header that is not sent', having('X-Amz-SignedHeaders', 'host%3Bx-evil%3Bx-lpa-gateway-id'), 'signed_header_unknown'],
    ['a header signed twice', having('X-Amz-SignedHeaders', 'host%3Bhost%3Bx-lpa-gateway-id'), 'signed_headers_malformed'],
    ['a signature that is none', having('X-Amz-Signature', 'zz'), 'signature_malformed'],
    ['a session token that is none', `${url}&X-Amz-Security-Token=%3Cscript%3E0123456789`, 'session_token_malformed'],
    ['a credential in pieces', having('X-Amz-Credential', 'AKIAIOSFODNN7EXAMPLE'), 'credential_malformed'],
    ['a credential of another region', having('X-Amz-Credential', 'AKIAIOSFODNN7EXAMPLE%2F20260101%2Feu-west-1%2Fsts%2Faws4_request'), 'credential_scope'],
    ['a credential of another service', having('X-Amz-Credential', 'AKIAIOSFODNN7EXAMPLE%2F20260101%2Fus-east-1%2Fs3%2Faws4_request'), 'credential_scope'],
    ['a credential of another day', having('X-Amz-Credential', 'AKIAIOSFODNN7EXAMPLE%2F20251231%2Fus-east-1%2Fsts%2Faws4_request'), 'credential_scope'],
  ])('%s', (_name, inside, reason) => deniedWithoutAsking(rawToken(inside), reason));

  it('a token of more than 4096 bytes', async () => {
    const long = `${url}&X-Amz-Security-Token=`;
    const padded = (length: number): string => {
      const bytes = Math.floor(((length - PREFIX.length) * 3) / 4);
      return rawToken(long + 'A'.repeat(bytes - long.length));
    };
    expect(padded(4097).length).toBe(4097);
    await deniedWithoutAsking(padded(4097), 'too_long');
    const { ask, host } = await make();
    await ask(padded(4095));
    expect(host.fetched).toHaveLength(1);
  });
  it.each([
    ['no base64url', `${PREFIX}decoding!error`, 'base64_malformed'],
    ['base64 of the other alphabet', `${PREFIX}${Buffer.from(`${url}>>>???`).toString('base64')}`, 'base64_malformed'],
    ['padding', `${good}=`, 'base64_malformed'],
    ['bits that decode to nothing', `${rawToken('ab').slice(0, -1)}J`, 'base64_malformed'],
    ['nothing', PREFIX, 'base64_malformed'],
    ['no UTF-8', `${PREFIX}${Buffer.from([0x7b, 0xff]).toString('base64url')}`, 'utf8_malformed'],
    ['a third part', `${good}.0123456789abcdef.x`, 'parts'],
    ['an empty nonce', `${good}.`, 'nonce_not_signed'],
    ['a nonce that was not signed', `${good}.0123456789abcdef`, 'nonce_not_signed'],
    ['a nonce that is too short', shortNonce, 'nonce_malformed'],
    ['a nonce that is left out', withNonce.split('.').slice(0, 2).join('.'), 'nonce_not_signed'],
  ])('a token of %s', (_name, token, reason) => deniedWithoutAsking(token, reason));
});

describe('A047 duplicate parameter', () => {
  const eve = 'x-amz-credential=eve';
  it.each([
    ['X-Amz-Credential and x-amz-credential=eve', `${url}&${eve}`],
    ['the same before it', url.replace('?', `?${eve}&`)],
    ['repeated Action', `${url}&Action=GetCallerIdentity`],
    ['mixed-case ACTION', `${url}&ACTION=GetCallerIdentity`],
    ['mixed-case ACTION twice', `${having('Action', undefined)}&ACTION=GetCallerIdentity&ACTION=GetCallerIdentity`],
    ['an escaped letter', `${url}&Actio%6e=AssumeRole`],
  ])('%s', (_name, inside) => deniedWithoutAsking(rawToken(inside), 'parameter_repeated'));
});

describe('time', () => {
  it.each([
    ['signed 15 minutes ago', { at: START - 900_000 }, 'denied'],
    ['signed a second less ago', { at: START - 899_000 }, 'principal'],
    ['signed for a minute, a minute ago', { at: START - 60_000, expiresIn: 60 }, 'denied'],
    ['signed for a minute, a second less ago', { at: START - 59_000, expiresIn: 60 }, 'principal'],
    ['signed in five minutes', { at: START + 300_000 }, 'principal'],
    ['signed in five minutes and a second', { at: START + 301_000 }, 'denied'],
    ['signed for no time said, 14 minutes ago', { at: START - 840_000, expiresIn: 0 }, 'principal'],
  ])('%s', async (_name, wanted, is) => {
    const { ask } = await make();
    expect(await ask(await makeToken(wanted))).toMatchObject({ is });
  });
  it('an answer is believed for a minute, and not beyond the token', async () => {
    const { ask } = await make();
    expect(await ask(good)).toMatchObject({ cacheUntil: START + 60_000, principal: { expires: START + 900_000 } });
    expect(await ask(await makeToken({ at: START - 870_000 }))).toMatchObject({ cacheUntil: START + 30_000, principal: { expires: START + 30_000 } });
  });
});
