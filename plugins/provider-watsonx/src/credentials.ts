import { credentialCache, followApiKey, GatewayError, type Host, type Secret } from '@llm-proxy-auth/plugin';
import type { Config } from './config.ts';
import { type AskToken, endOf, type Token } from './tokens.ts';

export type Kind = NonNullable<Config['credentials']['type']>;
/** Parts that tests replace. */
export interface Parts {
  readonly ask: AskToken;
  readonly random: () => number;
}
export interface Credentials {
  readonly kind: Kind;
  /** Value of `authorization`. Rejects with `upstream_credentials_unavailable`. */
  authorization(fresh: boolean): string | Promise<string>;
  /** Epoch ms at which the token in use ends. */
  expires?(): number | undefined;
}
const invalid = (message: string): GatewayError => new GatewayError('invalid_request', message);

/** Which kind of credential an instance uses. Throws GatewayError `invalid_request` for what is missing. */
const kindOf = ({ apiKey, credentials }: Config): Kind => {
  const { type, token, username, password, profile = {}, source } = credentials;
  const kind = type ?? (token === undefined ? 'apikey' : 'token');
  if (kind === 'apikey' && apiKey === undefined) throw invalid('credentials of type apikey need apiKey, or WATSONX_AI_APIKEY');
  if (kind === 'token' && token === undefined) throw invalid('credentials of type token need token, or WATSONX_AI_BEARER_TOKEN');
  if ((kind === 'cp4d' || kind === 'zen') && username === undefined) throw invalid(`credentials of type ${kind} need username`);
  if (kind === 'zen' && apiKey === undefined) throw invalid('credentials of type zen need apiKey');
  if (kind === 'cp4d' && (apiKey === undefined) === (password === undefined)) throw invalid('credentials of type cp4d need apiKey or password, and not both');
  if (kind === 'trusted-profile' && source === 'container' && profile.id === undefined && profile.name === undefined)
    throw invalid('a trusted profile of a container needs credentials.profile.id or name');
  if (Object.keys(profile).length > 1 && source === 'vpc') throw invalid('credentials.profile names one profile: by id, crn or name');
  return kind;
};
/** Text of a secret, with what is made of it. */
const following = (secret: Secret, host: Host, made: (value: string) => string): ((fresh: boolean) => string | Promise<string>) => {
  const read = followApiKey(secret, host);
  return () => {
    const value = read();
    return typeof value === 'string' ? made(value.trim()) : value.then((known) => made(known.trim()));
  };
};

/** Where tokens come from, kept and renewed. `cluster`: origin of a Cloud Pak for Data. */
export const credentialsOf = (settings: Config, cluster: string, host: Host, { ask, random }: Parts): Credentials => {
  const kind = kindOf(settings);
  const { apiKey, credentials } = settings;
  const { token, username = '', password } = credentials;
  if (kind === 'token' && token !== undefined) return { kind, authorization: following(token, host, (value) => `Bearer ${value}`) };
  if (kind === 'zen' && apiKey !== undefined)
    return { kind, authorization: following(apiKey, host, (value) => `ZenApiKey ${Buffer.from(`${username}:${value}`).toString('base64')}`) };
  if (kind === 'token' || kind === 'zen') throw invalid(`credentials of type ${kind} are not complete`);
  const read = async (secret: Secret | undefined): Promise<string | undefined> =>
    secret === undefined ? undefined : (await followApiKey(secret, host)()).trim();
  const cache = credentialCache<Token>({
    vendor: 'IBM',
    now: () => host.now(),
    random,
    failed: (cause) => host.log.warn({ kind, error: wordsOf(cause) }, 'an IBM token cannot be had'),
    ask: async () => {
      const value = await ask(kind, { credentials, cluster: credentials.url ?? cluster, apiKey: await read(apiKey), password: await read(password) });
      return { value, expiration: endOf(value, host.now()) };
    },
  });
  return {
    kind,
    authorization(fresh) {
      const found = cache.get(fresh);
      return found instanceof Promise ? found.then(({ value }) => `Bearer ${value}`) : `Bearer ${found.value}`;
    },
    expires: () => cache.expires(),
  };
};
/** Words of a failure, for the log; IBM's errors carry the request, key and all, beside them. */
const wordsOf = (cause: unknown): string => (cause instanceof Error ? `${cause.name}: ${cause.message}` : 'unknown');
