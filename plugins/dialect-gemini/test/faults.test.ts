import { ledger } from '@llm-proxy-auth/contract-tests';
import { type ChatRequest, type Part, sameJson, stringifyJson } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { type Fields, readRequest, written } from './support.ts';

const data = { mimeType: 'image/png', data: 'AAEC' };
/** Parts of every kind, in a content of the role that may hold them. */
const PARTS: readonly (readonly ['user' | 'model', Fields])[] = [
  ['user', { text: 'x' }],
  ['user', { inlineData: data, mediaResolution: { level: 'MEDIA_RESOLUTION_LOW' } }],
  ['user', { inlineData: { mimeType: 'application/pdf', data: 'AAEC', displayName: 'a.pdf' } }],
  ['user', { fileData: { mimeType: 'video/mp4', fileUri: 'gs://b/k' }, videoMetadata: { fps: 1 } }],
  ['user', { fileData: { fileUri: 'https://a.example/a.mp3' } }],
  ['user', { functionResponse: { id: 'c', name: 'f', response: { output: 'x' }, parts: [{ inlineData: data }] } }],
  ['user', { functionResponse: { id: 'c', response: { error: 'x' } } }],
  ['user', { functionResponse: { id: 'c', response: { a: 1, b: [true] } } }],
  ['model', { text: 'x', thoughtSignature: 'UzE=' }],
  ['model', { text: 'Hm.', thought: true, thoughtSignature: 'UzE=' }],
  ['model', { functionCall: { id: 'c', name: 'f', args: { a: [1] } }, thoughtSignature: 'UzE=' }],
  ['model', { executableCode: { code: 'print(1)', language: 'PYTHON' } }],
  ['model', { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } }],
];
type Fault = (part: Part) => readonly Part[];
/** What one member is put in place of. */
const OTHER: Readonly<Record<string, unknown>> = {
  text: 'other',
  input: { json: '{"b":2}' },
  media: { base64: 'BAUG', type: 'image/gif' },
  parts: [],
  id: 'other',
  name: 'other',
};
/** One member after the other goes missing or is another; what tells kinds apart stays. */
const faults = (part: Part): readonly (readonly [string, Fault])[] => [
  ['all of it', () => []],
  ...Object.keys(part)
    .filter((name) => !['kind', 'failed', 'redacted'].includes(name) && !(part.kind === 'opaque' && name === 'origin'))
    .map((name): readonly [string, Fault] => [
      name,
      (one) => {
        const { [name]: _gone, ...others } = one as unknown as Record<string, unknown>;
        const marks = Object.getOwnPropertySymbols(one).map((key) => [key, (one as unknown as Record<symbol, unknown>)[key]]);
        const put = OTHER[name] === undefined ? others : { ...one, [name]: OTHER[name] };
        return [{ ...put, ...Object.fromEntries(marks) } as unknown as Part];
      },
    ]),
];
describe.each(PARTS.map(([role, part]) => [Object.keys(part).join(), role, part] as const))('a part %s', (_name, role, wire) => {
  const body = { contents: [{ role, parts: [wire] }] };
  const through = (fault: Fault): boolean => {
    const read = readRequest(body, ledger());
    const request: ChatRequest = { ...read, turns: read.turns.map((turn) => ({ ...turn, parts: turn.parts.flatMap(fault) })) };
    return sameJson(stringifyJson(written(request).body), stringifyJson(body));
  };
  const [part] = readRequest(body, ledger()).turns[0]?.parts ?? [];
  it('keeps the law, and breaks it with each member that goes missing or is another', () => {
    expect(through((one) => [one])).toBe(true);
    if (part === undefined) throw new Error('a part was read');
    expect(faults(part).flatMap(([name, fault]) => (through(fault) ? [name] : []))).toEqual([]);
  });
});
