import type { ApiKey, UpstreamRequest } from '@llm-proxy-auth/plugin';
import type { Config } from './config.ts';

const OURS: ReadonlySet<string> = new Set(['authorization', 'openai-organization', 'openai-project']);
const dropOurs = (headers: string[]): void => {
  for (let i = headers.length - 2; i >= 0; i -= 2) if (OURS.has(headers[i] ?? '')) headers.splice(i, 2);
};

/** Puts the key and the configured organization and project on a request, in place of whatever stood there. */
export const signer = (config: Config, key: ApiKey): ((request: UpstreamRequest) => void | Promise<void>) => {
  const account: string[] = [];
  if (config.organization !== undefined) account.push('openai-organization', config.organization);
  if (config.project !== undefined) account.push('openai-project', config.project);
  const put = (request: UpstreamRequest, value: string): void => {
    dropOurs(request.headers);
    request.headers.push('authorization', `Bearer ${value}`, ...account);
  };
  return (request) => {
    const value = key();
    return typeof value === 'string' ? put(request, value) : value.then((known) => put(request, known));
  };
};
