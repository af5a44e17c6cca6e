import { type Static, Type } from 'typebox';

export const config = Type.Object(
  {
    services: Type.Array(Type.String({ pattern: '^[a-z0-9-]{1,63}$' }), {
      default: ['bedrock', 'bedrock-mantle'],
      minItems: 1,
      description: 'Services that a signature may be scoped to: what the SDK of the service calls itself.',
    }),
    regions: Type.Optional(
      Type.Array(Type.String({ pattern: '^[a-z0-9-]{1,63}$' }), { minItems: 1, description: 'Regions that a signature may be scoped to; any when left out.' }),
    ),
    allowReplay: Type.Boolean({ default: false, description: 'Take the same signed request again within its ten minutes.' }),
  },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
