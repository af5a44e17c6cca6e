import { type Static, Type } from 'typebox';

export const config = Type.Object(
  {
    allowInsecureBasic: Type.Boolean({
      default: false,
      description: 'Also take passwords that came without TLS from elsewhere than this machine, and that no trusted proxy calls https.',
    }),
    allowUnpadded: Type.Boolean({ default: false, description: 'Also take base64 without its padding.' }),
  },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
