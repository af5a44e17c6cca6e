import { afterEach, describe, expect, test } from 'vitest';
import { awsCredentials, type ContainerCredentials, containerCredentials, containerCredentialsRefusals } from '../src/index.ts';
import { sendRaw } from './raw-http.ts';
import { aTableOfRefusals, lastOf } from './refusal-table.ts';

const rows = containerCredentialsRefusals();
const open: ContainerCredentials[] = [];
let clock = Date.UTC(2026, 10, 23);
const credentials = awsCredentials({ now: () => clock });
const started = async (options = {}): Promise<ContainerCredentials> => {
  const server = await containerCredentials({ credentials, ...options });
  open.push(server);
  return server;
};
afterEach(() => Promise.all(open.splice(0).map((server) => server.close())));

describe('what the credentials endpoint of ECS refuses', () => {
  aTableOfRefusals(rows);

  test.each(rows.map((row) => [row.name, row] as const))('%s', async (_name, { request, response, options }) => {
    const { origin } = await started(options);
    const { method, path, headers = {}, after = 0 } = request;
    const answer = await lastOf(after + 1, () => sendRaw(origin, path, { method, headers }));
    expect({ status: answer.status, body: answer.body }).toEqual({ status: response.status, body: response.body });
    expect(answer.headers).toMatchObject(response.headers);
  });

  test('it looks neither at the method nor at the authorization, and knows both versions of the address', async () => {
    const { origin, path } = await started();
    const headers = { authorization: 'whatever' };
    const first = await sendRaw(origin, path, { method: 'POST', headers });
    expect([first.status, first.headers['content-type']]).toEqual([200, 'application/json']);
    const second = await sendRaw(origin, `/v1/credentials?id=${path.split('/').at(-1)}`, { method: 'GET' });
    expect([second.status, second.body]).toEqual([200, first.body]);
  });

  test('the limit is of a path, and forty a second come back', async () => {
    const { origin, path } = await started({ rate: { steady: 40, burst: 2 } });
    const status = async (of = path): Promise<number> => (await sendRaw(origin, of, { method: 'GET' })).status;
    expect([await status(), await status(), await status(), await status('/v2/credentials/other')]).toEqual([200, 200, 429, 400]);
    clock += 25;
    expect([await status(), await status()]).toEqual([200, 429]);
  });
});
