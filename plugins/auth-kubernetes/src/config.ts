import { BaseUrl, Duration, ExactUrl, Pem, Secret } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';

/** Where Kubernetes puts what a pod needs to call its API server. */
const MOUNTED = '/var/run/secrets/kubernetes.io/serviceaccount';
const NAMESPACE = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const ACCOUNT = '[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?';

const rbac = Type.Object(
  {
    resource: Type.String({
      pattern: '^[a-z0-9-]+(?:\\.[a-z0-9.-]+)?$',
      description: 'Resource with its group behind the first dot. It need not exist.',
      examples: ['gateways.llm-proxy-auth.io'],
    }),
    verb: Type.String({ pattern: '^[a-z]{1,63}$', description: 'What a caller must be allowed to do with it.', examples: ['use'] }),
  },
  { additionalProperties: false, description: 'Asks the cluster too whether its own roles allow the account this (SubjectAccessReview).' },
);
export const config = Type.Object(
  {
    audience: Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'Audience that tokens must be made for; not that of the API server.',
      examples: ['llm-proxy-auth'],
    }),
    allow: Type.Array(Type.String({ pattern: `^${NAMESPACE}/(?:\\*|${ACCOUNT})$` }), {
      minItems: 1,
      description: 'Service accounts that are let in, as `<namespace>/<name>`; `<namespace>/*` for all of one namespace.',
      examples: [['apps/*', 'batch/nightly']],
    }),
    mode: Type.Enum(['jwks', 'tokenreview', 'both'], {
      default: 'jwks',
      description:
        'jwks: signatures are verified here, and an account or pod that is deleted is noticed when the token ends · tokenreview: the API server is asked · both: verified here, asked in the background.',
    }),
    rbac: Type.Optional(rbac),
    issuer: Type.Optional(
      ExactUrl({
        description: 'The `iss` of the tokens, byte for byte. Left out, the API server is asked.',
        examples: ['https://kubernetes.default.svc.cluster.local'],
      }),
    ),
    longestLife: Duration({ default: '1h', description: 'Longest life of a token that is verified here, from when it was issued to its end.' }),
    server: BaseUrl({ default: 'https://kubernetes.default.svc', description: 'API server.' }),
    token: Secret({
      default: `\${file:${MOUNTED}/token}`,
      description: 'Token that the gateway shows to the API server; a file is read again when it changes.',
    }),
    ca: Pem({ default: `${MOUNTED}/ca.crt`, description: 'Authorities that the certificate of the API server may come from.' }),
    insecureServer: Type.Boolean({ default: false, description: 'Lets the API server speak plain http, for tests.' }),
  },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
