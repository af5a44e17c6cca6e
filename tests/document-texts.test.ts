import { describe, expect, test } from 'vitest';
import type { Wanted } from './support/gateway.ts';
import { opened, told } from './support/opened.ts';

// Documents that are given as texts, and what a search found: Claude cites them by the texts, at Anthropic and at Bedrock.
type Fields = Readonly<Record<string, unknown>>;
const text = (said: string): Fields => ({ type: 'text', text: said });
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const made = (content: unknown, more: Fields = {}): Fields => ({ type: 'document', title: 'Minutes', source: { type: 'content', content }, ...more });
const found: Fields = {
  type: 'search_result',
  source: 'https://docs.example/a',
  title: 'A',
  content: [text('one'), text('two')],
  citations: { enabled: true },
};
const foundAtBedrock = {
  searchResult: { source: 'https://docs.example/a', title: 'A', content: [{ text: 'one' }, { text: 'two' }], citations: { enabled: true } },
};
const base64 = (said: string): string => Buffer.from(said).toString('base64');
const CLAUDE = 'us.anthropic.claude-sonnet-4-6';
const NOVA = 'us.amazon.nova-lite-v1:0';

const asking = (wanted: Wanted) => {
  const { now, post, sent } = opened(wanted);
  const ask = (model: string, ...content: readonly Fields[]): Promise<Response> =>
    post('/anthropic/main/v1/messages', { model, max_tokens: 100, messages: [{ role: 'user', content: [...content, text('Say it.')] }] });
  const blocks = (): readonly Fields[] => (sent().messages as readonly { readonly content: readonly Fields[] }[]).at(-1)?.content ?? [];
  return { now, post, ask, sent, blocks };
};

describe('Anthropic clients to Bedrock by Converse', () => {
  const { now, post, ask, blocks } = asking({ vendor: 'bedrock', main: { api: 'converse' } });
  const document = (source: Fields): Fields => ({ document: { format: 'txt', name: 'Minutes', source } });

  test.each([
    ['two texts', [text('one'), text('two')], { content: [{ text: 'one' }, { text: 'two' }] }],
    ['one text', [text('one')], { bytes: base64('one') }],
    ['a string', 'one', { bytes: base64('one') }],
  ])('%s are those of the document for Claude', async (_what, content, source) => {
    expect(await told(ask(CLAUDE, made(content)))).toEqual([200, 'emulated=messages[].content[].title']);
    expect(blocks()[0]).toEqual(document(source));
  });
  test('a hint inside a document stands behind it', async () => {
    await ask(CLAUDE, made([text('one'), { ...text('two'), cache_control: { type: 'ephemeral', ttl: '1h' } }]));
    expect(blocks().slice(1, 2)).toEqual([{ cachePoint: { type: 'default', ttl: '1h' } }]);
  });
  test('for others they are one text', async () => {
    const [status, lost] = await told(ask(NOVA, made([text('one'), text('two')])));
    expect([status, lost]).toEqual([200, 'emulated=messages[].content[].source.content,emulated=messages[].content[].title']);
    expect(blocks()[0]).toEqual(document({ bytes: base64('one\ntwo') }));
  });
  test('what a search found is that for Claude, also in a result', async () => {
    expect(await told(ask(CLAUDE, found))).toEqual([200, null]);
    expect(blocks()[0]).toEqual(foundAtBedrock);
    const call = { type: 'tool_use', id: 'a', name: 'find', input: {} };
    await post('/anthropic/main/v1/messages', {
      model: CLAUDE,
      max_tokens: 100,
      tools: [{ name: 'find', input_schema: { type: 'object' } }],
      messages: [
        { role: 'user', content: 'Find it.' },
        { role: 'assistant', content: [call] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: [found] }] },
      ],
    });
    expect(blocks()[0]).toEqual({ toolResult: { toolUseId: 'a', content: [foundAtBedrock] } });
  });
  test('for others it is a document, and where it was found is told as lost', async () => {
    const [status, lost] = await told(ask(NOVA, found));
    expect([status, lost?.split(',')]).toEqual([200, expect.arrayContaining(['ignored=messages[].content[].source'])]);
    expect(blocks()[0]).toMatchObject({ document: { name: 'A', source: { bytes: base64('one\ntwo') } } });
  });
  test.each<[string, Fields, string, string]>([
    [
      'a picture among the texts',
      made([text('one'), { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } }]),
      'unsupported_parameter',
      'messages[].content[].source',
    ],
    ['a source of no known kind', made([], { source: { type: 'cloud', id: 'x' } }), 'unsupported_parameter', 'messages[].content[].source'],
    ['no content', { type: 'document', source: { type: 'content' } }, 'invalid_request', 'messages[0].content[0].source.content'],
    ['an empty list', made([]), 'invalid_request', 'messages[].content[].source'],
    ['no text', made(''), 'invalid_request', 'messages[].content[].source'],
    ['no bytes', { type: 'document', source: { type: 'base64', media_type: 'application/pdf' } }, 'invalid_request', 'messages[0].content[0].source.data'],
  ])('%s is refused here', async (_what, block, code, param) => {
    const answer = await ask(CLAUDE, block);
    const { error } = (await answer.json()) as { readonly error: Fields };
    expect([answer.status, answer.headers.get('x-lpa-code'), error]).toMatchObject([
      400,
      code,
      { type: 'invalid_request_error', details: { error_code: code, param } },
    ]);
    expect(now().simulator.requests).toHaveLength(0);
  });
  test.each([CLAUDE, NOVA])('a document without a word beside it is refused here: %s', async (model) => {
    const answer = await post('/anthropic/main/v1/messages', { model, max_tokens: 100, messages: [{ role: 'user', content: [made('one')] }] });
    expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([400, 'unsupported_parameter']);
    expect(((await answer.json()) as { readonly error: Fields }).error).toMatchObject({ details: { param: 'messages[].content[]' } });
    expect(now().simulator.requests).toHaveLength(0);
  });
});

