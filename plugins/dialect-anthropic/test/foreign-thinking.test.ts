import { type ChatEvent, type ChatReply, eventsOf, type Part, type ThinkingPart } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accumulate } from './accumulate.ts';
import { callOf, type Fields, inboundOf, ledger, messages, messagesClient, payloads, written } from './support.ts';

/** What other vendors sign goes round through clients that send thinking back with its signature. */
const call: Part = { kind: 'toolCall', id: 'a', name: 'f', input: { json: '{}' } };
const replyOf = (...parts: readonly Part[]): ChatReply => ({
  id: 'm',
  model: 'm',
  choices: [{ index: 0, parts, finish: 'tool' }],
  usage: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false },
});
const whole = (...parts: readonly Part[]): readonly Fields[] =>
  (JSON.parse(String(messagesClient.write(replyOf(...parts), callOf()).body)) as { readonly content: readonly Fields[] }).content;
const streamed = (events: readonly ChatEvent[]): readonly Fields[] => {
  const writer = messages.client?.stream?.(callOf({ stream: true }));
  const text = events.map((e) => String(writer?.event(e))).join('');
  return (accumulate(payloads(text))?.content ?? []) as readonly Fields[];
};
const again = (content: readonly Fields[]) => {
  const body = {
    model: 'claude-sonnet-4-5',
    max_tokens: 9000,
    thinking: { type: 'enabled', budget_tokens: 2048 },
    messages: [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'done' }] },
    ],
  };
  return messagesClient.read(inboundOf(body), ledger());
};
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const foreign = (text: string, redacted: boolean, json: string): ThinkingPart => ({
  kind: 'thinking',
  text: redacted ? '' : text,
  redacted,
  origin: { dialect: 'acme', model: 'm', payload: { json } },
});

describe('thinking that another vendor signed', () => {
  it('comes back byte for byte, shown or redacted, whole or streamed', () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), fc.json(), (text, redacted, json) => {
        const part = foreign(text, redacted, json);
        for (const content of [whole(part, call), streamed(eventsOf(replyOf(part, call)))]) {
          expect(content[0]?.type).toBe(redacted ? 'redacted_thinking' : 'thinking');
          if (!redacted) expect(content[0]?.thinking).toBe(text);
          expect(plain(again(content).turns[1]?.parts[0])).toEqual(plain(part));
        }
      }),
    );
  });
  it('is refused when its envelope was changed', () => {
    for (const redacted of [true, false]) {
      const [block, ...others] = whole(foreign('Hm.', redacted, '{}'), call);
      const member = redacted ? 'data' : 'signature';
      const changed = { ...block, [member]: String(block?.[member]).replace('lpa1.s', 'lpa1.x') };
      expect(() => again([changed, ...others])).toThrow(expect.objectContaining({ code: 'invalid_request', param: `messages[].content[].${member}` }));
    }
  });
  it('is not told to this vendor, whose loop goes on without a budget then', () => {
    const { body, notes } = written(again(whole(foreign('Hm.', false, '{}'), call)), { model: 'claude-sonnet-4-5' });
    expect(body).not.toHaveProperty('thinking');
    expect(JSON.stringify(body.messages)).not.toContain('lpa1');
    expect(notes.map(({ param }) => param)).toEqual(expect.arrayContaining(['turns.parts.thinking', 'reasoning']));
  });
  it('of this vendor itself stays as it is, and what nobody signed has no signature', () => {
    const own: Part = {
      kind: 'thinking',
      text: 'Hm.',
      redacted: false,
      origin: { dialect: 'anthropic', payload: { json: '{"type":"thinking","thinking":"Hm.","signature":"EqQB"}' } },
    };
    for (const make of [whole, (...parts: readonly Part[]) => streamed(eventsOf(replyOf(...parts)))]) {
      expect(make(own, call)[0]).toEqual({ type: 'thinking', thinking: 'Hm.', signature: 'EqQB' });
      expect(make({ kind: 'thinking', text: 'Hm.', redacted: false }, call)[0]).toEqual({ type: 'thinking', thinking: 'Hm.', signature: '' });
    }
  });
});
