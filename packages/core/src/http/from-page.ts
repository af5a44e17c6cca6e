import { GatewayError } from '@llm-proxy-auth/plugin';
import type { AnyRequest } from './sever.ts';

const SAFE: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD']);

const textOf = (value: string | readonly string[] | undefined): string | undefined => (value === undefined ? undefined : String(value));
const hostOf = (scheme: string, host: string): string | undefined => {
  const url = `${scheme}//${host}`;
  return URL.canParse(url) ? new URL(url).host : undefined;
};
const isOwnOrigin = (origin: string, own: string, encrypted: boolean): boolean => {
  const [, scheme = '', place = ''] = /^(https?:)\/\/([^/?#@\s,]+)$/.exec(origin) ?? [];
  if (place === '' || (encrypted && scheme !== 'https:')) return false;
  const host = hostOf(scheme, place);
  return host !== undefined && host === hostOf(scheme, own);
};

/** Who asks a browser for a request, as it says itself. */
export interface Asking {
  readonly method: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  /** Host that the request names. */
  readonly host: string;
  readonly encrypted: boolean;
}
/** Whether a page of another origin than the host's own makes a browser do something; what says nothing of a page is no browser. */
export const isOfForeignPage = ({ method = 'GET', origin, fetchSite, host, encrypted }: Asking): boolean =>
  !SAFE.has(method) && ((fetchSite !== undefined && fetchSite !== 'same-origin') || (origin !== undefined && !isOwnOrigin(origin, host, encrypted)));

/**
 * What a browser does to the gateway without being asked by the gateway's own page: a load balancer's cookie or a client certificate goes
 * with every request of a browser, whichever site makes it. Browsers say which by `Sec-Fetch-Site` and `Origin`; what has neither is no
 * browser. Undefined for reading, which other sites may ask for and are not shown.
 */
export const foreignPage = ({ method, headers, socket }: AnyRequest): GatewayError | undefined => {
  const { origin, 'sec-fetch-site': site, 'content-type': type } = headers;
  if (SAFE.has(method) || (origin === undefined && site === undefined)) return undefined;
  const host = textOf(headers.host ?? headers[':authority']) ?? '';
  const isForeign = isOfForeignPage({ method, origin: textOf(origin), fetchSite: textOf(site), host, encrypted: 'encrypted' in socket });
  if (isForeign) return new GatewayError('address_not_allowed', 'No other web site may call; a proxy in front must pass on the Host that the browser sent.');
  return type === undefined ? new GatewayError('unsupported_media_type', 'Send application/json in UTF-8, without content-encoding.') : undefined;
};

/** Challenges for the script of a page: where a browser is offered Basic, it asks for a password by itself and sends it from then on. */
export const challengesFor = ({ headers }: Pick<AnyRequest, 'headers'>, challenges: readonly string[]): readonly string[] => {
  const mode = headers['sec-fetch-mode'];
  return mode === undefined || mode === 'navigate' ? challenges : challenges.filter((challenge) => !/^basic\b/i.test(challenge));
};
