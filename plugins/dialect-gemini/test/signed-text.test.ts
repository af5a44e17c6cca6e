import type { Part, Turn } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { callOf, type Fields, generate, read, written } from './support.ts';

const FOREIGN = { mine: false, names: new Map<string, string>(), free: new Set<string>() };
const answer = (...parts: Fields[]): Fields => ({
  candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }],
  modelVersion: 'gemini-3-pro-preview',
});
const whole = (...parts: Fields[]): readonly Part[] => read(answer(...parts), FOREIGN).choices[0]?.parts ?? [];
/** The parts that a stream of these pieces opens, as they ended. */
const streamed = (...pieces: Fields[]): readonly Part[] => {
  const open = new Map<number, Part>();
  const reader = generate.provider?.stream?.(callOf({ stream: true }), FOREIGN, (e) => {
    if (e.type === 'error') throw e.error;
    if (e.type === 'part') open.set(e.index, e.part);
    const part = 'index' in e ? open.get(e.index) : undefined;
    if (part === undefined) return;
    if (e.type === 'delta' && 'text' in part) open.set(e.index, { ...part, text: part.text + e.text });
    if (e.type === 'part-end' && e.origin !== undefined) open.set(e.index, { ...part, origin: e.origin });
  });
  for (const [i, piece] of pieces.entries()) {
    const last = i === pieces.length - 1 ? { finishReason: 'STOP' } : {};
    reader?.event('', JSON.stringify({ candidates: [{ content: { role: 'model', parts: [piece] }, ...last }], modelVersion: 'gemini-3-pro-preview' }));
  }
  reader?.end();
  return [...open.values()];
};
const answered = (part: Part): readonly Part[] =>
  part.kind === 'toolCall' ? [{ kind: 'toolResult', id: part.id, parts: [{ kind: 'text', text: 'b' }], failed: false }] : [];
const back = (parts: readonly Part[], profile?: string) => {
  const turns: readonly Turn[] = [
    { role: 'user', parts: [{ kind: 'text', text: 'a' }] },
    { role: 'assistant', parts },
    { role: 'user', parts: parts.some(({ kind }) => kind === 'toolCall') ? parts.flatMap(answered) : [{ kind: 'text', text: 'b' }] },
  ];
  const { body, notes } = written({ turns, tools: [], sampling: {}, stop: [], choices: 1 } as never, profile === undefined ? {} : { profile });
  return { parts: (body.contents as Fields[])[1]?.parts, notes };
};
const kinds = (parts: readonly Part[]): readonly string[] => parts.map(({ kind }) => kind);
const SIGNED = { text: 'Hi there', thoughtSignature: 'UzE=' };

describe('the signature of a text', () => {
  it.each([
    ['whole', whole(SIGNED)],
    ['streamed with its text', streamed(SIGNED)],
    ['streamed behind its text', streamed({ text: 'Hi ' }, { text: 'there' }, { text: '', thoughtSignature: 'UzE=' })],
  ])('stands behind it for clients of other dialects, and goes back on it: %s', (_name, parts) => {
    expect(kinds(parts)).toEqual(['text', 'thinking']);
    expect(parts[0]).not.toHaveProperty('origin');
    expect(parts[1]).toMatchObject({ text: '', redacted: true, origin: { dialect: 'gemini', model: 'gemini-3-pro-preview' } });
    expect(back(parts)).toEqual({ parts: [SIGNED], notes: [] });
  });
  it('5. alone is no text for a client, and an empty part for the provider', () => {
    const alone = { text: '', thoughtSignature: 'UzE=' };
    const thought = { text: 'plan', thought: true };
    for (const parts of [whole(thought, alone), streamed(thought, alone)]) {
      expect(kinds(parts)).toEqual(['thinking', 'thinking']);
      expect(back(parts).parts).toContainEqual(alone);
    }
  });
  it('goes back on its own text alone where a client joined texts', () => {
    const parts = whole({ text: 'One. ' }, SIGNED, { functionCall: { id: 'n', name: 'f', args: {} }, thoughtSignature: 'UzI=' });
    const [first, second, behind, call] = parts;
    if (first?.kind !== 'text' || second?.kind !== 'text' || behind === undefined || call === undefined) throw new Error('not the parts');
    const joined = [{ kind: 'text' as const, text: first.text + second.text }, behind];
    expect(back(joined).parts).toEqual([{ text: 'One. ' }, SIGNED]);
    // And where it put texts in front of calls.
    expect(back([joined[0] as Part, call, behind]).parts).toEqual([{ text: 'One. ' }, SIGNED, expect.objectContaining({ thoughtSignature: 'UzI=' })]);
  });
  it('of two texts goes to each its own', () => {
    const other = { text: 'Bye', thoughtSignature: 'UzI=' };
    expect(back(whole(SIGNED, other)).parts).toEqual([SIGNED, other]);
    expect(back(streamed(SIGNED, other)).parts).toEqual([SIGNED, other]);
  });
  it('is not put on a text that was changed, and that is told', () => {
    const [, behind] = whole(SIGNED);
    if (behind === undefined) throw new Error('nothing behind');
    const changed = back([{ kind: 'text', text: 'Hi here' }, behind]);
    expect(changed.parts).toEqual([{ text: 'Hi here' }]);
    expect(changed.notes).toContainEqual(expect.objectContaining({ kind: 'ignored', param: 'turns.parts.origin' }));
  });
  it('is told as lost where signatures are not sent back', () => {
    const dummy = back(whole(SIGNED), 'vertex-dummy');
    expect(dummy.parts).toEqual([{ text: 'Hi there' }]);
    expect(dummy.notes).toContainEqual(expect.objectContaining({ kind: 'ignored' }));
  });
  it('stays on its text for a client of this dialect', () => {
    expect(kinds(read(answer(SIGNED)).choices[0]?.parts ?? [])).toEqual(['text']);
  });
});
