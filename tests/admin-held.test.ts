import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { ask } from './support/raw.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('an administration request whose body comes late', () => {
  let bench: Bench;
  let ahead = 0;
  let serial = 0;
  beforeAll(async () => {
    bench = await openBench({ now: () => Date.now() + ahead, sections: { admin: { port: 0 } } });
    await bench.operation('keys.create', { name: 'victim', scopes: [] });
  });
  afterAll(async () => {
    await bench.close();
  });
  const makeAdmin = async (name: string, more: object = {}): Promise<{ readonly id: string; readonly key: string }> =>
    (await bench.operation('keys.create', { name, scopes: ['admin'], ...more })) as { id: string; key: string };
  const login = async (key: string): Promise<string> =>
    JSON.parse((await ask(bench.url, { path: '/auth/login', headers: JSON_TYPE, body: JSON.stringify({ api_key: key }) })).text).session_token as string;
  /** The head with all but the last byte; what happens once it was let in; then that byte. Gives the answer. */
  const held = async (credential: string, meanwhile: () => Promise<unknown>): Promise<{ readonly status: string; readonly text: string }> => {
    const { hostname, port, host } = new URL(bench.gateway.urls.admin ?? '');
    const socket = connect(Number(port), hostname);
    const body = JSON.stringify({ name: `made-${serial++}`, scopes: ['admin'] });
    socket.write(
      `POST /admin/v1/keys.create HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${credential}\r\ncontent-type: application/json\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1\.1 100 /);
    socket.write(body.slice(0, -1));
    await meanwhile();
    let text = '';
    socket.on('data', (piece: Buffer) => {
      text += piece.toString();
    });
    const closed = once(socket, 'close');
    socket.write(body.slice(-1));
    await closed;
    return { status: text.split(' ', 2)[1] ?? '', text };
  };

  test('runs where its credential still lets in', async () => {
    const { key } = await makeAdmin('stays');
    for (const credential of [key, await login(key)]) expect((await held(credential, async () => undefined)).status).toBe('200');
  });
  test.each([
    ['revoked', (id: string) => bench.operation('keys.revoke', { key: id })],
    ['revoked-as-compromised', (id: string) => bench.operation('keys.revoke', { key: id, reason: 'compromised' })],
  ])('does not where its key is %s', async (name, end) => {
    const { id, key } = await makeAdmin(name);
    const { status, text } = await held(key, () => end(id));
    expect([status, text.includes('lpa_')]).toEqual(['401', false]);
  });
  test('does not where its session was ended', async () => {
    const token = await login((await makeAdmin('leaves')).key);
    const logout = () => ask(bench.url, { path: '/auth/logout', headers: { 'x-session-token': token, ...JSON_TYPE }, body: '{}' });
    const { status, text } = await held(token, logout);
    expect([status, text.includes('lpa_')]).toEqual(['401', false]);
  });
  test('does not where its key has expired', async () => {
    const { key } = await makeAdmin('expires', { expires: '1h' });
    const { status, text } = await held(key, async () => {
      ahead += 3_700_000;
    });
    expect([status, text.includes('lpa_')]).toEqual(['401', false]);
  });
});
