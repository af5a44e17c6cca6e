import { BaseUrl, Duration, ExactUrl, Pem, Secret } from '@llm-proxy-auth/plugin';
import { claimGrants, SIGNATURES } from '@llm-proxy-auth/plugin/jwt';
import { type Static, Type } from 'typebox';

const text = (description: string) => Type.String({ minLength: 1, maxLength: 256, description });
const texts = (description: string) => Type.Union([text(description), Type.Array(text(description), { minItems: 1 })], { description });

const introspection = Type.Object(
  {
    endpoint: ExactUrl({ description: 'Where the issuer says what a token is worth (RFC 7662).' }),
    clientId: text('Client that the gateway is to the issuer.'),
    clientSecret: Type.Optional(Secret({ description: 'Its secret, sent by HTTP Basic.' })),
    privateKey: Type.Optional(Pem({ description: 'Its private key (PKCS #8) instead of a secret, for `private_key_jwt`.' })),
    algorithm: Type.Optional(Type.Enum([...SIGNATURES], { description: 'Algorithm of the private key.' })),
    keyId: Type.Optional(text('Key id of the private key, where the issuer wants one.')),
  },
  { additionalProperties: false, description: 'Tokens that are no JWT are asked for at the issuer. One issuer of the list may have it.' },
);
const issuer = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,63}$', description: 'A caller is `oidc:<name>:<sub>`; unique.' }),
    issuer: ExactUrl({ description: 'The `iss` of its tokens, byte for byte: with the slash at its end where the issuer writes one.' }),
    type: Type.Enum(['oidc', 'cognito'], { default: 'oidc', description: '`cognito`: a user pool of Amazon Cognito.' }),
    audience: Type.Optional(texts('What `aud` must name. Required, except for `type: cognito`.')),
    tokenUse: Type.Optional(
      Type.Union([Type.Enum(['access', 'id']), Type.Null()], { description: '`type: cognito`: which tokens are accepted; null = both. Must be written.' }),
    ),
    clientId: Type.Optional(
      Type.Union([text('Client.'), Type.Array(text('Client.'), { minItems: 1 }), Type.Null()], {
        description: '`type: cognito`: whose tokens are accepted; null = of every client of the pool. Must be written.',
      }),
    ),
    clients: Type.Optional(
      Type.Array(text('Client.'), {
        minItems: 1,
        description: 'Clients whose tokens are accepted: `azp`, `client_id`, `cid` and `appid`, as far as the token has them, and it must have one.',
      }),
    ),
    algorithms: Type.Array(Type.Enum([...SIGNATURES]), {
      minItems: 1,
      default: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      description: 'Signature algorithms that are accepted.',
    }),
    profile: Type.Enum(['any', 'rfc9068'], { default: 'any', description: '`rfc9068`: access tokens with `typ: at+jwt` and all claims of that profile.' }),
    idTokens: Type.Boolean({ default: false, description: 'Accepts ID tokens too, which say who somebody is, not that they may call an API.' }),
    tolerance: Duration({ default: '60s', description: 'How far clocks may differ; 60s at most.' }),
    maxAge: Type.Optional(Duration({ description: 'Longest time since a token was issued; then it must have `iat`.' })),
    ...claimGrants,
    jwksUri: Type.Optional(BaseUrl({ description: 'Where the keys are. Without it the issuer is asked (discovery).' })),
    introspection: Type.Optional(introspection),
    ca: Type.Optional(Pem({ description: 'Authorities that the certificate of the issuer may come from, in place of the well-known ones.' })),
    insecureIssuer: Type.Boolean({ default: false, description: 'Lets this issuer speak plain http, on this machine alone.' }),
  },
  { additionalProperties: false },
);
export const config = Type.Object(
  { issuers: Type.Array(issuer, { minItems: 1, description: 'Who may sign tokens, and what they must say.' }) },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
export type IssuerConfig = Static<typeof issuer>;
export type IntrospectionConfig = Static<typeof introspection>;
