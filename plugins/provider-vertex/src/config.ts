import { BaseUrl, Duration, Secret } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';

const ACCOUNT = '^[a-z0-9-]+@[a-z0-9.-]+\\.[a-z]+$';
const endpoints = Type.Object(
  {
    oauth2: Type.Optional(BaseUrl({ description: 'Other host of oauth2.googleapis.com, which changes signed claims and refresh tokens into access tokens.' })),
    sts: Type.Optional(BaseUrl({ description: 'Other host of sts.googleapis.com, which changes tokens of a federated identity.' })),
    iam: Type.Optional(BaseUrl({ description: 'Other host of iamcredentials.googleapis.com, which makes tokens of impersonated accounts.' })),
    ec2Metadata: Type.Optional(BaseUrl({ description: 'Other host of the metadata service of EC2, for a credential file of AWS.' })),
  },
  { additionalProperties: false, default: {}, description: 'Other hosts of the token services, for private access.' },
);
const subjectToken = Type.Object(
  {
    file: Type.Optional(Type.String({ minLength: 1, description: 'File with the token of the own identity provider; it is read anew each time.' })),
    url: Type.Optional(BaseUrl({ description: 'Address that answers with the token.' })),
    query: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9._~%&=:/+-]*$', description: 'Query of that address.', examples: ['api-version=2018-02-01'] })),
    headers: Type.Optional(Type.Record(Type.String(), Secret(), { description: 'Headers for that address.', examples: [{ Metadata: 'True' }] })),
    field: Type.Optional(Type.String({ minLength: 1, description: 'Member of the JSON in which the token stands; left out: the whole text is the token.' })),
  },
  { additionalProperties: false, description: 'Where the token of the own identity provider comes from.' },
);
const aws = Type.Object(
  {
    region: Type.Optional(Type.String({ env: 'AWS_REGION', pattern: '^[a-z]{2,}(-[a-z0-9]+)+$', description: 'Region whose token service vouches.' })),
    accessKeyId: Type.Optional(Type.String({ env: 'AWS_ACCESS_KEY_ID', minLength: 1, description: 'Key of the identity.' })),
    secretAccessKey: Type.Optional(Secret({ env: 'AWS_SECRET_ACCESS_KEY', description: 'Secret of that key.' })),
    sessionToken: Type.Optional(Secret({ env: 'AWS_SESSION_TOKEN', description: 'With temporary keys.' })),
  },
  {
    additionalProperties: false,
    default: {},
    description: 'Identity of AWS for a credential file whose source is `aws1`; what is left out comes from the metadata service that the file names.',
  },
);
const credentials = Type.Object(
  {
    type: Type.Optional(
      Type.Union(
        [
          Type.Literal('default'),
          Type.Literal('service-account'),
          Type.Literal('workload-identity-federation'),
          Type.Literal('impersonation'),
          Type.Literal('token'),
        ],
        {
          description:
            'default: application default credentials (a file, the gcloud user, the metadata server) · service-account: the key beside it · workload-identity-federation: the token of an own identity provider · impersonation: an account that the credentials found may act as · token: an access token as it is. Left out: service-account where there is a key, token where there is one, else default.',
        },
      ),
    ),
    key: Type.Optional(Secret({ description: 'Key of a service account, as the JSON that Google gives out.' })),
    token: Type.Optional(Secret({ env: 'GOOGLE_OAUTH_ACCESS_TOKEN', description: 'Access token, for type token; somebody else renews it.' })),
    file: Type.Optional(
      Type.String({
        minLength: 1,
        env: 'GOOGLE_APPLICATION_CREDENTIALS',
        description: 'Credential file that default and workload-identity-federation read; it is read anew each time.',
      }),
    ),
    audience: Type.Optional(
      Type.String({
        pattern: '^//iam\\.googleapis\\.com/[A-Za-z0-9/_.-]+$',
        description: 'For workload-identity-federation without a file: the provider of the pool.',
        examples: ['//iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/eks/providers/cluster'],
      }),
    ),
    subjectTokenType: Type.String({
      default: 'urn:ietf:params:oauth:token-type:jwt',
      pattern: '^urn:[a-z0-9:_-]+$',
      description: 'What the token of the own identity provider is.',
    }),
    subjectToken: Type.Optional(subjectToken),
    aws,
    serviceAccount: Type.Optional(
      Type.String({ pattern: ACCOUNT, description: 'Service account to act as.', examples: ['llm@my-project.iam.gserviceaccount.com'] }),
    ),
    delegates: Type.Optional(Type.Array(Type.String({ pattern: ACCOUNT }), { description: 'Service accounts between the own one and that one.' })),
    lifetime: Duration({ default: '1h', description: 'How long tokens of an impersonated account live.', examples: ['30m'] }),
  },
  { additionalProperties: false, default: {}, description: 'Where credentials come from.' },
);

/** Keys of an instance with `provider: vertex`, beside those every instance has. */
export const config = Type.Object(
  {
    project: Type.String({
      env: 'GOOGLE_CLOUD_PROJECT',
      pattern: '^([a-z0-9][a-z0-9.-]*:)?[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$',
      description: 'Project that calls belong to; native paths must name it.',
      examples: ['my-project'],
    }),
    location: Type.String({
      env: 'GOOGLE_CLOUD_LOCATION',
      pattern: '^(global|us|eu|[a-z]+-[a-z]+[0-9]{1,2})$',
      description: 'Region, or `us`, `eu` or `global`; it is never chosen for you, because it says where data is processed.',
      examples: ['us-central1'],
    }),
    baseUrl: Type.Optional(
      BaseUrl({
        env: 'GOOGLE_VERTEX_BASE_URL',
        description: 'Other place of the API, without version, as the Google GenAI SDK takes it.',
        examples: ['https://us-central1-aiplatform.googleapis.com'],
      }),
    ),
    apiVersion: Type.Union([Type.Literal('v1'), Type.Literal('v1beta1')], { default: 'v1', description: 'Version of the API in protocol mode.' }),
    quotaProject: Type.Optional(
      Type.String({
        env: 'GOOGLE_CLOUD_QUOTA_PROJECT',
        pattern: '^[a-z0-9][a-z0-9.:-]{1,61}[a-z0-9]$',
        description: 'Project whose quota is used; left out: that of the credential file.',
      }),
    ),
    thoughtSignatures: Type.Union([Type.Literal('embed'), Type.Literal('dummy')], {
      default: 'embed',
      description:
        'How clients of other dialects carry thought signatures. embed: inside the ids of tool calls, and those of texts as redacted thinking behind them · dummy: not at all, and Gemini is told to do without, which costs quality.',
    }),
    betas: Type.Optional(
      Type.Array(Type.String({ pattern: '^[a-z0-9-]+$' }), {
        description: 'Betas of Anthropic that every call to Claude asks for.',
        examples: [['context-1m-2025-08-07']],
      }),
    ),
    endpoints,
    credentials,
  },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
export type CredentialKind = NonNullable<Config['credentials']['type']>;
