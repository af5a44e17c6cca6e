import { createHmac, randomBytes } from 'node:crypto';

export type IbmTokensOptions = {
  /** Unix milliseconds; Date.now if absent. */
  readonly now?: () => number;
  /** Seconds a token lives; 3600 if absent. */
  readonly lifetime?: number;
  /** Bearer tokens that are always good. */
  readonly bearers?: readonly string[];
};

/** Tokens that identity services issue and other services check. One for all stand-ins that know one another. */
export type IbmTokens = {
  readonly now: () => number;
  readonly lifetime: number;
  /** A JWT of this subject, with its `iat` and `exp` in seconds. */
  issue(subject: string): { readonly token: string; readonly exp: number };
  judge(token: string): 'good' | 'expired' | 'unknown';
  /** Makes every token issued so far unknown. */
  revoke(): void;
  /** Tokens issued so far. */
  readonly issued: number;
};

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export const ibmTokens = ({ now = Date.now, lifetime = 3600, bearers = [] }: IbmTokensOptions = {}): IbmTokens => {
  const key = randomBytes(32);
  const good = new Set(bearers);
  let known = new Map<string, number>();
  let issued = 0;
  return {
    now,
    lifetime,
    issue(subject) {
      issued += 1;
      const iat = Math.floor(now() / 1000);
      const exp = iat + lifetime;
      const claims = { iam_id: subject, sub: subject, iat, exp, jti: String(issued), iss: 'https://iam.cloud.ibm.com/identity', scope: 'ibm openid' };
      const signed = `${encoded({ kid: 'simulated', alg: 'HS256' })}.${encoded(claims)}`;
      const token = `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
      known.set(token, exp);
      return { token, exp };
    },
    judge(token) {
      if (good.has(token)) return 'good';
      const exp = known.get(token);
      return exp === undefined ? 'unknown' : exp * 1000 <= now() ? 'expired' : 'good';
    },
    revoke() {
      known = new Map();
    },
    get issued() {
      return issued;
    },
  };
};
