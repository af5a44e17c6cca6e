import { BaseUrl, Secret } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';

const profile = Type.Object(
  {
    id: Type.Optional(Type.String({ minLength: 1, description: 'Id of the profile.', examples: ['Profile-9fd84246-7df4-4667-94e4-8ecde51d5ac5'] })),
    crn: Type.Optional(Type.String({ minLength: 1, description: 'CRN of the profile, for a virtual server.' })),
    name: Type.Optional(Type.String({ minLength: 1, description: 'Name of the profile.', examples: ['llm'] })),
  },
  { additionalProperties: false, description: 'Trusted profile, by one of its names; a virtual server has a default of its own.' },
);
const credentials = Type.Object(
  {
    type: Type.Optional(
      Type.Union([Type.Literal('apikey'), Type.Literal('trusted-profile'), Type.Literal('cp4d'), Type.Literal('zen'), Type.Literal('token')], {
        description:
          'apikey: IBM Cloud IAM by the API key · trusted-profile: what runs here, without a key · cp4d: a user of Cloud Pak for Data · zen: its API key without an exchange · token: a bearer token as it is. Left out: token where there is one, else apikey.',
      }),
    ),
    iamUrl: BaseUrl({
      default: 'https://iam.cloud.ibm.com',
      env: 'WATSONX_AI_AUTH_URL',
      description: 'Host of the token service, for apikey and trusted-profile.',
      examples: ['https://private.iam.cloud.ibm.com'],
    }),
    profile: Type.Optional(profile),
    source: Type.Union([Type.Literal('container'), Type.Literal('vpc')], {
      default: 'container',
      description: 'For trusted-profile: the token of a container (Kubernetes, OpenShift, Code Engine), or the metadata service of a virtual server.',
    }),
    tokenFile: Type.Optional(Type.String({ minLength: 1, description: 'File of the container token; left out: the places that IBM mounts it to.' })),
    metadataUrl: Type.Optional(BaseUrl({ description: 'Other place of the metadata service of a virtual server.' })),
    url: Type.Optional(BaseUrl({ description: 'Cluster that signs users in, for cp4d; left out: that of baseUrl.', examples: ['https://cpd.example.com'] })),
    username: Type.Optional(Type.String({ minLength: 1, env: 'WATSONX_AI_USERNAME', description: 'For cp4d and zen.', examples: ['gateway'] })),
    password: Type.Optional(Secret({ env: 'WATSONX_AI_PASSWORD', description: 'For cp4d, instead of an API key.' })),
    token: Type.Optional(Secret({ env: 'WATSONX_AI_BEARER_TOKEN', description: 'For type token.' })),
  },
  { additionalProperties: false, default: {}, description: 'Where credentials come from.' },
);

/** Keys of an instance with `provider: watsonx`, beside those every instance has. */
export const config = Type.Object(
  {
    region: Type.String({ default: 'us-south', pattern: '^[a-z]{2,}(-[a-z0-9]+)+$', description: 'Region of IBM Cloud.', examples: ['eu-de'] }),
    baseUrl: Type.Optional(
      BaseUrl({
        env: 'WATSONX_AI_URL',
        description: 'What the SDK takes as service URL: another host of IBM, or a cluster of Cloud Pak for Data.',
        examples: ['https://eu-de.ml.cloud.ibm.com'],
      }),
    ),
    projectId: Type.Optional(
      Type.String({
        minLength: 1,
        env: 'WATSONX_PROJECT_ID',
        description: 'Project that is charged; this or spaceId.',
        examples: ['63dc4cf1-252f-424b-b52d-5cdd9814987f'],
      }),
    ),
    spaceId: Type.Optional(Type.String({ minLength: 1, env: 'WATSONX_DEPLOYMENT_SPACE_ID', description: 'Deployment space that is charged.' })),
    deployments: Type.Optional(
      Type.Record(Type.String(), Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }), {
        description: 'Names of models and the deployments (id or serving name) that answer for them. When written, no other deployment is reached.',
        examples: [{ 'my-granite': '8ae81f69-1b0a-4e4c-a4e3-2f2c6c5a5e3d' }],
      }),
    ),
    version: Type.String({
      default: '2026-08-05',
      pattern: '^\\d{4}-\\d{2}-\\d{2}$',
      description: 'Date of the API whose behaviour is asked for; in transparent mode only where the client says none.',
    }),
    apiKey: Type.Optional(Secret({ env: 'WATSONX_AI_APIKEY', description: 'API key of IBM Cloud, or of a user of Cloud Pak for Data.' })),
    credentials,
  },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
