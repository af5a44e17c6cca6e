import {
  type ErrorLike,
  GatewayError,
  type NamedIds,
  parseJson,
  pointed,
  type Reach,
  stringifyJson,
  type Tap,
  type TapState,
  type Verdict,
} from '@llm-proxy-auth/plugin';
import type { Instance } from '../graph.ts';
import { type Prepared, send } from './attempt.ts';
import type { Exchange } from './exchange.ts';
import type { Outcome } from './reply/outcome.ts';

const at = (value: unknown, pointer: string): unknown => pointed(value, pointer)[0];

/** Route parameters (`{id}`) among `ids.request`, by name. */
export const namedParams = (reach: Reach): readonly string[] => {
  const known = params.get(reach);
  if (known !== undefined) return known;
  const made = (reach.ids?.request ?? []).filter((n) => n.startsWith('{')).map((n) => n.slice(1, -1));
  params.set(reach, made);
  return made;
};
const params = new WeakMap<Reach, readonly string[]>();

/** Ids as their owners are kept under. */
export const keptAs = (of: NamedIds | undefined, ids: readonly string[]): readonly string[] =>
  of?.tail === true ? ids.map((id) => id.slice(id.lastIndexOf('/') + 1)) : ids;

/** Whether ids in the answer matter: some become the caller's, or a list is cut. */
export const readsReply = (x: Exchange, { ids }: Reach): boolean =>
  ids !== undefined && ((x.creates && ids.reply.length > 0) || ids.list !== undefined || x.inner.asks);
/** Whether the request asks for what makes the reply's ids its caller's. */
export const createsIds = ({ ids }: Reach, flagged: boolean): boolean => ids?.replyWhen === undefined || flagged;

/** Most pages without anything of the caller's that are passed over for one list. */
const MOST_PAGES = 100;
const idOf = (item: unknown): string | undefined => {
  const id = at(item, '/id');
  return typeof id === 'string' ? id : undefined;
};
/** Members beside the list that name its first or last item name the first or last that is left. */
const renamed = (value: unknown, items: readonly unknown[], own: readonly unknown[]): unknown => {
  if (value === null || typeof value !== 'object') return value;
  const ends = new Map([
    [idOf(items[0]), idOf(own[0]) ?? null],
    [idOf(items.at(-1)), idOf(own.at(-1)) ?? null],
  ]);
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, typeof v === 'string' && ends.has(v) ? ends.get(v) : v]));
};
/** What an answer creates; an id that the request held before is no new one. */
const createdIn = (x: Exchange, { reply, replyFor }: NamedIds, json: unknown): readonly string[] =>
  [...(x.creates ? reply : []), ...(x.inner.asks ? (replyFor?.reply ?? []) : [])]
    .flatMap((pointer) => pointed(json, pointer))
    .filter((id) => typeof id === 'string')
    .filter((id) => !x.inner.given.has(id));
/** Records what a passing stream created; undefined when that is nothing. */
export const recordVerdict = (x: Exchange, instance: Instance, verdict: Verdict): Promise<void> | undefined => {
  const ids = [...(x.creates && verdict.id !== undefined ? [verdict.id] : []), ...(verdict.ids ?? [])].filter((id) => !x.inner.given.has(id));
  return ids.length === 0 || x.principal === undefined ? undefined : x.plan.owners.record(x.principal, instance.name, ids);
};
/**
 * Records ids that an answer created as the caller's, and cuts lists to the caller's own; other answers pass as they are.
 * Undefined: nothing of this page is the caller's, and there is another (`x.nextPage`).
 */
export const ownReply = async (x: Exchange, instance: Instance, reach: Reach, body: Uint8Array): Promise<Uint8Array | undefined> => {
  const { ids } = reach;
  const { principal } = x;
  if (ids === undefined || principal === undefined || !readsReply(x, reach)) return body;
  let json: unknown;
  try {
    json = parseJson(body);
  } catch (cause) {
    if (ids.list === undefined) return body;
    throw new GatewayError('upstream_bad_response', `The list of ${instance.name} cannot be read.`, { cause });
  }
  const created = keptAs(ids, createdIn(x, ids, json));
  if (created.length > 0) await x.plan.owners.record(principal, instance.name, created);
  if (ids.list === undefined || json === null || typeof json !== 'object') return body;
  const items = at(json, ids.list);
  if (!Array.isArray(items)) throw new GatewayError('upstream_bad_response', `The list of ${instance.name} cannot be read.`);
  const own = await x.plan.owners.cut(principal, instance.name, items);
  if (own.length === items.length) return body;
  const last = idOf(items.at(-1));
  if (own.length === 0 && ids.page !== undefined && last !== undefined && at(json, ids.page.more) === true && x.pagesPassed < MOST_PAGES) {
    x.pagesPassed++;
    x.nextPage = last;
    return undefined;
  }
  const path = ids.list.slice(1).split('/');
  return Buffer.from(stringifyJson(replaced(renamed(json, items, own), path, own)));
};

/** The same request for what comes behind an id. */
const behind = (path: string, parameter: string, id: string): string => {
  const [route = '', ...query] = path.split(/[?&]/);
  return `${route}?${[...query.filter((one) => !one.startsWith(`${parameter}=`)), `${parameter}=${encodeURIComponent(id)}`].join('&')}`;
};
/** Sends; pages of a list that hold nothing of the caller's are passed over, because clients stop at an empty one. */
export const sendOwn = (x: Exchange, instance: Instance, prepared: Prepared, reach: Reach, number: number, fresh: boolean): Promise<Outcome> => {
  const after = reach.ids?.page?.after;
  return after === undefined ? send(x, instance, prepared, number, fresh) : sendPages(x, instance, prepared, after, number, fresh);
};
const sendPages = async (x: Exchange, instance: Instance, prepared: Prepared, after: string, number: number, fresh: boolean): Promise<Outcome> => {
  let outcome = await send(x, instance, prepared, number, fresh);
  while (x.nextPage !== undefined) {
    const path = behind(prepared.request.path, after, x.nextPage);
    x.nextPage = undefined;
    const { request, body, stream } = prepared;
    outcome = await send(x, instance, { request: { ...request, path }, body, stream, sink: (a) => prepared.sink(a) }, number, fresh);
  }
  return outcome;
};
/** A tap that records the ids which a passing stream created as the caller's; nothing of the stream is held for it. */
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
  fail(error: ErrorLike, requestId?: string): string | Uint8Array {
    return this.#tap.fail(error, requestId);
  }
  end(): Verdict {
    const verdict = this.#tap.end();
    const { plan, id } = this.#x;
    void recordVerdict(this.#x, this.#instance, verdict)?.catch((error: unknown) => plan.report(error, id));
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
