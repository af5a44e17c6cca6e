import type { AdminOperation } from '@llm-proxy-auth/plugin';
import { GatewayError } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';
import { pastOf } from '../admin/past.ts';
import { type Kept, readRow } from './chain.ts';
import { auditKey } from './key.ts';
import { AUDIT_FIELDS } from './record.ts';
import { logOf, rowsAfter } from './rows.ts';
import { verifyAudit } from './verify.ts';
import { readWriters } from './writers.ts';

const object = <P extends Parameters<typeof Type.Object>[0]>(properties: P) => Type.Object(properties, { additionalProperties: false });
const Count = (description: string) => Type.Integer({ minimum: 0, description });

const VerifyInput = object({
  heads: Type.Optional(
    Type.Array(Type.String({ pattern: '^[a-z0-9-]+:[0-9]+:[A-Za-z0-9_-]{43}$' }), {
      maxItems: 1000,
      description: "Heads that were kept outside the store, as the gateway's log has them: `writer:n:h`.",
    }),
  ),
});
const verify: AdminOperation = {
  name: 'audit.verify',
  summary: 'Checks the chains of the audit log: finds records that were edited, deleted, moved or cut off, and names the first bad one of each writer.',
  scope: 'admin',
  reads: true,
  input: VerifyInput,
  output: object({
    ok: Type.Boolean(),
    writers: Count('Chains, one for each process that wrote.'),
    records: Count('Records that are as they were written.'),
    checkpoints: Count('Checkpoints that were read.'),
    problems: Type.Array(
      object({
        writer: Type.String({ description: '`*`: the rows of all writers together do not fit the registry.' }),
        record: Count('Number of the first bad record of the writer.'),
        what: Type.Union(
          ['edited', 'missing', 'repeated', 'unreadable', 'truncated', 'checkpoint', 'unknown-writer', 'row', 'registry'].map((what) => Type.Literal(what)),
        ),
      }),
    ),
  }),
  example: 'audit verify',
  run: async (input, _caller, host) => verifyAudit(host.store, await auditKey(host), (input as Static<typeof VerifyInput>).heads),
};

const PAGE = 1_000;
const ExportInput = object({
  since: Type.Optional(Type.String({ description: 'From then on: a duration such as 7d, or an ISO date or time.' })),
  until: Type.Optional(Type.String({ description: 'Before then.' })),
  principal: Type.Optional(Type.String({ minLength: 1, description: 'Of this principal alone.' })),
  kind: Type.Optional(
    Type.Union(
      ['intent', 'settle', 'call', 'interrupted', 'auth', 'access', 'admin', 'dropped'].map((kind) => Type.Literal(kind)),
      { description: 'Of this kind alone.' },
    ),
  ),
  after: Type.Optional(Type.String({ pattern: '^[a-z0-9-]+:[0-9]+$', description: '`next` of the page before.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 5000, default: PAGE, description: 'Records of a page, at least.' })),
});
type ExportWanted = Static<typeof ExportInput>;
/** Whether a record is wanted. */
const filterOf = ({ since, until, principal, kind }: ExportWanted, now: number): ((record: Kept) => boolean) => {
  const from = since === undefined ? Number.NEGATIVE_INFINITY : pastOf(since, now, 'since');
  const to = until === undefined ? Number.POSITIVE_INFINITY : pastOf(until, now, 'until');
  return (record) =>
    Number(record.at) >= from &&
    Number(record.at) < to &&
    (principal === undefined || record.principal === principal) &&
    (kind === undefined || record.kind === kind);
};
const startOf = (after: string | undefined): { readonly writer: string; readonly sequence: number } => {
  const [writer = '', sequence = '0'] = after?.split(':') ?? [];
  if (!Number.isSafeInteger(Number(sequence))) throw new GatewayError('invalid_request', 'after is no place in the log.', { param: 'after' });
  return { writer, sequence: Number(sequence) };
};
const RECORD = Type.Object(
  Object.fromEntries(
    AUDIT_FIELDS.map((name) => [
      name,
      Type.Optional(
        name === 'estimated'
          ? Type.Boolean()
          : ['at', 'attempts', 'cacheWrite', 'cached', 'cost', 'count', 'input', 'ms', 'n', 'output', 'reasoning', 'status'].includes(name)
            ? Type.Number()
            : Type.String(),
      ),
    ]),
  ),
);
const exported: AdminOperation = {
  name: 'audit.export',
  summary: 'Records of the audit log, each writer by itself in the order of its chain; `writer`, `n` and `h` prove the place of each.',
  scope: 'admin',
  reads: true,
  input: ExportInput,
  output: object({ records: Type.Array(RECORD), next: Type.Optional(Type.String({ description: 'Give it as `after` for the next page.' })) }),
  example: 'audit export --since 7d',
  async run(input, _caller, host) {
    const wanted = input as ExportWanted;
    const fits = filterOf(wanted, host.now());
    const start = startOf(wanted.after);
    const records: Kept[] = [];
    for (const { writer } of await readWriters(host.store)) {
      if (writer < start.writer) continue;
      for await (const { sequence, json } of rowsAfter(host.store, logOf(writer), writer === start.writer ? start.sequence : 0)) {
        for (const record of readRow(json) ?? []) if (fits(record)) records.push({ ...record, writer });
        if (records.length >= (wanted.limit ?? PAGE)) return { records, next: `${writer}:${sequence}` };
      }
    }
    return { records };
  },
};
export const AUDIT_OPERATIONS: readonly AdminOperation[] = Object.freeze([verify, exported]);
