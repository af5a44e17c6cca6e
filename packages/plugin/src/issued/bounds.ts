import type { Principal } from '../access.ts';
import { type Code, GatewayError } from '../error.ts';
import type { Host } from '../plugin.ts';
import { rangeWithin } from './grant.ts';

/**
 * Whether a glob allows no more than another: with the `*` of the inner one as an ordinary character that only a `*` of the outer
 * one can match. Never true wrongly.
 */
export const globWithin = (inner: string, outer: string): boolean => {
  const pattern = outer.split('*');
  const [first = '', ...others] = pattern;
  const last = others.pop();
  if (last === undefined) return inner === outer;
  if (inner.length < first.length + last.length || !inner.startsWith(first) || !inner.endsWith(last)) return false;
  let at = first.length;
  const end = inner.length - last.length;
  for (const piece of others) {
    const found = inner.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
};

type Within = (inner: string, outer: string) => boolean;
const same: Within = (inner, outer) => inner === outer;
const DIMENSIONS: readonly { readonly name: 'modes' | 'instances' | 'models' | 'cidr'; readonly code: Code; readonly within: Within }[] = Object.freeze([
  { name: 'modes', code: 'mode_not_allowed', within: same },
  { name: 'instances', code: 'instance_not_allowed', within: globWithin },
  { name: 'models', code: 'model_not_allowed', within: globWithin },
  { name: 'cidr', code: 'address_not_allowed', within: rangeWithin },
]);

const refuse = (code: Code, param: string): GatewayError =>
  new GatewayError(code, `A credential cannot have more rights than who asks for it; narrow ${param}.`, { param });

/** Throws 403 when a principal has scopes that the caller has not. */
const assertScopes = (caller: Principal, to: Principal): void => {
  const held = new Set(caller.scopes);
  if (!held.has('admin') && to.scopes.some((scope) => !held.has(scope))) throw refuse('scope_required', 'scopes');
};
/** Throws 403 when a principal's restrictions leave it more than the caller's; a list left out is the widest. */
const assertRestricted = (caller: Principal, to: Principal): void => {
  for (const { name, code, within } of DIMENSIONS) {
    const outer = caller.restrict?.[name];
    if (outer === undefined) continue;
    const inner = to.restrict?.[name];
    if (inner === undefined || inner.length === 0 || !inner.every((i) => outer.some((o) => within(i, o)))) throw refuse(code, name);
  }
};
/** Throws 403 when a principal lives on after the caller's credential. Sessions and tokens of who may do everything end sooner than what they make. */
const assertEnds = (caller: Principal, to: Principal): void => {
  if (caller.expires !== undefined && (to.expires === undefined || to.expires > caller.expires)) throw refuse('scope_required', 'expires');
};

/** Whether it gives power over other credentials: what guards its maker must guard it too. */
export const isPowerful = ({ scopes }: Pick<Principal, 'scopes'>): boolean => scopes.includes('admin') || scopes.includes('keys');

/** What a caller of an administrative operation may do to credentials. */
export interface Bounds {
  /** Throws 403 unless the caller may be handed a credential of this principal. */
  give(to: Principal): void;
  /** Throws 403 unless the caller may end what this principal was given. `maker`: id of who made it. */
  touch(of: Principal, maker: string): void;
  /** Throws 403 unless the caller may see it: what it may end, and with the scope `viewer` whatever its restrictions reach. */
  see(of: Principal, maker: string): void;
  sees(of: Principal, maker: string): boolean;
}
export const boundsOf = (caller: Principal, { access }: Pick<Host, 'access'>): Bounds => {
  const isAdmin = caller.scopes.includes('admin');
  const assertCovered = (other: Principal): void => {
    if (isAdmin || access?.covers(caller, other) === true) return;
    throw new GatewayError('scope_required', `The policies may let ${other.id} do what they do not let ${caller.id} do; that needs the scope admin.`);
  };
  const touch = (of: Principal, maker: string): void => {
    assertScopes(caller, of);
    assertRestricted(caller, of);
    if (maker !== caller.id) assertCovered(of);
  };
  const see = caller.scopes.includes('viewer') ? (of: Principal): void => assertRestricted(caller, of) : touch;
  return {
    give(to) {
      assertScopes(caller, to);
      assertRestricted(caller, to);
      if (!isAdmin) assertEnds(caller, to);
      assertCovered(to);
      if (caller.factor !== 'none' && to.factor === 'none' && isPowerful(to) && access?.factorAlways !== true)
        throw new GatewayError(
          'scope_required',
          'With a second factor nobody is given power over credentials without one; demand it, or leave out the scope.',
          {
            param: 'totp',
          },
        );
    },
    touch,
    see,
    sees(of, maker) {
      try {
        see(of, maker);
        return true;
      } catch {
        return false;
      }
    },
  };
};
