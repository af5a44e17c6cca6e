import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { Change, Principal, Store } from '../access.ts';
import { GatewayError } from '../error.ts';
import type { AdminOperation, Host } from '../plugin.ts';
import type { JsonText } from '../wire.ts';
import type { Book } from './book.ts';
import { type Bounds, boundsOf } from './bounds.ts';
import { scopesOf } from './grant.ts';

export const jsonText = (value: object): JsonText => ({ json: JSON.stringify(value) });

export interface Run<I, P> {
  readonly input: I;
  readonly caller: Principal;
  readonly host: Host;
  /** What the caller may do to credentials: every one that is made, changed, shown or ended is held against it. */
  readonly bounds: Bounds;
  /** What the strategy made with this host shares with its operations. */
  readonly parts: P;
}
export interface Described<S extends TSchema, P> {
  readonly name: string;
  readonly summary: string;
  readonly input: S;
  readonly output: TSchema;
  readonly example: string;
  /** Credential or name the operation is about, for the audit record. */
  readonly target: (input: Static<S>) => string;
  readonly run: (run: Run<Static<S>, P>) => Promise<unknown>;
  /** `AdminOperation.reads`. */
  readonly reads?: boolean;
  /** What people read in place of the output's members. */
  readonly text?: (output: unknown) => string;
}

const checked = <S extends TSchema>(schema: S, input: unknown): Static<S> => {
  if (Value.Check(schema, input)) return input;
  const [first] = Value.Errors(schema, input);
  const param = first?.instancePath.slice(1).replaceAll('/', '.') ?? '';
  throw new GatewayError(
    'invalid_request',
    `The input is not valid: ${param === '' ? '' : `${param} `}${first?.message ?? 'unknown'}.`,
    param === '' ? {} : { param },
  );
};

/**
 * Maker of operations on credentials that a strategy gives out: each checks its input and the caller's scope. `partsOf` throws `invalid_request` when the configuration has no such strategy.
 */
export const operations =
  <P>(partsOf: (host: Host) => P, scope: 'keys' | 'admin' = 'keys') =>
  <S extends TSchema>({ name, summary, input, output, example, target, run, reads = false, text }: Described<S, P>): AdminOperation => ({
    name,
    summary,
    scope,
    reads,
    input,
    output,
    example,
    text,
    target: (given) => (Value.Check(input, given) ? target(given) : undefined),
    run: async (given, caller, host) => {
      const valid = checked(input, given);
      if (!scopesOf({ scope, reads }).some((one) => caller.scopes.includes(one))) throw new GatewayError('scope_required', `${name} needs the scope ${scope}.`);
      return run({ input: valid, caller, host, bounds: boundsOf(caller, host), parts: partsOf(host) });
    },
  });

/** The strategy made with a host and the operations run with it belong together. `entry`: what the configuration lacks without it. */
export const sharedParts = <P>(what: string, entry: string): { readonly keep: (host: Host, parts: P) => void; readonly of: (host: Host) => P } => {
  const known = new WeakMap<Host, P>();
  return {
    keep: (host, parts) => void known.set(host, parts),
    of: (host) => {
      const parts = known.get(host);
      if (parts === undefined) throw new GatewayError('invalid_request', `${what} need an entry \`${entry}\` under \`auth\`.`);
      return parts;
    },
  };
};

const TRIES = 5;
/**
 * Computes changes from what is stored and commits them, again from the start when somebody else was faster. When it returns, this
 * process serves by the new state, or, when the store stopped answering right after the commit, no more by the old one.
 */
export const commitChange = async <T>(
  book: Pick<Book<unknown>, 'refresh' | 'forget'>,
  space: string,
  store: Store,
  compute: () => Promise<{ readonly changes: readonly Change[]; readonly result: T }>,
): Promise<T> => {
  for (let tries = 0; tries < TRIES; tries++) {
    const { changes, result } = await compute();
    if (!(await store.commit(changes))) continue;
    await book.refresh().catch(() => book.forget(changes.filter((c) => c.space === space).map(({ key }) => key)));
    return result;
  }
  throw new GatewayError('overloaded', 'The record is being changed by somebody else; try again.', { retryAfterMs: 1000 });
};

const PAGE = 500;
/** Every row of a space, in key order. */
export const allRows = async <T>(store: Store, space: string, read: (key: string, value: JsonText) => T): Promise<T[]> => {
  const found: T[] = [];
  for (let after: string | undefined; ; ) {
    const rows = await store.list(space, after, PAGE);
    found.push(...rows.map((row) => read(row.key, row.value)));
    if (rows.length < PAGE) return found;
    after = rows.at(-1)?.key;
  }
};
