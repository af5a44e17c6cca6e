import { type Fields, fieldsOf, listOf, textOf } from './check.ts';
import type { Context } from './context.ts';
import { page } from './models.ts';
import { at, envelope, invalid, notFound, Refusal } from './refusal.ts';
import { readJson } from './request.ts';
import { jsonReply, type Route } from './routes.ts';

/** Runs one request of a batch as `POST /v1/messages` would. */
export type Perform = (params: Fields) => Fields;

type Batch = { readonly id: string; readonly requests: readonly Fields[]; readonly object: Fields; readonly results: string | undefined };

const mostBytes = 256 * 1024 * 1024;
const none = { processing: 0, succeeded: 0, errored: 0, canceled: 0, expired: 0 };

const run = (call: Context, perform: Perform, { custom_id, params }: Fields): { type: string; line: string } => {
  const written = (result: Fields) => JSON.stringify({ custom_id, result });
  try {
    return { type: 'succeeded', line: written({ type: 'succeeded', message: perform(fieldsOf(params)) }) };
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    return { type: 'errored', line: written({ type: 'errored', error: envelope(cause.error, call.id('req_01')) }) };
  }
};

const checkRequests = (body: Fields): readonly Fields[] => {
  if (!Array.isArray(body.requests)) throw at('requests', 'Field required');
  const requests = listOf(body.requests);
  if (requests.length === 0) throw at('requests', 'List should have at least 1 item after validation, not 0');
  for (const [index, { custom_id, params }] of requests.entries()) {
    if (typeof custom_id !== 'string') throw at(`requests.${index}.custom_id`, 'Field required');
    if (params === undefined) throw at(`requests.${index}.params`, 'Field required');
    if (fieldsOf(params).stream === true) throw at(`requests.${index}.params.stream`, 'streaming is not supported in batches');
  }
  if (new Set(requests.map(({ custom_id }) => custom_id)).size !== requests.length) throw invalid('requests: custom_id must be unique');
  return requests;
};

/** A batch is in progress when created and at the first look, and ended at the second. */
const batches = (call: Context, perform: Perform, origin: () => string) => {
  const all = new Map<string, Batch & { looks: number }>();
  const find = (id: string) => {
    const found = all.get(id);
    if (found === undefined) throw notFound(`Message Batch not found: ${id}`);
    return found;
  };
  const keep = (batch: Batch & { looks: number }): Fields => {
    all.set(batch.id, batch);
    return batch.object;
  };
  const end = (batch: Batch & { looks: number }, canceled: boolean): Fields => {
    const ran = canceled
      ? batch.requests.map(({ custom_id }) => ({ type: 'canceled', line: JSON.stringify({ custom_id, result: { type: 'canceled' } }) }))
      : batch.requests.map((one) => run(call, perform, one));
    const counts = { ...none, ...Object.fromEntries(Object.entries(Object.groupBy(ran, ({ type }) => type)).map(([type, list = []]) => [type, list.length])) };
    const url = `${origin()}/v1/messages/batches/${batch.id}/results`;
    const object = { ...batch.object, processing_status: 'ended', ended_at: call.time(), request_counts: counts, results_url: url };
    return keep({ ...batch, object, results: ran.map(({ line }) => `${line}\n`).join('') });
  };
  return {
    list: (): Fields[] => [...all.values()].map(({ object }) => object).toReversed(),
    find,
    create: (body: Fields): Fields => {
      const requests = checkRequests(body);
      const id = call.id('msgbatch_01');
      const object = {
        id,
        type: 'message_batch',
        processing_status: 'in_progress',
        request_counts: { ...none, processing: requests.length },
        created_at: call.time(),
        expires_at: call.time(86_400),
        ended_at: null,
        archived_at: null,
        cancel_initiated_at: null,
        results_url: null,
      };
      return keep({ id, requests, object, results: undefined, looks: 0 });
    },
    look: (id: string): Fields => {
      const batch = find(id);
      const { processing_status: status } = batch.object;
      if (status === 'canceling') return end(batch, true);
      if (status === 'in_progress' && batch.looks > 0) return end(batch, false);
      return keep({ ...batch, looks: batch.looks + 1 });
    },
    cancel: (id: string): Fields => {
      const batch = find(id);
      if (batch.object.processing_status !== 'in_progress') return batch.object;
      return keep({ ...batch, object: { ...batch.object, processing_status: 'canceling', cancel_initiated_at: call.time() } });
    },
    remove: (id: string): Fields => {
      if (find(id).object.processing_status !== 'ended') throw invalid('Message Batch is still in progress and cannot be deleted.');
      all.delete(id);
      return { id, type: 'message_batch_deleted' };
    },
  };
};

/** `origin`: where results are fetched from, known once the stand-in listens. */
export const batchRoutes = (call: Context, perform: Perform, origin: () => string): readonly Route[] => {
  const all = batches(call, perform, origin);
  const path = '/v1/messages/batches';
  const one = `${path}/{id}`;
  return [
    { method: 'POST', path, handle: ({ request }) => jsonReply(all.create(readJson(request, mostBytes))) },
    { method: 'GET', path, handle: ({ query }) => jsonReply(page(all.list(), query)) },
    { method: 'GET', path: one, handle: ({ params: [id = ''] }) => jsonReply(all.look(id)) },
    { method: 'DELETE', path: one, handle: ({ params: [id = ''] }) => jsonReply(all.remove(id)) },
    { method: 'POST', path: `${one}/cancel`, handle: ({ params: [id = ''] }) => jsonReply(all.cancel(id)) },
    {
      method: 'GET',
      path: `${one}/results`,
      handle: ({ params: [id = ''] }) => {
        const { results } = all.find(textOf(id));
        if (results === undefined) throw notFound('No results are available yet for this Message Batch.');
        return { type: 'application/x-jsonl', body: Buffer.from(results) };
      },
    },
  ];
};
