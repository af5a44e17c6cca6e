import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type AppServiceIdentity,
  type AzureMetadata,
  appServiceIdentity,
  azureMetadata,
  azureTenant,
  type EntraSimulator,
  entraSimulator,
  signedToken,
} from '../src/index.ts';

const clientId = '00000000-0000-0000-0000-000000000002';
const assigned = '00000000-0000-0000-0000-000000000003';
const scope = 'https://cognitiveservices.azure.com/.default';
const audience = 'https://cognitiveservices.azure.com';
const exchange = 'api://AzureADTokenExchange';
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const workload = { issuer: 'https://oidc.example/', subject: 'system:serviceaccount:a:b' };
const now = Date.UTC(2026, 10, 23);
const tenant = azureTenant({
  now: () => now,
  applications: [{ clientId, secret: 'right', federated: [{ ...workload, key: publicKey }] }],
  identities: [assigned],
});
let entra: EntraSimulator;
let machine: AzureMetadata;
let app: AppServiceIdentity;
beforeAll(async () => {
  entra = await entraSimulator({ tenant });
  machine = await azureMetadata({ tenant });
  app = await appServiceIdentity({ tenant });
});
afterAll(() => Promise.all([entra, machine, app].map((peer) => peer.close())));

type Body = Readonly<Record<string, unknown>>;
const good = { grant_type: 'client_credentials', client_id: clientId, client_secret: 'right', scope };
const ask = async (form: Readonly<Record<string, string | undefined>>, id = tenant.id): Promise<{ status: number; body: Body }> => {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(form)) if (value !== undefined) body.set(name, value);
  const answer = await fetch(`${entra.url}/${id}/oauth2/v2.0/token`, { method: 'POST', body });
  return { status: answer.status, body: (await answer.json()) as Body };
};
const assertion = (claims: object = {}, key = privateKey): Readonly<Record<string, string | undefined>> => ({
  ...good,
  client_secret: undefined,
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: signedToken(key, { iss: workload.issuer, sub: workload.subject, aud: exchange, exp: now / 1000 + 60, ...claims }, 'k'),
});

describe('the token service of Entra ID', () => {
  test.each([
    ['a secret', good],
    ['an assertion', assertion()],
    ['an assertion for several audiences', assertion({ aud: ['x', exchange] })],
  ])('gives a token for %s', async (_what, form) => {
    const { status, body } = await ask(form);
    expect([status, body.token_type, body.expires_in]).toEqual([200, 'Bearer', 3599]);
    expect(tenant.fault(String(body.access_token), [audience])).toBeUndefined();
    expect(tenant.fault(String(body.access_token), ['https://graph.microsoft.com'])).toBe('audience');
  });

  // The numbers are of https://learn.microsoft.com/entra/identity-platform/reference-error-codes; status and sentence are from memory.
  test.each([
    ['a wrong secret', { ...good, client_secret: 'wrong' }, 401, 'invalid_client', 7_000_215],
    ['neither secret nor assertion', { ...good, client_secret: undefined }, 401, 'invalid_client', 7_000_218],
    ['an application that is none', { ...good, client_id: assigned }, 400, 'unauthorized_client', 700_016],
    ['no grant type', { ...good, grant_type: undefined }, 400, 'invalid_request', 900_144],
    ['another grant type', { ...good, grant_type: 'password' }, 400, 'unsupported_grant_type', 70_003],
    ['a scope that is none', { ...good, scope: 'https://cognitiveservices.azure.com' }, 400, 'invalid_scope', 1_002_012],
    ['an assertion of another signer', assertion({}, other), 401, 'invalid_client', 700_027],
    ['an assertion of another subject', assertion({ sub: 'system:serviceaccount:a:c' }), 401, 'invalid_request', 700_213],
    ['an assertion of another issuer', assertion({ iss: 'https://other.example/' }), 401, 'invalid_request', 700_213],
    ['an assertion for another audience', assertion({ aud: 'https://kubernetes' }), 401, 'invalid_request', 700_212],
    ['an assertion that has ended', assertion({ exp: now / 1000 }), 401, 'invalid_client', 700_024],
    ['an assertion that is none', { ...assertion(), client_assertion: 'x.y.z' }, 401, 'invalid_client', 700_027],
  ])('refuses %s', async (_what, form, status, error, number) => {
    const refused = await ask(form);
    expect([refused.status, refused.body.error, refused.body.error_codes]).toEqual([status, error, [number]]);
    expect(refused.body.error_description).toMatch(new RegExp(`^AADSTS${number}: `));
  });
  test('knows no other tenant', async () =>
    expect(await ask(good, '00000000-0000-0000-0000-000000000009')).toMatchObject({ status: 400, body: { error_codes: [90_002] } }));
  test('says where it is', async () => {
    const answer = await fetch(`${entra.url}/${tenant.id}/v2.0/.well-known/openid-configuration`);
    expect(await answer.json()).toMatchObject({ token_endpoint: `${entra.url}/${tenant.id}/oauth2/v2.0/token` });
  });
});

