import { describe, expect, it } from 'vitest';
import { lacksThinking, type Part, type Turn } from '../src/index.ts';

const thinking: Part = { kind: 'thinking', text: 'Hm.', redacted: false };
const text: Part = { kind: 'text', text: 'a' };
const call: Part = { kind: 'toolCall', id: '1', name: 'f', input: { json: '{}' } };
const result: Part = { kind: 'toolResult', id: '1', parts: [], failed: false };
const said = (role: Turn['role'], ...parts: readonly Part[]): Turn => ({ role, parts });
const asked = said('user', text);
const all = (turns: readonly Turn[]): boolean => lacksThinking(turns, () => true);

describe('thinking that a tool loop lacks', () => {
  it.each([
    ['the answer begins with a call', [asked, said('assistant', call), said('user', result)], true],
    ['the answer begins with text', [asked, said('assistant', text, thinking, call), said('user', result)], true],
    ['the user goes on behind the result', [asked, said('assistant', call), said('user', result), asked], true],
    ['blank text counts for nothing', [asked, said('assistant', { kind: 'text', text: ' ' }, thinking, call), said('user', result)], false],
    ['two answers in a row are one', [asked, said('assistant', thinking), said('assistant', call), said('user', result)], false],
    ['an earlier answer is none of it', [asked, said('assistant', call), said('user', result), said('assistant', thinking, call), said('user', result)], false],
    ['the loop is over', [asked, said('assistant', call), said('user', result), said('assistant', text), asked], false],
    ['nobody called', [asked, said('assistant', text), asked], false],
    ['nobody answered', [asked], false],
    ['an answer of nothing', [asked, said('assistant'), said('user', result)], false],
  ] as const)('%s', (_name, turns, lacks) => {
    expect(all(turns)).toBe(lacks);
  });
  it('counts only what the provider gets back', () => {
    const turns = [asked, said('assistant', thinking, call), said('user', result)];
    expect([all(turns), lacksThinking(turns, () => false)]).toEqual([false, true]);
  });
});
