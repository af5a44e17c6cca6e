import { BaseUrl, Secret } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';

const text = (env: string, description: string, examples: readonly string[]) =>
  Type.Optional(Type.String({ minLength: 1, env, description, examples: [...examples] }));
const credentials = Type.Object(
  {
    type: Type.Optional(
      Type.Union([Type.Literal('default'), Type.Literal('managed-identity'), Type.Literal('workload-identity'), Type.Literal('client-secret')], {
        description: 'Which identity of Entra ID asks for tokens. Left out: the API key where there is one, else default, the whole chain of Azure.',
      }),
    ),
    tenantId: Type.Optional(
      Type.String({
        env: 'AZURE_TENANT_ID',
        pattern: '^[0-9A-Za-z][0-9A-Za-z.-]*$',
        description: 'Tenant of the application.',
        examples: ['00000000-0000-0000-0000-000000000001'],
      }),
    ),
    clientId: text('AZURE_CLIENT_ID', 'Application, or user-assigned managed identity.', ['00000000-0000-0000-0000-000000000002']),
    clientSecret: Type.Optional(Secret({ env: 'AZURE_CLIENT_SECRET', description: 'For type client-secret.' })),
    tokenFile: text('AZURE_FEDERATED_TOKEN_FILE', 'File with the token of the workload, for type workload-identity.', [
      '/var/run/secrets/azure/tokens/azure-identity-token',
    ]),
    resourceId: Type.Optional(Type.String({ minLength: 1, description: 'User-assigned managed identity by its resource id, instead of clientId.' })),
    objectId: Type.Optional(Type.String({ minLength: 1, description: 'User-assigned managed identity by its object id, instead of clientId.' })),
    authorityHost: Type.Optional(
      BaseUrl({
        env: 'AZURE_AUTHORITY_HOST',
        description: 'Where Entra ID is; left out: by the cloud of the endpoint.',
        examples: ['https://login.microsoftonline.us'],
      }),
    ),
    scope: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Scope of the tokens; left out: by the endpoint.',
        examples: ['https://ai.azure.com/.default'],
      }),
    ),
  },
  { additionalProperties: false, default: {}, description: 'Where tokens of Entra ID come from.' },
);

/** Keys of an instance with `provider: azure`, beside those every instance has. */
export const config = Type.Object(
  {
    endpoint: Type.Optional(
      BaseUrl({
        env: 'AZURE_OPENAI_ENDPOINT',
        description: 'The resource: an Azure OpenAI, AI services or Foundry host, a project, the model inference API (…/models), or what stands before it.',
        examples: ['https://acme.openai.azure.com'],
      }),
    ),
    baseUrl: Type.Optional(
      BaseUrl({
        description: 'The same as the OpenAI SDK takes it, instead of endpoint.',
        examples: ['https://acme.openai.azure.com/openai/v1'],
      }),
    ),
    apiVersion: Type.Optional(
      Type.String({
        env: 'OPENAI_API_VERSION',
        pattern: '^(v1|preview|latest|[0-9]{4}-[0-9]{2}-[0-9]{2}(-preview)?)$',
        description: 'Dated version of the API; left out: the v1 API, which has none.',
        examples: ['2024-10-21'],
      }),
    ),
    deployments: Type.Optional(
      Type.Record(Type.String({ minLength: 1 }), Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' }), {
        description: 'Deployment of each model. A model that is not here is asked for by its own name.',
        examples: [{ 'gpt-4o': 'chat-prod' }],
      }),
    ),
    apiKey: Type.Optional(Secret({ env: 'AZURE_OPENAI_API_KEY', description: 'One of the two keys of the resource.' })),
    apiKeyHeader: Type.String({
      default: 'api-key',
      pattern: '^[a-z0-9-]+$',
      description: 'Header of the key; API Management may want another.',
      examples: ['ocp-apim-subscription-key'],
    }),
    credentials,
  },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
