import { BlockList, isIP } from 'node:net';
import { type Static, Type } from 'typebox';
import type { Restriction } from '../access.ts';
import { GatewayError } from '../error.ts';
import type { AdminOperation } from '../plugin.ts';

/** Scopes of the gateway; `admin` holds all of them. */
export const SCOPES = ['metrics', 'explain', 'usage', 'viewer', 'keys', 'admin'] as const;
/** Scopes each of which is enough for an administrative operation; its own first. */
export const scopesOf = ({ scope, reads }: Pick<AdminOperation, 'scope' | 'reads'>): readonly string[] =>
  reads === true ? [scope, 'viewer', 'admin'] : [scope, 'admin'];
export const MODES = ['protocol', 'transparent'] as const;

export const NAME = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$';
const globs = (description: string) => Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1, description }));

/** What a credential may do, as written in the configuration and given to `keys create`. A list left out restricts nothing. */
export const grantProperties = {
  scopes: Type.Optional(Type.Array(Type.Enum([...SCOPES]), { description: 'Rights beyond calling models; none when left out.' })),
  modes: Type.Optional(Type.Array(Type.Enum([...MODES]), { minItems: 1, description: 'Modes it may be used in.' })),
  instances: globs('Globs over the instances it reaches.'),
  models: globs('Globs over the models it reaches.'),
  cidr: globs('Address ranges it may be used from.'),
};
const grantObject = Type.Object(grantProperties);
export type Grant = Static<typeof grantObject>;

/** Undefined when nothing is restricted. */
export const restrictionOf = ({ modes, instances, models, cidr }: Grant): Restriction | undefined => {
  if (modes === undefined && instances === undefined && models === undefined && cidr === undefined) return undefined;
  return Object.freeze({ modes, instances, models, cidr });
};

interface Range {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly bits: number;
}
/** Undefined when the text is no address or CIDR. */
export const rangeOf = (cidr: string): Range | undefined => {
  const [, address = '', written] = /^([0-9A-Fa-f.:]+)(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(cidr) ?? [];
  const family = isIP(address);
  if (family === 0) return undefined;
  const width = family === 6 ? 128 : 32;
  const bits = written === undefined ? width : Number(written);
  return bits > width ? undefined : { address, family: family === 6 ? 'ipv6' : 'ipv4', bits };
};
/** Whether every address of `inner` is one of `outer`. */
export const rangeWithin = (inner: string, outer: string): boolean => {
  const [a, b] = [rangeOf(inner), rangeOf(outer)];
  if (a === undefined || b === undefined || a.family !== b.family || a.bits < b.bits) return false;
  const list = new BlockList();
  list.addSubnet(b.address, b.bits, b.family);
  return list.check(a.address, a.family);
};
/** Throws `invalid_request` for what is no address range. */
export const grantOf = ({ scopes, modes, instances, models, cidr }: Grant): Grant => {
  const wrong = cidr?.find((range) => rangeOf(range) === undefined);
  if (wrong !== undefined) throw new GatewayError('invalid_request', `${wrong} is no address range.`, { param: 'cidr' });
  // JSON leaves out what is undefined, so that a list left out stays left out in the row.
  return JSON.parse(JSON.stringify({ scopes, modes, instances, models, cidr })) as Grant;
};
