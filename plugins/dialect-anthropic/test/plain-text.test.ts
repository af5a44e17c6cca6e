import { jsonSpellings } from '@llm-proxy-auth/contract-tests';
import type { ChatEvent } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { callOf, messagesProvider } from './support.ts';

/** What is read of a text event in a stream that is otherwise whole. */
const eventsOf = (data: string): readonly ChatEvent[] => {
  const events: ChatEvent[] = [];
  const reader = messagesProvider.stream?.(callOf({ stream: true }), undefined, (e) => void events.push(e));
  reader?.event('message_start', '{"type":"message_start","message":{"id":"m","model":"m","usage":{"input_tokens":1,"output_tokens":1}}}');
  reader?.event('content_block_start', '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}');
  const before = events.length;
  reader?.event('content_block_delta', data);
  return events.slice(before);
};
const delta = (text: string, space = ''): string => `{${space}"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":${text}}   }`;

test('text is read alike whether a parser is needed or not', () => {
  fc.assert(
    fc.property(jsonSpellings, (sources) => {
      for (const source of sources) expect(eventsOf(delta(source))).toEqual(eventsOf(delta(source, ' ')));
    }),
  );
});
test.each([
  ['a raw control character', delta('"a\tb"')],
  ['a quote that ends the text early', delta('"a"b"')],
  ['an escape cut short', delta('"a\\"')],
  ['an index with a zero before it', '{"type":"content_block_delta","index":00,"delta":{"type":"text_delta","text":"a"}}'],
  ['a space that JSON has not', `${delta('"a"')}\u00a0`],
  ['a block that is not open', '{"type":"content_block_delta","index":7,"delta":{"type":"text_delta","text":"a"}}'],
])('%s is refused', (_name, data) => {
  expect(eventsOf(data)).toMatchObject([{ type: 'error', error: { code: 'upstream_bad_response' } }]);
});
