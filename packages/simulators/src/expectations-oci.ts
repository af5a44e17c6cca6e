import type { ExpectedToolCall, Found } from './expectations.ts';

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const fields = (value: unknown): Fields => (isFields(value) ? value : {});
const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fields) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A stream in the format GENERIC of one answer: each line of data is an event; a call begins where a fragment has a name. */
export const ociChatEvents = (raw: string): Found => {
  const calls: { name: string; arguments: string }[] = [];
  let said = '';
  let thoughts = '';
  let finish: string | undefined;
  let usage: Fields | undefined;
  for (const line of raw.split('\n')) {
    if (!line.startsWith('data: ') || line === 'data: [DONE]') continue;
    const event = fields(JSON.parse(line.slice(6)));
    const message = fields(event.message);
    said += list(message.content)
      .map((part) => text(part.text))
      .join('');
    thoughts += text(message.reasoningContent);
    for (const call of list(message.toolCalls)) {
      const last = calls.at(-1);
      if (text(call.name) !== '' || last === undefined) calls.push({ name: text(call.name), arguments: text(call.arguments) });
      else last.arguments += text(call.arguments);
    }
    if (typeof event.finishReason === 'string') finish = event.finishReason;
    if (isFields(event.usage)) usage = event.usage;
  }
  const toolCalls: readonly ExpectedToolCall[] = calls;
  return { texts: [said], toolCalls, thoughts, finish, usage };
};
