import { GatewayError } from '@llm-proxy-auth/plugin';

/** Where the server is and who we are to it. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Undefined: the URL has none. */
  readonly password: string | undefined;
}
const refuse = (says: string): GatewayError => new GatewayError('internal_error', says, { param: 'store.url' });

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refuse('A percent sign in store.url begins no valid escape; write it as %25.');
  }
};

/** Reads `postgres://user:password@host:port/database`. No part of the text is ever repeated: it holds a password. */
export const addressOf = (text: string): Address => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol)) throw refuse('store.url is not of the form postgres://user:password@host:5432/database.');
  if (url.search !== '' || url.hash !== '') throw refuse('store.url takes no parameters; protection stands under store.tls, the rest in keys of its own.');
  const database = decoded(url.pathname.slice(1));
  const user = decoded(url.username);
  if (url.hostname === '' || database === '' || user === '' || database.includes('\0') || user.includes('\0'))
    throw refuse('store.url must name a user, a host and a database: postgres://user:password@host:5432/database.');
  const password = url.password === '' ? undefined : decoded(url.password);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 5432), database, user, password };
};

/** Whether what is sent to a host never leaves the machine. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
