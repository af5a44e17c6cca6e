import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bodyOf, chunksOf, dial, post } from './socket.ts';
import { sseData } from './sse.ts';
import { useSimulator } from './support.ts';

const simulator = useSimulator({ now: () => 1_790_000_000_000 });
const model = 'gpt-4o-mini';
const user = (content: string) => [{ role: 'user' as const, content }];

describe('the bytes of a chat stream', () => {
  const streamed = async (extra: object): Promise<string> => {
    const { text } = await dial(simulator().origin, post('/v1/chat/completions', { model, messages: user('hi'), stream: true, ...extra })).done;
    expect(text).toMatch(/content-type: text\/event-stream; charset=utf-8\r\n/);
    expect(text).toMatch(/transfer-encoding: chunked\r\n/i);
    const { chunks, complete } = chunksOf(bodyOf(text));
    expect(complete).toBe(true);
    return chunks.join('');
  };

  test('only data lines, LF, one event each, [DONE] last', async () => {
    const body = await streamed({});
    expect(body.endsWith('\n\ndata: [DONE]\n\n')).toBe(true);
    expect(body).toMatch(/^(data: [^\n]+\n\n)+$/);
    expect(body).not.toContain('"usage"');
  });

  test('any text survives whole and streamed: emoji, right-to-left, NUL, lone surrogates', async () => {
    const unit = fc.constantFrom('a', ' ', '\n', '"', '\\', '\u0000', '\ud800', '\udc00', 'é', 'א', '👩‍👩‍👧', '\u2028');
    await fc.assert(
      fc.asyncProperty(fc.string({ unit, maxLength: 60 }), async (text) => {
        const messages = user(`say exactly: ${text}`);
        // The socket is read as latin1: its characters are the bytes.
        const utf8 = (value: string) => Buffer.from(value, 'latin1').toString('utf8');
        const whole = JSON.parse(utf8(bodyOf((await dial(simulator().origin, post('/v1/chat/completions', { model, messages })).done).text)));
        const chunks = sseData(utf8(await streamed({ messages }))) as { choices: { delta: { content?: string } }[] }[];
        expect(whole.choices[0].message.content).toBe(text);
        expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  test('obfuscation is there unless it is switched off', async () => {
    const withIt = sseData(await streamed({}));
    expect(withIt.every((chunk) => /^[0-9a-f]{1,16}$/.test(String(chunk.obfuscation)))).toBe(true);
    const without = sseData(await streamed({ stream_options: { include_obfuscation: false } }));
    expect(without.some((chunk) => 'obfuscation' in chunk)).toBe(false);
  });

  test('headers are those of the service, its own infrastructure included', async () => {
    const { text } = await dial(simulator().origin, post('/v1/chat/completions', { model, messages: user('hi') })).done;
    for (const line of [
      'openai-version: 2020-10-01',
      'openai-organization: ',
      'x-ratelimit-limit-requests: 10000',
      'x-ratelimit-reset-requests: 6ms',
      'set-cookie: ',
      'cf-ray: ',
    ]) {
      expect(text).toContain(`\r\n${line}`);
    }
    expect(text).toMatch(/\r\nopenai-processing-ms: \d+\r\n/);
    expect(text).toMatch(/\r\nx-ratelimit-reset-tokens: \d+(\.\d+)?m?s\r\n/);
  });
});
