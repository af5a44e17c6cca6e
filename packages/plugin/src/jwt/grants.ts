import { type Static, Type } from 'typebox';
import { SCOPES } from '../issued/grant.ts';
import type { Fields } from '../json/members.ts';
import { type ClaimPath, claimAt } from './claims.ts';

const path = Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })], {
  description: 'Name of the claim; a list of names for one inside others, such as `[realm_access, roles]`.',
});
const source = Type.Object(
  { claim: path, prefix: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Put before each value.' })) },
  { additionalProperties: false },
);
const scopes = Type.Enum([...SCOPES]);
/** What an identity provider's claims give a caller: groups for policies, and by an explicit map scopes of the gateway. */
export const claimGrants = {
  groups: Type.Optional(Type.Union([source, Type.Array(source, { minItems: 1 })], { description: 'Claims whose values are groups, as policies match them.' })),
  scopes: Type.Optional(
    Type.Object(
      {
        claim: path,
        map: Type.Record(Type.String(), Type.Union([scopes, Type.Array(scopes, { minItems: 1 })]), {
          description: 'Scopes of the gateway by value of the claim; values that are not here give none.',
        }),
      },
      { additionalProperties: false, description: 'Claim whose values give scopes of the gateway.' },
    ),
  ),
};
const grants = Type.Object(claimGrants);
export type ClaimGrants = Static<typeof grants>;

/** RFC 6749, 3.3: these are one text with spaces between the values. */
const SPACED: ReadonlySet<unknown> = new Set(['scope', 'scp']);
const valuesAt = (claims: Fields, at: ClaimPath): readonly string[] | undefined => {
  const value = claimAt(claims, at);
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') return SPACED.has(at) ? value.split(' ').filter((one) => one !== '') : [value];
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
};
/** An address that nobody has proven to be theirs says nothing. */
const isProven = (claims: Fields, at: ClaimPath): boolean =>
  at !== 'email' || (claims.email_verified === true && typeof claims.email === 'string' && claims.email.split('@').length === 2);

/** Undefined when a claim is neither text nor a list of texts: a caller with half their groups is another caller. */
export const grantsOf = (claims: Fields, wanted: ClaimGrants): { readonly groups: readonly string[]; readonly scopes: readonly string[] } | undefined => {
  const groups: string[] = [];
  for (const { claim, prefix = '' } of wanted.groups === undefined ? [] : [wanted.groups].flat()) {
    if (!isProven(claims, claim)) continue;
    const values = valuesAt(claims, claim);
    if (values === undefined) return undefined;
    groups.push(...values.map((value) => prefix + value));
  }
  const given = wanted.scopes === undefined || !isProven(claims, wanted.scopes.claim) ? [] : valuesAt(claims, wanted.scopes.claim);
  if (given === undefined) return undefined;
  const map = wanted.scopes?.map ?? {};
  const scopesOfOurs = given.flatMap((value) => (Object.hasOwn(map, value) ? (map[value] ?? []) : []));
  return { groups: [...new Set(groups)], scopes: [...new Set(scopesOfOurs)] };
};
