import { createHash } from 'node:crypto';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { canonicalRequest, signature, stringToSign } from '../src/aws/sigv4.ts';
import { awsCredentials, type CapturedRequest, exampleCredential, type StsRefusalCase, type StsSimulator, stsRefusals, stsSimulator } from '../src/index.ts';
import { type RawAnswer, sendRaw } from './raw-http.ts';
import { aTableOfRefusals } from './refusal-table.ts';

const rows = stsRefusals();
const named = rows.map((row) => [row.name, row] as const);
const now = Date.UTC(2026, 10, 23);
const roleArn = (name: string): string => `arn:aws:iam::123456789012:role/${name}`;
const formType = 'application/x-www-form-urlencoded; charset=utf-8';

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const webToken = (id: string): string =>
  `${base64({ alg: 'RS256', kid: '1' })}.${base64({ iss: 'https://oidc.example.com', aud: 'sts.amazonaws.com', jti: id })}.c2lnbmF0dXJl`;

const session = (accessKeyId: string, name: string, expiresAt: number) => ({
  accessKeyId,
  secretAccessKey: `${name}-secret`,
  sessionToken: `${name}-token`,
  expiresAt,
  arn: 'arn:aws:sts::123456789012:assumed-role/a/b',
});

let sts: StsSimulator;
beforeEach(async () => {
  sts = await stsSimulator({
    credentials: awsCredentials({
      now: () => now,
      known: [exampleCredential, session('ASIASESSION', 'session', now + 1000), session('ASIAENDED', 'ended', now)],
    }),
    oidcProviders: { 'https://oidc.example.com': ['sts.amazonaws.com'] },
    roles: [
      { arn: roleArn('gateway'), externalId: 'ext-1', maxSeconds: 7200 },
      { arn: roleArn('second'), trusts: ['arn:aws:iam::123456789012:user/other'] },
      { arn: roleArn('web'), webIdentities: { [webToken('good')]: now + 3600_000, [webToken('ended')]: now } },
    ],
  });
});
afterEach(() => sts.close());

type Asked = StsRefusalCase['request'];

/** The parameters of a row, over those of a good call. */
const parametersOf = ({ form, tags, webToken: kind }: Partial<Asked>): URLSearchParams => {
  const isWeb = form?.Action === 'AssumeRoleWithWebIdentity';
  const good: Record<string, string | null> = {
    Action: 'AssumeRole',
    Version: '2011-06-15',
    RoleArn: roleArn('gateway'),
    RoleSessionName: 'user-1',
    ExternalId: 'ext-1',
    ...(isWeb ? { WebIdentityToken: webToken(kind ?? 'good') } : {}),
    ...form,
  };
  const parameters = new URLSearchParams(Object.entries(good).filter((pair): pair is [string, string] => pair[1] !== null));
  for (let index = 1; index <= (tags?.count ?? 0); index += 1) {
    parameters.set(`Tags.member.${index}.Key`, `T${index}`);
    parameters.set(`Tags.member.${index}.Value`, 'a'.repeat(tags?.length ?? 0));
  }
  return parameters;
};

const stamp = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/[-:]|\.\d{3}/g, '');

