import { BaseUrl, Secret } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';

/** Keys of an instance with `provider: anthropic`, beside those every instance has. */
export const config = Type.Object(
  {
    baseUrl: BaseUrl({
      default: 'https://api.anthropic.com',
      env: 'ANTHROPIC_BASE_URL',
      description: 'What the Anthropic SDK takes as base URL, without /v1.',
      examples: ['https://api.anthropic.com'],
    }),
    apiKey: Secret({ env: 'ANTHROPIC_API_KEY', description: 'API key.' }),
    version: Type.String({
      default: '2023-06-01',
      pattern: '^\\d{4}-\\d{2}-\\d{2}$',
      description:
        'Sent as anthropic-version where the client says none. The older version takes all that the newer one takes, and sampling too, which is left out of translated calls by the newer one.',
      examples: ['2026-10-21'],
    }),
    betas: Type.Optional(
      Type.Array(Type.String({ pattern: '^[a-z0-9-]+$' }), {
        description: 'Betas of every call in protocol mode, beside those of the client.',
        examples: [['context-1m-2025-08-07']],
      }),
    ),
  },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
