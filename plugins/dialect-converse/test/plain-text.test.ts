import { jsonSpellings } from '@llm-proxy-auth/contract-tests';
import type { ChatEvent } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { callOf, provider } from './support.ts';

/** What is read of a text event in a stream that is otherwise whole. */
const eventsOf = (data: string): readonly ChatEvent[] => {
  const events: ChatEvent[] = [];
  const reader = provider.stream?.(callOf(), undefined, (e) => void events.push(e));
  reader?.event('messageStart', '{"role":"assistant"}');
  reader?.event('contentBlockDelta', '{"contentBlockIndex":0,"delta":{"text":"b"}}');
  const before = events.length;
  reader?.event('contentBlockDelta', data);
  return events.slice(before);
};
const delta = (text: string, space = ''): string => `{${space}"contentBlockIndex":0,"delta":{"text":${text}},"p":"abc"}`;

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
  ['an index with a zero before it', '{"contentBlockIndex":00,"delta":{"text":"a"}}'],
])('%s is refused', (_name, data) => {
  expect(eventsOf(data)).toMatchObject([{ type: 'error', error: { code: 'upstream_bad_response' } }]);
});
