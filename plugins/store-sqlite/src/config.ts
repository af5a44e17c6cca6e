import { Type } from 'typebox';

export const config = Type.Object(
  {
    path: Type.String({
      minLength: 1,
      default: './data/llm-proxy-auth.db',
      description: 'Database file, relative to the working directory; its folder is made when it is missing. `:memory:` keeps nothing and is for tests.',
    }),
  },
  { additionalProperties: false },
);
