import { BaseUrl, Pem, Secret } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';

const kinds = Type.Union(
  [Type.Literal('config-file'), Type.Literal('api-key'), Type.Literal('instance-principal'), Type.Literal('resource-principal'), Type.Literal('oke-workload')],
  {
    description:
      'config-file: a profile of the configuration file of OCI · api-key: the key beside it · the principals: what OCI says this machine, function or pod is. Left out: api-key where user, tenancy, fingerprint and key are there, else config-file.',
  },
);
const credentials = Type.Object(
  {
    type: Type.Optional(kinds),
    tenancy: Type.Optional(
      Type.String({ env: 'OCI_TENANCY', pattern: '^ocid1\\.tenancy\\.', description: 'For type api-key.', examples: ['ocid1.tenancy.oc1..aaaa'] }),
    ),
    user: Type.Optional(Type.String({ env: 'OCI_USER', pattern: '^ocid1\\.user\\.', description: 'For type api-key.', examples: ['ocid1.user.oc1..aaaa'] })),
    fingerprint: Type.Optional(
      Type.String({
        env: 'OCI_FINGERPRINT',
        pattern: '^[0-9a-f]{2}(:[0-9a-f]{2}){15}$',
        description: 'Fingerprint of the public key, for type api-key.',
        examples: ['20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34'],
      }),
    ),
    privateKey: Type.Optional(Secret({ env: 'OCI_KEY', description: 'PEM text of the key, for type api-key.' })),
    keyFile: Type.Optional(Pem({ env: 'OCI_KEY_FILE', description: 'The same as a path.' })),
    passphrase: Type.Optional(Secret({ description: 'Of an encrypted key.' })),
    file: Type.Optional(
      Type.String({ env: 'OCI_CONFIG_FILE', minLength: 1, description: 'For type config-file; left out: ~/.oci/config.', examples: ['/etc/oci/config'] }),
    ),
    profile: Type.String({ default: 'DEFAULT', minLength: 1, description: 'Profile of the file.' }),
    metadataUrl: Type.Optional(BaseUrl({ description: 'Other place of the instance metadata service, for instance-principal.' })),
    federationUrl: Type.Optional(BaseUrl({ description: 'Other place of the identity service, for instance-principal.' })),
    serviceAccountToken: Type.Optional(Type.String({ minLength: 1, description: 'Other path of the token of the pod, for oke-workload.' })),
    serviceAccountCa: Type.Optional(Type.String({ minLength: 1, description: 'Other path of the CA of the cluster, for oke-workload.' })),
  },
  { additionalProperties: false, default: {}, description: 'How requests are signed.' },
);

/** Keys of an instance with `provider: oci`, beside those every instance has. */
export const config = Type.Object(
  {
    region: Type.Optional(
      Type.String({
        env: 'OCI_REGION',
        pattern: '^[a-z][a-z0-9-]{0,30}[a-z0-9]$',
        description: 'Region by its name or short code; left out: that of the profile.',
        examples: ['us-chicago-1'],
      }),
    ),
    compartmentId: Type.String({
      default: '',
      env: 'OCI_COMPARTMENT_ID',
      pattern: '^(ocid1\\.(compartment|tenancy)\\.[a-z0-9.-]+)?$',
      description: 'Compartment that every call is made in; needed for all but API keys.',
      examples: ['ocid1.compartment.oc1..aaaa'],
    }),
    endpointId: Type.Optional(
      Type.String({
        pattern: '^ocid1\\.generativeaiendpoint\\.[a-z0-9.-]+$',
        description: 'Endpoint of a dedicated cluster that every chat goes to; needs apiFormat.',
        examples: ['ocid1.generativeaiendpoint.oc1.us-chicago-1.aaaa'],
      }),
    ),
    apiFormat: Type.Optional(
      Type.Union([Type.Literal('GENERIC'), Type.Literal('COHERE'), Type.Literal('COHEREV2'), Type.Literal('OPENAI')], {
        description: 'Format of chats; OPENAI: the OpenAI-compatible API. Left out: by model, and OPENAI with an API key.',
      }),
    ),
    baseUrl: Type.Optional(
      BaseUrl({ description: 'Other place of the inference service.', examples: ['https://inference.generativeai.us-chicago-1.oci.oraclecloud.com'] }),
    ),
    apiKey: Type.Optional(Secret({ env: 'OCI_GENAI_API_KEY', description: 'API key of OCI Generative AI; the OpenAI-compatible API takes it.' })),
    credentials,
  },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
