import { type CredentialCache, credentialCache, followApiKey, GatewayError, type Host } from '@llm-proxy-auth/plugin';
import type { Config } from './config.ts';
import type { Asking, askEntra, Token } from './entra.ts';
import type { Cloud } from './places.ts';
import { type Sign, signer } from './sign.ts';

/** A token on its way when it ends would be refused; and one just handed out is good, whatever our clock says. */
const MARGIN_MS = 60_000;
const LEAST_MS = 30_000;

/** Which identity an instance has: what it says, else its key, else the chain of Azure. Throws `invalid_request` for what is missing. */
const kindOf = ({ credentials, apiKey }: Pick<Config, 'credentials' | 'apiKey'>): 'key' | Asking['type'] => {
  const kind = credentials.type ?? (apiKey === undefined || apiKey.peek()?.trim() === '' ? 'default' : 'key');
  const lacking = (names: readonly (keyof Config['credentials'])[]): void => {
    const missing = names.filter((name) => credentials[name] === undefined);
    if (missing.length > 0) throw new GatewayError('invalid_request', `credentials of type ${kind} need ${missing.join(', ')}`);
  };
  if (kind === 'client-secret') lacking(['tenantId', 'clientId', 'clientSecret']);
  if (kind === 'workload-identity') lacking(['tenantId', 'clientId', 'tokenFile']);
  return kind;
};

export interface Surroundings {
  readonly host: Host;
  readonly cloud: Cloud;
  readonly random: () => number;
  readonly ask: typeof askEntra;
}
const secretOf = async (secret: Config['credentials']['clientSecret'], host: Host): Promise<string | undefined> => {
  if (secret === undefined) return undefined;
  return secret.peek() ?? host.secret(secret);
};
const told = (cause: unknown): string => (cause instanceof Error ? `${cause.name}: ${cause.message}` : 'unknown');

/** Tokens of Entra ID, kept and renewed ahead of their end. */
const entraTokens = (type: Asking['type'], chosen: Config['credentials'], { host, cloud, random, ask }: Surroundings): CredentialCache<Token> =>
  credentialCache({
    async ask() {
      const { type: _type, clientSecret, authorityHost = cloud.authority, scope = cloud.scope, ...given } = chosen;
      const found = await ask({ ...given, type, scope, authorityHost, clientSecret: await secretOf(clientSecret, host) });
      return { ...found, expiration: Math.max(found.expiration - MARGIN_MS, host.now() + LEAST_MS) };
    },
    now: () => host.now(),
    random,
    failed: (cause) => host.log.warn({ source: type, error: told(cause) }, 'no token of Entra ID can be had'),
    vendor: 'Azure',
  });

export interface Access {
  readonly kind: ReturnType<typeof kindOf>;
  readonly sign: Sign;
  /** Undefined: a key gets in. */
  readonly tokens?: CredentialCache<Token>;
}
/** How an instance gets in at Azure. Throws `invalid_request` for settings that lack something. */
export const accessOf = (settings: Pick<Config, 'credentials' | 'apiKey' | 'apiKeyHeader'>, around: Surroundings): Access => {
  const { apiKey, apiKeyHeader, credentials } = settings;
  const kind = kindOf(settings);
  if (kind === 'key' && apiKey !== undefined) return { kind, sign: signer(apiKeyHeader, followApiKey(apiKey, around.host)) };
  const tokens = entraTokens(kind === 'key' ? 'default' : kind, credentials, around);
  const bearer = ({ value }: Token): string => `Bearer ${value}`;
  const sign = signer('authorization', (fresh) => {
    const token = tokens.get(fresh);
    return token instanceof Promise ? token.then(bearer) : bearer(token);
  });
  return { kind, sign, tokens };
};
