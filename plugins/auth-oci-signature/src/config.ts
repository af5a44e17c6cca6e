import { type Static, Type } from 'typebox';

export const config = Type.Object(
  { allowReplay: Type.Boolean({ default: false, description: 'Take the same signed request again within its ten minutes, and not for two seconds alone.' }) },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
