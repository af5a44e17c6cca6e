import { type ChatRequest, isGatewayError, type Part, parseJson, stringifyJson } from '@llm-proxy-auth/plugin';
import { chatRequest } from '@llm-proxy-auth/plugin/generators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { familyOf } from '../src/families.ts';
import { expected, left, takeable } from './laws-support.ts';
import { type CallWanted, inboundOf, ledger, messagesClient, written } from './support.ts';

const KINDS: readonly Part['kind'][] = ['text', 'refusal', 'thinking', 'image', 'document', 'toolCall', 'toolResult', 'opaque'];
const orRefused = <T>(f: () => T): T | undefined => {
  try {
    return f();
  } catch (failure) {
    if (isGatewayError(failure) && failure.code === 'unsupported_parameter' && failure.param !== undefined) return undefined;
    throw failure;
  }
};
/** The law, or false where the request is refused by name. */
const law = (request: ChatRequest, more: CallWanted): boolean => {
  const result = orRefused(() => written(request, more));
  if (result === undefined) return false;
  const again = messagesClient.read(inboundOf(parseJson(stringifyJson(result.body))), ledger());
  const family = familyOf(more.model ?? '');
  const native = family.structured && more.capabilities?.jsonSchema !== 'none';
  const wanted = expected(request, result.notes, native);
  const shown = `${stringifyJson(result.body)}\n${JSON.stringify(result.notes)}`;
  expect(wanted.missing, shown).toEqual([]);
  expect(left(again, result.notes, family), shown).toEqual(left(wanted.request, result.notes, family));
  return true;
};
const MODELS = ['model-1', 'claude-opus-5-5', 'claude-sonnet-4-5', 'claude-opus-4-6', 'claude-3-haiku'];
const runs = { numRuns: 300 } as const;

describe.each(MODELS)('a generated request of another dialect for %s', (model) => {
  const check = (requests: fc.Arbitrary<ChatRequest>, more: CallWanted = {}): void => {
    let carried = 0;
    fc.assert(
      fc.property(requests, (request) => {
        if (law(takeable(request), { model, ...more })) carried += 1;
      }),
      runs,
    );
    expect(carried).toBeGreaterThan(runs.numRuns / 2);
  };
  it('is read as it was written, but for what the ledger names', () => check(chatRequest({ dialect: 'acme', kinds: KINDS })));
  it('without marks of any dialect too', () => check(chatRequest({ kept: false, kinds: KINDS })));
  it('for an endpoint without schemas too', () =>
    check(chatRequest({ kept: false, kinds: ['text', 'toolCall', 'toolResult'] }), { capabilities: { jsonSchema: 'none' } }));
});
describe('what is refused', () => {
  it.each([
    ['several choices', { choices: 2 }, 'choices'],
    ['log probabilities', { logprobs: 0 }, 'logprobs'],
    ['no tokens', { maxTokens: 0 }, 'maxTokens'],
    ['a stored file of another vendor', { turns: [{ role: 'user', parts: [{ kind: 'document', media: { file: 'file-1' } }] }] }, 'turns.parts.media'],
    ['an image of another type', { turns: [{ role: 'user', parts: [{ kind: 'image', media: { base64: 'AA==', type: 'image/bmp' } }] }] }, 'turns.parts.media'],
    [
      'a document of another type',
      { turns: [{ role: 'user', parts: [{ kind: 'document', media: { base64: 'AA==', type: 'application/zip' } }] }] },
      'turns.parts.media',
    ],
    ['an address without encryption', { turns: [{ role: 'user', parts: [{ kind: 'image', media: { url: 'http://i.example/a.png' } }] }] }, 'turns.parts.media'],
    ['nothing to answer', { turns: [{ role: 'system', parts: [{ kind: 'text', text: 'Be brief.' }] }] }, 'turns'],
  ] as const)('is %s, by name', (_name, more, param) => {
    const plain: ChatRequest = { turns: [{ role: 'user', parts: [{ kind: 'text', text: 'Hello' }] }], tools: [], choices: 1 };
    expect(() => written({ ...plain, ...more } as ChatRequest)).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param }));
  });
});
