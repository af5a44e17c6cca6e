import { afterEach, describe, expect, test } from 'vitest';
import { type AwsEndpointRefusalCase, awsCredentials, type InstanceMetadata, instanceMetadata, instanceMetadataRefusals } from '../src/index.ts';
import { sendRaw } from './raw-http.ts';
import { aTableOfRefusals } from './refusal-table.ts';

const rows = instanceMetadataRefusals();
const roles = '/latest/meta-data/iam/security-credentials/';
const open: InstanceMetadata[] = [];
let clock = Date.UTC(2026, 10, 23);
const credentials = awsCredentials({ now: () => clock });
const started = async (options: AwsEndpointRefusalCase['options'] = {}): Promise<InstanceMetadata> => {
  const server = await instanceMetadata({ credentials, ...options });
  open.push(server);
  return server;
};
afterEach(() => Promise.all(open.splice(0).map((server) => server.close())));

const newToken = async ({ url }: InstanceMetadata): Promise<string> =>
  (await sendRaw(url, '/latest/api/token', { method: 'PUT', headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' } })).body;

const tokenFor = async (server: InstanceMetadata, kind: AwsEndpointRefusalCase['request']['token']): Promise<Record<string, string>> => {
  if (kind === undefined) return {};
  const token = await newToken(kind === 'foreign' ? await started() : server);
  if (kind === 'ended') clock += 60_000;
  return { 'x-aws-ec2-metadata-token': token };
};

describe('what instance metadata refuses', () => {
  aTableOfRefusals(rows);

  test.each(rows.map((row) => [row.name, row] as const))('%s', async (_name, { request, response, options }) => {
    const server = await started(options);
    const headers = { ...request.headers, ...(await tokenFor(server, request.token)) };
    const { status, headers: got, body } = await sendRaw(server.url, request.path, { method: request.method, headers });
    expect({ status, body }).toEqual({ status: response.status, body: response.body });
    expect(got).toMatchObject(response.headers);
    if (request.method !== 'HEAD') expect(got['content-length']).toBe(String(Buffer.byteLength(body)));
  });

  test('what it refuses without a token, it answers with one', async () => {
    const server = await started();
    const headers = { 'x-aws-ec2-metadata-token': await newToken(server) };
    expect(await sendRaw(server.url, roles, { method: 'GET', headers })).toMatchObject({ status: 200, body: 'gateway', headers: { server: 'EC2ws' } });
    expect(await sendRaw(server.url, roles, { method: 'HEAD', headers })).toMatchObject({ status: 200, body: '' });
  });
});