/** The headers of a row, signed as it says. */
const headersOf = ({ method, sign, contentType = formType, form }: Partial<Asked>, target: string, body: string): Record<string, string> => {
  const plain: Record<string, string> = { host: new URL(sts.url).host, ...(method === 'POST' && contentType !== null ? { 'content-type': contentType } : {}) };
  if (sign === null || form?.Action === 'AssumeRoleWithWebIdentity') return plain;
  const { key = exampleCredential.accessKeyId, secret = exampleCredential.secretAccessKey, token, seconds = 0 } = sign ?? {};
  const when = stamp(now + seconds * 1000);
  const sent: Record<string, string> = {
    ...plain,
    'x-amz-date': when,
    'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
    ...(token === undefined ? {} : { 'x-amz-security-token': token }),
  };
  if (sign?.authorization !== undefined) return { ...sent, authorization: sign.authorization };
  const names = Object.keys(sent).sort();
  const asked = { method, target, path: '/', headers: Object.entries(sent), body: Buffer.from(body), header: (name: string) => sent[name] };
  const scope = { date: when.slice(0, 8), region: sign?.region ?? 'us-east-1', service: sign?.service ?? 'sts' };
  const made = signature(secret, stringToSign(canonicalRequest(asked as unknown as CapturedRequest, names), when, scope), scope);
  const credential = `${key}/${scope.date}/${scope.region}/${scope.service}/aws4_request`;
  return { ...sent, authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${made}` };
};

const plain = (asked: Partial<Asked>): Promise<RawAnswer> => {
  const { method = 'POST' } = asked;
  const parameters = parametersOf(asked).toString();
  const [target, body] = method === 'POST' ? ['/', parameters] : [`/?${parameters}`, ''];
  return sendRaw(sts.url, target, { method, headers: headersOf({ ...asked, method }, target, body), body });
};

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The XML of a refusal as STS writes it, up to the end of its message. */
const expectedXml = ({ type, code, message }: { type: string; code: string; message: string }, whole: boolean): string => {
  const namespace = code === 'InvalidAction' ? 'http://webservices.amazon.com/AWSFault/2005-15-09' : 'https://sts.amazonaws.com/doc/2011-06-15/';
  const head = `<ErrorResponse xmlns="${namespace}">\n  <Error>\n    <Type>${type}</Type>\n    <Code>${code}</Code>\n`;
  const sentence = message === '' ? '' : `    <Message>${escaped(message)}`;
  if (!whole) return head + sentence;
  const end = '  </Error>\n  <RequestId>00000000-0000-4000-8000-000000000000</RequestId>\n</ErrorResponse>\n';
  return `${head}${sentence}${sentence === '' ? '' : '</Message>\n'}${end}`;
};

/** The vendor's client sends and signs the form of the row instead of its own. */
const bySdk = async ({ request }: StsRefusalCase): Promise<unknown> => {
  const client = new STSClient({
    region: 'us-east-1',
    endpoint: sts.url,
    credentials: { ...exampleCredential },
    maxAttempts: 1,
    systemClockOffset: now - Date.now(),
  });
  client.middlewareStack.add(
    (next) => (args) => {
      const { request: own } = args as unknown as { request: { body: string; headers: Record<string, string> } };
      own.body = parametersOf(request).toString();
      own.headers['content-length'] = String(Buffer.byteLength(own.body));
      return next(args);
    },
    { step: 'build', priority: 'low', name: 'row' },
  );
  const error = await client.send(new AssumeRoleCommand({ RoleArn: roleArn('gateway'), RoleSessionName: 'user-1' })).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  client.destroy();
  return error;
};

describe('what STS refuses', () => {
  aTableOfRefusals(rows);

  test.each(named)('%s: over plain HTTP', async (_name, { request, response }) => {
    const answer = await plain(request);
    const expected = response.error === undefined ? '' : expectedXml(response.error, response.begins !== true);
    expect(answer.status).toBe(response.status);
    expect(response.begins === true ? answer.body.slice(0, expected.length) : answer.body).toBe(expected);
    expect(answer.headers).toMatchObject({ 'x-amzn-requestid': '00000000-0000-4000-8000-000000000000', ...response.headers });
    expect(answer.headers['content-type']).toBe(response.error === undefined ? undefined : 'text/xml');
  });

  const forSdk = named.filter(
    ([, { request, response }]) => request.method === 'POST' && request.sign === undefined && request.contentType === undefined && response.error !== undefined,
  );
  test.each(forSdk)('%s: through the SDK', async (_name, row) => {
    const error = (await bySdk(row)) as Error & { $metadata: { httpStatusCode: number } };
    const { code = '', message = '' } = row.response.error ?? {};
    expect([code, `${code}Exception`]).toContain(error.name);
    expect(error.$metadata.httpStatusCode).toBe(row.response.status);
    if (message !== '') expect(error.message.slice(0, message.length)).toBe(message);
  });

  test.each([
    ['a good call', {}],
    ['by GET', { method: 'GET' }],
    ['a content type without a character set', { contentType: 'application/x-www-form-urlencoded' }],
    ['an unknown parameter', { form: { Unknown: 'value' } }],
    ['a duration with a sign', { form: { DurationSeconds: '+900' } }],
    ['a duration with a zero before it', { form: { DurationSeconds: '0900' } }],
    ['a session name of 64 letters', { form: { RoleSessionName: 'b'.repeat(64) } }],
    ['fifty small tags', { tags: { count: 50, length: 1 } }],
    ['a web identity', { form: { Action: 'AssumeRoleWithWebIdentity', ExternalId: null, RoleArn: roleArn('web') } }],
  ] satisfies [string, Partial<Asked>][])('%s is answered', async (_name, asked) => {
    const answer = await plain(asked);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/xml']);
    expect(answer.body).toMatch(/\n {4}<Credentials>\n {6}<AccessKeyId>ASIA[0-9A-F]{16}<\/AccessKeyId>\n/);
  });
});
