import { appServiceIdentity } from '@llm-proxy-auth/simulators';
import { expect, test } from 'vitest';
import { ASSIGNED, openDirectory, subjectOf } from './support/entra.ts';

// A file of its own: Azure's library looks for the source of managed identities once in the life of a process.
test('a managed identity of an app in App Service, of the system and by its client id', async () => {
  const directory = await openDirectory();
  const app = directory.with(await appServiceIdentity({ tenant: directory.tenant }));
  Object.assign(process.env, { IDENTITY_ENDPOINT: app.url, IDENTITY_HEADER: app.secret });
  try {
    const system = await directory.asked(await directory.open({ type: 'managed-identity' }));
    expect([system.status, app.requests.length]).toEqual([200, 1]);
    const assigned = await directory.asked(await directory.open({ type: 'managed-identity', clientId: ASSIGNED }));
    expect([assigned.status, subjectOf(assigned.token), app.requests.length]).toEqual([200, ASSIGNED, 2]);
    expect(app.requests[0]?.header('x-identity-header')).toBe(app.secret);
  } finally {
    await directory.close();
  }
});
