import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { key, sdks, useAnthropic } from './anthropic-support.ts';

const simulator = useAnthropic();
const tool: Anthropic.Tool = { name: 'get_weather', input_schema: { type: 'object', properties: {} } };
const question: Anthropic.MessageParam = { role: 'user', content: 'call get_weather' };
const manual = { type: 'enabled' as const, budget_tokens: 1024 };
type Asked = Partial<Anthropic.MessageCreateParamsNonStreaming>;

const clientOf = (Sdk: typeof Anthropic) => new Sdk({ baseURL: simulator().url, apiKey: key, maxRetries: 0 });
const ask = (more: Asked, Sdk: typeof Anthropic = Anthropic) =>
  clientOf(Sdk).messages.create({ model: 'claude-sonnet-4-6', max_tokens: 2000, messages: [question], tools: [tool], ...more });
const results = (content: readonly Anthropic.ContentBlock[], text = 'snow'): Anthropic.MessageParam => ({
  role: 'user',
  content: content.flatMap((block) => (block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: text }] : [])),
});
const back = (content: Anthropic.ContentBlock[], change: (block: Anthropic.ContentBlock) => Anthropic.ContentBlockParam[]): Anthropic.MessageParam[] => [
  question,
  { role: 'assistant', content: content.flatMap(change) },
  results(content),
];
const refusal = async (promise: Promise<unknown>): Promise<unknown> => {
  const error = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  const { status, error: body } = error as { status?: number; error?: { error?: { message?: string } } };
  return [status, body?.error?.message?.slice(0, 60)];
};
const keep = (block: Anthropic.ContentBlock): Anthropic.ContentBlockParam[] => [block as Anthropic.ContentBlockParam];

describe.each(sdks)('thinking that comes back, with %s', (_name, Sdk) => {
  test('unchanged it is accepted, whole and streamed', async () => {
    const streamed = await clientOf(Sdk)
      .messages.stream({ model: 'claude-sonnet-4-6', max_tokens: 2000, messages: [question], tools: [tool], thinking: manual })
      .finalMessage();
    for (const { content, usage } of [await ask({ thinking: manual }, Sdk), streamed]) {
      expect(content.map(({ type }) => type)).toEqual(['thinking', 'tool_use']);
      expect(usage.output_tokens_details?.thinking_tokens).toBe(64);
      const answer = await ask({ thinking: manual, messages: back(content, keep) }, Sdk);
      expect(answer.content.at(-1)).toMatchObject({ type: 'text', text: 'The tool said: snow' });
    }
  });

  test('altered, shortened, emptied or lost it is refused', async () => {
    const { content } = await ask({ thinking: manual }, Sdk);
    const changed = (change: (block: Anthropic.ThinkingBlock) => Anthropic.ContentBlockParam[]) =>
      refusal(ask({ thinking: manual, messages: back(content, (block) => (block.type === 'thinking' ? change(block) : keep(block))) }, Sdk));
    const sentence = (text: string) => [400, text.slice(0, 60)];
    const invalid = sentence('messages.1.content.0: Invalid `signature` in `thinking` block');
    expect(await changed((block) => [{ ...block, signature: `${block.signature.slice(0, 50)}A${block.signature.slice(51)}` }])).toEqual(invalid);
    expect(await changed((block) => [{ ...block, signature: block.signature.slice(0, -4) }])).toEqual(invalid);
    expect(await changed((block) => [{ ...block, signature: '' }])).toEqual(invalid);
    const modified = sentence('messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified');
    expect(await changed((block) => [{ ...block, thinking: `${block.thinking} ` }])).toEqual(modified);
    const missing = sentence('messages.1.content.0.thinking.signature: Field required');
    expect(await changed(({ signature: _lost, ...block }) => [block as Anthropic.ThinkingBlockParam])).toEqual(missing);
    expect(await changed(() => [])).toEqual(sentence('messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found'));
  });
});

test('redacted thinking is verified as well', async () => {
  const secret: Anthropic.MessageParam = { role: 'user', content: 'think in secret and call get_weather' };
  const { content } = await ask({ thinking: manual, messages: [secret] });
  expect(content[0]).toMatchObject({ type: 'redacted_thinking' });
  const again = (change: (block: Anthropic.ContentBlock) => Anthropic.ContentBlockParam[]) =>
    ask({ thinking: manual, messages: [secret, { role: 'assistant', content: content.flatMap(change) }, results(content)] });
  expect((await again(keep)).stop_reason).toBe('end_turn');
  await expect(again((block) => (block.type === 'redacted_thinking' ? [{ ...block, data: 'AAAA' }] : keep(block)))).rejects.toMatchObject({ status: 400 });
});

describe('models that bind thinking to the conversation', () => {
  const model = 'claude-opus-5-5';

  test('think by themselves, show nothing, and take it back after the same beginning', async () => {
    const { content } = await ask({ model });
    expect(content[0]).toMatchObject({ type: 'thinking', thinking: '' });
    expect((await ask({ model, messages: back(content, keep) })).content.at(-1)).toMatchObject({ text: 'The tool said: snow' });
    const long = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'call get_weather' }] }, ...back(content, keep).slice(1)];
    expect((await ask({ model, messages: long })).stop_reason).toBe('end_turn');
  });

  test('refuse it after another beginning, unless told to drop it', async () => {
    const { content } = await ask({ model });
    const messages = back(content, keep);
    await expect(ask({ model, messages, system: 'Today is Monday.' })).rejects.toMatchObject({ status: 400 });
    const thinking = { type: 'adaptive', block_binding: { prefix_mismatch_behavior: 'drop_block' } } as Anthropic.ThinkingConfigParam;
    const answer = await ask({ model, messages, system: 'Today is Monday.', thinking });
    expect(answer).toMatchObject({ input_transformations: [{ type: 'thinking_block_dropped', path: 'messages.1.content.0' }] });
  });

  test('drop silently what another model thought', async () => {
    const { content } = await ask({ model: 'claude-sonnet-5-5' });
    expect((await ask({ model, messages: back(content, keep) })).stop_reason).toBe('end_turn');
  });

  test('leave nothing to say when the tokens are spent on thinking', async () => {
    const answer = await ask({ model, max_tokens: 30, messages: [{ role: 'user', content: 'hello' }] });
    expect([answer.stop_reason, answer.content.map(({ type }) => type)]).toEqual(['max_tokens', ['thinking']]);
  });
});

test.each([
  ['claude-opus-4-5', 'high', undefined],
  ['claude-opus-4-5', 'max', [400, "This model does not support effort level 'max'. Supported le"]],
  ['claude-opus-4-6', 'max', undefined],
  ['claude-sonnet-4-5', 'low', [400, 'This model does not support the effort parameter.']],
] as const)('%s and the effort %s', async (model, effort, refused) => {
  expect(
    await ask({ model, output_config: { effort } }).then(
      () => undefined,
      (error: unknown) => refusal(Promise.reject(error)),
    ),
  ).toEqual(refused);
});
