// What is tried of a provider, with vendors' own SDKs through the gateway. Each trait says what was seen, or throws.
import Anthropic from '@anthropic-ai/sdk';
import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import { GoogleGenAI } from '@google/genai';
import OpenAI, { APIError, AzureOpenAI } from 'openai';

/** A gateway that serves, and the model of one of its providers. */
export interface Tried {
  readonly url: string;
  /** API key of the gateway. */
  readonly key: string;
  readonly provider: string;
  readonly model: string;
}
/** Tokens of an answer at most. */
export const MOST_OUTPUT = 256;
/** Tokens of a request at most, the description of the tool among them. */
export const MOST_INPUT = 600;

const QUESTION = 'Say hello in one word.';
const asking = (content: string) => [{ role: 'user' as const, content }];
/** Tries once: what fails is to be seen. */
const openai = ({ url, key, provider }: Tried) => new OpenAI({ baseURL: `${url}/openai/${provider}/v1`, apiKey: key, maxRetries: 0 });
const said = (text: string | null | undefined): string => {
  if (text === undefined || text === null || text.trim() === '') throw new Error('the answer has no text');
  return JSON.stringify(text.trim().slice(0, 40));
};
const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'The weather of a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
  },
};

type Trait = (tried: Tried) => Promise<string>;
const models: Trait = async (tried) => {
  const ids: string[] = [];
  for await (const { id } of openai(tried).models.list()) ids.push(id);
  if (ids.length === 0) throw new Error('there are none');
  return `${ids.length}${ids.includes(tried.model) ? `, ${tried.model} among them` : ''}`;
};
const chat: Trait = async (tried) => {
  const answer = await openai(tried).chat.completions.create({ model: tried.model, messages: asking(QUESTION), max_completion_tokens: MOST_OUTPUT });
  if ((answer.usage?.completion_tokens ?? 0) === 0) throw new Error('no tokens were counted');
  return said(answer.choices[0]?.message.content);
};
const stream: Trait = async (tried) => {
  const body = { model: tried.model, messages: asking(QUESTION), max_completion_tokens: MOST_OUTPUT };
  let [text, pieces, ended] = ['', 0, false];
  for await (const { choices } of await openai(tried).chat.completions.create({ ...body, stream: true })) {
    text += choices[0]?.delta.content ?? '';
    pieces++;
    if (typeof choices[0]?.finish_reason === 'string') ended = true;
  }
  if (!ended) throw new Error('the stream has no end');
  return `${said(text)} in ${pieces} events`;
};
const tool: Trait = async (tried) => {
  const answer = await openai(tried).chat.completions.create({
    model: tried.model,
    messages: asking('What is the weather in Oslo?'),
    tools: [WEATHER],
    tool_choice: { type: 'function', function: { name: 'weather' } },
    max_completion_tokens: MOST_OUTPUT,
  });
  const [call] = answer.choices[0]?.message.tool_calls ?? [];
  if (call?.type !== 'function') throw new Error('the tool was not called');
  JSON.parse(call.function.arguments);
  return `${call.function.name}(${call.function.arguments})`;
};
/** A model that nobody has: refused before a token is made. */
const error: Trait = async (tried) => {
  const body = { model: 'no-such-model-0', messages: asking(QUESTION), max_completion_tokens: MOST_OUTPUT };
  const thrown: unknown = await openai(tried)
    .chat.completions.create(body)
    .catch((refused: unknown) => refused);
  if (!(thrown instanceof APIError)) throw new Error('an unknown model was answered');
  const code = (thrown.headers as Headers | undefined)?.get('x-lpa-code');
  const { status } = thrown as { readonly status: number | undefined };
  if (status === undefined || status < 400 || status >= 500 || !code) throw new Error(`an unknown model is ${status} ${code}: ${thrown.message}`);
  return `${status} ${code}`;
};

/** Answers of the vendor's own SDK, in transparent mode. */
const NATIVE: Readonly<Record<string, Trait>> = {
  async openai({ url, key, model }) {
    const client = new OpenAI({ baseURL: `${url}/transparent/openai/v1`, apiKey: key, maxRetries: 0 });
    const answer = await client.chat.completions.create({ model, messages: asking(QUESTION), max_completion_tokens: MOST_OUTPUT });
    return said(answer.choices[0]?.message.content);
  },
  async azure({ url, key, model }) {
    const client = new AzureOpenAI({ endpoint: `${url}/transparent/azure`, apiVersion: '2024-10-21', apiKey: key, maxRetries: 0 });
    const answer = await client.chat.completions.create({ model, messages: asking(QUESTION), max_completion_tokens: MOST_OUTPUT });
    return said(answer.choices[0]?.message.content);
  },
  async anthropic({ url, key, model }) {
    const client = new Anthropic({ baseURL: `${url}/transparent/anthropic`, apiKey: key, maxRetries: 0 });
    const { content } = await client.messages.create({ model, messages: asking(QUESTION), max_tokens: MOST_OUTPUT });
    return said(content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''));
  },
  async bedrock({ url, key, model }) {
    const endpoint = `${url}/transparent/bedrock`;
    const client = new BedrockRuntimeClient({
      region: 'us-east-1',
      endpoint,
      token: { token: key },
      authSchemePreference: ['httpBearerAuth'],
      maxAttempts: 1,
    });
    const messages = [{ role: 'user' as const, content: [{ text: QUESTION }] }];
    const asked = new ConverseCommand({ modelId: model, messages, inferenceConfig: { maxTokens: MOST_OUTPUT } });
    const answer = await client.send(asked).finally(() => client.destroy());
    return said(answer.output?.message?.content?.map(({ text }) => text ?? '').join(''));
  },
  /** Protocol mode, in which the place that stands in Google's paths does not matter. */
  async vertex({ url, key, model }) {
    const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: `${url}/gemini/vertex`, retryOptions: { attempts: 1 } } });
    return said((await client.models.generateContent({ model, contents: QUESTION, config: { maxOutputTokens: MOST_OUTPUT } })).text);
  },
};
/** Undefined: the provider has nothing of the kind here. */
export const TRAITS: Readonly<Record<string, (provider: string) => Trait | undefined>> = Object.freeze({
  models: () => models,
  chat: () => chat,
  stream: () => stream,
  tool: () => tool,
  error: () => error,
  native: (provider: string) => NATIVE[provider],
});
/** Calls that a provider makes tokens for. */
export const paidOf = (provider: string): number => (NATIVE[provider] === undefined ? 3 : 4);
