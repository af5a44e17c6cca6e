import { secretOf } from '@llm-proxy-auth/contract-tests';
import type { Config } from '../src/config.ts';

export const TOKEN = 'ya29.canary-0123456789abcdefghijklmnopqrstuvwxyz';
type Wanted = Partial<Omit<Config, 'credentials'>> & { readonly credentials?: Partial<Config['credentials']> };
/** A configuration as the core hands it over: defaults filled in. */
export const settings = ({ credentials, ...more }: Wanted = {}): Config => ({
  project: 'my-project',
  location: 'us-central1',
  apiVersion: 'v1',
  thoughtSignatures: 'embed',
  endpoints: {},
  ...more,
  credentials: {
    aws: {},
    subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
    lifetime: 3_600_000,
    ...(credentials ?? { type: 'token', token: secretOf(TOKEN, 'GOOGLE_OAUTH_ACCESS_TOKEN') }),
  },
});
