import { checkMembers, type Fields, fieldsOf, metadata, object, oneOf, string, textOf } from './check.ts';
import type { Context } from './context.ts';
import type { Files } from './files.ts';
import { page } from './pages.ts';
import { Refusal, refuse } from './refusal.ts';
import { jsonReply, type Reply, type Route } from './routes.ts';

const endpoints = [
  '/v1/responses',
  '/v1/chat/completions',
  '/v1/embeddings',
  '/v1/completions',
  '/v1/moderations',
  '/v1/images/generations',
  '/v1/images/edits',
  '/v1/videos',
];
const table = { input_file_id: string, endpoint: oneOf(...endpoints), completion_window: oneOf('24h'), metadata, output_expires_after: object };

/** Runs one request of a batch as the endpoint would. */
export type Perform = (path: string, fields: Fields) => Reply;

type Line = { readonly custom_id: unknown; readonly method: unknown; readonly url: unknown; readonly body: unknown };

const linesOf = (bytes: Buffer): Line[] =>
  bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): Line => {
      const { custom_id, method, url, body } = fieldsOf(JSON.parse(line));
      return { custom_id, method, url, body };
    });

const run = (call: Context, perform: Perform, line: Line): { ok: boolean; text: string } => {
  const answered = (status_code: number, body: unknown) =>
    JSON.stringify({ id: call.id('batch_req_'), custom_id: line.custom_id, response: { status_code, request_id: call.id('req_'), body }, error: null });
  try {
    const { status = 200, body } = perform(textOf(line.url), fieldsOf(line.body));
    return { ok: true, text: answered(status, JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : 'null')) };
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    return { ok: false, text: answered(cause.status, cause.body) };
  }
};

const created = (call: Context, fields: Fields, total: number): Fields => {
  const now = call.seconds();
  return {
    id: call.id('batch_'),
    object: 'batch',
    endpoint: fields.endpoint,
    errors: null,
    input_file_id: fields.input_file_id,
    completion_window: '24h',
    status: 'validating',
    output_file_id: null,
    error_file_id: null,
    created_at: now,
    in_progress_at: null,
    expires_at: now + 86_400,
    completed_at: null,
    request_counts: { total, completed: 0, failed: 0 },
    metadata: fields.metadata ?? null,
  };
};

/** What a batch has become once its lines were run: one file of answers, one of refusals. */
const finished = (call: Context, store: Files, perform: Perform, batch: Fields): Fields => {
  const results = linesOf(store.find(textOf(batch.input_file_id)).bytes).map((line) => run(call, perform, line));
  const written = (ok: boolean): unknown => {
    const lines = results.filter((one) => one.ok === ok).map(({ text }) => `${text}\n`);
    const name = `${textOf(batch.id)}_${ok ? 'output' : 'error'}.jsonl`;
    return lines.length === 0 ? null : store.add(name, 'batch_output', Buffer.from(lines.join('')), 'application/jsonl').id;
  };
  const failed = results.filter(({ ok }) => !ok).length;
  const request_counts = { total: results.length, completed: results.length - failed, failed };
  return { status: 'completed', completed_at: call.seconds(), output_file_id: written(true), error_file_id: written(false), request_counts };
};

/** A batch is validating when created, in progress at the first look and completed at the second. */
const batches = (call: Context, store: Files, perform: Perform) => {
  const stored = new Map<string, Fields>();
  const change = (batch: Fields, members: Fields): Fields => {
    const changed = { ...batch, ...members };
    stored.set(textOf(batch.id), changed);
    return changed;
  };
  const find = (id: string): Fields => {
    const batch = stored.get(id);
    if (batch === undefined) throw refuse.notFound(`No such Batch object: ${id}`, 'batch_id');
    return batch;
  };
  return {
    list: (): Fields[] => [...stored.values()],
    create: (fields: Fields): Fields => {
      for (const name of ['input_file_id', 'endpoint', 'completion_window']) if (fields[name] === undefined) throw refuse.missing(name);
      checkMembers(fields, table);
      return change(created(call, fields, linesOf(store.find(textOf(fields.input_file_id)).bytes).length), {});
    },
    look: (id: string): Fields => {
      const batch = find(id);
      if (batch.status === 'validating') return change(batch, { status: 'in_progress', in_progress_at: call.seconds() });
      if (batch.status === 'cancelling') return change(batch, { status: 'cancelled', cancelled_at: call.seconds() });
      return batch.status === 'in_progress' ? change(batch, finished(call, store, perform, batch)) : batch;
    },
    cancel: (id: string): Fields => change(find(id), { status: 'cancelling', cancelling_at: call.seconds() }),
  };
};

export const batchRoutes = (call: Context, store: Files, perform: Perform): readonly Route[] => {
  const all = batches(call, store, perform);
  const path = '/v1/batches';
  return [
    { method: 'POST', path, takes: 'json', handle: ({ fields }) => jsonReply(all.create(fields)) },
    { method: 'GET', path, takes: 'nothing', handle: ({ query }) => jsonReply(page(all.list(), query)) },
    { method: 'GET', path: `${path}/{id}`, takes: 'nothing', handle: ({ params: [id = ''] }) => jsonReply(all.look(id)) },
    { method: 'POST', path: `${path}/{id}/cancel`, takes: 'nothing', handle: ({ params: [id = ''] }) => jsonReply(all.cancel(id)) },
  ];
};
