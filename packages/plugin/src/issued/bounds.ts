import type { Principal } from '../access.ts';
import { type Code, GatewayError } from '../error.ts';
import { type Grant, rangeWithin } from './grant.ts';

export interface Rights extends Grant {
  /** Epoch ms. */
  readonly expiresAt?: number | undefined;
}

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

/** Throws 403 when the rights go beyond the caller's own in any respect; a list left out is the widest. */
export const assertWithin = (caller: Principal, rights: Rights): void => {
  const held = new Set(caller.scopes);
  if (!held.has('admin') && (rights.scopes ?? []).some((scope) => !held.has(scope))) throw refuse('scope_required', 'scopes');
  for (const { name, code, within } of DIMENSIONS) {
    const outer = caller.restrict?.[name];
    if (outer === undefined) continue;
    const inner: readonly string[] | undefined = rights[name];
    if (inner === undefined || inner.length === 0 || !inner.every((i) => outer.some((o) => within(i, o)))) throw refuse(code, name);
  }
  if (caller.expires !== undefined && (rights.expiresAt === undefined || rights.expiresAt > caller.expires)) throw refuse('scope_required', 'expires');
};
