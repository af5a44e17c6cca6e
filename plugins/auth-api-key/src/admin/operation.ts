import { type AdminOperation, GatewayError, type Host, isGatewayError, type Principal } from '@llm-proxy-auth/plugin';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { textOf } from '../record.ts';
import { type Ring, ringOf } from '../ring.ts';
import { isoOf } from '../time.ts';

/** Log of the store; one row an operation: `{ at, actor, operation, target, outcome }`. */
export const AUDIT = 'audit';

export interface Run<I> {
  readonly input: I;
  readonly caller: Principal;
  readonly host: Host;
  readonly ring: Ring;
}
interface Described<S extends TSchema> {
  readonly name: string;
  readonly summary: string;
  readonly input: S;
  readonly output: TSchema;
  readonly example: string;
  /** Key or name the operation is about, for the audit row. */
  readonly target: (input: Static<S>) => string;
  readonly run: (run: Run<Static<S>>) => Promise<unknown>;
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
const outcomeOf = (error: unknown): string => (isGatewayError(error) ? error.code : 'internal_error');

/** An operation that checks its input and the caller's scope and leaves an audit row, whether it succeeds or not. */
export const operation = <S extends TSchema>({ name, summary, input, output, example, target, run }: Described<S>): AdminOperation => ({
  name,
  summary,
  scope: 'keys',
  input,
  output,
  example,
  run: async (given, caller, host) => {
    let subject = '';
    const record = async (outcome: string): Promise<void> => {
      const row = { at: isoOf(host.now()), actor: caller.id, operation: name, target: subject, outcome };
      await host.store
        .append(AUDIT, [textOf(row)])
        .catch((error: unknown) => host.log.error({ ...row, reason: outcomeOf(error) }, 'an audit row cannot be written'));
    };
    try {
      const valid = checked(input, given);
      subject = target(valid);
      if (!caller.scopes.includes('keys') && !caller.scopes.includes('admin')) throw new GatewayError('scope_required', `${name} needs the scope keys.`);
      const result = await run({ input: valid, caller, host, ring: ringOf(host) });
      await record('ok');
      return result;
    } catch (error) {
      await record(outcomeOf(error));
      throw error;
    }
  },
});