describe('the metadata service of a machine', () => {
  const path = '/metadata/identity/oauth2/token';
  const query = `?api-version=2018-02-01&resource=${encodeURIComponent(audience)}`;
  const get = async (target: string, headers: Record<string, string> = { metadata: 'true' }) => {
    const answer = await fetch(machine.url + target, { headers });
    return { status: answer.status, body: (await answer.json()) as Body };
  };
  test.each(['', `&client_id=${assigned}`])('gives a token as text and numbers as text (%s)', async (more) => {
    const { status, body } = await get(path + query + more);
    expect([status, body.expires_in, typeof body.expires_on, body.resource]).toEqual([200, '3599', 'string', audience]);
    expect(tenant.fault(String(body.access_token), [audience])).toBeUndefined();
  });
  // Sentences of https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token as far as they stand there, the rest from memory.
  test.each([
    ['without the header', path + query, {}, 'Required metadata header not specified'],
    ['that came through a proxy', path + query, { metadata: 'true', 'x-forwarded-for': '1.2.3.4' }, 'Request contains X-Forwarded-For header'],
    ['without a version', `${path}?resource=x`, undefined, "Required query variable 'api-version' is missing"],
    ['without a resource', `${path}?api-version=2018-02-01`, undefined, "Required query variable 'resource' is missing"],
    ['for an identity that it has not', `${path}${query}&client_id=nobody`, undefined, 'Identity not found'],
  ])('refuses a request %s', async (_what, target, headers, description) =>
    expect(await get(target, headers)).toEqual({ status: 400, body: { error: 'invalid_request', error_description: description } }),
  );
});

describe('the identity endpoint of an app', () => {
  const query = `?api-version=2019-08-01&resource=${encodeURIComponent(audience)}`;
  const get = (target: string, secret: string) => fetch(app.url + target, { headers: { 'x-identity-header': secret } });
  test('gives a token to who shows the header', async () => {
    const body = (await (await get(query, app.secret)).json()) as Body;
    expect([tenant.fault(String(body.access_token), [audience]), body.expires_on]).toEqual([undefined, String(now / 1000 + 3599)]);
  });
  test.each([
    ['another header', query, 'wrong', 401],
    ['another version', '?api-version=2017-09-01&resource=x', undefined, 400],
    ['no resource', '?api-version=2019-08-01', undefined, 400],
    ['an identity that the app has not', `${query}&client_id=nobody`, undefined, 400],
  ])('refuses %s', async (_what, target, secret, status) => expect((await get(target, secret ?? app.secret)).status).toBe(status));
});

describe('a tenant', () => {
  test('refuses what it took back, what it did not sign, and what has not begun', () => {
    const { token } = tenant.issue(audience, 'a');
    expect(tenant.fault(token, [audience])).toBeUndefined();
    tenant.revoke();
    expect(tenant.fault(token, [audience])).toBe('revoked');
    expect(tenant.fault(signedToken(other, { iss: tenant.issuer, aud: audience }, 'k'), [audience])).toBe('signature');
    expect(tenant.fault('a.b', [audience])).toBe('malformed');
  });
});
