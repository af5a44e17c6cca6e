import { Buffer } from 'node:buffer';
import { eventFrame } from '@llm-proxy-auth/simulators';

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields => value as Fields;
const first = (value: unknown): Fields => (value as readonly Fields[])[0] ?? {};

const ofOpenai = ({ choices, usage, ...head }: Fields): readonly unknown[] => {
  const { message, finish_reason } = first(choices);
  const chunk = (delta: unknown, reason: unknown) => ({ ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: reason }] });
  return [chunk(message, null), chunk({}, finish_reason), { ...head, object: 'chat.completion.chunk', choices: [], usage }];
};
const ofAnthropic = ({ content, stop_reason, usage, ...head }: Fields): readonly Fields[] => {
  const block = first(content);
  return [
    { type: 'message_start', message: { ...head, content: [], stop_reason: null, usage: { ...fields(usage), output_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { ...block, text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: block.text } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: fields(usage).output_tokens } },
    { type: 'message_stop' },
  ];
};
const ofConverse = ({ output, stopReason, usage, metrics }: Fields): readonly Buffer[] => {
  const { role, content } = fields(fields(output).message);
  return [
    eventFrame('messageStart', { role }),
    eventFrame('contentBlockDelta', { contentBlockIndex: 0, delta: { text: first(content).text } }),
    eventFrame('contentBlockStop', { contentBlockIndex: 0 }),
    eventFrame('messageStop', { stopReason }),
    eventFrame('metadata', { usage, metrics }),
  ];
};
const ofOci = (chat: Fields): readonly unknown[] => {
  const { usage, ...rest } = chat;
  if (chat.apiFormat === 'GENERIC') {
    const { message, finishReason } = first(rest.choices);
    return [{ index: 0, message }, { finishReason }, { usage }];
  }
  if (chat.apiFormat === 'COHERE') {
    const { text, finishReason } = rest;
    return [
      { apiFormat: 'COHERE', text },
      { apiFormat: 'COHERE', text, finishReason },
      { apiFormat: 'COHERE', usage },
    ];
  }
  const { message, finishReason, ...head } = rest;
  return [
    { ...head, message },
    { ...head, finishReason },
    { ...head, usage },
  ];
};
const events = (list: readonly unknown[], end = ''): Buffer =>
  Buffer.from(
    list
      .map((event) => `${typeof fields(event).type === 'string' ? `event: ${String(fields(event).type)}\n` : ''}data: ${JSON.stringify(event)}\n\n`)
      .join('') + end,
  );
const BINARY = { 'content-type': 'application/vnd.amazon.eventstream' };
const EVENTS = { 'content-type': 'text/event-stream' };

/** A whole answer of a provider as the stream that says the same; `framed`: in the binary frames of InvokeModel. */
export const streamedOf = (whole: Fields, framed: boolean): { readonly headers: Readonly<Record<string, string>>; readonly body: Buffer } => {
  if (whole.output !== undefined) return { headers: BINARY, body: Buffer.concat(ofConverse(whole)) };
  if (whole.type === 'message') {
    const said = ofAnthropic(whole);
    if (!framed) return { headers: EVENTS, body: events(said) };
    const frames = said.map((event) => eventFrame('chunk', { bytes: Buffer.from(JSON.stringify(event)).toString('base64') }));
    return { headers: BINARY, body: Buffer.concat(frames) };
  }
  if (whole.chatResponse !== undefined) return { headers: EVENTS, body: events(ofOci(fields(whole.chatResponse))) };
  if (whole.candidates !== undefined) return { headers: EVENTS, body: events([whole]) };
  return { headers: EVENTS, body: events(ofOpenai(whole), 'data: [DONE]\n\n') };
};
