import { BaseUrl, Secret } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';

/** Keys of an instance with `provider: openai`, beside those every instance has. */
export const config = Type.Object(
  {
    baseUrl: BaseUrl({
      default: 'https://api.openai.com/v1',
      env: 'OPENAI_BASE_URL',
      description: 'What the OpenAI SDK takes as base URL; any OpenAI-compatible server.',
      examples: ['https://eu.api.openai.com/v1'],
    }),
    apiKey: Secret({ env: 'OPENAI_API_KEY', description: 'API key; servers without keys take any text.' }),
    organization: Type.Optional(Type.String({ minLength: 1, env: 'OPENAI_ORG_ID', description: 'Sent as OpenAI-Organization.', examples: ['org-example'] })),
    project: Type.Optional(Type.String({ minLength: 1, env: 'OPENAI_PROJECT_ID', description: 'Sent as OpenAI-Project.', examples: ['proj_example'] })),
  },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
