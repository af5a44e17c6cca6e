import { GatewayError, type Host } from '@llm-proxy-auth/plugin';
import type { Config } from './config.ts';

/** The API key as it is now: text when it is known, else a promise of it. */
export type ApiKey = () => string | Promise<string>;

/** Follows rotation: the handle is asked on every call. The promise rejects with `upstream_credentials_unavailable`. */
export const apiKey = (config: Config, host: Host): ApiKey => {
  const fetchKey = async (): Promise<string> => {
    try {
      return await host.secret(config.apiKey);
    } catch (cause) {
      throw new GatewayError('upstream_credentials_unavailable', `The API key (${config.apiKey.ref}) cannot be read; check where it comes from.`, { cause });
    }
  };
  return () => config.apiKey.peek() ?? fetchKey();
};
