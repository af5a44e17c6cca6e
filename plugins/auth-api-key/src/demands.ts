import { Type } from 'typebox';

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