describe('AWS clients to Anthropic', () => {
  const { post, blocks } = asking({ vendor: 'anthropic' });
  const ask = (...content: readonly Fields[]): Promise<Response> =>
    post('/converse/main/model/claude-sonnet-4-6/converse', { messages: [{ role: 'user', content: [...content, { text: 'Say it.' }] }] });

  test('texts of a document are those of a document', async () => {
    const source = { content: [{ text: 'one' }, { text: 'two' }] };
    const [status] = await told(ask({ document: { format: 'txt', name: 'Minutes', source } }));
    expect([status, blocks()[0]]).toEqual([200, made([text('one'), text('two')])]);
  });
  test('what a search found is that', async () => {
    expect(await told(ask(foundAtBedrock))).toEqual([200, 'defaulted=inferenceConfig.maxTokens,defaulted=metrics.latencyMs']);
    expect(blocks()[0]).toEqual(found);
  });
});

describe.each([
  ['anthropic', 'claude-sonnet-4-6'],
  ['bedrock', CLAUDE],
] as const)('Anthropic clients to Anthropic’s own API at %s', (vendor, model) => {
  const { ask, blocks } = asking({ vendor, pass: false });
  const picture = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } };
  test.each([
    ['two texts', made([text('one'), { ...text('two'), cache_control: { type: 'ephemeral' } }])],
    ['one text', made([text('one')])],
    ['a string', made('one', { citations: { enabled: true } })],
    ['a text and a picture', made([text('one'), picture])],
    ['what a search found', found],
    ['one text that a search found, with a hint', { ...found, content: [text('one')], cache_control: { type: 'ephemeral' } }],
  ])('%s go as they came', async (_what, block) => {
    expect((await ask(model, block)).status).toBe(200);
    expect(blocks()[0]).toEqual(block);
  });
});

describe('Anthropic clients to OpenAI', () => {
  const { now, post, ask, blocks } = asking({});
  const question = { model: 'gpt-4o-mini', max_tokens: 10, messages: [{ role: 'user', content: 'x' }] };
  test('texts are the text of a file, and what is lost is told', async () => {
    const [status, lost] = await told(ask('gpt-4o-mini', made([text('one'), text('two')]), found));
    expect([status, lost?.split(',')]).toEqual([
      200,
      expect.arrayContaining(['ignored=messages[].content[].source.content', 'ignored=messages[].content[].source', 'ignored=messages[].content[].title']),
    ]);
    expect(JSON.stringify(blocks())).toContain(base64('one\ntwo'));
  });
  test('one by its URL is refused, because the question would be another without it', async () => {
    const answer = await ask('gpt-4o-mini', { type: 'document', source: { type: 'url', url: 'https://docs.example/a.pdf' } });
    expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([400, 'unsupported_parameter']);
    expect(((await answer.json()) as { readonly error: Fields }).error).toMatchObject({ details: { param: 'messages[].content[].source' } });
    expect(now().simulator.requests).toHaveLength(0);
  });
  test('betas of the header, of which nobody else knows, are told as lost', async () => {
    const [status, lost] = await told(post('/anthropic/main/v1/messages', question, { 'anthropic-beta': 'context-1m-2025-08-07' }));
    expect([status, lost?.split(',')]).toEqual([200, expect.arrayContaining(['ignored=anthropic_beta'])]);
    expect((await told(post('/anthropic/main/v1/messages', question)))[1]).not.toContain('anthropic_beta');
  });
});
