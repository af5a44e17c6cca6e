import {
  BedrockRuntimeClient,
  type ContentBlock,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  type Message,
  ThrottlingException,
  type Tool,
} from '@aws-sdk/client-bedrock-runtime';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

const user = (...content: (string | ContentBlock)[]): Message => ({
  role: 'user',
  content: content.map((one) => (typeof one === 'string' ? { text: one } : one)),
});
const tool = (name: string, properties: Record<string, { type: string }> = {}): Tool => ({
  toolSpec: { name, inputSchema: { json: { type: 'object', properties, required: Object.keys(properties) } } },
});
const tools = [tool('get_weather', { city: { type: 'string' } }), tool('get_time')];
const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const image: ContentBlock = { image: { format: 'png', source: { bytes: PIXEL } } };
const document: ContentBlock = { document: { format: 'pdf', name: 'a', source: { bytes: Buffer.from('%PDF-1.4\n%%EOF\n') } } };
const schema = JSON.stringify({ type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false });

/** Vendor behind the gateway, its model, whether bytes may pass, and the words it has for what it was shown. */
const cells = [
  { title: 'OpenAI', vendor: 'openai', model: 'gpt-4.1-mini', pass: true, thinks: false, media: '[image, file]' },
  { title: 'Anthropic', vendor: 'anthropic', model: 'claude-sonnet-4-6', pass: true, thinks: true, media: '[image, document]' },
  { title: 'Bedrock, bytes pass', vendor: 'bedrock', model: 'us.anthropic.claude-opus-5-5', pass: true, thinks: true, media: '[image, document]' },
  { title: 'Bedrock, passing switched off', vendor: 'bedrock', model: 'us.anthropic.claude-opus-5-5', pass: false, thinks: true, media: '[image, document]' },
] as const;

