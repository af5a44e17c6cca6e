import { type ChatReply, eventsOf, type Part } from '@llm-proxy-auth/plugin';
import OpenAI, { APIError } from 'openai';
import { describe, expect, it } from 'vitest';
import { callOf, client, writeStream } from './responses-support.ts';

const usage = { input: 9, output: 4, cacheRead: 2, cacheWrite: 1, reasoning: 1, estimated: false };
const answer = (parts: readonly Part[], finish: ChatReply['choices'][number]['finish'] = 'stop'): ChatReply => ({
  id: 'resp_1',
  model: 'claude-x',
  choices: [{ index: 0, parts, finish }],
  usage,
});
const question = { model: 'the-model', input: 'hi' };
/** The SDK with an answer of ours in place of the network. */
const sdk = (body: string, type: string): OpenAI =>
  new OpenAI({ apiKey: 'none', maxRetries: 0, fetch: async () => new Response(body, { status: 200, headers: { 'content-type': type } }) });
const streamed = (reply: ChatReply): OpenAI => sdk(writeStream(eventsOf(reply), callOf({ ...question, stream: true }, { stream: true })), 'text/event-stream');
const whole = (reply: ChatReply): OpenAI => sdk(String(client.write(reply, callOf(question)).body), 'application/json');

const REPLIES: Readonly<Record<string, ChatReply>> = {
  text: answer([{ kind: 'text', text: 'Hello there.' }]),
  'text with a citation': answer([{ kind: 'text', text: 'See.', citations: [{ start: 0, end: 3, url: 'https://a.example/', title: 'A' }] }]),
  'two texts': answer([
    { kind: 'text', text: 'One.' },
    { kind: 'text', text: 'Two.', citations: [{ url: 'https://a.example/' }] },
  ]),
  refusal: answer([{ kind: 'refusal', text: 'No.' }]),
  'parallel calls': answer(
    [
      { kind: 'toolCall', id: 'call_1', name: 'f', input: { json: '{"a":1}' } },
      { kind: 'toolCall', id: 'call_2', name: 'f', input: { json: '{}' } },
    ],
    'tool',
  ),
  'a custom call': answer([{ kind: 'toolCall', id: 'call_1', name: 'free', input: { text: 'SELECT 1' } }], 'tool'),
  'thinking, text and a call': answer(
    [
      { kind: 'thinking', text: 'Hm.', redacted: false },
      { kind: 'text', text: 'So.' },
      { kind: 'toolCall', id: 'call_1', name: 'f', input: { json: '{"a":[1,2]}' } },
    ],
    'tool',
  ),
  'a cut': answer([{ kind: 'text', text: 'Once upon' }], 'length'),
  nothing: answer([]),
};

describe('the OpenAI SDK', () => {
  it.each(Object.entries(REPLIES))('puts a stream of %s together to the answer that comes whole', async (_name, reply) => {
    const { _request_id: _a, ...unary } = await whole(reply).responses.create(question);
    const final = await streamed(reply).responses.stream(question).finalResponse();
    const bare = (value: object): unknown =>
      JSON.parse(JSON.stringify(value, (key, inner) => (key === 'parsed' || key === 'output_parsed' || key === 'parsed_arguments' ? undefined : inner)));
    expect(bare(final)).toEqual(bare(unary));
  });
  it('computes output_text', async () => {
    expect((await whole(REPLIES.text ?? answer([])).responses.create(question)).output_text).toBe('Hello there.');
    expect(
      (
        await streamed(REPLIES.text ?? answer([]))
          .responses.stream(question)
          .finalResponse()
      ).output_text,
    ).toBe('Hello there.');
  });
  it('parses structured output', async () => {
    const format = { type: 'json_schema', name: 'city', strict: true, schema: { type: 'object' } } as const;
    const parsed = await whole(answer([{ kind: 'text', text: '{"city":"Rome"}' }])).responses.parse({ ...question, text: { format } });
    expect(JSON.parse(parsed.output_text)).toEqual({ city: 'Rome' });
  });
  it('throws in a raw loop when the answer fails', async () => {
    const writer = client.stream?.(callOf({ ...question, stream: true }, { stream: true }));
    const events = eventsOf(answer([{ kind: 'text', text: 'half' }])).slice(0, 3);
    const text = `${events.map((e) => writer?.event(e)).join('')}${writer?.error({ code: 'upstream_stream_truncated', status: 502, message: 'Gone.' })}`;
    const read = async (): Promise<void> => {
      for await (const _event of await sdk(text, 'text/event-stream').responses.create({ ...question, stream: true }));
    };
    await expect(read()).rejects.toBeInstanceOf(APIError);
  });
});
