import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { Running } from '@llm-proxy-auth/core';
import { certificateAuthority, type IssuedCertificate, SERVER_AUTH } from '@llm-proxy-auth/simulators';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSite, type Site } from './support/file-gateway.ts';
import { ROOT } from './support/process.ts';
import { startSwept } from './support/swept.ts';

const authority = certificateAuthority();
const serverOf = (name: string): IssuedCertificate => authority.issue({ subject: [['CN', name]], usages: [SERVER_AUTH] });
const callerOf = (name: string): IssuedCertificate => authority.issue({ uris: [`spiffe://corp/apps/${name}`] });
const [billing, stolen] = [callerOf('billing'), callerOf('stolen')];
const FIRST = serverOf('first');

let site: Site;
let gateway: Running | undefined;
let log: string;
beforeEach(async () => {
  site = await openSite();
  log = '';
});
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  await site.close();
});

const put = (name: string, text: string): string => {
  const file = join(site.folder, name);
  writeFileSync(file, text);
  return file;
};
/** A gateway whose certificates are files, which are looked at often. */
const start = async (tls: Readonly<Record<string, string>> = {}, more: Readonly<Record<string, unknown>> = {}): Promise<Running> => {
  const files = { cert: put('cert.pem', FIRST.pem), key: put('key.pem', FIRST.key), clientCa: put('ca.pem', authority.pem), ...tls };
  site.write(
    site.settings({
      plugins: [
        '@llm-proxy-auth/dialect-openai',
        '@llm-proxy-auth/provider-openai',
        '@llm-proxy-auth/auth-api-key',
        '@llm-proxy-auth/auth-mtls',
        '@llm-proxy-auth/store-sqlite',
      ],
      auth: [{ use: 'mtls', spiffe: ['spiffe://corp/apps/'] }],
      policies: [{ match: { principal: 'mtls:*' }, allow: {} }],
      server: { port: 0, tls: { port: 0, ...files } },
      ...more,
    }),
  );
  const hear = (line: string): void => {
    log += line;
  };
  gateway = await startSwept({ file: site.file, pluginRoots: [ROOT], secretPollMs: 50, hear });
  return gateway;
};
const portOf = (url: string | undefined): number => Number(new URL(url ?? '').port);
/** Status of a list of models over TLS with a certificate; `closed` when the connection ends instead. */
const ask = (url: string | undefined, { pem, key }: IssuedCertificate): Promise<number | 'closed'> =>
  new Promise((resolve) => {
    const options = { host: '127.0.0.1', port: portOf(url), path: '/openai/main/v1/models', agent: false, rejectUnauthorized: false, cert: pem, key } as const;
    const out = request(options, (reply) => {
      reply.resume();
      resolve(reply.statusCode ?? 0);
    });
    out.on('error', () => resolve('closed'));
    out.end();
  });
/** Whom the gateway says it is. */
const served = (url: string | undefined): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: portOf(url), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.subject);
      socket.destroy();
    });
    socket.on('error', reject);
  });

describe('revocation lists of client certificates', () => {
  test('a certificate on the list lets nobody in; others of the authority do', async () => {
    const { urls } = await start({ clientCrl: put('crl.pem', authority.revoke({ revoked: [stolen.pem] })) });
    expect([await ask(urls.tls, billing), await ask(urls.tls, stolen)]).toEqual([200, 401]);
  });
  test('a list that is out of date lets in nobody, as what it does not say is not known', async () => {
    const { urls } = await start({ clientCrl: put('crl.pem', authority.revoke({ revoked: [], nextUpdate: Date.now() - 60_000 })) });
    expect([await ask(urls.tls, billing), await ask(urls.tls, stolen)]).toEqual([401, 401]);
  });
  test('a new list counts without a restart, also for connections that are open', async () => {
    const { urls } = await start({ clientCrl: put('crl.pem', authority.revoke({ revoked: [] })) });
    const { pem, key } = stolen;
    const socket = connect({ host: '127.0.0.1', port: portOf(urls.tls), rejectUnauthorized: false, cert: pem, key, ALPNProtocols: ['http/1.1'] });
    const statuses: string[] = [];
    socket.setEncoding('latin1').on('data', (piece: string) => statuses.push(...(piece.match(/^HTTP\/1\.1 \d+/gm) ?? [])));
    const again = async (): Promise<string | undefined> => {
      const before = statuses.length;
      socket.write('GET /openai/main/v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n');
      await expect.poll(() => statuses.length, { timeout: 10_000 }).toBeGreaterThan(before);
      return statuses.at(-1);
    };
    expect(await again()).toBe('HTTP/1.1 200');
    put('crl.pem', authority.revoke({ revoked: [stolen.pem] }));
    await expect.poll(again, { timeout: 10_000, interval: 50 }).toBe('HTTP/1.1 401');
    socket.destroy();
    expect([await ask(urls.tls, billing), await ask(urls.tls, stolen)]).toEqual([200, 401]);
  });
});

