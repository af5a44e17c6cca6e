import { BaseUrl, Secret } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';

const endpoints = Type.Object(
  {
    fips: Type.Boolean({ default: false, env: 'AWS_USE_FIPS_ENDPOINT', description: 'Uses the FIPS hosts.' }),
    dualStack: Type.Boolean({ default: false, env: 'AWS_USE_DUALSTACK_ENDPOINT', description: 'Uses the hosts with IPv4 and IPv6.' }),
    vpce: Type.Optional(
      BaseUrl({
        description: 'VPC interface endpoint of bedrock-runtime without private DNS.',
        examples: ['https://vpce-0123456789abcdef0-abcdefgh.bedrock-runtime.us-east-1.vpce.amazonaws.com'],
      }),
    ),
    mantle: Type.Boolean({
      default: false,
      description: 'Calls bedrock-mantle, which has the APIs of OpenAI and Anthropic under their own paths and models by their own ids.',
    }),
    control: Type.Optional(BaseUrl({ env: 'AWS_ENDPOINT_URL_BEDROCK', description: 'Other host of the control plane, which lists models.' })),
    sts: Type.Optional(BaseUrl({ env: 'AWS_ENDPOINT_URL_STS', description: 'Other host of the token service, for assumeRole.' })),
  },
  { additionalProperties: false, default: {}, description: 'Which hosts of AWS are called.' },
);
/** What STS takes in the key and the value of a session tag (API model of AssumeRole, version 2011-06-15). */
const TAG = '[\\p{L}\\p{Z}\\p{N}_.:/=+@-]';
const assumeRole = Type.Object(
  {
    arn: Type.String({ pattern: '^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$', description: 'Role to assume.', examples: ['arn:aws:iam::123456789012:role/llm'] }),
    externalId: Type.Optional(Secret({ description: 'External id that the role asks for.' })),
    sessionName: Type.String({
      default: 'llm-proxy-auth',
      pattern: '^[A-Za-z0-9_+=,.@-]{2,64}$',
      description: 'Name of the session, as CloudTrail shows it.',
    }),
    tags: Type.Optional(
      Type.Record(Type.String({ pattern: `^${TAG}{1,128}$` }), Type.String({ pattern: `^${TAG}{0,256}$` }), {
        maxProperties: 50,
        description: 'Session tags, at most 50: letters and digits of any script, spaces and _ . : / = + @ -, up to 128 in a key and 256 in a value.',
        examples: [{ team: 'search' }],
      }),
    ),
  },
  { additionalProperties: false, description: 'Role that is assumed with the credentials found.' },
);
const credentials = Type.Object(
  {
    type: Type.Optional(
      Type.Union([Type.Literal('default'), Type.Literal('static'), Type.Literal('bearer')], {
        description:
          'default: the whole AWS chain · static: the keys beside it · bearer: a Bedrock API key. Left out: bearer where there is a token, else default.',
      }),
    ),
    accessKeyId: Type.Optional(Type.String({ minLength: 1, description: 'For type static.', examples: ['AKIAIOSFODNN7EXAMPLE'] })),
    secretAccessKey: Type.Optional(Secret({ description: 'For type static.' })),
    sessionToken: Type.Optional(Secret({ description: 'For type static, with temporary keys.' })),
    token: Type.Optional(Secret({ env: 'AWS_BEARER_TOKEN_BEDROCK', description: 'Bedrock API key, for type bearer.' })),
    assumeRole: Type.Optional(assumeRole),
  },
  { additionalProperties: false, default: {}, description: 'Where credentials come from.' },
);
const guardrail = Type.Object(
  {
    id: Type.String({ minLength: 1, description: 'Id or ARN of the guardrail.', examples: ['gr-1'] }),
    version: Type.String({ pattern: '^([1-9][0-9]{0,7}|DRAFT)$', description: 'Number of the version, or DRAFT.', examples: ['1'] }),
    trace: Type.Optional(
      Type.Union([Type.Literal('enabled'), Type.Literal('disabled'), Type.Literal('enabled_full')], { description: 'What the answer tells of the guardrail.' }),
    ),
  },
  { additionalProperties: false, description: 'Guardrail of every call that runs a model.' },
);

/** Keys of an instance with `provider: bedrock`, beside those every instance has. */
export const config = Type.Object(
  {
    region: Type.String({
      default: 'us-east-1',
      env: 'AWS_REGION',
      pattern: '^[a-z]{2,}(-[a-z0-9]+)+$',
      description: 'Region of the account.',
      examples: ['eu-west-1'],
    }),
    baseUrl: Type.Optional(
      BaseUrl({
        env: 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME',
        description: 'Other place of bedrock-runtime, as the AWS SDK takes it for `endpoint`.',
        examples: ['https://bedrock-runtime.us-east-1.amazonaws.com'],
      }),
    ),
    endpoints,
    api: Type.Optional(
      Type.Union([Type.Literal('converse'), Type.Literal('anthropic-invoke'), Type.Literal('openai')], {
        description: 'API of Bedrock that chat goes through; left out: by model and by what the client speaks.',
      }),
    ),
    guardrail: Type.Optional(guardrail),
    betas: Type.Optional(
      Type.Array(Type.String({ pattern: '^[a-z0-9-]+$' }), {
        description: 'Betas of Anthropic that every call to Claude asks for.',
        examples: [['context-1m-2025-08-07']],
      }),
    ),
    credentials,
  },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
