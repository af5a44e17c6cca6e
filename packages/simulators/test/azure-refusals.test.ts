import { generateKeyPairSync } from 'node:crypto';
import OpenAI, { AzureOpenAI } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AzureRefusalCase, type AzureSimulator, azureRefusals, azureSimulator, azureTenant, recording, signedToken } from '../src/index.ts';

const rows = azureRefusals();
const named = rows.map((row) => [row.name, row] as const);
const key = 'azure-simulator';
const start = Date.UTC(2026, 10, 23);
const audience = 'https://cognitiveservices.azure.com';
const stranger = '00000000-0000-0000-0000-0000000000bb';
let now = start;
const tenant = azureTenant({ now: () => now });
const revoked = tenant.issue(audience, 'someone').token;
tenant.revoke();
now = start - 7_200_000;
const expired = tenant.issue(audience, 'someone').token;
now = start;
const claims = { iss: tenant.issuer, aud: audience, exp: start / 1000 + 3600, nbf: start / 1000, jti: 'x', oid: 'someone' };
const bearers: Readonly<Record<NonNullable<AzureRefusalCase['request']['bearer']>, () => string>> = {
  key: () => key,
  audience: () => tenant.issue('https://graph.microsoft.com', 'someone').token,
  expired: () => expired,
  signature: () => signedToken(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, claims, 'other'),
  revoked: () => revoked,
  malformed: () => 'eyJ.not-a-token',
  role: () => tenant.issue(audience, stranger).token,
};

let simulator: AzureSimulator;
beforeAll(async () => {
  simulator = await azureSimulator({ keys: [key], tenant, withoutRole: [stranger] });
});
afterAll(() => simulator.close());

const headersOf = ({ request }: AzureRefusalCase): Record<string, string> => ({
  'content-type': 'application/json',
  ...(request.key === null ? {} : { 'api-key': request.key ?? key }),
  ...(request.bearer === undefined ? {} : { authorization: `Bearer ${bearers[request.bearer]()}` }),
});

describe('what Azure OpenAI refuses', () => {
  test('the table has at least fifteen rows with a source other than memory, each with exactly one source', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    for (const { source } of rows) expect([source.recording, source.wire, source.sdkType, source.memory].filter((one) => one !== undefined)).toHaveLength(1);
    for (const { source } of rows) if (source.wire !== undefined) expect(source.mark).toMatch(/^[VSDIM]$/);
    expect(rows.filter(({ source }) => source.memory === undefined && source.mark !== 'M').length).toBeGreaterThanOrEqual(15);
  });

  test.each(named)('%s: over plain HTTP', async (_name, row) => {
    const { method, path, body } = row.request;
    const answer = await fetch(simulator.url + path, { method, headers: headersOf(row), ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([row.response.status, 'application/json']);
    expect(answer.headers.get('apim-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await answer.json()).toEqual(row.response.body);
  });

  test.each(named)('%s: through the SDK', async (_name, row) => {
    const { 'content-type': _type, ...credential } = headersOf(row);
    const client = new OpenAI({ baseURL: simulator.url, apiKey: 'none', maxRetries: 0, defaultHeaders: { authorization: null, ...credential } });
    const error = await client.post(row.request.path, row.request.body === undefined ? {} : { body: row.request.body }).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    const body = row.response.body as { readonly error?: { readonly code?: unknown } };
    expect(error).toMatchObject({ status: row.response.status });
    if (body.error !== undefined) expect((error as { code?: unknown }).code).toBe(body.error.code);
  });

  test.each(rows.flatMap((row) => (row.source.recording === undefined ? [] : [[row.source.recording, row] as const])))(
    '%s is what was recorded',
    (file, row) => {
      const { status, body = '' } = recording(file).response;
      expect([status, JSON.parse(body)]).toEqual([row.response.status, row.response.body]);
    },
  );
});

describe('what it lets in', () => {
  const chat = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'hi' }] };
  test('a token with the role, by the SDK of the vendor', async () => {
    const client = new AzureOpenAI({
      endpoint: simulator.url,
      apiVersion: '2024-10-21',
      maxRetries: 0,
      azureADTokenProvider: async () => tenant.issue(audience, 'someone').token,
    });
    expect((await client.chat.completions.create(chat)).choices[0]?.message.content).toBe('You said: hi');
  });
  test('a key as a bearer in v1, as the plain client sends it', async () => {
    const client = new OpenAI({ baseURL: `${simulator.url}/openai/v1`, apiKey: key, maxRetries: 0 });
    expect((await client.chat.completions.create(chat)).choices[0]?.message.content).toBe('You said: hi');
  });
  test('keys can be switched off', async () => {
    const closed = await azureSimulator({ keys: [key], keysOn: false });
    const answer = await fetch(`${closed.url}/openai/v1/models`, { headers: { 'api-key': key } });
    expect([answer.status, await answer.json()]).toEqual([
      403,
      { error: { code: 'AuthenticationTypeDisabled', message: 'Key based authentication is disabled for this resource.' } },
    ]);
    await closed.close();
  });
});
