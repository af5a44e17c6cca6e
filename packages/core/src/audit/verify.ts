import { GatewayError, type HmacKey, type Store } from '@llm-proxy-auth/plugin';
import { firstHead, follow, type Head, type Kept, readRow } from './chain.ts';
import { addClaim, readCheckpoints } from './checkpoint.ts';
import { type AuditKey, type Registry, readRegistry, strangers } from './registry.ts';
import { logOf, rowsAfter } from './rows.ts';
import { type Found, isSigned, readWriters } from './writers.ts';

/** The first thing that is wrong in the log of one writer, or in the checkpoints it made. */
export interface Problem {
  readonly writer: string;
  /** Number of the first bad record; of a checkpoint where `what` says so. */
  readonly record: number;
  /**
   * `edited`: or put in by somebody else. `missing`: deleted, or moved. `truncated`: the log ends before what was written down of it.
   * `row`: what the store says of the writer was not written by a gateway. `registry`: it is not the row that the registry of all
   * writers knows; `writer` is `*` where a row is gone, forged or older than the registry.
   */
  readonly what: 'edited' | 'missing' | 'repeated' | 'unreadable' | 'truncated' | 'checkpoint' | 'unknown-writer' | 'row' | 'registry';
}
export interface Verdict {
  readonly ok: boolean;
  readonly writers: number;
  readonly records: number;
  readonly checkpoints: number;
  readonly problems: readonly Problem[];
}
type Claims = ReadonlyMap<number, string>;

const badness = (record: Kept, head: Head): Problem['what'] => {
  if (typeof record.n !== 'number') return 'edited';
  if (record.n > head.n + 1) return 'missing';
  return record.n <= head.n ? 'repeated' : 'edited';
};
/** Follows one chain to its end or to the first record that does not belong there. */
const walk = async (store: Store, key: HmacKey, writer: string, claims: Claims): Promise<{ readonly records: number; readonly problem?: Problem }> => {
  let head = firstHead(key, writer);
  const stop = (what: Problem['what'], record = head.n + 1) => ({ records: head.n, problem: { writer, record, what } });
  for await (const { json } of rowsAfter(store, logOf(writer), 0)) {
    const row = readRow(json);
    if (row === undefined) return stop('unreadable');
    let end = 0;
    for (const record of row) {
      const next = follow(key, head, record);
      if (next === undefined) return stop(badness(record, head));
      // A member that stands there twice is read in two ways.
      const stored = (end === 0 ? '[' : ',') + next.text;
      if (!json.startsWith(stored, end)) return stop('edited');
      end += stored.length;
      head = { n: next.n, h: next.h };
      const claimed = claims.get(head.n);
      if (claimed !== undefined && claimed !== head.h) return stop('edited', head.n);
    }
    if (end > 0 && json.length !== end + 1) return stop('edited', head.n);
  }
  const furthest = Math.max(0, ...claims.keys());
  return furthest > head.n ? stop('truncated') : { records: head.n };
};
const checkpointProblem = (found: Found, made: { readonly count: number; readonly bad: number | undefined } | undefined): Problem | undefined => {
  const { writer, row } = found;
  if (made?.bad !== undefined) return { writer, record: made.bad, what: 'checkpoint' };
  return (made?.count ?? 0) < row.checkpoints ? { writer, record: (made?.count ?? 0) + 1, what: 'checkpoint' } : undefined;
};

const MOST_TRIES = 100;
/** Rows and registry of one moment, as others may write. Throws when they never stand still. */
const readTogether = async (store: Store, key: AuditKey): Promise<{ readonly found: readonly Found[]; readonly registry: Registry }> => {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const registry = await readRegistry(store, key);
    const found = await readWriters(store);
    if ((await readRegistry(store, key)).version === registry.version) return { found, registry };
  }
  throw new GatewayError('overloaded', 'The registry of the audit log changes all the time; try again.', { retryAfterMs: 1_000 });
};

/**
 * Checks every chain against itself, against the checkpoints, against what the rows of the writers say, these against the registry
 * of all writers, and all of it against `heads` that were kept elsewhere (`writer:n:h`, as the gateway's log has them). Edits, deletions and reordering show in the chain, a cut end in
 * what was written down of it.
 */
export const verifyAudit = async (store: Store, key: AuditKey, heads: readonly string[] = []): Promise<Verdict> => {
  const { found, registry } = await readTogether(store, key);
  const checkpoints = await readCheckpoints(store, key);
  const claims = new Map([...checkpoints.claims].map(([writer, known]) => [writer, new Map(known)]));
  for (const head of heads) addClaim(claims, head);
  const problems: Problem[] = [];
  const known = new Map(found.map((each) => [each.writer, each]));
  for (const [writer, { count, bad }] of checkpoints.by)
    if (!known.has(writer)) problems.push({ writer, record: bad ?? count, what: bad === undefined ? 'unknown-writer' : 'checkpoint' });
  for (const writer of claims.keys()) if (!known.has(writer) && !checkpoints.by.has(writer)) problems.push({ writer, record: 1, what: 'unknown-writer' });
  let records = 0;
  const all = new Set([...known.keys(), ...claims.keys()]);
  for (const writer of all) {
    const each = known.get(writer);
    const own = claims.get(writer) ?? new Map<number, string>();
    const proven = each !== undefined && isSigned(key, each);
    if (proven && each.row.n > 0 && !own.has(each.row.n)) own.set(each.row.n, each.row.h);
    const walked = await walk(store, key, writer, own);
    records += walked.records;
    if (walked.problem !== undefined) problems.push(walked.problem);
    if (each !== undefined && !proven) problems.push({ writer, record: each.row.n, what: 'row' });
    const late = !proven ? undefined : checkpointProblem(each, checkpoints.by.get(writer));
    if (late !== undefined) problems.push(late);
  }
  for (const writer of strangers(key, registry, found)) problems.push({ writer, record: known.get(writer)?.row.n ?? 0, what: 'registry' });
  return { ok: problems.length === 0, writers: all.size, records, checkpoints: checkpoints.count, problems };
};
