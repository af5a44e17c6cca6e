import { asList, asObject, type Call, type ChatRequest, type Inbound, invalid, Late, textField } from '@llm-proxy-auth/plugin';
import { withForm } from '../form.ts';
import { remainderOf } from '../remainder.ts';
import { ANTHROPIC, MESSAGES } from '../wire.ts';
import { readParams, readRest, writeOwnParams } from './params.ts';
import { readMessages, readSystem } from './read-turns.ts';
import { readTools } from './tools.ts';

/** Whether the client keeps thinking from coming back. */
export const hidesThinking = ({ body }: Inbound): boolean => asObject(asObject(body)?.thinking)?.display === 'omitted';
/** Whether the client did not ask for thinking, or keeps it from coming back, at a provider that may not know that. */
export const wantsNoThinking = ({ inbound, endpoint }: Call): boolean => {
  const type = asObject(asObject(inbound.body)?.thinking)?.type ?? 'disabled';
  return endpoint.dialect !== ANTHROPIC && (type === 'disabled' || hidesThinking(inbound));
};
/** Reads a request for messages, or for a count of their tokens; members the conversation does not know go to `rest`. */
export const readRequest = (inbound: Inbound): ChatRequest => {
  const body = asObject(inbound.body);
  if (body === undefined) throw invalid('body', 'The body must be a JSON object.');
  textField(body, 'model');
  const fields = readRest(body);
  const request: ChatRequest = {
    turns: [...readSystem(body.system), ...readMessages(body.messages)],
    tools: readTools(body.tools),
    choices: 1,
    ...readParams(body),
    ...(Object.keys(fields).length > 0 ? { rest: { from: MESSAGES, fields } } : {}),
  };
  const { model: _model, messages: _messages, system, stream: _stream, tools, ...params } = body;
  // Lists that are empty are said here; what they hold is said by what was read of it.
  const empty = {
    ...(system === '' || (Array.isArray(system) && system.length === 0) || system === null ? { system } : {}),
    ...(tools === null || (Array.isArray(tools) && asList(tools).length === 0) ? { tools } : {}),
  };
  return withForm(request, { left: new Late(() => remainderOf(writeOwnParams(request), { ...params, ...empty })) });
};
