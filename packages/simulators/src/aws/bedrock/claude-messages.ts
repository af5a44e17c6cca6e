import type { Answer } from '../../http/answer.ts';
import { sseFrame } from '../../http/answer.ts';
import { type Fields, textOf } from '../../openai/check.ts';
import type { Context } from './context.ts';
import { eventsOf, message, readMessages } from './messages.ts';
import type { Model } from './models.ts';
import { fieldsIn, jsonAnswer, type Operation } from './operation.ts';
import { BedrockRefusal } from './refusal.ts';
import { promptTokens } from './talk.ts';

const types: Readonly<Record<number, string>> = { 400: 'invalid_request_error', 403: 'permission_error', 404: 'not_found_error' };

const refused = (call: Context, { status, message: said }: BedrockRefusal): Answer => ({
  status,
  headers: [['content-type', 'application/json']],
  body: Buffer.from(JSON.stringify({ type: 'error', error: { type: types[status] ?? 'api_error', message: said }, request_id: call.id('req_') })),
});

/** The last event without what only InvokeModel adds. */
const plain = ({ 'amazon-bedrock-invocationMetrics': _metrics, ...event }: Fields): Fields => event;

const answer = (call: Context, body: Fields, version: string): Answer => {
  const { model: id, stream, ...rest } = body;
  const found = call.models.find(textOf(id));
  // The bare id serves here too: this API has no profiles in its documentation.
  const model = found === undefined ? call.models.require(textOf(id)) : found.model;
  const spoken = message(call, model, { ...rest, anthropic_version: version === '2026-10-21' ? version : 'bedrock-2023-05-31' });
  if (stream !== true) return { status: 200, headers: [['content-type', 'application/json']], body: Buffer.from(JSON.stringify(spoken.message)) };
  const events = eventsOf(spoken).map((event) => sseFrame(plain(event), textOf(event.type)));
  return { status: 200, headers: [['content-type', 'text/event-stream; charset=utf-8']], body: events };
};

const inWords =
  (make: (call: Context, body: Fields, version: string) => Answer): Operation['handle'] =>
  ({ call, request }) => {
    try {
      return make(call, fieldsIn(request), request.header('anthropic-version') ?? '2023-06-01');
    } catch (cause) {
      if (!(cause instanceof BedrockRefusal)) throw cause;
      return refused(call, cause);
    }
  };
/** Anthropic's own Messages API at Bedrock: `/anthropic/v1/messages`. */
export const claudeMessages: Operation = { method: 'POST', path: /^\/anthropic\/v1\/messages$/, handle: inWords(answer) };

/** An id of the mantle host, which has no date and no version, as the models here have it. */
const mantleModel = (call: Context, id: string): Model => {
  const found = call.models.list().find((one) => one.family === 'anthropic' && one.id.replace(/-\d{8}-v\d+:\d+$/, '') === id);
  if (found === undefined) throw new BedrockRefusal(404, 'ResourceNotFoundException', `The model \`${id}\` isn't supported on this route.`);
  return found;
};
/** The same on the mantle host, with token counts. */
export const mantleMessages: readonly Operation[] = [
  {
    method: 'POST',
    path: /^\/anthropic\/v1\/messages$/,
    handle: inWords((call, body, version) => answer(call, { ...body, model: mantleModel(call, textOf(body.model)).id }, version)),
  },
  {
    method: 'POST',
    path: /^\/anthropic\/v1\/messages\/count_tokens$/,
    handle: inWords((call, { model, ...body }) =>
      jsonAnswer({
        input_tokens: promptTokens(readMessages(mantleModel(call, textOf(model)), { max_tokens: 1, anthropic_version: 'bedrock-2023-05-31', ...body })),
      }),
    ),
  },
];
