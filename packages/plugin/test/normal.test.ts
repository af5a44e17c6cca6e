import { describe, expect, test } from 'vitest';
import { type ChatReply, type ChatRequest, NORMAL_RULES, normal, normalReply, type Part } from '../src/index.ts';

const text = (value: string, more: object = {}): Part => ({ kind: 'text', text: value, ...more });
const result = (id: string, parts: readonly Part[] = []): Part => ({ kind: 'toolResult', id, parts, failed: false });
const request = (more: Partial<ChatRequest>): ChatRequest => ({ turns: [], tools: [], choices: 1, ...more });
const user = (...parts: Part[]) => ({ role: 'user', parts }) as const;
const assistant = (...parts: Part[]) => ({ role: 'assistant', parts }) as const;

/** One test a rule, named after it. */
const RULES: Readonly<Record<string, () => void>> = {
  absent: () => {
    const bare = normal(
      request({
        stop: [],
        sampling: { topP: undefined },
        reasoning: {},
        user: undefined,
        rest: { from: 'x', fields: {} },
        turns: [user(text('a', { citations: [], logprobs: [], rest: {} }))],
      }),
    );
    expect(bare).toStrictEqual(request({ turns: [user(text('a'))] }));
    const kept = request({
      tools: [{ kind: 'function', name: 'f', schema: { required: [], x: undefined, rest: {} } }],
      toolChoice: 'none',
      turns: [user(text('a', { cache: {} }))],
    });
    expect(normal(kept)).toStrictEqual(kept);
  },
  'empty-text': () => {
    const left = (...parts: Part[]) => normal(request({ turns: [user(...parts)] })).turns[0]?.parts;
    expect(left(text('a'), text(''), text('b'))).toStrictEqual([text('a'), text('b')]);
    expect(left(text(''), { kind: 'refusal', text: '' })).toStrictEqual([]);
    expect(left(result('1', [text('')]))).toStrictEqual([result('1')]);
    const marked = [text('', { cache: {} }), { kind: 'thinking', text: '', redacted: true } as const];
    expect(left(...marked)).toStrictEqual(marked);
  },
  'merge-text': () => {
    const usage = { input: 1, output: 2, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false };
    const merged = (...parts: Part[]) => normalReply({ id: 'r', model: 'm', choices: [{ index: 0, parts, finish: 'stop' }], usage }).choices[0]?.parts;
    expect(merged(text('a'), text('b'), text('c'))).toStrictEqual([text('abc')]);
    expect(merged(text('a'), { kind: 'refusal', text: 'x' }, text('b'))).toHaveLength(3);
    for (const mark of [{ citations: [{ url: 'u' }] }, { origin: { dialect: 'd', payload: { json: '1' } } }, { rest: { x: 1 } }, { cache: {} }]) {
      expect(merged(text('a'), text('b', mark))).toHaveLength(2);
      expect(merged(text('a', mark), text('b'))).toHaveLength(2);
    }
    const one = { token: 'a', logprob: 0, top: [] };
    expect(merged(text('a', { logprobs: [one] }), text('b', { logprobs: [one] }))).toStrictEqual([text('ab', { logprobs: [one, one] })]);
    expect(merged(text('a', { logprobs: [one] }), text('b'))).toHaveLength(2);
    expect(normal(request({ turns: [user(result('1', [text('a'), text('b')]))] })).turns[0]?.parts).toStrictEqual([result('1', [text('a'), text('b')])]);
    const asked = [user(text('a'), text('b')), user(text('c'))];
    expect(normal(request({ turns: asked })).turns).toStrictEqual(asked);
  },
  'results-first': () => {
    const { turns } = normal(request({ turns: [user(text('a'), result('1'), text('b'), result('2'))] }));
    expect(turns).toStrictEqual([user(result('1'), result('2')), user(text('a'), text('b'))]);
    const spoken = [assistant(text('a'), result('1'))];
    expect(normal(request({ turns: spoken })).turns).toStrictEqual(spoken);
  },
  'results-apart': () => {
    const { turns } = normal(request({ turns: [user(result('1')), user(result('2')), { ...user(result('3'), text('a')), name: 'ann' }] }));
    expect(turns).toStrictEqual([user(result('1'), result('2'), result('3')), { ...user(text('a')), name: 'ann' }]);
    const marked = [user(result('1')), { ...user(result('2')), cache: {} }, user(result('3'))];
    expect(normal(request({ turns: marked })).turns).toStrictEqual(marked);
    expect(normal(request({ turns: [user(result('1')), assistant(text('a')), user(result('2'))] })).turns).toHaveLength(3);
  },
  'reasoning-on': () => {
    expect(normal(request({ reasoning: { off: false, effort: 'low' } })).reasoning).toStrictEqual({ effort: 'low' });
    expect(normal(request({ reasoning: { off: false } }))).toStrictEqual(request({}));
    expect(normal(request({ reasoning: { off: true } })).reasoning).toStrictEqual({ off: true });
  },
  'no-penalty': () => {
    expect(normal(request({ sampling: { frequencyPenalty: 0, presencePenalty: 0 } }))).toStrictEqual(request({}));
    expect(normal(request({ sampling: { frequencyPenalty: 0.1, temperature: 0 } })).sampling).toStrictEqual({ frequencyPenalty: 0.1, temperature: 0 });
  },
  'not-strict': () => {
    const told = (strict?: boolean) =>
      normal(request({ tools: [{ kind: 'function', name: 'f', schema: {}, ...(strict === undefined ? {} : { strict }) }] })).tools[0];
    expect(told(false)).toStrictEqual(told());
    expect(told(true)).toMatchObject({ strict: true });
  },
  'answers-together': () => {
    expect(normal(request({ turns: [assistant(text('a')), assistant(text('b'), result('1'))] })).turns).toStrictEqual([
      assistant(text('a'), text('b'), result('1')),
    ]);
    const apart = [assistant(text('a')), { ...assistant(text('b')), name: 'ann' }, user(text('c')), assistant(text('d'))];
    expect(normal(request({ turns: apart })).turns).toStrictEqual(apart);
  },
  'tool-choice': () => {
    const tools = [{ kind: 'custom', name: 'f' }] as const;
    expect(normal(request({ tools })).toolChoice).toBe('auto');
    expect(normal(request({ tools, toolChoice: 'required' })).toolChoice).toBe('required');
    expect(normal(request({}))).not.toHaveProperty('toolChoice');
  },
  'choices-by-index': () => {
    const usage = { input: 1, output: 2, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false };
    const choice = (index: number) => ({ index, parts: [text('a'), text('b')], finish: 'stop' }) as const;
    const reply: ChatReply = { id: 'r', model: 'm', choices: [choice(1), choice(0)], usage, tier: undefined };
    expect(normalReply(reply)).toStrictEqual({ id: 'r', model: 'm', choices: [0, 1].map((index) => ({ index, parts: [text('ab')], finish: 'stop' })), usage });
  },
};
describe('rules of the normal form', () => {
  test.each(NORMAL_RULES.map(({ name }) => name))('%s', (name) => {
    expect(RULES[name]).toBeTypeOf('function');
    RULES[name]?.();
  });
  test('each rule has a test of its own and none is left over; the list is frozen', () => {
    expect(Object.keys(RULES)).toEqual(NORMAL_RULES.map(({ name }) => name));
    expect(Object.isFrozen(NORMAL_RULES)).toBe(true);
  });
});
test('the request given is not changed', () => {
  const given = request({ stop: [], turns: [user(text('a'), result('1'), text('b'))] });
  const before = structuredClone(given);
  normal(given);
  expect(given).toStrictEqual(before);
});
