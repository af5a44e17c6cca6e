import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { payloads } from './support/answers.ts';
import { type Bench, openBench } from './support/gateway.ts';

describe.each([
  ['Anthropic, bytes passing', { vendor: 'anthropic' as const, pass: true, model: 'claude-sonnet-4-6', plugins: [] }],
  ['Anthropic, translated', { vendor: 'anthropic' as const, pass: false, model: 'claude-sonnet-4-6', plugins: [] }],
  ['OpenAI', { vendor: 'openai' as const, pass: true, model: 'gpt-4o-mini', plugins: ['@llm-proxy-auth/dialect-anthropic'] }],
])('a provider that falls silent in a stream for an Anthropic client: %s', (_title, { model, ...wanted }) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ ...wanted, sections: { retry: { attempts: 1 }, stream: { commitAfter: '100ms', keepAlive: '100ms' } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());

  test.each([
    ['before its first word', 0],
    ['in the middle', 1200],
  ])('%s there are pings, and then the rest', async (_place, at) => {
    const { promise: until, resolve: go } = Promise.withResolvers<void>();
    bench.simulator.script({ stall: { at, until } });
    const answer = await fetch(`${bench.url}/anthropic/main/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': bench.key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model, max_tokens: 500, stream: true, messages: [{ role: 'user', content: 'write 40 words' }] }),
    });
    expect([answer.status, answer.headers.get('content-type')?.split(';', 1)[0]]).toEqual([200, 'text/event-stream']);
    let text = '';
    const decoder = new TextDecoder();
    for await (const piece of answer.body ?? []) {
      text += decoder.decode(piece, { stream: true });
      // The stand-in sends one ping of its own.
      if ((text.match(/event: ping\n/g) ?? []).length >= 3) go();
    }
    const events = payloads(text);
    expect(events.filter(({ type }) => type === 'ping').length).toBeGreaterThanOrEqual(3);
    expect(events.filter(({ type }) => type === 'message_start')).toHaveLength(1);
    expect(events.at(-1)?.type).toBe('message_stop');
    const said = events.map((event) => (event.delta as { text?: string } | undefined)?.text ?? '').join('');
    expect(said).toMatch(/^word1 word2 .* word40$/);
  });
});
