import { describe, expect, test } from 'vitest';
import type { Wanted } from './support/gateway.ts';
import { opened, told } from './support/opened.ts';

// What a client said in several texts stays in several, no message is made of nothing, and the notes name what was lost alone.
type Fields = Readonly<Record<string, unknown>>;
const text = (said: string): Fields => ({ type: 'text', text: said });
const NOVA = 'us.amazon.nova-lite-v1:0';
const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const tool = { name: 'f', input_schema: { type: 'object' } };
const called: Fields = { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }] };
const result = (...content: readonly Fields[]): Fields => ({ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content }] });
const user = (content: unknown): Fields => ({ role: 'user', content });
const go = user('go');

const asking = (wanted: Wanted) => {
  const { post, sent } = opened(wanted);
  const ask = (path: string, body: Fields, fidelity = 'reject') => told(post(path, body, { 'x-lpa-fidelity': fidelity }));
  const messages = (model: string, said: readonly Fields[], more: Fields = {}, fidelity = 'reject') =>
    ask('/anthropic/main/v1/messages', { model, max_tokens: 2000, messages: said, ...more }, fidelity);
  const chat = (model: string, said: readonly Fields[], more: Fields = {}) =>
    ask('/openai/main/v1/chat/completions', { model, max_completion_tokens: 2000, messages: said, ...more });
  return { messages, chat, sent };
};
const OK = [200, null];

describe('of Bedrock by Converse', () => {
  const { messages, chat, sent } = asking({ vendor: 'bedrock', main: { api: 'converse' } });
  const said = (role: string, ...texts: readonly string[]): Fields => ({ role, content: texts.map((one) => ({ text: one })) });

  test.each([NOVA, CLAUDE])('parts of a message stay parts: %s', async (model) => {
    expect(await chat(model, [user([text('Total is 5'), text('0 items')])])).toEqual(OK);
    expect(sent().messages).toEqual([said('user', 'Total is 5', '0 items')]);
  });
  test('messages that follow one another keep their texts', async () => {
    const answers = ['a', 'b'].map((content) => ({ role: 'assistant', content }));
    await chat(NOVA, [user('Call me at 5'), user('6 is fine'), ...answers, user('c')]);
    expect(sent().messages).toEqual([said('user', 'Call me at 5', '6 is fine'), said('assistant', 'a', 'b'), said('user', 'c')]);
  });
  test('what the system says stays in its texts', async () => {
    expect(await messages(NOVA, [go], { system: [text('Rule 1'), text('2 rules')] })).toEqual(OK);
    expect(sent().system).toEqual([{ text: 'Rule 1' }, { text: '2 rules' }]);
  });
  test('the name of a function’s result is no loss', async () => {
    const call = { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } };
    const functions = [{ name: 'f', parameters: { type: 'object' } }];
    expect(await chat(NOVA, [go, call, { role: 'function', name: 'f', content: 'r' }], { functions })).toEqual(OK);
  });
  test('an effort that is lost is named as the client wrote it', async () => {
    expect(await messages(NOVA, [go], { output_config: { effort: 'high' } })).toEqual([400, 'ignored=output_config.effort']);
  });
});
describe('of Bedrock by InvokeModel', () => {
  const { messages, chat, sent } = asking({ vendor: 'bedrock', main: { api: 'anthropic-invoke' } });
  test('a text of white space alone is no block, and is told', async () => {
    expect(await chat(CLAUDE, [user([text('a'), text('b')])])).toEqual(OK);
    expect(sent().messages).toEqual([user([text('a'), text('b')])]);
    expect(await chat(CLAUDE, [user([text('a'), text('\n')])])).toEqual([200, 'emulated=messages[].content[].text']);
    expect(sent().messages).toEqual([user([text('a\n')])]);
  });
  test('citations that go back to their vendor are no loss', async () => {
    const citations = [{ type: 'web_search_result_location', cited_text: 'q', url: 'https://a.example/', title: 'A', encrypted_index: 'Eo' }];
    const answer = { role: 'assistant', content: [{ ...text('b'), citations }] };
    expect(await messages(CLAUDE, [go, answer, go])).toEqual(OK);
    expect((sent().messages as readonly Fields[])[1]).toEqual(answer);
  });
});
describe('of OpenAI', () => {
  const { messages, sent } = asking({});
  const model = 'gpt-4o-mini';
  test('the system and results stay in their texts', async () => {
    await messages(model, [go, called, result(text('port 80'), text('80 users'))], { tools: [tool], system: [text('Rule 1'), text('2 rules')] });
    const [system, , , answered] = sent().messages as readonly Fields[];
    expect(system?.content).toEqual([text('Rule 1'), text('2 rules')]);
    expect(answered?.content).toEqual([text('port 80'), text('80 users')]);
  });
  test.each<readonly [string, readonly Fields[], readonly unknown[]]>([
    ['a result that only its vendor can show', [go, called, result({ type: 'tool_reference', tool_name: 'f' })], ['user', 'assistant', 'tool']],
    ['an answer that only its vendor understands', [go, { role: 'assistant', content: [{ type: 'compaction', content: 's' }] }, go], ['user', 'user']],
    ['an answer of nothing but thinking', [go, { role: 'assistant', content: [{ type: 'thinking', thinking: 'a', signature: 'E' }] }, go], ['user', 'user']],
    ['what only its vendor stores', [{ role: 'user', content: [{ type: 'container_upload', file_id: 'file_1' }] }, go], ['user']],
  ])('no message is made of nothing: %s', async (_what, said, roles) => {
    expect((await messages(model, said, { tools: [tool] }, 'report'))[0]).toBe(200);
    const written = sent().messages as readonly Fields[];
    expect(written.map(({ role }) => role)).toEqual(roles);
    expect(written.filter(({ content }) => Array.isArray(content) && content.length === 0)).toEqual([]);
  });
  test('a conversation of which nothing is left is refused', async () => {
    const said = [{ role: 'user', content: [{ type: 'container_upload', file_id: 'file_1' }] }];
    expect((await messages(model, said, {}, 'report'))[0]).toBe(400);
  });
  test('one text stays a string', async () => {
    await messages(model, [{ role: 'user', content: [text('Hi')] }]);
    expect(sent().messages).toEqual([{ role: 'user', content: 'Hi' }]);
  });
});
