import { type AzureMetadata, azureMetadata } from '@llm-proxy-auth/simulators';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ASSIGNED, type Directory, openDirectory, subjectOf } from './support/entra.ts';

// One machine for all tests: Azure's library looks for the source of managed identities once in the life of a process.
let directory: Directory;
let machine: AzureMetadata;
beforeAll(async () => {
  directory = await openDirectory();
  machine = directory.with(await azureMetadata({ tenant: directory.tenant }));
  process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST = machine.url;
});
afterAll(() => directory.close());

test.each([
  ['of the system', { type: 'managed-identity' }, '00000000-0000-0000-0000-0000000000aa'],
  ['by its client id', { type: 'managed-identity', clientId: ASSIGNED }, ASSIGNED],
])('a managed identity of a machine, %s', async (_which, credentials, subject) => {
  const { status, token } = await directory.asked(await directory.open(credentials));
  expect([status, subjectOf(token)]).toEqual([200, subject]);
  const { searchParams } = new URL(machine.requests.at(-1)?.target ?? '', machine.url);
  expect(searchParams.get('resource')).toBe('https://cognitiveservices.azure.com');
});
test('F42: a thousand calls at once ask the machine once', async () => {
  const before = machine.requests.length;
  const bench = await directory.open({ type: 'managed-identity', clientId: '00000000-0000-0000-0000-000000000004' });
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => directory.asked(bench)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(machine.requests.length - before).toBe(1);
});
test('the chain of Azure finds it where nothing else is', async () => {
  process.env.AZURE_TOKEN_CREDENTIALS = 'prod';
  const { status, token } = await directory.asked(await directory.open({ type: 'default' }));
  delete process.env.AZURE_TOKEN_CREDENTIALS;
  expect([status, subjectOf(token)]).toEqual([200, '00000000-0000-0000-0000-0000000000aa']);
});
test('an identity that the machine does not have is 503, and the log says so', async () => {
  const bench = await directory.open({ type: 'managed-identity', clientId: '00000000-0000-0000-0000-000000000099' });
  expect(await directory.asked(bench)).toMatchObject({ status: 503, code: 'upstream_credentials_unavailable' });
  expect(bench.logText()).toContain('Identity not found');
});
