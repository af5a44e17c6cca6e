import { Secret } from '@llm-proxy-auth/plugin';
import { grantProperties, NAME } from '@llm-proxy-auth/plugin/issued';
import { type Static, Type } from 'typebox';
import { demandProperties } from './demands.ts';

/**
 * Field of a plugin that must not read the environment: the file holds the name of a variable with one `*` at the end, the
 * plugin gets one secret for each variable that is set, by the text the `*` stands for.
 */
const EnvGlob = (description: string) =>
  Type.Unsafe<Readonly<Record<string, Secret>>>({ type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*\\*$', description, lpa: 'env-glob' } as never);

const written = Type.Object(
  {
    name: Type.String({ pattern: NAME, description: 'The caller is `key:<name>` to policies; unique.' }),
    key: Secret({ description: 'A key of ours, or at least 32 characters of hex or base64.' }),
    ...grantProperties,
    totp: demandProperties.totp,
    expires: Type.Optional(Type.String({ description: 'ISO date or time after which the key is refused.' })),
  },
  { additionalProperties: false },
);
export const config = Type.Object(
  {
    pepper: Type.Optional(
      Secret({
        description: 'At least 32 bytes. Keys are stored as HMAC-SHA-256 with it; without one as argon2id, which is slower on the first use of a key.',
      }),
    ),
    earlierPeppers: Type.Optional(
      Type.Array(Secret({ description: 'A pepper that keys were made with before; each such key moves to `pepper` when it is next used.' }), {
        description: 'Peppers of before, until all keys have moved.',
      }),
    ),
    staleAuth: Type.Optional(
      Type.Enum(['deny', 'allow'], {
        default: 'deny',
        description: 'Whether known keys are let in when the store has not answered for a minute. Strict keys never are.',
      }),
    ),
    keys: Type.Optional(
      Type.Union(
        [Type.Array(written), Type.Object({ env: EnvGlob('All variables of this name are keys, such as `API_KEY_*`.') }, { additionalProperties: false })],
        {
          description: 'Keys that stand in the configuration. One that is removed from it is revoked.',
        },
      ),
    ),
  },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
export type WrittenKey = Static<typeof written>;