describe('certificate files that change', () => {
  test('are served without a restart and without a change of the configuration', async () => {
    const { urls } = await start();
    expect(await served(urls.tls)).toBe('CN=first');
    const second = serverOf('second');
    put('cert.pem', second.pem);
    put('key.pem', second.key);
    await expect.poll(() => served(urls.tls), { timeout: 10_000, interval: 50 }).toBe('CN=second');
    expect(await ask(urls.tls, billing)).toBe(200);
    expect(log).not.toContain('do not fit');
  });
  test('that do not fit together change nothing until they do', async () => {
    const { urls } = await start();
    const second = serverOf('second');
    put('cert.pem', second.pem);
    await expect.poll(() => log, { timeout: 10_000 }).toContain('the new certificates do not fit together');
    expect(await served(urls.tls)).toBe('CN=first');
    put('key.pem', second.key);
    await expect.poll(() => served(urls.tls), { timeout: 10_000, interval: 50 }).toBe('CN=second');
  });
  test('of several listeners are renewed together or not at all', async () => {
    const admin = { port: 0, tls: { cert: put('admin.pem', FIRST.pem), key: put('admin-key.pem', FIRST.key) } };
    const { urls } = await start({}, { admin });
    const second = serverOf('second');
    put('cert.pem', second.pem);
    put('key.pem', second.key);
    put('admin.pem', second.pem);
    await expect.poll(() => log, { timeout: 10_000 }).toContain('the new certificates do not fit together');
    expect([await served(urls.tls), await served(urls.admin)]).toEqual(['CN=first', 'CN=first']);
    put('admin-key.pem', second.key);
    await expect.poll(() => served(urls.admin), { timeout: 10_000, interval: 50 }).toBe('CN=second');
    expect(await served(urls.tls)).toBe('CN=second');
  });
  test('authorities of clients that cannot be read change nothing', async () => {
    const { urls } = await start();
    put('ca.pem', authority.pem.slice(0, 200));
    await expect.poll(() => log, { timeout: 10_000 }).toContain('the new certificates do not fit together');
    expect(await ask(urls.tls, billing)).toBe(200);
    put('ca.pem', 'no certificate');
    await expect.poll(() => log.split('do not fit').length, { timeout: 10_000 }).toBe(3);
    expect(await ask(urls.tls, billing)).toBe(200);
  });
  test('authorities of clients that a reload adds to a listener are told to wait for the next start', async () => {
    const admin = { port: 0, tls: { cert: put('admin.pem', FIRST.pem), key: put('admin-key.pem', FIRST.key) } };
    const gateway = await start({}, { admin });
    site.write({
      ...(JSON.parse(readFileSync(site.file, 'utf8')) as object),
      admin: { ...admin, tls: { ...admin.tls, clientCa: join(site.folder, 'ca.pem') } },
    });
    expect(await gateway.reload()).toBe(true);
    expect(log).toContain('"admin.tls.clientCa"');
  });
  test('other authorities of clients count at once, those before no longer', async () => {
    const { urls } = await start();
    const other = certificateAuthority('Other CA');
    const theirs = other.issue({ uris: ['spiffe://corp/apps/other'] });
    expect([await ask(urls.tls, billing), await ask(urls.tls, theirs)]).toEqual([200, 401]);
    put('ca.pem', other.pem);
    await expect.poll(() => ask(urls.tls, theirs), { timeout: 10_000, interval: 50 }).toBe(200);
    expect(await ask(urls.tls, billing)).toBe(401);
  });
});
