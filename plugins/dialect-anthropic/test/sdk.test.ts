import Anthropic from '@anthropic-ai/sdk';
import { type ChatReply, eventsOf as eventsOfReply, type Part } from '@llm-proxy-auth/plugin';
import { recordings } from '@llm-proxy-auth/simulators';
import { describe, expect, it } from 'vitest';
import { accumulate } from './accumulate.ts';
import { answered, bytesOf, dialect, eventsOf, type Fields, payloads, streamed } from './support.ts';

/** The vendor's own SDK, whose one answer is given. */
const clientOf = (body: string, type: string, status = 200): Anthropic =>
  new Anthropic({
    apiKey: 'k',
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(body, { status, headers: { 'content-type': type, 'request-id': 'req_1' } })),
  });
const ASK = { model: 'asked', max_tokens: 10, messages: [{ role: 'user' as const, content: 'x' }] };
const finalOf = (text: string): Promise<unknown> => clientOf(text, 'text/event-stream').messages.stream(ASK).finalMessage();

const parts: readonly Part[] = [
  { kind: 'thinking', text: 'Let me see.', redacted: false },
  { kind: 'text', text: 'Paris.', citations: [{ url: 'https://w.example/', title: 'W', quote: 'Paris' }] },
  { kind: 'toolCall', id: 'call_1', name: 'f', input: { json: '{"a": [1, {"b": null}]}' } },
  { kind: 'toolCall', id: 'call_2', name: 'now', input: { json: '' } },
];
const reply: ChatReply = {
  id: 'chatcmpl-1',
  model: 'gpt',
  choices: [{ index: 0, parts, finish: 'tool' }],
  usage: { input: 10, output: 5, cacheRead: 4, cacheWrite: 0, reasoning: 2, estimated: false },
};

describe('the vendor’s SDK', () => {
  it('reads an answer of another dialect, streamed, as the one that comes whole', async () => {
    const whole = answered(reply);
    const message = (await finalOf(streamed(eventsOfReply(reply)))) as Fields;
    expect(message.content).toEqual(
      (whole.content as readonly Fields[]).map((block) => {
        const { citations, ...others } = block;
        return citations === null ? others : block;
      }),
    );
    expect(message).toMatchObject({ id: 'chatcmpl-1', stop_reason: 'tool_use', usage: { input_tokens: 6, cache_read_input_tokens: 4, output_tokens: 5 } });
    expect((message.content as readonly Fields[])[2]).toMatchObject({ input: { a: [1, { b: null }] }, caller: { type: 'direct' } });
  });
  it('reads an answer that comes whole', async () => {
    const message = await clientOf(JSON.stringify(answered(reply)), 'application/json').messages.create(ASK);
    expect(message.content.map(({ type }) => type)).toEqual(['thinking', 'text', 'tool_use', 'tool_use']);
    expect(message.usage.input_tokens).toBe(6);
  });
  it.each([
    ['rate_limit_exceeded', 429, Anthropic.RateLimitError],
    ['missing_credentials', 401, Anthropic.AuthenticationError],
    ['model_not_found', 404, Anthropic.NotFoundError],
    ['upstream_overloaded', 503, Anthropic.InternalServerError],
  ] as const)('throws its own error for %s', async (code, status, kind) => {
    const { body } = dialect.error({ code, status, message: 'what happened' }, 'chat');
    const failure = await clientOf(body, 'application/json', status)
      .messages.create(ASK)
      .catch((one: unknown) => one);
    expect(failure).toBeInstanceOf(kind);
    expect((failure as Error).message).toContain('what happened');
  });
  it('throws when a stream ends with an error', async () => {
    const events = eventsOfReply(reply).slice(0, 6);
    const text = streamed([...events, { type: 'error', error: { code: 'upstream_stream_truncated', status: 502, message: 'It was cut.' } }]);
    await expect(finalOf(text)).rejects.toThrow('It was cut.');
  });
  it.each(
    recordings({ provider: 'anthropic', operation: 'messages' }).filter(
      ({ stream, response }) => stream && response.status === 200 && response.body !== undefined,
    ),
  )('reads $file, read and written by us, as the service sent it', async ({ response }) => {
    const body = response.body ?? '';
    const sent = (await finalOf(body)) as Fields;
    const again = (await finalOf(streamed(eventsOf([bytesOf(body)]), { requestedModel: String(sent.model) }))) as Fields;
    // Older answers lack members that the SDK reads as undefined.
    expect(again).toMatchObject(JSON.parse(JSON.stringify(sent)));
    expect(accumulate(payloads(streamed(eventsOf([bytesOf(body)])))) ?? {}).toMatchObject({ content: sent.content });
  });
});
