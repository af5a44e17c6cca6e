import { type ErrorLike, GatewayError, parseJson, type Reach, stringifyJson, type Tap, type TapState, type Verdict } from '@llm-proxy-auth/plugin';
import type { Instance } from '../graph.ts';
import type { Exchange } from './exchange.ts';

const at = (value: unknown, pointer: string): unknown => {
  let found = value;
  for (const step of pointer.slice(1).split('/')) {
    if (found === null || typeof found !== 'object') return undefined;
    found = (found as Record<string, unknown>)[step];
  }
  return found;
};

/** Route parameters (`{id}`) among `ids.request`, by name. */
export const namedParams = (reach: Reach): readonly string[] => (reach.ids?.request ?? []).filter((n) => n.startsWith('{')).map((n) => n.slice(1, -1));

/** Records ids that an answer created as the caller's, and cuts lists to the caller's own; other answers pass as they are. */
export const ownReply = async (x: Exchange, instance: Instance, reach: Reach, body: Uint8Array): Promise<Uint8Array> => {
  const { ids } = reach;
  const { principal } = x;
  if (ids === undefined || principal === undefined || (ids.reply.length === 0 && ids.list === undefined)) return body;
  let json: unknown;
  try {
    json = parseJson(body);
  } catch (cause) {
    if (ids.list === undefined) return body;
    throw new GatewayError('upstream_bad_response', `The list of ${instance.name} cannot be read.`, { cause });
  }
  const created = ids.reply.map((pointer) => at(json, pointer)).filter((id) => typeof id === 'string');
  if (created.length > 0) await x.plan.owners.record(principal, instance.name, created);
  if (ids.list === undefined || json === null || typeof json !== 'object') return body;
  const items = at(json, ids.list);
  if (!Array.isArray(items)) throw new GatewayError('upstream_bad_response', `The list of ${instance.name} cannot be read.`);
  const own = await x.plan.owners.cut(principal, instance.name, items);
  if (own.length === items.length) return body;
  const path = ids.list.slice(1).split('/');
  return Buffer.from(stringifyJson(replaced(json, path, own)));
};
/** A tap that records the id which a passing stream created as the caller's; nothing of the stream is held for it. */
class OwningTap implements Tap {
  readonly #x: Exchange;
  readonly #instance: Instance;
  readonly #tap: Tap;
  constructor(x: Exchange, instance: Instance, tap: Tap) {
    this.#x = x;
    this.#instance = instance;
    this.#tap = tap;
  }
  get state(): TapState {
    return this.#tap.state;
  }
  bytes(chunk: Uint8Array): void {
    this.#tap.bytes(chunk);
  }
  fail(error: ErrorLike): string | Uint8Array {
    return this.#tap.fail(error);
  }
  end(): Verdict {
    const verdict = this.#tap.end();
    const { principal, plan, id } = this.#x;
    if (verdict.id !== undefined && principal !== undefined)
      void plan.owners.record(principal, this.#instance.name, [verdict.id]).catch((error: unknown) => plan.report(error, id));
    return verdict;
  }
}
export const owningTap = (x: Exchange, instance: Instance, tap: Tap): Tap => new OwningTap(x, instance, tap);
const replaced = (value: unknown, [step, ...rest]: readonly string[], by: unknown): unknown => {
  if (step === undefined) return by;
  if (value === null || typeof value !== 'object') return value;
  const record = value as Record<string, unknown>;
  return { ...record, [step]: replaced(record[step], rest, by) };
};
