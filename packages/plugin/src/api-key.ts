import { GatewayError } from './error.ts';
import type { Host } from './plugin.ts';
import type { Secret } from './schema.ts';

/** The API key as it is now: text when it is known, else a promise of it. */
export type ApiKey = () => string | Promise<string>;

/** Follows rotation: the handle is asked on every call. The promise rejects with `upstream_credentials_unavailable`. */
export const followApiKey = (secret: Secret, host: Pick<Host, 'secret'>): ApiKey => {
  const fetchKey = async (): Promise<string> => {
    try {
      return await host.secret(secret);
    } catch (cause) {
      throw new GatewayError('upstream_credentials_unavailable', `The API key (${secret.ref}) cannot be read; check where it comes from.`, { cause });
    }
  };
  return () => secret.peek() ?? fetchKey();
};
