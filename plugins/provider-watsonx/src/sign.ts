import type { Attempt, UpstreamRequest } from '@llm-proxy-auth/plugin';
import type { Credentials } from './credentials.ts';

/** Credentials and what chooses an account: the configuration decides both. */
const OURS: ReadonlySet<string> = new Set(['authorization', 'x-ibm-project-id', 'x-ibm-space-id']);

/** Puts the credential on a request in place of whatever stood there. */
export const signer = ({ authorization }: Credentials): ((request: UpstreamRequest, attempt: Pick<Attempt, 'fresh'>) => void | Promise<void>) => {
  const put = ({ headers }: UpstreamRequest, value: string): void => {
    for (let i = headers.length - 2; i >= 0; i -= 2) if (OURS.has(headers[i] ?? '')) headers.splice(i, 2);
    headers.push('authorization', value);
  };
  return (request, { fresh }) => {
    const value = authorization(fresh);
    return typeof value === 'string' ? put(request, value) : value.then((known) => put(request, known));
  };
};
