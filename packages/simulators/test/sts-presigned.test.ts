import { createHash, createHmac } from 'node:crypto';
import { request as send } from 'node:http';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AwsCredential, type AwsCredentials, awsCredentials, exampleCredential, type StsSimulator, stsSimulator, stsThrottling } from '../src/index.ts';

class Sha256 {
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
}
const HOST = 'sts.us-east-1.amazonaws.com';
let clock = 0;
let credentials: AwsCredentials;
let sts: StsSimulator;

beforeEach(async () => {
  clock = Date.UTC(2026, 0, 1, 12);
  credentials = awsCredentials({ now: () => clock, known: [exampleCredential] });
  sts = await stsSimulator({ credentials });
});
afterEach(() => sts.close());

interface Presigned {
  readonly by?: AwsCredential;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly expiresIn?: number;
  readonly region?: string;
  readonly service?: string;
}
/** Path and query as the AWS SDK's own presigner makes them. */
const presigned = async (wanted: Presigned = {}): Promise<string> => {
  const { by = exampleCredential, headers = {}, query = {}, expiresIn = 900, region = 'us-east-1', service = 'sts' } = wanted;
  const { accessKeyId, secretAccessKey, sessionToken } = by;
  const signer = new SignatureV4({
    region,
    service,
    sha256: Sha256,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  });
  const request = {
    method: 'GET',
    protocol: 'https:',
    hostname: HOST,
    path: '/',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15', ...query },
    headers: { host: HOST, ...headers },
  };
  const signed = await signer.presign(request as Parameters<typeof signer.presign>[0], { expiresIn, signingDate: new Date(clock) });
  const pairs = Object.entries(signed.query ?? {}).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return `/?${pairs.join('&')}`;
};
/** fetch() does not let anybody name the host. */
const get = (target: string, headers: Readonly<Record<string, string>> = {}): Promise<{ status: number; type: string; text: string }> =>
  new Promise((resolve, reject) => {
    const asked = send(`${sts.url}${target}`, { headers: { host: HOST, ...headers } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece: string) => {
        text += piece;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, type: answer.headers['content-type'] ?? '', text }));
    });
    asked.on('error', reject);
    asked.end();
  });
const JSON_WANTED = { accept: 'application/json' };
const codeOf = (text: string): string => (JSON.parse(text) as { Error: { Code: string } }).Error.Code;

describe('GetCallerIdentity, presigned by the AWS SDK', () => {
  test('answers in XML, and in JSON who accepts it', async () => {
    const target = await presigned();
    const xml = await get(target);
    expect([xml.status, xml.type]).toEqual([200, 'text/xml']);
    expect(xml.text).toContain('<Arn>arn:aws:iam::123456789012:user/example</Arn>');
    const json = await get(target, JSON_WANTED);
    expect([json.status, json.type]).toEqual([200, 'application/json']);
    expect(JSON.parse(json.text)).toMatchObject({
      GetCallerIdentityResponse: { GetCallerIdentityResult: { Arn: 'arn:aws:iam::123456789012:user/example', Account: '123456789012' } },
    });
  });

  test.each([
    ['arn:aws:sts::123456789012:assumed-role/app-one/session-1', /^AROA[A-Z0-9]{17}:session-1$/],
    ['arn:aws:iam::123456789012:user/division/bob', /^AIDA[A-Z0-9]{17}$/],
    ['arn:aws:iam::123456789012:root', /^123456789012$/],
    ['arn:aws:sts::123456789012:federated-user/carol', /^123456789012:carol$/],
  ])('%s', async (arn, userId) => {
    const { text } = await get(await presigned({ by: credentials.issue({ arn, seconds: 900 }) }), JSON_WANTED);
    const { GetCallerIdentityResult: result } = (JSON.parse(text) as { GetCallerIdentityResponse: { GetCallerIdentityResult: Record<string, string> } })
      .GetCallerIdentityResponse;
    expect(result).toEqual({ Arn: arn, UserId: expect.stringMatching(userId), Account: '123456789012' });
  });

  test('a header that was signed must come with the value that was signed', async () => {
    const target = await presigned({ headers: { 'x-lpa-gateway-id': 'prod' } });
    expect((await get(target, { ...JSON_WANTED, 'x-lpa-gateway-id': 'prod' })).status).toBe(200);
    for (const headers of [{ 'x-lpa-gateway-id': 'test' }, {}]) {
      const refused = await get(target, { ...JSON_WANTED, ...headers });
      expect([refused.status, codeOf(refused.text)]).toEqual([403, 'SignatureDoesNotMatch']);
    }
  });

  test('is taken for a quarter of an hour, whatever it says of its end', async () => {
    const target = await presigned({ expiresIn: 60 });
    clock += 900_000;
    expect((await get(target, JSON_WANTED)).status).toBe(200);
    clock += 1000;
    const late = await get(target, JSON_WANTED);
    expect([late.status, codeOf(late.text)]).toEqual([403, 'SignatureDoesNotMatch']);
    expect(late.text).toContain('Signature expired: 20260101T120000Z is now earlier than 20260101T120001Z (20260101T121501Z - 15 min.)');
    clock -= 901_000 + 301_000;
    expect((await get(target, JSON_WANTED)).text).toContain('Signature not yet current');
  });

  test.each([
    ['another region', { region: 'eu-west-1' }, 403, 'SignatureDoesNotMatch'],
    ['another service', { service: 's3' }, 403, 'SignatureDoesNotMatch'],
    ['an unknown key', { by: { ...exampleCredential, accessKeyId: 'AKIANOBODYNOBODY' } }, 403, 'InvalidClientTokenId'],
    ['a wrong secret', { by: { ...exampleCredential, secretAccessKey: 'wrong' } }, 403, 'SignatureDoesNotMatch'],
    ['another action', { query: { Action: 'GetNothing' } }, 400, 'InvalidAction'],
  ] satisfies [string, Presigned, number, string][])('%s is refused', async (_name, wanted, status, code) => {
    const refused = await get(await presigned(wanted), JSON_WANTED);
    expect([refused.status, codeOf(refused.text)]).toEqual([status, code]);
  });

  test('what is left out of the query is named, and what is changed in it breaks the signature', async () => {
    const target = await presigned();
    const without = await get(target.replace(/&X-Amz-Date=[^&]*/, ''), JSON_WANTED);
    expect([without.status, codeOf(without.text)]).toEqual([400, 'IncompleteSignature']);
    expect(without.text).toContain('X-Amz-Date');
    const changed = await get(target.replace('X-Amz-Expires=900', 'X-Amz-Expires=899'), JSON_WANTED);
    expect(codeOf(changed.text)).toBe('SignatureDoesNotMatch');
  });

  test('credentials that have ended are refused', async () => {
    const by = credentials.issue({ arn: 'arn:aws:sts::123456789012:assumed-role/app/s', seconds: 60 });
    const target = await presigned({ by });
    clock += 60_000;
    const refused = await get(target, JSON_WANTED);
    expect([refused.status, codeOf(refused.text)]).toEqual([403, 'ExpiredToken']);
  });
});

test('the SDK’s client reads the throttling of STS as such, and tries again', async () => {
  sts.script(stsThrottling);
  const client = new STSClient({ region: 'us-east-1', endpoint: sts.url, credentials: { ...exampleCredential }, systemClockOffset: clock - Date.now() });
  const answer = await client.send(new GetCallerIdentityCommand());
  client.destroy();
  expect([answer.Arn, answer.UserId?.slice(0, 4)]).toEqual(['arn:aws:iam::123456789012:user/example', 'AIDA']);
  expect(answer.$metadata.attempts).toBe(2);
});
