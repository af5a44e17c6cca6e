import { type Static, Type } from 'typebox';

export const config = Type.Object(
  {
    issuer: Type.Optional(
      Type.String({ pattern: '^[^:]{1,64}$', default: 'LLM Proxy Auth', description: 'Name the authenticator app shows above the code; without a colon.' }),
    ),
    algorithm: Type.Optional(
      Type.Enum(['sha1', 'sha256', 'sha512'], { default: 'sha1', description: 'Of new enrolments. Many apps know `sha1` alone, whatever they are told.' }),
    ),
    digits: Type.Optional(Type.Enum([6, 8], { default: 6, description: 'Of new enrolments. Many apps show 6, whatever they are told.' })),
  },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
