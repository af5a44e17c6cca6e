import { type Spent, soFar } from '../call/reckon.ts';
import type { Block } from './chain.ts';
import type { AuditRecord } from './record.ts';
import type { Cursor, Interrupted } from './writers.ts';

const spentBy = ({ call }: AuditRecord): Spent | undefined => (call === undefined ? undefined : soFar(call));
const MOST_TOLD = 2_000;
/** Calls whose intent stands in the log and whose end does not, in the order of their intents. */
export const openIntents = () => {
  const open = new Map<string, Cursor & { readonly record: AuditRecord }>();
  return {
    note({ number, records }: Block): void {
      for (const record of records) {
        const { kind, request, n } = record;
        if (request === undefined) continue;
        if (kind === 'intent') open.set(request, { row: number, n, record });
        else if (kind === 'settle' || kind === 'interrupted') open.delete(request);
      }
    },
    /** Before this every intent has its end; `next` where nothing is open. */
    settled(next: Cursor): Cursor {
      const [first] = open.values();
      return first === undefined ? next : { row: first.row, n: first.n };
    },
    requests: (): readonly Interrupted[] =>
      [...open].map(([request, { record }]) => ({
        request,
        principal: record.principal,
        instance: record.instance,
        model: record.model,
        spent: spentBy(record),
      })),
    /** What calls that are open have used by now, by request; of the oldest of them, should there be very many. */
    spent(): Readonly<Record<string, Spent>> {
      const known: [string, Spent][] = [];
      for (const [request, { record }] of open) {
        const used = spentBy(record);
        if (used !== undefined) known.push([request, used]);
        if (known.length === MOST_TOLD) break;
      }
      return Object.fromEntries(known);
    },
  };
};