describe.each(cells)('an unmodified AWS SDK speaking Converse to $title', ({ vendor, model, pass, thinks, media }) => {
  let bench: Bench;
  let client: BedrockRuntimeClient;
  beforeAll(async () => {
    const plugins = vendor === 'bedrock' ? [] : ['@llm-proxy-auth/dialect-converse'];
    bench = await openBench({ vendor, pass, plugins, sections: { retry: { attempts: 1 } } });
    const endpoint = `${bench.url}/converse/main`;
    client = new BedrockRuntimeClient({ region: 'us-east-1', endpoint, token: { token: bench.key }, authSchemePreference: ['httpBearerAuth'], maxAttempts: 1 });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(async () => {
    client.destroy();
    await bench.close();
  });
  type Asked = Omit<Partial<ConverseCommandInput>, 'messages'>;
  const ask = (messages: Message[], more: Asked = {}) =>
    client.send(new ConverseCommand({ modelId: model, inferenceConfig: { maxTokens: 8000 }, ...more, messages }));
  const said = async (messages: Message[], more: Asked = {}): Promise<string> =>
    ((await ask(messages, more)).output?.message?.content ?? []).map(({ text }) => text ?? '').join('');

  test('text, usage and the reason for the end', async () => {
    const answer = await ask([user('Hello')], { system: [{ text: 'Be kind.' }] });
    expect(answer.output?.message?.content?.at(-1)).toEqual({ text: 'You said: Hello' });
    expect(answer.stopReason).toBe('end_turn');
    const { inputTokens = 0, outputTokens = 0, totalTokens = 0 } = answer.usage ?? {};
    expect([inputTokens > 0, outputTokens > 0, totalTokens]).toEqual([true, true, inputTokens + outputTokens]);
  });

  test('a stream in the order of Converse', async () => {
    const kinds: string[] = [];
    let text = '';
    const { stream } = await client.send(new ConverseStreamCommand({ modelId: model, messages: [user('write 30 words')] }));
    for await (const event of stream ?? []) {
      kinds.push(Object.keys(event)[0] ?? '');
      text += event.contentBlockDelta?.delta?.text ?? '';
    }
    expect(text).toBe(Array.from({ length: 30 }, (_, at) => `word${at + 1}`).join(' '));
    expect([kinds[0], kinds.at(-2), kinds.at(-1)]).toEqual(['messageStart', 'messageStop', 'metadata']);
  });

  test.each([false, true])('two tools at once and the loop, streamed: %s', async (streamed) => {
    const first = [user('call get_weather with {"city":"Oslo"} and get_time')];
    let uses: { toolUseId: string; name: string; input: unknown }[] = [];
    let content: ContentBlock[] = [];
    if (streamed) {
      const open = new Map<number, { toolUseId: string; name: string; input: string }>();
      const { stream } = await client.send(new ConverseStreamCommand({ modelId: model, messages: first, toolConfig: { tools } }));
      for await (const { contentBlockStart: start, contentBlockDelta: delta } of stream ?? []) {
        const made = start?.start?.toolUse;
        if (made !== undefined) open.set(start?.contentBlockIndex ?? 0, { toolUseId: made.toolUseId ?? '', name: made.name ?? '', input: '' });
        const call = open.get(delta?.contentBlockIndex ?? -1);
        if (call !== undefined) call.input += delta?.delta?.toolUse?.input ?? '';
      }
      uses = [...open.values()].map((call) => ({ ...call, input: JSON.parse(call.input || '{}') }));
      content = uses.map(({ toolUseId, name, input }) => ({ toolUse: { toolUseId, name, input: input as Record<string, string> } }));
    } else {
      const answer = await ask(first, { toolConfig: { tools } });
      expect(answer.stopReason).toBe('tool_use');
      content = answer.output?.message?.content ?? [];
      uses = content.flatMap(({ toolUse }) =>
        toolUse === undefined ? [] : [{ toolUseId: toolUse.toolUseId ?? '', name: toolUse.name ?? '', input: toolUse.input }],
      );
    }
    expect(uses.map(({ name, input }) => [name, input])).toEqual([
      ['get_weather', { city: 'Oslo' }],
      ['get_time', {}],
    ]);
    const results = uses.map(({ toolUseId }): ContentBlock => ({ toolResult: { toolUseId, content: [{ text: 'snow' }] } }));
    expect(await said([...first, { role: 'assistant', content }, user(...results)], { toolConfig: { tools } })).toMatch(/^The tool said: snow/);
  });

  test('an image and a document', async () => {
    expect(await said([user('What is this?', image, document)])).toBe(`You said: What is this? ${media}`);
  });

  test('an answer that fits a schema', async () => {
    const textFormat = { type: 'json_schema' as const, structure: { jsonSchema: { schema, name: 'place' } } };
    expect(JSON.parse(await said([user('Where?')], { outputConfig: { textFormat } }))).toEqual({ city: 'text' });
  });

  test('the reasons length, and stop sequences', async () => {
    expect((await ask([user('write 900 words')], { inferenceConfig: { maxTokens: 60 } })).stopReason).toBe('max_tokens');
    const stopped = await ask([user('write 9 words')], { inferenceConfig: { maxTokens: 4000, stopSequences: [' word3'] } });
    expect(stopped.output?.message?.content?.at(-1)?.text).toBe('word1 word2');
  });

  test.skipIf(!thinks)('thinking goes back with its signature and is accepted, behind tools and in a longer talk', async () => {
    const thinking = model.includes('opus') ? {} : { additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 2048 } } };
    const messages: Message[] = [user('call get_time')];
    const first = await ask(messages, { toolConfig: { tools }, ...thinking });
    const content = first.output?.message?.content ?? [];
    expect(content[0]?.reasoningContent?.reasoningText?.signature).toBeTypeOf('string');
    const id = content.find(({ toolUse }) => toolUse !== undefined)?.toolUse?.toolUseId ?? '';
    messages.push({ role: 'assistant', content }, user({ toolResult: { toolUseId: id, content: [{ text: 'noon' }] } }));
    const second = await ask(messages, { toolConfig: { tools }, ...thinking });
    messages.push({ role: 'assistant', content: second.output?.message?.content ?? [] }, user('Thanks'));
    expect(await said(messages, { toolConfig: { tools }, ...thinking })).toBe('You said: Thanks');
    // What the client holds may be sealed; what the provider gets is its own.
    expect(bench.simulator.requests.at(-1)?.body.toString('utf8')).toMatch(/"signature": ?"E/);
  });

  test.skipIf(vendor === 'openai')('a cached prefix is counted once as written and then as read', async () => {
    const system = [{ text: 'Rules. '.repeat(3000) }, { cachePoint: { type: 'default' as const } }];
    const [first, second] = [(await ask([user('Hello')], { system })).usage, (await ask([user('Hello')], { system })).usage];
    expect((first?.cacheWriteInputTokens ?? 0) > 0).toBe(true);
    expect(second?.cacheReadInputTokens).toBe(first?.cacheWriteInputTokens);
    const { inputTokens = 0, outputTokens = 0, totalTokens = 0, cacheReadInputTokens = 0 } = second ?? {};
    expect(totalTokens).toBe(inputTokens + outputTokens + cacheReadInputTokens);
  });

  test('throttling has its class, an unknown model too', async () => {
    bench.simulator.script({ status: 429 });
    await expect(ask([user('Hello')])).rejects.toBeInstanceOf(ThrottlingException);
    await expect(client.send(new ConverseCommand({ modelId: 'nobody.model', messages: [user('Hello')] }))).rejects.toMatchObject({
      name: expect.stringMatching(/^(ValidationException|ResourceNotFoundException)$/),
    });
  });
});
