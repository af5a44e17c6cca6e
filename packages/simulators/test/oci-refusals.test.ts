import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type OciRefusalCase, ociIdentity, ociRefusals } from '../src/index.ts';
import { useOci } from './oci-support.ts';

const now = Date.UTC(2026, 10, 23);
const COMPARTMENT = 'ocid1.compartment.oc1..aaaaknown';
const simulator = useOci({ identity: ociIdentity({ now: () => now }), compartments: [COMPARTMENT], contextTokens: 200 });
const rows = ociRefusals();
const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const payload = ({ raw, body }: OciRefusalCase['request']): string => raw ?? (body === undefined ? '' : JSON.stringify(body));

/** The headers of a row, signed as it says, by the documentation of the vendor. */
const headersOf = ({ request }: OciRefusalCase): Record<string, string> => {
  const { sign: how = {}, authorization, headers } = request;
  const host = simulator().origin.replace('http://', '');
  const body = how.body ?? payload(request);
  const sent: Record<string, string> = {
    date: new Date(now + (how.seconds ?? 0) * 1000).toUTCString(),
    host,
    'content-type': 'application/json',
    'x-content-sha256': createHash('sha256').update(body).digest('base64'),
    ...headers,
  };
  if (authorization !== undefined) return { 'content-type': 'application/json', ...(authorization === null ? {} : { authorization }) };
  const values: Record<string, string> = {
    ...sent,
    '(request-target)': `${request.method.toLowerCase()} ${how.target ?? request.path}`,
    'content-length': String(Buffer.byteLength(payload(request))),
  };
  const names = ['date', '(request-target)', 'host', 'content-type', 'content-length', 'x-content-sha256'].filter((name) => name !== how.drop);
  const text = names.map((name) => `${name}: ${values[name]}`).join('\n');
  const { user } = simulator();
  const signature = sign('sha256', Buffer.from(text), how.foreignKey === true ? foreign : user.privateKey).toString('base64');
  const keyId = `${user.tenancy}/${user.user}/${how.fingerprint ?? user.fingerprint}`;
  if (how.without !== undefined) delete sent[how.without];
  const algorithm = how.algorithm ?? 'rsa-sha256';
  return { ...sent, authorization: `Signature version="1",keyId="${keyId}",algorithm="${algorithm}",headers="${names.join(' ')}",signature="${signature}"` };
};
const send = async (row: OciRefusalCase): Promise<{ status: number; body: unknown; id: string | null }> => {
  const { host: _host, ...headers } = headersOf(row);
  const answer = await fetch(simulator().origin + row.request.path, { method: row.request.method, headers, body: payload(row.request) });
  return { status: answer.status, body: await answer.json(), id: answer.headers.get('opc-request-id') };
};
describe('a refusal', () => {
  test('has a row for each thing that is refused', () => expect(rows.length).toBeGreaterThanOrEqual(15));
  test.each(rows.map((row) => [row.name, row] as const))('of %s', async (_name, row) => {
    const { status, code, message } = row.response;
    expect(await send(row)).toEqual({ status, body: { code, message }, id: expect.stringMatching(/^[0-9a-f]{24}$/) });
  });
  test('is not given to the same request signed well', async () => {
    const row = rows.find(({ name }) => name === 'no authorization at all');
    if (row === undefined) throw new Error('the row is gone');
    const { authorization: _none, ...request } = row.request;
    expect(await send({ ...row, request })).toMatchObject({ status: 200, body: { chatResponse: { apiFormat: 'GENERIC' } } });
  });
});
