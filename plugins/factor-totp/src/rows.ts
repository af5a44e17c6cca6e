import { GatewayError, type Principal, type Store } from '@llm-proxy-auth/plugin';
import { ENROLMENTS, type Enrolment, enrolmentOf, textOf } from './enrolment.ts';

/** More than the wrong codes that lock, each of which can get ahead of another writer once. */
const TRIES = 20;

export interface Row {
  readonly enrolment: Enrolment;
  readonly version: number;
}
/** Undefined when there is none. Throws what the store throws, and for a row that cannot be read. */
export const readRow = async (store: Store, subject: string): Promise<Row | undefined> => {
  const row = await store.get(ENROLMENTS, subject);
  return row === undefined ? undefined : { enrolment: enrolmentOf(row.value, subject), version: row.version };
};
/** The enrolment of the credential, else of its owner, which survives rotation; one that is still pending only when no other is active. */
export const rowOf = async (store: Store, { credential, owner }: Principal): Promise<Row | undefined> => {
  const rows = await Promise.all([...new Set([credential, owner])].map((subject) => readRow(store, subject)));
  const found = rows.filter((row) => row !== undefined);
  return found.find(({ enrolment }) => enrolment.status === 'active') ?? found[0];
};

/** `next` absent = nothing to write; `undefined` = delete. */
export type Decided<T> = { readonly result: T; readonly next?: Enrolment | undefined };

/** Decides by what is stored and swaps it for what follows, again from the start when another writer was faster. Throws `overloaded` when that happens too often. */
export const swap = async <T>(store: Store, read: () => Promise<Row | undefined>, decide: (row: Row | undefined) => Decided<T>): Promise<T> => {
  for (let tries = 0; tries < TRIES; tries++) {
    const row = await read();
    const decided = decide(row);
    const { result, next } = decided;
    if (!('next' in decided)) return result;
    const subject = next?.subject ?? row?.enrolment.subject;
    if (subject === undefined) return result;
    const change = { space: ENROLMENTS, key: subject, expect: row?.version ?? 0 };
    if (await store.commit([next === undefined ? change : { ...change, value: textOf(next) }])) return result;
  }
  throw new GatewayError('overloaded', 'The enrolment is being changed by somebody else; try again.', { retryAfterMs: 1000 });
};
