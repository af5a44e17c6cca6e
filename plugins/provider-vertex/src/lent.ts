import { asObject, asText, isObject, type Json } from '@llm-proxy-auth/plugin';

/** Kinds of proof, and the member that must bring it; without one, the project's own account would vouch. */
const KINDS: Readonly<Record<string, readonly [config: string, proof: string] | undefined>> = Object.freeze({
  AUTH_TYPE_UNSPECIFIED: undefined,
  NO_AUTH: undefined,
  API_KEY_AUTH: undefined,
  OAUTH: ['oauthConfig', 'accessToken'],
  OIDC_AUTH: ['oidcConfig', 'idToken'],
});
/** What a caller brings along, by the config that holds it. */
const BROUGHT: Readonly<Record<string, readonly string[]>> = Object.freeze({
  apiKeyConfig: ['apiKeyString', 'httpElementLocation', 'name'],
  oauthConfig: ['accessToken'],
  oidcConfig: ['idToken'],
});
const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const isSet = (value: Json): boolean => value !== undefined && value !== null && value !== '';

/** The member of one config that lends something; undefined: there is none. */
const lentBy = (config: Json): string | undefined => {
  if (!isObject(config)) return undefined;
  const named = Object.entries(config).filter(([, value]) => isSet(value));
  const known = Object.fromEntries(named.map(([key, value]) => [camel(key), value]));
  for (const [key, value] of named) {
    const name = camel(key);
    if (name === 'apiKey') continue;
    if (name === 'authType') {
      const kind = asText(value) ?? '';
      const proof = KINDS[kind];
      if (!Object.hasOwn(KINDS, kind) || (proof !== undefined && !isSet(asObject(known[proof[0]])?.[proof[1]]))) return key;
      continue;
    }
    const brought = BROUGHT[name];
    const other = Object.entries(isObject(value) ? value : {}).find(([inner, one]) => isSet(one) && brought?.includes(camel(inner)) !== true)?.[0];
    if (brought === undefined || other !== undefined) return other === undefined ? key : `${key}.${other}`;
  }
  return undefined;
};
/**
 * Google asks the address that an `externalApi` of a body names, with what its configs say. Secrets and accounts of the project are not the
 * caller's to send there: the place of the member that would lend one, or undefined.
 */
export const lentIn = (externalApi: Json): string | undefined => {
  for (const [key, value] of Object.entries(isObject(externalApi) ? externalApi : {})) {
    const name = camel(key);
    const lent = name === 'authConfig' || name === 'apiAuth' ? lentBy(value) : undefined;
    if (lent !== undefined) return `${key}.${lent}`;
  }
  return undefined;
};
