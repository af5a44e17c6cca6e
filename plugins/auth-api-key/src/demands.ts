import { GatewayError, type Principal } from '@llm-proxy-auth/plugin';
import { isPowerful } from '@llm-proxy-auth/plugin/issued';
import { Type } from 'typebox';
import type { Ring } from './ring.ts';

/** What a key demands beyond itself, as written in the configuration and given to `keys create`. */
export const demandProperties = {
  totp: Type.Optional(Type.Boolean({ description: 'The caller must show a one-time code, too.' })),
  strict: Type.Optional(Type.Boolean({ description: 'Refused a minute after the store stopped answering, whatever `staleAuth` says.' })),
};
export interface Demands {
  readonly totp?: boolean | undefined;
  readonly strict?: boolean | undefined;
}
/** Without what is not demanded. */
export const demandsOf = ({ totp, strict }: Demands): { readonly totp?: true; readonly strict?: true } => ({
  ...(totp === true ? { totp } : {}),
  ...(strict === true ? { strict } : {}),
});
/** Throws 403 when a strict key would make one that is not and has power over other keys. */
export const assertAsStrict = ({ book }: Pick<Ring, 'book'>, caller: Principal, made: Demands & { readonly scopes?: readonly string[] | undefined }): void => {
  const own = caller.strategy === 'api-key' ? book.find(caller.credential)?.record : undefined;
  if (own?.strict === true && made.strict !== true && isPowerful({ scopes: made.scopes ?? [] }))
    throw new GatewayError('scope_required', 'A strict key gives power over keys to strict keys alone.', { param: 'strict' });
};
