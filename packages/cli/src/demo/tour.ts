import type { Graph } from '@llm-proxy-auth/core';
import { operate } from '../operator.ts';
import { STANDS } from '../stands.ts';
import type { Libraries } from './libraries.ts';

/** A gateway that serves, and what the tour calls it with. */
export interface Visited {
  readonly graph: Graph;
  readonly url: string;
  /** An API key that may use everything. */
  readonly key: string;
  readonly libraries: Libraries;
}
/** One stop of the tour: what it shows, and how. `see` says what was seen, or throws. */
export interface Stop {
  readonly provider: string;
  readonly what: string;
  see(visited: Visited): Promise<string>;
}

const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'The weather of a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
  },
};
const HELLO = [{ role: 'user' as const, content: 'Hello' }];
/** Tries once: a tour shows what happens. */
const openai = ({ libraries: { OpenAI }, url, key }: Visited, base: string, apiKey: string = key) =>
  new OpenAI({ baseURL: `${url}/${base}`, apiKey, maxRetries: 0 });
const said = (text: string | null | undefined): string => {
  if (text === undefined || text === null || text === '') throw new Error('The answer has no text.');
  return `"${text}"`;
};

const answered =
  (name: string, model: string): Stop['see'] =>
  async (visited) => {
    const answer = await openai(visited, `openai/${name}/v1`).chat.completions.create({ model, messages: HELLO });
    return said(answer.choices[0]?.message.content);
  };
const streamed =
  (name: string, model: string): Stop['see'] =>
  async (visited) => {
    const pieces: string[] = [];
    for await (const { choices } of await openai(visited, `openai/${name}/v1`).chat.completions.create({ model, messages: HELLO, stream: true })) {
      const text = choices[0]?.delta.content ?? '';
      if (text !== '') pieces.push(text);
    }
    return `${said(pieces.join(''))} in ${pieces.length} pieces`;
  };
/** The model calls the tool, gets its result, and answers. */
const called =
  (name: string, model: string): Stop['see'] =>
  async (visited) => {
    const { completions } = openai(visited, `openai/${name}/v1`).chat;
    const messages = [{ role: 'user' as const, content: 'What is the weather in Oslo?' }];
    const tools = [WEATHER];
    const first = (await completions.create({ model, messages, tools, tool_choice: { type: 'function', function: { name: 'weather' } } })).choices[0]?.message;
    const [call] = first?.tool_calls ?? [];
    if (first === undefined || call?.type !== 'function') throw new Error('The tool was not called.');
    const result = { role: 'tool' as const, tool_call_id: call.id, content: '4 degrees, rain' };
    const last = await completions.create({ model, tools, messages: [...messages, first, result] });
    return `${call.function.name}(${call.function.arguments}), then ${said(last.choices[0]?.message.content)}`;
  };
const throughProvider = ([name, { model }]: readonly [string, { readonly model: string }]): readonly Stop[] => [
  { provider: name, what: 'answer', see: answered(name, model) },
  { provider: name, what: 'stream', see: streamed(name, model) },
  { provider: name, what: 'tools', see: called(name, model) },
];

const native: Stop = {
  provider: 'bedrock',
  what: 'transparent mode, AWS SDK',
  async see({ libraries: { BedrockRuntimeClient, ConverseCommand }, url, key }) {
    const client = new BedrockRuntimeClient({
      region: 'us-east-1',
      endpoint: `${url}/transparent/bedrock`,
      token: { token: key },
      authSchemePreference: ['httpBearerAuth'],
      maxAttempts: 1,
    });
    const messages = [{ role: 'user' as const, content: [{ text: 'Hello' }] }];
    const answer = await client.send(new ConverseCommand({ modelId: STANDS.bedrock?.model, messages })).finally(() => client.destroy());
    return said(answer.output?.message?.content?.[0]?.text);
  },
};

/** What refused a call: `401 totp_required`. Throws when nothing did. */
const refusalOf = async (call: Promise<unknown>): Promise<string> => {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) throw new Error('It was let in.');
  if (!(error instanceof Error) || !('status' in error) || !('headers' in error) || !(error.headers instanceof Headers)) throw error;
  return `${String(error.status)} ${error.headers.get('x-lpa-code') ?? ''}`;
};
const expectRefusal = async (call: Promise<unknown>, expected: string): Promise<void> => {
  const refusal = await refusalOf(call);
  if (refusal !== expected) throw new Error(`It was refused with ${refusal} instead of ${expected}.`);
};
const hello = (visited: Visited, apiKey: string) =>
  openai(visited, 'openai/openai/v1', apiKey).chat.completions.create({ model: STANDS.openai?.model ?? '', messages: HELLO });

const login: Stop = {
  provider: 'gateway',
  what: 'login with TOTP',
  async see(visited) {
    const { graph, url, libraries } = visited;
    const { key } = await operate<{ readonly key: string }>(graph, 'keys.create', { name: 'demo-totp', totp: true });
    await expectRefusal(hello(visited, key), '401 totp_required');
    const { secret } = await operate<{ readonly secret: string }>(graph, 'totp.enroll', { key: 'key:demo-totp' });
    const answer = await fetch(`${url}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ api_key: key, totp_code: libraries.codeOf(secret) }),
    });
    if (!answer.ok) throw new Error(`The login was refused with ${answer.status} ${answer.headers.get('x-lpa-code') ?? ''}.`);
    const { session_token: session } = (await answer.json()) as { readonly session_token: string };
    return `the key alone is refused, its session is answered ${said((await hello(visited, session)).choices[0]?.message.content)}`;
  },
};
const revoked: Stop = {
  provider: 'gateway',
  what: 'revoked key',
  async see(visited) {
    const { graph } = visited;
    const { key, id } = await operate<{ readonly key: string; readonly id: string }>(graph, 'keys.create', { name: 'demo-revoked' });
    const before = said((await hello(visited, key)).choices[0]?.message.content);
    await operate(graph, 'keys.revoke', { key: id });
    await expectRefusal(hello(visited, key), '401 invalid_credentials');
    return `${before} before, 401 invalid_credentials after`;
  },
};
export const STOPS: readonly Stop[] = Object.freeze([...Object.entries(STANDS).flatMap(throughProvider), native, login, revoked]);
