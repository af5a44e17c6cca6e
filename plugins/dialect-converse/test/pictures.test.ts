import type { ChatRequest, Part } from '@llm-proxy-auth/plugin';
import { expect, it } from 'vitest';
import { callOf, client, inboundOf, ledger, provider, written } from './support.ts';

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]).toString('base64');
const asked = (part: Part): ChatRequest => ({ turns: [{ role: 'user', parts: [part] }], tools: [], choices: 1, maxTokens: 9 });
const image = (base64: string, type: string): Part => ({ kind: 'image', media: { base64, type } });
const sent = (part: Part) => {
  const { body, notes } = written(asked(part));
  return [(body.messages as readonly { content: readonly object[] }[])[0]?.content[0], notes.map(({ kind, param }) => `${kind}=${param}`)];
};
it.each([
  ['image/jpeg', ['emulated=turns.parts.media']],
  ['image/bmp', ['emulated=turns.parts.media']],
  ['', ['emulated=turns.parts.media']],
  ['image/png', []],
])('a picture that is said to be %o is of the format that its bytes say', (type, notes) => {
  expect(sent(image(PNG, type))).toEqual([{ image: { format: 'png', source: { bytes: PNG } } }, notes]);
});
it('bytes that say nothing of themselves are what they are said to be', () => {
  expect(sent(image('AAAA', 'image/jpg'))).toEqual([{ image: { format: 'jpeg', source: { bytes: 'AAAA' } } }, []]);
  const pdf = Buffer.from('%PDF-1.7').toString('base64');
  expect(sent(image(pdf, 'image/png'))).toEqual([{ image: { format: 'png', source: { bytes: pdf } } }, []]);
});
it('in a result of a tool too', () => {
  const result: Part = { kind: 'toolResult', id: 'a', parts: [image(PNG, 'image/gif')], failed: false };
  const { body } = written({
    ...asked(result),
    turns: [
      { role: 'user', parts: [{ kind: 'text', text: 'x' }] },
      { role: 'assistant', parts: [{ kind: 'toolCall', id: 'a', name: 'f', input: { json: '{}' } }] },
      { role: 'user', parts: [result] },
    ],
  });
  expect(JSON.stringify(body.messages)).toContain('"toolResult":{"toolUseId":"a","content":[{"image":{"format":"png"');
});
it('a client of Converse is left to say what it wants', () => {
  const wire = { messages: [{ role: 'user', content: [{ image: { format: 'jpeg', source: { bytes: PNG } } }] }] };
  expect(provider.write(client.read(inboundOf(wire), ledger()), callOf()).body).toEqual(wire);
});
