import { createHash } from 'node:crypto';
import { request as send } from 'node:http';
import { ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import { describe, expect, test } from 'vitest';
import { canonicalRequest, signature, stringToSign } from '../src/aws/sigv4.ts';
import { awsCredentials, type BedrockRefusalCase, bedrockRefusals, type CapturedRequest, exampleCredential, recording } from '../src/index.ts';
import { profileId, useBedrock, withClient } from './bedrock-support.ts';

const now = Date.UTC(2026, 10, 23);
const rows = bedrockRefusals();
const named = rows.map((row) => [row.name, row] as const);
const arn = 'arn:aws:sts::123456789012:assumed-role/a/b';
const session = (accessKeyId: string, name: string, expiresAt: number) => ({
  accessKeyId,
  secretAccessKey: `${name}-secret`,
  sessionToken: `${name}-token`,
  expiresAt,
  arn,
});
const simulator = useBedrock({
  credentials: awsCredentials({
    now: () => now,
    known: [exampleCredential, session('ASIASESSION', 'session', now + 1000), session('ASIAENDED', 'ended', now), session('ASIAGOOD', 'good', now + 1000)],
  }),
  denied: ['amazon.nova-2-lite-v1:0'],
  apiKeys: { 'bedrock-api-key-ended': now },
});

const payload = ({ raw, body }: BedrockRefusalCase['request']): string => raw ?? (body === undefined ? '' : JSON.stringify(body));
const stamp = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/[-:]|\.\d{3}/g, '');

/** The headers of a row, signed as it says. */
const headersOf = ({ request }: BedrockRefusalCase): Record<string, string> => {
  const { sign = {}, authorization, contentType = 'application/json', headers } = request;
  const host = simulator().origin.replace('http://', '');
  const plain = { host, 'content-type': contentType, ...headers };
  if (authorization !== undefined) return { ...plain, ...(authorization === null ? {} : { authorization }) };
  const when = stamp(now + (sign.seconds ?? 0) * 1000);
  const body = sign.body ?? payload(request);
  const hash = sign.unsignedBody === true ? 'UNSIGNED-PAYLOAD' : createHash('sha256').update(body).digest('hex');
  const sent: Record<string, string> = {
    ...plain,
    'x-amz-date': when,
    'x-amz-content-sha256': hash,
    ...(sign.token === undefined ? {} : { 'x-amz-security-token': sign.token }),
  };
  const names = Object.keys(sent)
    .filter((name) => name !== sign.drop)
    .sort();
  const target = sign.path ?? request.path;
  const asked = { method: request.method, target, path: target, headers: Object.entries(sent), body: Buffer.from(body), header: (name: string) => sent[name] };
  const scope = { date: sign.date ?? when.slice(0, 8), region: sign.region ?? 'us-east-1', service: sign.service ?? 'bedrock' };
  const lines = canonicalRequest(asked as unknown as CapturedRequest, names).split('\n');
  const canonical = [...lines.slice(0, -1), sign.unsignedBody === true ? hash : lines.at(-1)].join('\n');
  const twice = (text: string): string => (sign.twice === undefined ? text : text.replace(/^(host:.*\n)/m, '$1$1').replace(';host', ';host;host'));
  const made = signature(sign.secret ?? exampleCredential.secretAccessKey, stringToSign(twice(canonical), when, scope), scope);
  const key = sign.key ?? exampleCredential.accessKeyId;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${key}/${scope.date}/${scope.region}/${scope.service}/aws4_request, SignedHeaders=${twice(names.join(';'))}, Signature=${made}`,
  };
};

type Answer = { status: number; type: unknown; errorType: string; requestId: unknown; text: string };

const plain = (row: BedrockRefusalCase): Promise<Answer> =>
  new Promise((done, fail) => {
    const call = send(simulator().origin + row.request.path, { method: row.request.method, headers: headersOf(row), agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      const { 'content-type': type, 'x-amzn-errortype': errorType, 'x-amzn-requestid': requestId } = answer.headers;
      answer.on('end', () => done({ status: answer.statusCode ?? 0, type, errorType: String(errorType), requestId, text }));
    });
    call.on('error', fail);
    call.end(payload(row.request));
  });

type Sent = { request: { path: string; method: string; body: unknown; headers: Record<string, string> } };

/** The vendor's client sends and signs the request of the row instead of its own. */
const bySdk = (row: BedrockRefusalCase): Promise<unknown> =>
  withClient(
    simulator(),
    async (client) => {
      client.middlewareStack.add(
        (next) => (args) => {
          const { request } = args as unknown as Sent;
          const body = payload(row.request);
          Object.assign(request, { path: row.request.path, method: row.request.method, body: body === '' ? undefined : body });
          Object.assign(request.headers, { 'content-type': row.request.contentType ?? 'application/json', ...row.request.headers });
          if (body === '') delete request.headers['content-length'];
          else request.headers['content-length'] = String(Buffer.byteLength(body));
          return next(args);
        },
        { step: 'build', priority: 'low', name: 'row' },
      );
      return client.send(new ConverseCommand({ modelId: profileId, messages: [] })).then(
        () => undefined,
        (cause: unknown) => cause,
      );
    },
    { maxAttempts: 1, systemClockOffset: now - Date.now() },
  );

describe('what Bedrock refuses', () => {
  test('the table has at least fifty rows with a source other than memory, each with exactly one source', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    for (const { source } of rows) expect([source.recording, source.wire, source.sdkType, source.memory].filter((one) => one !== undefined)).toHaveLength(1);
    for (const { source } of rows) if (source.wire !== undefined) expect(source.mark).toMatch(/^[VDI?]$/);
    expect(rows.filter(({ source }) => source.memory === undefined).length).toBeGreaterThanOrEqual(50);
  });

  test.each(named)('%s: over plain HTTP', async (_name, row) => {
    const { status, type, member, message, begins } = row.response;
    const answer = await plain(row);
    expect([answer.status, answer.errorType.split(':')[0], answer.type]).toEqual([status, type, 'application/json']);
    expect(answer.requestId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const body: Record<string, unknown> = JSON.parse(answer.text);
    if (message === null) expect(body).toEqual({ Output: { __type: `com.amazon.coral.service#${type}` }, Version: '1.0' });
    else if (begins === true) expect(String(body[member]).slice(0, message.length)).toBe(message);
    else expect(body).toEqual({ [member]: message });
  });

  test.each(named.filter(([, { request }]) => request.sign === undefined && request.authorization === undefined))('%s: through the SDK', async (_name, row) => {
    const error = (await bySdk(row)) as Error & { $metadata: { httpStatusCode: number } };
    expect([error.name, error.$metadata.httpStatusCode]).toEqual([row.response.type, row.response.status]);
    const { message, begins } = row.response;
    if (message !== null) expect(begins === true ? error.message.slice(0, message.length) : error.message).toBe(message);
  });

  test.each(rows.flatMap((row) => (row.source.recording === undefined ? [] : [[row.source.recording, row] as const])))(
    '%s is what was recorded',
    (file, row) => {
      const { status, headers, body = '' } = recording(file).response;
      const errorType = Object.entries(headers).find(([name]) => name.toLowerCase() === 'x-amzn-errortype')?.[1] ?? '';
      expect({ status, type: errorType.split(':')[0], body: JSON.parse(body) }).toEqual({
        status: row.response.status,
        type: row.response.type,
        body: { [row.response.member]: row.response.message },
      });
    },
  );
});
