import { batchRoutes } from './batches.ts';
import { type Fields, fieldsOf, isFields, listOf, textOf } from './check.ts';
import type { Context } from './context.ts';
import { messageObject, type Spoken, speak } from './message.ts';
import { checkCount, checkMessages, type Reading } from './messages-check.ts';
import { modelObject, page } from './models.ts';
import { blocksOf } from './pieces.ts';
import { readJson } from './request.ts';
import { type Asked, jsonReply, type Reply, type Route } from './routes.ts';
import { fileRoutes, type Stored, stored } from './stored.ts';
import { messageStream } from './stream.ts';

/** Every file that a message names is there. */
const checkFiles = (body: Fields, store: Stored): void => {
  for (const { content } of listOf(body.messages)) {
    for (const block of blocksOf(content)) {
      const source = fieldsOf(block.source);
      if (source.type === 'file') store.file(textOf(source.file_id));
      if (block.type === 'container_upload') store.file(textOf(block.file_id));
    }
  }
};

/** Code runs in the container that is named, or in a new one. */
const containerOf = (body: Fields, store: Stored): Fields | undefined => {
  const { container } = body;
  const id = typeof container === 'string' ? container : isFields(container) ? container.id : undefined;
  const runsCode = listOf(body.tools).some(({ type }) => /^code_execution_/.test(textOf(type)));
  if (typeof id !== 'string' && !runsCode) return undefined;
  return store.container(typeof id === 'string' ? id : undefined);
};

type Answered = { readonly spoken: Spoken; readonly inputTokens: number };

const answer = (call: Context, store: Stored, body: Fields, reading: Reading): Answered => {
  const checked = checkMessages(call, body, reading);
  checkFiles(body, store);
  const container = containerOf(body, store);
  return { spoken: { ...speak(call, body, checked), container: container ?? null }, inputTokens: checked.inputTokens };
};

const messages = ({ call, request, reading }: Asked, store: Stored): Reply => {
  const body = readJson(request);
  const { spoken, inputTokens } = answer(call, store, body, reading);
  if (body.stream === true) return { type: 'text/event-stream; charset=utf-8', body: messageStream(spoken), inputTokens };
  return jsonReply(messageObject(spoken), inputTokens);
};

const countTokens = ({ call, request, reading }: Asked): Reply => jsonReply({ input_tokens: checkCount(call, readJson(request), reading).inputTokens });

const listModels = ({ call, query }: Asked): Reply => {
  const wanted = query.getAll('lifecycle[]');
  const found = call.models.list().filter(({ lifecycle }) => wanted.length === 0 || wanted.includes(lifecycle));
  return jsonReply(page(found.map(modelObject), query));
};

const findModel = ({ call, params: [id = ''] }: Asked): Fields => modelObject(call.models.require(id));

/** Every endpoint of one simulator, with its own state. */
export const endpoints = (call: Context, origin: () => string): readonly Route[] => {
  const store = stored(call);
  const perform = (params: Fields): Fields => messageObject(answer(call, store, params, { version: '2023-06-01', betas: [] }).spoken);
  return [
    { method: 'POST', path: '/v1/messages', handle: (asked) => messages(asked, store) },
    { method: 'POST', path: '/v1/messages/count_tokens', handle: countTokens },
    { method: 'GET', path: '/v1/models', handle: listModels },
    { method: 'GET', path: '/v1/models/{id}', handle: (asked) => jsonReply(findModel(asked)) },
    ...batchRoutes(call, perform, origin),
    ...fileRoutes(store),
  ];
};
