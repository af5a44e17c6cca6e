import Anthropic from '@anthropic-ai/sdk';
import { BedrockRuntimeClient, type ContentBlock, ConverseCommand, ConverseStreamCommand, type Message } from '@aws-sdk/client-bedrock-runtime';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

/** Gemini 3 signs its texts. The stand-in refuses a signature that stands on another text than the one it was made for. */
const model = 'gemini-3-pro-preview';
let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ vendor: 'vertex', plugins: ['@llm-proxy-auth/dialect-converse'], sections: { retry: { attempts: 1 } } });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());

type Content = { readonly role: string; readonly parts: readonly Readonly<Record<string, unknown>>[] };
/** What the provider was given of its own first answer. */
const returned = (): Content['parts'] => {
  const body = bench.simulator.requests.at(-1)?.json() as { readonly contents: readonly Content[] } | undefined;
  return body?.contents.find(({ role }) => role === 'model')?.parts ?? [];
};
const SIGNED = [{ text: 'You said: Hello', thoughtSignature: expect.stringMatching(/^[A-Za-z0-9+/]{40,}=*$/) }];

describe('the signature of a text goes round through a client of', () => {
  const openai = (): OpenAI => new OpenAI({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
  test.each([false, true])('Chat Completions that keeps whole messages, streamed: %s', async (stream) => {
    const { completions } = openai().chat;
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    const answer = stream ? await completions.stream({ model, messages }).finalChatCompletion() : await completions.create({ model, messages });
    const message = answer.choices[0]?.message;
    if (message === undefined) throw new Error('no message');
    await completions.create({ model, messages: [...messages, message, { role: 'user', content: 'Again' }] });
    expect(returned()).toEqual(SIGNED);
    // Whoever drops what it does not know goes on without it.
    await completions.create({ model, messages: [...messages, { role: 'assistant', content: message.content }, { role: 'user', content: 'Again' }] });
    expect(returned()).toEqual([{ text: 'You said: Hello' }]);
  });
  test.each([false, true])('Responses, streamed: %s', async (stream) => {
    const { responses } = openai();
    const asked = { model, store: false, include: ['reasoning.encrypted_content' as const] };
    const input = [{ role: 'user' as const, content: 'Hello' }];
    const answer = stream ? await responses.stream({ ...asked, input }).finalResponse() : await responses.create({ ...asked, input });
    expect(answer.output_text).toBe('You said: Hello');
    await responses.create({ ...asked, input: [...input, ...(answer.output as OpenAI.Responses.ResponseInputItem[]), { role: 'user', content: 'Again' }] });
    expect(returned()).toEqual(SIGNED);
  });
  test.each([false, true])('Messages, streamed: %s', async (stream) => {
    const { messages: api } = new Anthropic({ baseURL: `${bench.url}/anthropic/main`, apiKey: bench.key, maxRetries: 0 });
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    const asked = { model, max_tokens: 9000 };
    const { content } = stream ? await api.stream({ ...asked, messages }).finalMessage() : await api.create({ ...asked, messages });
    expect(content.map(({ type }) => type)).toEqual(['text', 'redacted_thinking']);
    await api.create({ ...asked, messages: [...messages, { role: 'assistant', content }, { role: 'user', content: 'Again' }] });
    expect(returned()).toEqual(SIGNED);
  });
  test.each([false, true])('Converse, streamed: %s', async (stream) => {
    const client = new BedrockRuntimeClient({
      region: 'us-east-1',
      endpoint: `${bench.url}/converse/main`,
      token: { token: bench.key },
      authSchemePreference: ['httpBearerAuth'],
      maxAttempts: 1,
    });
    const messages: Message[] = [{ role: 'user', content: [{ text: 'Hello' }] }];
    const content: ContentBlock[] = [];
    if (stream) {
      let text = '';
      const events = await client.send(new ConverseStreamCommand({ modelId: model, messages }));
      for await (const { contentBlockDelta } of events.stream ?? []) {
        text += contentBlockDelta?.delta?.text ?? '';
        const redactedContent = contentBlockDelta?.delta?.reasoningContent?.redactedContent;
        if (redactedContent !== undefined) content.push({ text }, { reasoningContent: { redactedContent } });
      }
    } else content.push(...((await client.send(new ConverseCommand({ modelId: model, messages }))).output?.message?.content ?? []));
    await client.send(
      new ConverseCommand({ modelId: model, messages: [...messages, { role: 'assistant', content }, { role: 'user', content: [{ text: 'Again' }] }] }),
    );
    expect(returned()).toEqual(SIGNED);
    client.destroy();
  });
});

test('one that a client changed is refused', async () => {
  const ask = (key: string, body: object): Promise<Response> =>
    fetch(`${bench.url}/anthropic/main/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': key },
      body: JSON.stringify({ model, max_tokens: 9000, ...body }),
    });
  const first = { role: 'user', content: 'Hello' };
  const { content } = (await (await ask(bench.key, { messages: [first] })).json()) as { content: { type: string; data?: string }[] };
  const forged = content.map((block) => (block.data === undefined ? block : { ...block, data: `${block.data.slice(0, -4)}AAAA` }));
  const answer = await ask(bench.key, { messages: [first, { role: 'assistant', content: forged }, { role: 'user', content: 'Again' }] });
  expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([400, 'invalid_request']);
  expect(bench.simulator.requests).toHaveLength(1);
});
