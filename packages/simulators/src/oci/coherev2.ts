import { type Fields, listOf as fieldsIn, fieldsOf, textOf } from '../openai/check.ts';
import { tokens } from '../openai/tokens.ts';
import type { Prompt } from '../openai/turn.ts';
import { anything, boolean, type Check, integer, listOf, members, object, oneOf, string, variants } from './check.ts';
import { formatOf, responseFormat, sampling, toolName } from './cohere.ts';
import type { ChatAnswer } from './generic.ts';
import type { Model } from './models.ts';
import { refuse } from './refusal.ts';
import { type Context, type Said, say, usageOf, weigh } from './said.ts';

const imageUrl = members({ url: string, detail: oneOf('AUTO', 'HIGH', 'LOW') }, ['url']);
const content = listOf(
  variants('type', {
    TEXT: members({ type: string, text: string }),
    IMAGE_URL: members({ type: string, imageUrl }, ['imageUrl']),
    THINKING: members({ type: string, thinking: string }),
    DOCUMENT: members({ type: string, document: anything }, ['document']),
  }),
);
const said = members({ role: string, content }, ['content']);
const functionCall: Check = members({ id: string, type: oneOf('FUNCTION'), function: members({ name: string, arguments: string }) }, ['id', 'function']);
const message = variants('role', {
  SYSTEM: said,
  USER: said,
  ASSISTANT: members({ role: string, content, toolCalls: listOf(functionCall), toolPlan: string, citations: listOf(object) }),
  TOOL: members({ role: string, content, toolCallId: string }, ['content', 'toolCallId']),
});
const tool = members({ type: oneOf('FUNCTION'), function: members({ name: toolName, description: string, parameters: object }, ['name', 'parameters']) }, [
  'type',
  'function',
]);
const request = members(
  {
    ...sampling,
    apiFormat: string,
    messages: listOf(message),
    documents: listOf(object),
    citationOptions: members({ mode: oneOf('FAST', 'ACCURATE', 'OFF') }),
    toolsChoice: oneOf('REQUIRED', 'NONE'),
    tools: listOf(tool),
    isStrictToolsEnabled: boolean,
    isLogProbsEnabled: boolean,
    thinking: members({ type: oneOf('ENABLED', 'DISABLED'), tokenBudget: integer(1) }, ['type']),
    responseFormat,
    priority: integer(),
  },
  ['messages'],
);
const checkV2 = (chat: Fields, model: Model): void => {
  request(chat, 'chatRequest');
  const messages = fieldsIn(chat.messages);
  if (messages.length === 0) throw refuse.missing('chatRequest.messages');
  const images = messages.some(({ content: parts }) => fieldsIn(parts).some(({ type }) => type === 'IMAGE_URL'));
  if (images && !model.images) throw refuse.byModel('invalid request: this model does not support images.');
  const known = new Set(messages.flatMap(({ toolCalls }) => fieldsIn(toolCalls).map(({ id }) => textOf(id))));
  if (messages.some(({ role, toolCallId }) => role === 'TOOL' && !known.has(textOf(toolCallId))))
    throw refuse.byModel('invalid request: all elements in tool messages must have a corresponding tool call.');
};
const textIn = (parts: unknown): string =>
  fieldsIn(parts)
    .map(({ text }) => textOf(text))
    .filter((text) => text !== '')
    .join('\n');
const MEDIA: Readonly<Record<string, string>> = { IMAGE_URL: 'image', DOCUMENT: 'document' };
const promptOf = (chat: Fields): Omit<Prompt, 'reasoning'> => {
  const messages = fieldsIn(chat.messages);
  const last = messages.at(-1) ?? {};
  const results: string[] = [];
  for (let at = messages.length - 1; messages[at]?.role === 'TOOL'; at -= 1) results.unshift(textIn(messages[at]?.content));
  const tools = fieldsIn(chat.tools).map((one) => {
    const { name, parameters } = fieldsOf(one.function);
    return { kind: 'function' as const, name: textOf(name), schema: parameters };
  });
  return {
    text: last.role === 'TOOL' ? '' : textIn(last.content),
    toolResult: results.length === 0 ? undefined : results.join('\n'),
    media: fieldsIn(last.content).flatMap(({ type }) => MEDIA[textOf(type)] ?? []),
    inputTokens: messages.reduce((sum, { content: parts }) => sum + 3 + weigh(textIn(parts)), 0),
    tools,
    choice: chat.toolsChoice === 'NONE' ? 'none' : chat.toolsChoice === 'REQUIRED' ? 'required' : 'auto',
    parallel: true,
    format: formatOf(chat),
    maxTokens: typeof chat.maxTokens === 'number' ? chat.maxTokens : 20,
    stop: Array.isArray(chat.stopSequences) ? chat.stopSequences.map(String) : [],
  };
};
const FINISH = { stop: 'COMPLETE', tool_calls: 'TOOL_CALL', length: 'MAX_TOKENS', content_filter: 'ERROR' } as const;
const calls = (call: Context, answer: Said) =>
  answer.calls.map(({ name, input }) => ({ id: `${name}_${call.id().slice(0, 8)}`, type: 'FUNCTION', function: { name, arguments: input } }));
const logProbabilities = (chat: Fields, text: string) =>
  chat.isLogProbsEnabled === true ? { logProbabilities: tokens(text).map((piece, at) => ({ text: piece, tokenIds: [at], logProbabilities: [-0.25] })) } : {};

/** A chat in the format COHEREV2. How its streams look nobody published: pieces of messages, as in GENERIC. */
export const cohereV2 = (call: Context, model: Model, chat: Fields): ChatAnswer => {
  checkV2(chat, model);
  const prompt = promptOf(chat);
  const thinks = model.thinks && fieldsOf(chat.thinking).type !== 'DISABLED';
  const answer = say(call, model, prompt, thinks);
  const usage = usageOf(prompt.inputTokens, [answer]);
  const text = answer.text ?? answer.refusal ?? '';
  const thought = answer.thought === undefined ? [] : [{ type: 'THINKING', thinking: answer.thought }];
  const toolCalls = calls(call, answer);
  const plan = toolCalls.length === 0 ? {} : { toolPlan: 'I will call the tools that were asked for.' };
  const finishReason = FINISH[answer.finish];
  const head = { apiFormat: 'COHEREV2' };
  if (chat.isStream !== true) {
    const parts = [...thought, ...(text === '' ? [] : [{ type: 'TEXT', text }])];
    const whole = { role: 'ASSISTANT', content: parts, ...plan, ...(toolCalls.length === 0 ? {} : { toolCalls }) };
    return { response: { ...head, id: call.id(), message: whole, finishReason, ...logProbabilities(chat, text), usage } };
  }
  const piece = (message: Fields) => ({ ...head, message: { role: 'ASSISTANT', ...message } });
  const pieces = [
    ...tokens(answer.thought ?? '').map((one) => piece({ content: [{ type: 'THINKING', thinking: one }] })),
    ...(toolCalls.length === 0 ? [] : [piece(plan)]),
    ...tokens(text).map((one) => ({ ...piece({ content: [{ type: 'TEXT', text: one }] }), ...logProbabilities(chat, one) })),
    ...toolCalls.map((one) => piece({ toolCalls: [one] })),
    { ...head, finishReason },
    ...(fieldsOf(chat.streamOptions).isIncludeUsage === true ? [{ ...head, usage }] : []),
  ];
  return { events: pieces.map((event) => ({ ...event, pad: call.pad() })) };
};
