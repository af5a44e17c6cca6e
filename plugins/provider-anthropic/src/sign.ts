import type { ApiKey, UpstreamRequest } from '@llm-proxy-auth/plugin';
import type { Config } from './config.ts';

/**
 * Credentials and what chooses an account: the configured key decides both. A browser's `origin` makes the API answer 401, and the
 * header that allows it means nothing without it.
 */
const OURS: ReadonlySet<string> = new Set(['authorization', 'x-api-key', 'anthropic-workspace-id', 'origin', 'anthropic-dangerous-direct-browser-access']);
const VERSION = 'anthropic-version';
const BETA = 'anthropic-beta';

/** Drops what is ours to say; true when a version was there. */
const dropOurs = (headers: string[]): boolean => {
  let versioned = false;
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    const name = headers[i] ?? '';
    if (OURS.has(name)) headers.splice(i, 2);
    else if (name === VERSION) versioned = true;
  }
  return versioned;
};
/** The client's betas and the instance's as one line, each once. */
const joinBetas = (headers: string[]): void => {
  const places = headers.flatMap((name, i) => (i % 2 === 0 && name === BETA ? [i] : []));
  const [first] = places;
  if (first === undefined || places.length === 1) return;
  const betas = places.flatMap((i) => (headers[i + 1] ?? '').split(',')).map((beta) => beta.trim());
  for (const i of places.slice(1).toReversed()) headers.splice(i, 2);
  headers[first + 1] = [...new Set(betas)].filter((beta) => beta !== '').join(',');
};

/** Puts the key on a request in place of whatever stood there, and a version where there is none. */
export const signer = ({ version, betas = [] }: Config, key: ApiKey): ((request: UpstreamRequest) => void | Promise<void>) => {
  const put = ({ headers }: UpstreamRequest, value: string): void => {
    if (!dropOurs(headers)) headers.push(VERSION, version);
    if (betas.length > 0) joinBetas(headers);
    headers.push('x-api-key', value);
  };
  return (request) => {
    const value = key();
    return typeof value === 'string' ? put(request, value) : value.then((known) => put(request, known));
  };
};
