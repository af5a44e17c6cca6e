import type { Call, ChatRequest, ErrorLike, Part, ThinkingPart } from '@llm-proxy-auth/plugin';
import { stringifyJson } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { yields } from '../src/chat/yields.ts';
import { callOf, ledger, provider } from './responses-support.ts';

const SUMMARY = { summary: 'auto' } as const;
const text = (said: string): Part => ({ kind: 'text', text: said });
const sealed = (model: string | undefined, item: object = {}): ThinkingPart => ({
  kind: 'thinking',
  text: 'hm',
  redacted: false,
  origin: {
    dialect: 'openai',
    ...(model === undefined ? {} : { model }),
    payload: { json: stringifyJson({ id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'gAAA', ...item }) },
  },
});
const chat = (more: Partial<ChatRequest> = {}, said: readonly Part[] = []): ChatRequest => ({
  turns: [
    { role: 'user', parts: [text('hi')] },
    ...(said.length === 0
      ? []
      : [
          { role: 'assistant' as const, parts: said },
          { role: 'user' as const, parts: [text('more')] },
        ]),
  ],
  tools: [],
  choices: 1,
  ...more,
});
const call = (more: Partial<Call> = {}): Call => ({ ...callOf({}, { model: 'gpt-5.1' }), ...more });

describe('a conversation is for Responses', () => {
  it.each<[boolean, string, Partial<ChatRequest>, Partial<Call>]>([
    [true, 'when reasoning is to be shown', { reasoning: SUMMARY }, {}],
    [false, 'not when nothing is to be shown', { reasoning: { effort: 'low' } }, {}],
    [false, 'not when reasoning is off', { reasoning: { ...SUMMARY, off: true } }, {}],
    [false, 'not at a model that does not reason', { reasoning: SUMMARY }, { model: 'gpt-4o' }],
    [false, 'not at a model of nobody', { reasoning: SUMMARY }, { model: 'acme-1' }],
    [true, 'at a model that is like one that reasons', { reasoning: SUMMARY }, { model: 'acme-1', like: 'gpt-5.1' }],
    [false, 'not at a model that takes no effort by the configuration', { reasoning: SUMMARY }, { rejects: ['reasoning_effort'] }],
    [false, 'not where the model is found to be in chat alone', { reasoning: SUMMARY }, { refused: new Set(['responses']) }],
    [false, 'not with several answers', { reasoning: SUMMARY, choices: 2 }, {}],
    [false, 'not with a limit below the least', { reasoning: SUMMARY, maxTokens: 15 }, {}],
    [true, 'with the least limit', { reasoning: SUMMARY, maxTokens: 16 }, {}],
    [false, 'not with sequences that the model takes in chat', { reasoning: SUMMARY, stop: ['x'] }, { model: 'gpt-5.6' }],
    [true, 'with sequences that it takes nowhere', { reasoning: SUMMARY, stop: ['x'] }, { model: 'o4-mini' }],
    [false, 'not with a seed', { reasoning: SUMMARY, sampling: { seed: 1 } }, {}],
  ])('%s: %s', (yes, _name, request, more) => expect(yields(chat(request), call(more))).toBe(yes));
  it('that brings its reasoning back', () => {
    expect(yields(chat({}, [sealed('gpt-5.1'), text('said')]), call())).toBe(true);
    expect(yields(chat({}, [{ kind: 'thinking', text: 'hm', redacted: false, origin: { dialect: 'acme', payload: { json: '{}' } } }]), call())).toBe(false);
  });
});

describe('reasoning goes back', () => {
  const sent = (said: readonly Part[], more: Partial<Call> = {}): { readonly items: readonly unknown[]; readonly notes: readonly unknown[] } => {
    const notes = ledger();
    const { input } = provider.write(chat({}, said), call({ ledger: notes, ...more })).body as unknown as {
      input: readonly { type?: string; role?: string }[];
    };
    return { items: input.slice(1, -1).map(({ type, role }) => type ?? role), notes: notes.notes };
  };
  const LOST = [{ kind: 'ignored', param: 'turns.parts.thinking' }];
  it('to the model that sealed it, in front of what it led to', () =>
    expect(sent([sealed('gpt-5.1'), text('said')])).toEqual({ items: ['reasoning', 'assistant'], notes: [] }));
  it.each<[string, readonly Part[], Partial<Call>, readonly string[]]>([
    ['to another model', [sealed('o4-mini'), text('said')], {}, ['assistant']],
    ['to another resource', [sealed('gpt-5.1'), text('said')], { endpoint: { ...callOf({}).endpoint, signer: 'b.example/gpt-5.1' } }, ['assistant']],
    ['from nobody', [sealed(undefined), text('said')], {}, ['assistant']],
    ['without its content', [sealed('gpt-5.1', { encrypted_content: null }), text('said')], {}, ['assistant']],
    ['with nothing behind it', [text('said'), sealed('gpt-5.1')], {}, ['assistant']],
    ['alone', [sealed('gpt-5.1')], {}, []],
    ['to an account that was found not to read it', [sealed('gpt-5.1'), text('said')], { refused: new Set(['responses.returned']) }, ['assistant']],
  ])('but not %s', (_name, said, more, items) => expect(sent(said, more)).toEqual({ items, notes: LOST }));
});

describe('what a refusal teaches', () => {
  const MEMO = { signer: 'gpt-5.1' };
  const error = (more: Partial<ErrorLike>, code: string | null = null): ErrorLike => ({
    code: 'upstream_rejected',
    status: 400,
    message: 'no',
    vendor: { dialect: 'openai', status: more.status ?? 400, body: { json: stringifyJson({ error: { message: 'no', type: 'x', param: null, code } }) } },
    ...more,
  });
  it.each<[string, ErrorLike, readonly string[] | undefined]>([
    ['no such path', error({ status: 404 }), ['responses']],
    ['no such method', error({ status: 405 }), ['responses']],
    ['a model of chat alone', error({ param: 'model' }), ['responses']],
    ['an account that is not verified', error({ param: 'reasoning.summary' }), ['responses.summary']],
    ['a model that seals nothing', error({ param: 'include' }), ['responses.sealed']],
    ['sealed by another account', error({}, 'invalid_encrypted_content'), ['responses.returned']],
    ['anything else', error({ param: 'tools[0].name' }), undefined],
  ])('%s', (_name, refused, words) => {
    expect(provider.refusal?.(refused, MEMO)).toEqual(words);
    expect(provider.refusal?.(refused, undefined)).toBeUndefined();
  });
  it('is left out, and told', () => {
    const notes = ledger();
    const refused = new Set(['responses.summary', 'responses.sealed']);
    const { body } = provider.write(chat({ reasoning: { ...SUMMARY, effort: 'low' } }), call({ ledger: notes, refused }));
    expect(body).toEqual({ model: 'gpt-5.1', input: [{ role: 'user', content: 'hi' }], reasoning: { effort: 'low' }, store: false });
    expect(notes.notes).toEqual([{ kind: 'ignored', param: 'reasoning.summary' }]);
  });
});
