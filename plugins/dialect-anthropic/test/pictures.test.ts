import type { ChatRequest } from '@llm-proxy-auth/plugin';
import { expect, it } from 'vitest';
import { written } from './support.ts';

const GIF = Buffer.from('GIF89a;').toString('base64');
const asked = (base64: string, type: string): ChatRequest => ({
  turns: [{ role: 'user', parts: [{ kind: 'image', media: { base64, type } }] }],
  tools: [],
  choices: 1,
  maxTokens: 9,
});
it.each([
  [GIF, 'image/png', 'image/gif', ['emulated=turns.parts.media']],
  [GIF, 'image/bmp', 'image/gif', ['emulated=turns.parts.media']],
  [GIF, 'image/gif', 'image/gif', []],
  ['AAAA', 'image/jpg', 'image/jpeg', []],
])('a picture %s that is said to be %s is %s, by its bytes', (data, said, type, notes) => {
  const made = written(asked(data, said));
  expect(made.body).toMatchObject({ messages: [{ content: [{ source: { type: 'base64', media_type: type, data } }] }] });
  expect(made.notes.map(({ kind, param }) => `${kind}=${param}`)).toEqual(notes);
});
it('what is no picture by its type or its bytes is refused', () => {
  expect(() => written(asked('AAAA', 'image/bmp'))).toThrow(expect.objectContaining({ code: 'unsupported_parameter' }));
});
