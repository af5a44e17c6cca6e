import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { awsCredentials, type ContainerCredentials, type PodIdentityRefusalCase, podIdentity, podIdentityRefusals } from '../src/index.ts';
import { sendRaw } from './raw-http.ts';
import { aTableOfRefusals, lastOf } from './refusal-table.ts';

const rows = podIdentityRefusals();
const clock = Date.UTC(2026, 10, 23);
const at = clock / 1000;
const tokens: Record<string, number> = {};
let server: ContainerCredentials;
beforeEach(async () => {
  const credentials = awsCredentials({ now: () => clock });
  server = await podIdentity({ credentials, tokens, associations: { 'default/gateway': 'trusted', 'default/distrusted': 'untrusted' } });
});
afterEach(() => server.close());

const goodHeader = { alg: 'RS256', kid: '0123456789abcdef0123456789abcdef01234567' };
const goodClaims = {
  aud: ['pods.eks.amazonaws.com'],
  exp: at + 3600,
  iat: at,
  iss: 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE',
  'kubernetes.io': { namespace: 'default', pod: { name: 'gateway-0', uid: 'pod-uid' }, serviceaccount: { name: 'gateway', uid: 'account-uid' } },
  nbf: at,
  sub: 'system:serviceaccount:default:gateway',
};

const segment = (good: object, other: PodIdentityRefusalCase['request']['claims'] = {}): string => {
  if (typeof other === 'string') return other;
  const members = Object.entries({ ...good, ...other }).filter(([, value]) => value !== null);
  return Buffer.from(JSON.stringify(Object.fromEntries(members))).toString('base64url');
};

/** The token of a row, which EKS knows unless the row says otherwise. */
const authorizationOf = ({ authorization, header, claims, scheme = '', eks }: Partial<PodIdentityRefusalCase['request']>): Record<string, string> => {
  if (authorization !== undefined) return authorization === null ? {} : { authorization };
  const token = `${segment(goodHeader, header)}.${segment(goodClaims, claims)}.c2lnbmF0dXJl`;
  delete tokens[token];
  if (eks !== 'unknown') tokens[token] = eks === 'ended' ? clock : clock + 3600_000;
  return { authorization: scheme + token };
};

describe('what the agent of EKS Pod Identity refuses', () => {
  aTableOfRefusals(rows);

  test.each(rows.map((row) => [row.name, row] as const))('%s', async (_name, { request, response }) => {
    const headers = { ...authorizationOf(request), ...(request.host === undefined ? {} : { host: request.host }) };
    const answer = await lastOf((request.after ?? 0) + 1, () => sendRaw(server.origin, request.path, { method: request.method, headers }));
    const body = response.begins === true ? answer.body.slice(0, response.body.length) : answer.body;
    expect({ status: answer.status, body }).toEqual({ status: response.status, body: response.body });
    expect(answer.headers).toMatchObject(response.headers);
  });

  test.each([
    ['GET', {}],
    ['POST', {}],
    ['GET', { host: '169.254.170.23' }],
    ['GET', { host: '[fd00:ec2::23]:80' }],
  ])('a good token is answered: %s %j', async (method, more) => {
    const answer = await sendRaw(server.origin, server.path, { method, headers: { ...authorizationOf({}), ...more } });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json']);
    expect(JSON.parse(answer.body)).toMatchObject({ AccountId: '123456789012', AccessKeyId: expect.stringMatching(/^ASIA/) });
  });
});
