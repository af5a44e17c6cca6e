import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, type VENDORS } from './support/gateway.ts';

// What clients of OpenAI's add to a request for vectors, under the names of Cohere's and Google's APIs, at the providers that have it.
type Fields = Record<string, unknown>;
const SEARCHED = { input_type: 'search_query', truncate: 'START' };
const FILED = { task_type: 'RETRIEVAL_DOCUMENT', title: 'A page', auto_truncate: false };
interface Row {
  readonly vendor: keyof typeof VENDORS;
  readonly model: string;
  readonly more: Fields;
  readonly sent: Fields;
  readonly notes: readonly string[];
}
const ROWS: readonly Row[] = [
  { vendor: 'oci', model: 'cohere.embed-v4.0', more: SEARCHED, sent: { inputType: 'SEARCH_QUERY', truncate: 'START' }, notes: [] },
  { vendor: 'oci', model: 'cohere.embed-v4.0', more: FILED, sent: { inputType: 'SEARCH_DOCUMENT', truncate: 'NONE' }, notes: ['ignored=title'] },
  { vendor: 'bedrock', model: 'cohere.embed-v4:0', more: SEARCHED, sent: { input_type: 'search_query', truncate: 'START' }, notes: [] },
  {
    vendor: 'bedrock',
    model: 'cohere.embed-english-v3',
    more: { input_type: 'classification', truncate: 'end' },
    sent: { input_type: 'classification', truncate: 'END' },
    notes: [],
  },
  { vendor: 'bedrock', model: 'amazon.titan-embed-text-v2:0', more: SEARCHED, sent: {}, notes: ['ignored=input_type', 'ignored=truncate'] },
  {
    vendor: 'vertex',
    model: 'text-embedding-005',
    more: FILED,
    sent: { instances: [{ content: 'a', task_type: 'RETRIEVAL_DOCUMENT', title: 'A page' }], parameters: { autoTruncate: false } },
    notes: [],
  },
  {
    vendor: 'vertex',
    model: 'gemini-embedding-2',
    more: { ...FILED, dimensions: 128 },
    sent: { embedContentConfig: { taskType: 'RETRIEVAL_DOCUMENT', title: 'A page', autoTruncate: false, outputDimensionality: 128 } },
    notes: [],
  },
  {
    vendor: 'vertex',
    model: 'text-embedding-005',
    more: { ...SEARCHED, title: 'A page' },
    sent: { instances: [{ content: 'a', task_type: 'RETRIEVAL_QUERY' }], parameters: { autoTruncate: true } },
    notes: ['ignored=title', 'clamped=truncate'],
  },
  {
    vendor: 'watsonx',
    model: 'ibm/slate-125m-english-rtrvr-v2',
    more: { ...SEARCHED, truncate_input_tokens: 9 },
    sent: { parameters: { truncate_input_tokens: 9 } },
    notes: ['ignored=input_type', 'ignored=truncate'],
  },
];
const benches = new Map<string, Bench>();
beforeAll(async () => {
  for (const vendor of new Set(ROWS.map((row) => row.vendor))) benches.set(vendor, await openBench({ vendor }));
});
afterAll(async () => {
  for (const bench of benches.values()) await bench.close();
});
const benchOf = (vendor: string): Bench => {
  const bench = benches.get(vendor);
  if (bench === undefined) throw new Error(`no bench of ${vendor}`);
  return bench;
};
const clientOf = ({ url, key }: Bench): OpenAI => new OpenAI({ baseURL: `${url}/openai/main/v1`, apiKey: key, maxRetries: 0 });

describe('a request for vectors', () => {
  test.each(ROWS)('$vendor: $more', async ({ vendor, model, more, sent, notes }) => {
    const bench = benchOf(vendor);
    const { data, response } = await clientOf(bench)
      .embeddings.create({ model, input: 'a', ...more } as OpenAI.EmbeddingCreateParams)
      .withResponse();
    expect(data.data[0]?.embedding.length).toBeGreaterThan(1);
    expect(bench.simulator.requests.findLast(({ method }) => method === 'POST')?.json()).toMatchObject(sent);
    expect((response.headers.get('x-lpa-fidelity') ?? '').split(',').filter((note) => note !== '')).toEqual(notes);
  });
  test.each([
    ['oci', 'cohere.embed-multilingual-v3.0', { dimensions: 256 }, 'dimensions'],
    ['bedrock', 'cohere.embed-english-v3', { dimensions: 256 }, 'dimensions'],
    ['bedrock', 'amazon.titan-embed-text-v1', { dimensions: 256 }, 'dimensions'],
    ['watsonx', 'ibm/slate-125m-english-rtrvr-v2', { dimensions: 256 }, 'dimensions'],
    ['oci', 'cohere.embed-v4.0', { input_type: 'query', task_type: 'CLUSTERING' }, 'task_type'],
    ['oci', 'cohere.embed-v4.0', { title: 7 }, 'title'],
  ] as const)('%s, %s: %j is refused by name, as other vectors would break who stores them', async (vendor, model, more, param) => {
    const answer = clientOf(benchOf(vendor)).embeddings.create({ model, input: 'a', ...more } as OpenAI.EmbeddingCreateParams);
    await expect(answer).rejects.toMatchObject({ status: 400, param });
  });
});

test.each([
  ['text-embedding-005', { predictions: [{ embeddings: { values: [0.5], statistics: { token_count: 2048, truncated: true } } }] }],
  ['gemini-embedding-2', { embedding: { values: [0.5] }, usageMetadata: { promptTokenCount: 2048 }, truncated: true }],
])('a vector of the beginning of a text alone is told as one (%s)', async (model, body) => {
  const bench = benches.get('vertex');
  if (bench === undefined) throw new Error('no bench');
  bench.simulator.script({ body });
  const answer = await fetch(`${bench.url}/openai/main/v1/embeddings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, input: 'a' }),
  });
  expect([answer.status, answer.headers.get('x-lpa-fidelity')]).toEqual([200, 'clamped=input']);
});
