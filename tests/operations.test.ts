import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {} from './support/cells/reporter.ts';
import { type Bench, openBench, VENDORS } from './support/gateway.ts';

// Every operation beside chat by every provider: it is answered in the form of its client, or refused with the code for what a provider lacks.
type Fields = Record<string, unknown>;
type Vendor = keyof typeof VENDORS;
interface Models {
  /** Keys of the instance. */
  readonly main?: Fields;
  readonly chat: string;
  /** A model of text completions, where the vendor has one; else the chat model says them. */
  readonly text?: string;
  readonly embed?: string;
  readonly rerank?: string;
  /** The location, and name, of an instance that ranks, where `main` is in a region that does not. */
  readonly ranker?: string;
}
const PROVIDERS: Readonly<Record<Vendor, Models>> = {
  openai: { chat: 'gpt-4o-mini', text: 'gpt-3.5-turbo-instruct', embed: 'text-embedding-3-small' },
  anthropic: { chat: 'claude-sonnet-4-6' },
  azure: { main: { models: ['gpt-4o-mini'] }, chat: 'gpt-4o-mini', text: 'gpt-3.5-turbo-instruct', embed: 'text-embedding-3-small' },
  bedrock: { chat: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', embed: 'amazon.titan-embed-text-v2:0', rerank: 'cohere.rerank-v3-5:0' },
  vertex: { chat: 'gemini-2.5-flash', embed: 'text-embedding-005', rerank: 'semantic-ranker-default@latest', ranker: 'global' },
  watsonx: { chat: 'ibm/granite-3-3-8b-instruct', embed: 'ibm/slate-125m-english-rtrvr-v2', rerank: 'cross-encoder/ms-marco-minilm-l-12-v2' },
  oci: { chat: 'meta.llama-3.3-70b-instruct', embed: 'cohere.embed-v4.0', rerank: 'cohere.rerank-v3-5' },
};
const messages = [{ role: 'user', content: 'Hello' }];
const contents = [{ role: 'user', parts: [{ text: 'Hello' }] }];
interface Operation {
  /** Undefined: the vendor has no model for it. */
  readonly ask: (models: Models) => readonly [path: string, body?: Fields] | undefined;
  /** Throws where the answer is not what the clients of this operation read. */
  readonly check: (answer: Fields, text: string) => void;
  /** Providers that have no such operation, whatever the model. */
  readonly lacking?: readonly Vendor[];
}
const first = (list: unknown): Fields => (list as Fields[])[0] ?? {};
const counted = (answer: Fields): void => {
  const { prompt_tokens: input, total_tokens: all } = answer.usage as { prompt_tokens: number; total_tokens: number };
  expect(input).toBeGreaterThan(0);
  expect(all).toBeGreaterThanOrEqual(input);
};
const OPERATIONS: Readonly<Record<string, Operation>> = {
  'text completion': {
    ask: ({ text, chat }) => ['/openai/main/v1/completions', { model: text ?? chat, prompt: 'Hello', max_tokens: 20 }],
    check(answer) {
      expect(answer.object).toBe('text_completion');
      expect(String(first(answer.choices).text)).toContain('Hello');
      counted(answer);
    },
  },
  'the same, streamed': {
    ask: ({ text, chat }) => [
      '/openai/main/v1/completions',
      { model: text ?? chat, prompt: 'Hello', max_tokens: 20, stream: true, stream_options: { include_usage: true } },
    ],
    check(_answer, text) {
      const chunks = [...text.matchAll(/^data: (\{.*)$/gm)].map((match) => JSON.parse(match[1] ?? '') as Fields);
      const said = chunks.flatMap((chunk) => (chunk.choices as Fields[]).map((one) => one.text ?? '')).join('');
      // Clients look at choices[0] of every chunk but the one of usage, and at an id that stays the same.
      const without = chunks.filter(({ choices }) => (choices as Fields[]).length === 0);
      expect([said.includes('Hello'), text.trimEnd().endsWith('data: [DONE]'), new Set(chunks.map(({ id }) => id)).size]).toEqual([true, true, 1]);
      expect(without).toEqual([chunks.at(-1)]);
      expect(without[0]?.usage).toMatchObject({ total_tokens: expect.any(Number) });
    },
  },
  'embeddings, floats': {
    ask: ({ embed }) => (embed === undefined ? undefined : ['/openai/main/v1/embeddings', { model: embed, input: ['one', 'two'] }]),
    check(answer) {
      const data = answer.data as { index: number; embedding: number[] }[];
      expect(data.map(({ index, embedding }) => [index, embedding.every(Number.isFinite), embedding.length > 1])).toEqual([0, 1].map((i) => [i, true, true]));
      counted(answer);
    },
  },
  'embeddings, base64': {
    ask: ({ embed }) => (embed === undefined ? undefined : ['/openai/main/v1/embeddings', { model: embed, input: 'one', encoding_format: 'base64' }]),
    check(answer) {
      const { embedding } = first(answer.data) as { embedding: string };
      const bytes = Buffer.from(embedding, 'base64');
      expect([bytes.toString('base64'), bytes.length % 4, bytes.length > 4]).toEqual([embedding, 0, true]);
    },
  },
  embedContent: {
    ask: ({ embed }) => (embed === undefined ? undefined : [`/gemini/main/v1beta/models/${encodeURIComponent(embed)}:embedContent`, { content: contents[0] }]),
    check: (answer) => expect((answer.embedding as { values: number[] }).values.length).toBeGreaterThan(1),
  },
  rerank: {
    ask: ({ rerank, ranker = 'main' }) =>
      rerank === undefined
        ? undefined
        : [`/openai/${ranker}/v1/rerank`, { model: rerank, query: 'red fish', documents: ['a blue bird', 'a red fish'], top_n: 1 }],
    check: (answer) => expect(answer.results).toMatchObject([{ index: 1, relevance_score: expect.any(Number) }]),
  },
  responses: {
    ask: ({ chat }) => ['/openai/main/v1/responses', { model: chat, input: 'Hello', store: false }],
    check: (answer) => expect([answer.object, answer.status]).toEqual(['response', 'completed']),
  },
  models: {
    ask: () => ['/openai/main/v1/models'],
    check(answer) {
      const list = answer.data as Fields[];
      expect([answer.object, list.length > 0, list.every(({ object, id, created }) => object === 'model' && id !== '' && Number.isInteger(created))]).toEqual([
        'list',
        true,
        true,
      ]);
    },
  },
  'one model': {
    ask: ({ chat }) => [`/openai/main/v1/models/${encodeURIComponent(chat)}`],
    check: (answer) => expect(answer.object).toBe('model'),
  },
  count_tokens: {
    lacking: ['oci'],
    ask: ({ chat }) => ['/anthropic/main/v1/messages/count_tokens', { model: chat, messages }],
    check: (answer) => expect(answer.input_tokens).toBeGreaterThan(0),
  },
  countTokens: {
    lacking: ['oci'],
    ask: ({ chat }) => [`/gemini/main/v1beta/models/${encodeURIComponent(chat)}:countTokens`, { contents }],
    check: (answer) => expect(answer.totalTokens).toBeGreaterThan(0),
  },
};
const DIALECTS = ['dialect-anthropic', 'dialect-converse', 'dialect-gemini'].map((name) => `@llm-proxy-auth/${name}`);

describe.each(Object.entries(PROVIDERS))('operations at %s', (vendor, models) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({
      vendor: vendor as Vendor,
      plugins: DIALECTS,
      ...(models.main === undefined ? {} : { main: models.main }),
      instances: (baseUrl) =>
        models.ranker === undefined
          ? {}
          : { [models.ranker]: { ...VENDORS[vendor as Vendor].access, provider: vendor, baseUrl, insecureUpstream: true, location: models.ranker } },
    });
  });
  afterAll(() => bench.close());
  const send = (path: string, body?: Fields): Promise<Response> =>
    fetch(`${bench.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${bench.key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  test.for(Object.entries(OPERATIONS))('%s', async ([trait, { ask, check, lacking = [] }], { task }) => {
    const cell = { client: 'operations', provider: vendor, trait };
    task.meta.cell = cell;
    const asked = ask(models);
    const lacks = asked === undefined || lacking.includes(vendor as Vendor);
    const [path, body] = asked ?? ask({ ...models, embed: models.chat, rerank: models.chat }) ?? [''];
    const answer = await send(path, body);
    const text = await answer.text();
    if (lacks) {
      // A server that speaks OpenAI's API may have what OpenAI has not, so that it is asked.
      const refusal = vendor === 'openai' && trait === 'rerank' ? 'upstream_rejected' : 'operation_not_supported';
      expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([404, refusal]);
    } else {
      expect([answer.status, text.slice(0, 300)]).toEqual([200, expect.anything()]);
      check(text.startsWith('{') ? (JSON.parse(text) as Fields) : {}, text);
    }
    const notes = (answer.headers.get('x-lpa-fidelity') ?? '').split(',').filter((note) => note !== '');
    task.meta.cell = { ...cell, found: lacks ? 'not offered: the vendor has no such operation' : notes.length === 0 ? 'yes' : `ledger: ${notes.join(',')}` };
  });
});
