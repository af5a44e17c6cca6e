import { GatewayError, isGatewayError, type Principal } from '@llm-proxy-auth/plugin';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { Audit } from './audit/audit.ts';
import type { AdminEntry, Instance } from './graph.ts';
import { compileGlobs } from './routing/glob.ts';

const pathOf = (pointer: string): string =>
  pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');
const first = (list: unknown): string | undefined => (Array.isArray(list) && typeof list[0] === 'string' ? list[0] : undefined);

/** The first thing about an input that its schema refuses; `param` is the field's path. The message quotes no value. */
const problem = (schema: TSchema, input: unknown): GatewayError | undefined => {
  if (Value.Check(schema, input)) return undefined;
  const error = Value.Errors(schema, input).find((each) => each.keyword !== 'boolean');
  if (error === undefined) return new GatewayError('invalid_request', 'The input does not fit this operation.');
  const params = error.params as { requiredProperties?: unknown; additionalProperties?: unknown };
  const member = first(params.requiredProperties) ?? first(params.additionalProperties);
  const at = error.instancePath === '' ? '' : pathOf(error.instancePath);
  const param = member === undefined ? at : at === '' ? member : `${at}.${member}`;
  return new GatewayError('invalid_request', param === '' ? `The input ${error.message}.` : `${param}: ${error.message}.`, {
    param: param === '' ? undefined : param,
  });
};
/** The input of an administrative operation, defaults filled in. Throws `invalid_request` with `param` where its schema refuses it. */
export const readInput = (entry: AdminEntry, body: unknown): unknown => {
  const schema = entry.operation.input;
  const input = Value.Default(schema, body === undefined || body === null ? {} : body);
  const refused = problem(schema, input);
  if (refused !== undefined) throw refused;
  return input;
};

/**
 * Plugins do not know the instances: a field `instances` with a name that is none is refused here. A caller restricted to some
 * instances is told nothing about others; the operation refuses them for what they are.
 */
const checkInstances = (input: unknown, caller: Principal, instances: ReadonlyMap<string, Instance>): void => {
  const named: unknown = input !== null && typeof input === 'object' && 'instances' in input ? input.instances : undefined;
  if (!Array.isArray(named)) return;
  const visible = compileGlobs(caller.restrict?.instances);
  const unknown = named.find((name): name is string => typeof name === 'string' && !name.includes('*') && visible(name) && !instances.has(name));
  if (unknown !== undefined)
    throw new GatewayError('invalid_request', `There is no instance "${unknown.slice(0, 64)}"; write a name of the configuration or a glob.`, {
      param: 'instances',
    });
};

/** Runs an administrative operation with an input that `readInput` gave. */
export const runOperation = async (entry: AdminEntry, input: unknown, caller: Principal, instances: ReadonlyMap<string, Instance>): Promise<unknown> => {
  checkInstances(input, caller, instances);
  return await entry.operation.run(input, caller, entry.host);
};

const targetOf = ({ operation }: AdminEntry, input: unknown): string | undefined => {
  try {
    return operation.target?.(input);
  } catch {
    // An input that was refused need not be one that it understands.
    return undefined;
  }
};
/** Does an administrative piece of work and records it, whether it succeeds or not. Nothing is handed out that the audit log does not know of. */
export const recorded = async (
  audit: Pick<Audit, 'operation'>,
  entry: AdminEntry,
  input: unknown,
  caller: Principal,
  work: () => Promise<unknown>,
): Promise<unknown> => {
  const run = { caller, name: entry.operation.name, target: targetOf(entry, input) };
  let output: unknown;
  try {
    output = await work();
  } catch (error) {
    await audit.operation({ ...run, code: isGatewayError(error) ? error.code : 'internal_error' });
    throw error;
  }
  await audit.operation({ ...run, code: undefined });
  return output;
};
