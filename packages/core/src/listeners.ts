import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Logger } from '@llm-proxy-auth/plugin';
import type { TlsSettings } from './config/schema/listeners.ts';
import type { Settings } from './config/schema.ts';
import { createListener, type Listener, type TlsOptions } from './http/server.ts';

/** Certificate and key as PEM text, or undefined when the listener speaks plainly. */
const pemOf = (secret: { peek(): string | undefined } | undefined): string | undefined => {
  const value = secret?.peek();
  if (value === undefined || value.includes('-----BEGIN')) return value;
  return readFileSync(value, 'utf8');
};
const tlsOf = (tls: TlsSettings | undefined, clientCertificate: TlsOptions['clientCertificate'] = 'optional'): TlsOptions | undefined => {
  const cert = pemOf(tls?.cert);
  const key = pemOf(tls?.key);
  if (cert === undefined || key === undefined) return undefined;
  return { cert, key, clientCa: pemOf(tls?.clientCa), clientCrl: pemOf(tls?.clientCrl), clientCertificate };
};
export interface Listeners {
  readonly server: Listener;
  readonly tls: Listener | undefined;
  readonly ops: Listener;
  readonly admin: Listener | undefined;
}
/** Those that were configured, in the order in which they open. */
export const each = (l: Listeners): Listener[] => [l.server, l.tls, l.ops, l.admin].filter((x) => x !== undefined);

/** Opens all or none. Throws Node's error when a port cannot be had. */
export const openListeners = async (
  settings: Settings,
  log: Logger,
  handlers: {
    server: Parameters<typeof createListener>[0]['handler'];
    ops: Parameters<typeof createListener>[0]['handler'];
    admin: Parameters<typeof createListener>[0]['handler'];
  },
): Promise<Listeners> => {
  const { server, ops, admin } = settings;
  const common = { timeouts: server.timeouts, log };
  const tls = tlsOf(server.tls);
  for (const each of [tls, tlsOf(ops.tls), tlsOf(admin?.tls)]) if (each !== undefined) checkAuthorities(each);
  const made: Listeners = {
    server: await createListener({ ...common, name: 'server', host: server.host, port: server.port, reusePort: server.reusePort, handler: handlers.server }),
    tls:
      tls === undefined || server.tls === undefined
        ? undefined
        : await createListener({
            ...common,
            name: 'tls',
            host: server.host,
            port: server.tls.port,
            tls,
            reusePort: server.reusePort,
            handler: handlers.server,
          }),
    ops: await createListener({ ...common, name: 'ops', host: ops.host, port: ops.port, tls: tlsOf(ops.tls, 'required'), handler: handlers.ops }),
    admin:
      admin === undefined
        ? undefined
        : await createListener({ ...common, name: 'admin', host: admin.host, port: admin.port, tls: tlsOf(admin.tls, 'required'), handler: handlers.admin }),
  };
  const opened: Listener[] = [];
  try {
    for (const listener of each(made)) {
      await listener.listen();
      opened.push(listener);
    }
  } catch (error) {
    for (const listener of opened) listener.destroyAll();
    await Promise.all(opened.map((l) => l.close(0)));
    throw error;
  }
  return made;
};

/** Throws when one of the authorities of clients cannot be read: Node takes what it can and says nothing. */
const checkAuthorities = ({ clientCa }: TlsOptions): void => {
  if (clientCa === undefined) return;
  const [, ...all] = clientCa.split('-----BEGIN CERTIFICATE-----');
  if (all.length === 0) throw new Error('clientCa holds no certificate');
  for (const one of all) new X509Certificate(`-----BEGIN CERTIFICATE-----${one}`);
};

/**
 * Certificates of a new configuration, read and checked for all listeners together; the result brings them into force, for connections
 * from then on. Throws when one does not fit, and then none is changed.
 */
export const newCertificates = (listeners: Listeners, { server, ops, admin }: Settings): (() => void) => {
  const changes = [
    [listeners.tls, server.tls],
    [listeners.ops, ops.tls],
    [listeners.admin, admin?.tls],
  ] as const;
  const next = changes.flatMap(([listener, written]) => {
    const tls = tlsOf(written);
    return listener === undefined || tls === undefined || !listener.url.startsWith('https:') ? [] : [{ listener, tls }];
  });
  for (const { listener, tls } of next) {
    checkAuthorities(tls);
    listener.checkSecureContext(tls);
  }
  return () => {
    for (const { listener, tls } of next) listener.setSecureContext(tls);
  };
};

/** How long one file waits for the others that change with it, ms. */
const TOGETHER_MS = 200;
/**
 * Renews the certificates when their files change, for as long as `serves` says that these settings are the ones in use. What does not
 * fit together changes nothing.
 */
export const followCertificates = (listeners: Listeners, settings: Settings, serves: () => boolean, log: Logger): void => {
  let waiting = false;
  const renew = (): void => {
    waiting = false;
    if (!serves()) return;
    try {
      newCertificates(listeners, settings)();
      log.info({}, 'the certificates of the listeners were renewed');
    } catch (error) {
      log.error({ error: error instanceof Error ? error.name : 'unknown' }, 'the new certificates do not fit together; the ones before stay in use');
    }
  };
  const soon = (): void => {
    if (!waiting) setTimeout(renew, TOGETHER_MS).unref();
    waiting = true;
  };
  for (const tls of [settings.server.tls, settings.ops.tls, settings.admin?.tls])
    for (const file of [tls?.cert, tls?.key, tls?.clientCa, tls?.clientCrl]) file?.onRotate(soon);
};

const fixedAtStart = ({ server, ops, admin }: Settings): Readonly<Record<string, unknown>> => ({
  'server.host': server.host,
  'server.port': server.port,
  'server.tls.port': server.tls?.cert === undefined ? undefined : server.tls.port,
  'server.tls.clientCa': server.tls?.clientCa !== undefined,
  'server.reusePort': server.reusePort,
  'server.timeouts': JSON.stringify(server.timeouts),
  ops: `${ops.host}:${ops.port} ${ops.tls?.cert !== undefined}`,
  'ops.tls.clientCa': ops.tls?.clientCa !== undefined,
  'admin.tls.clientCa': admin?.tls?.clientCa !== undefined,
  admin: admin === undefined ? undefined : `${admin.host}:${admin.port} ${admin.tls?.cert !== undefined}`,
});
/** Keys whose new value a reload cannot bring into force: sockets are opened once. */
export const needRestart = (before: Settings, after: Settings): readonly string[] => {
  const [was, is] = [fixedAtStart(before), fixedAtStart(after)];
  return Object.keys(is).filter((key) => was[key] !== is[key]);
};
