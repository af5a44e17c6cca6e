import type { Fields } from './check.ts';
import { messageObject, speak } from './message.ts';
import { checkCount, checkMessages } from './messages-check.ts';
import { modelObject, page } from './models.ts';
import { readJson } from './request.ts';
import { type Asked, jsonReply, type Reply, type Route } from './routes.ts';
import { messageStream } from './stream.ts';

const messages = ({ call, request, reading }: Asked): Reply => {
  const body = readJson(request);
  const checked = checkMessages(call, body, reading);
  const spoken = speak(call, body, checked);
  if (body.stream === true) return { type: 'text/event-stream; charset=utf-8', body: messageStream(spoken), inputTokens: checked.inputTokens };
  return jsonReply(messageObject(spoken), checked.inputTokens);
};

const countTokens = ({ call, request, reading }: Asked): Reply => jsonReply({ input_tokens: checkCount(call, readJson(request), reading).inputTokens });

const listModels = ({ call, query }: Asked): Reply => {
  const wanted = query.getAll('lifecycle[]');
  const found = call.models.list().filter(({ lifecycle }) => wanted.length === 0 || wanted.includes(lifecycle));
  return jsonReply(page(found.map(modelObject), query));
};

const findModel = ({ call, params: [id = ''] }: Asked): Fields => modelObject(call.models.require(id));

/** Every endpoint of one simulator. */
export const endpoints = (): readonly Route[] => [
  { method: 'POST', path: '/v1/messages', handle: messages },
  { method: 'POST', path: '/v1/messages/count_tokens', handle: countTokens },
  { method: 'GET', path: '/v1/models', handle: listModels },
  { method: 'GET', path: '/v1/models/{id}', handle: (asked) => jsonReply(findModel(asked)) },
];
