import { type AuthResult, type AuthStrategy, asText, type Host } from '@llm-proxy-auth/plugin';
import { readJws } from '@llm-proxy-auth/plugin/jwt';
import { checkConfig } from './check.ts';
import type { Config } from './config.ts';
import { introspection } from './introspection.ts';
import { type Issuer, issuerOf } from './issuer.ts';

const SLOTS: AuthStrategy['slots'] = Object.freeze(['bearer'] as const);
const NOT_MINE: AuthResult = Object.freeze({ is: 'not-mine' });

/** Bearer tokens of the configured issuers. No issuer is asked for anything at the start: an outage there must not keep the gateway from starting. */
export const makeStrategy = (config: Config, host: Host): AuthStrategy => {
  checkConfig(config);
  const issuers: ReadonlyMap<string, Issuer> = new Map(config.issuers.map((one) => [one.issuer, issuerOf(host, one)]));
  const asked = config.issuers.flatMap((one) => (one.introspection === undefined ? [] : [introspection(host, one, one.introspection)]))[0];
  return {
    slots: SLOTS,
    challenge: 'Bearer realm="llm-proxy-auth"',
    issued: false,
    authenticate: ({ credential: { slot, value }, peer: { address } }) => {
      if (slot !== 'bearer') return NOT_MINE;
      const jws = readJws(value);
      if (jws === 'form' && asked?.takes(value) === true) return asked.authenticate(value, address);
      if (typeof jws === 'string') return NOT_MINE;
      // Chosen by what the token says, before anything is believed or fetched; a token of another issuer may be another strategy's.
      return issuers.get(asText(jws.claims.iss) ?? '')?.verify(value, jws) ?? NOT_MINE;
    },
  };
};
