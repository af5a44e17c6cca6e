import type { Ask, Call, EmbedRequest, Ledger, UpstreamReply } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { endpoints } from '../src/endpoint.ts';
import { invokeDialect } from '../src/invoke/dialect.ts';

const endpointOf = (model: string) => {
  const ask: Ask = { operation: 'embeddings', surface: 'embeddings', dialect: 'openai', method: 'POST', route: '/embeddings', model, stream: false };
  return endpoints({ api: undefined, guardrail: undefined, betas: [], region: 'us-east-1', account: undefined })(ask);
};
/** The half that serves a model, as its endpoint says. */
const halfOf = (model: string) => {
  const half = invokeDialect.surfaces.find((s) => s.name === endpointOf(model)?.surface)?.provider;
  if (half === undefined) throw new Error(`nothing serves ${model}`);
  return half as { write(r: EmbedRequest, call: Call): { body: unknown }; read(reply: UpstreamReply, call: Call, memo: unknown): unknown };
};
const callOf = (model: string, notes: string[] = []): Call =>
  ({ model, ledger: { note: (kind, param) => void notes.push(`${kind} ${param}`) } satisfies Ledger }) as unknown as Call;
const embed = (model: string, more: Partial<EmbedRequest> = {}) => {
  const notes: string[] = [];
  const request: EmbedRequest = { inputs: [{ text: 'hello' }], encoding: 'float', ...more };
  return { body: halfOf(model).write(request, callOf(model, notes)).body, notes };
};
const reply = (body: object | string, headers: string[] = []): UpstreamReply => ({
  status: 200,
  headers,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const read = (model: string, body: object | string, headers: string[] = []) => halfOf(model).read(reply(body, headers), callOf(model), undefined);
const usage = { input: 5, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false };
const image = { kind: 'image' as const, media: { base64: 'AAAA', type: 'image/png' } };

describe('endpoints of embeddings', () => {
  it.each([
    ['amazon.titan-embed-text-v1', 'titan-embed', 1],
    ['amazon.titan-embed-text-v2:0', 'titan-embed', 1],
    ['amazon.titan-embed-image-v1', 'titan-embed', 1],
    ['amazon.nova-2-multimodal-embeddings-v1:0', 'nova-embed', 1],
    ['cohere.embed-english-v3', 'cohere-embed', 96],
    ['us.cohere.embed-v4:0', 'cohere-embed', 96],
    ['arn:aws:bedrock:us-east-1::foundation-model/cohere.embed-v4:0', 'cohere-embed', 96],
  ])('%s', (model, surface, batch) =>
    expect(endpointOf(model)).toMatchObject({ dialect: 'bedrock-invoke', surface, batch, path: `/model/${encodeURIComponent(model)}/invoke` }),
  );
  it.each(['amazon.nova-lite-v1:0', 'anthropic.claude-opus-5-5', 'model-1'])('%s has none', (model) => expect(endpointOf(model)).toBeUndefined());
});

describe('Titan', () => {
  it('takes one text', () => expect(embed('amazon.titan-embed-text-v1').body).toEqual({ inputText: 'hello' }));
  it('takes a length where it has several', () =>
    expect(embed('amazon.titan-embed-text-v2:0', { dimensions: 512 }).body).toEqual({ inputText: 'hello', dimensions: 512, normalize: true }));
  it('takes a picture with its text', () =>
    expect(embed('amazon.titan-embed-image-v1', { dimensions: 384, inputs: [{ parts: [{ kind: 'text', text: 'a' }, image] }] }).body).toEqual({
      inputText: 'a',
      inputImage: 'AAAA',
      embeddingConfig: { outputEmbeddingLength: 384 },
    }));
  it('answers with its vector and the count', () =>
    expect(read('amazon.titan-embed-text-v2:0', { embedding: [0.5, -1], embeddingsByType: { float: [0.5, -1] }, inputTextTokenCount: 5 })).toEqual({
      vectors: [Float32Array.of(0.5, -1)],
      usage,
    }));
});

describe('Nova', () => {
  it('takes one text', () =>
    expect(embed('amazon.nova-2-multimodal-embeddings-v1:0', { dimensions: 1024, purpose: 'query' }).body).toEqual({
      taskType: 'SINGLE_EMBEDDING',
      singleEmbeddingParams: { embeddingPurpose: 'GENERIC_RETRIEVAL', embeddingDimension: 1024, text: { truncationMode: 'END', value: 'hello' } },
    }));
  it('takes a picture', () =>
    expect(embed('amazon.nova-2-multimodal-embeddings-v1:0', { inputs: [{ parts: [image] }] }).body).toEqual({
      taskType: 'SINGLE_EMBEDDING',
      singleEmbeddingParams: { embeddingPurpose: 'GENERIC_INDEX', image: { format: 'png', source: { bytes: 'AAAA' } } },
    }));
  it('keeps its own words for a purpose', () =>
    expect(embed('amazon.nova-2-multimodal-embeddings-v1:0', { purpose: 'TEXT_RETRIEVAL' })).toMatchObject({
      body: { singleEmbeddingParams: { embeddingPurpose: 'TEXT_RETRIEVAL' } },
      notes: [],
    }));
  it('answers with its vector; the count may stand in the head alone', () =>
    expect(
      read('amazon.nova-2-multimodal-embeddings-v1:0', { embeddings: [{ embeddingType: 'TEXT', embedding: [1, 2] }] }, [
        'X-Amzn-Bedrock-Input-Token-Count',
        '5',
      ]),
    ).toEqual({ vectors: [Float32Array.of(1, 2)], usage }));
});

describe('Cohere', () => {
  it('takes many texts and must be told what for', () => {
    const { body, notes } = embed('cohere.embed-english-v3', { inputs: [{ text: 'a' }, { text: 'b' }] });
    expect(body).toEqual({ texts: ['a', 'b'], input_type: 'search_document', embedding_types: ['float'] });
    expect(notes).toEqual(['defaulted purpose']);
  });
  it.each([
    ['query', 'search_query', []],
    ['RETRIEVAL_QUERY', 'search_query', []],
    ['search_document', 'search_document', []],
    ['SEMANTIC_SIMILARITY', 'clustering', []],
    ['something else', 'search_document', ['ignored purpose']],
  ])('knows the purpose %s', (purpose, type, notes) => expect(embed('cohere.embed-v4:0', { purpose })).toMatchObject({ body: { input_type: type }, notes }));
  it('has lengths from the fourth model on', () => {
    expect(embed('us.cohere.embed-v4:0', { dimensions: 256 }).body).toMatchObject({ output_dimension: 256 });
    expect(embed('cohere.embed-multilingual-v3', { dimensions: 1024 }).body).not.toHaveProperty('output_dimension');
  });
  it('cuts off what it is told to', () => {
    expect(embed('cohere.embed-v4:0', { truncate: 'start' })).toMatchObject({ body: { truncate: 'START' } });
    expect(embed('cohere.embed-v4:0').body).not.toHaveProperty('truncate');
    expect(embed('amazon.nova-2-multimodal-embeddings-v1:0', { truncate: 'none' }).body).toMatchObject({
      singleEmbeddingParams: { text: { truncationMode: 'NONE' } },
    });
  });
  it('takes pictures from the fourth model on', () => {
    const inputs = [{ parts: [{ kind: 'text' as const, text: 'a' }, image] }];
    expect(embed('cohere.embed-v4:0', { inputs }).body).toMatchObject({
      inputs: [
        {
          content: [
            { type: 'text', text: 'a' },
            { type: 'image_url', image_url: 'data:image/png;base64,AAAA' },
          ],
        },
      ],
    });
    expect(() => embed('cohere.embed-english-v3', { inputs })).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param: 'input' }));
  });
  it.each([
    [
      {
        embeddings: [
          [1, 2],
          [3, 4],
        ],
      },
    ],
    [
      {
        embeddings: {
          float: [
            [1, 2],
            [3, 4],
          ],
        },
      },
    ],
  ])('answers in either form, the count in the head: %j', (body) =>
    expect(read('cohere.embed-english-v3', body, ['x-amzn-bedrock-input-token-count', '5'])).toEqual({
      vectors: [Float32Array.of(1, 2), Float32Array.of(3, 4)],
      usage,
    }),
  );
});

describe('what cannot be had', () => {
  it.each([
    ['amazon.titan-embed-text-v2:0', { dimensions: 300 }, 'dimensions'],
    ['amazon.titan-embed-image-v1', { dimensions: 512 }, 'dimensions'],
    ['amazon.nova-2-multimodal-embeddings-v1:0', { dimensions: 512 }, 'dimensions'],
    ['cohere.embed-v4:0', { dimensions: 100 }, 'dimensions'],
    ['cohere.embed-multilingual-v3', { dimensions: 256 }, 'dimensions'],
    ['amazon.titan-embed-text-v1', { dimensions: 256 }, 'dimensions'],
    ['amazon.titan-embed-text-v2:0', { inputs: [{ tokens: [1, 2] }] }, 'input'],
    ['cohere.embed-v4:0', { inputs: [{ tokens: [1, 2] }] }, 'input'],
    ['amazon.titan-embed-text-v2:0', { inputs: [{ text: 'a' }, { text: 'b' }] }, 'input'],
    ['amazon.titan-embed-text-v2:0', { inputs: [{ parts: [image] }] }, 'input'],
    ['amazon.titan-embed-image-v1', { inputs: [{ parts: [image, image] }] }, 'input'],
    ['cohere.embed-v4:0', { inputs: [{ parts: [{ kind: 'image' as const, media: { url: 'https://x.example/a.png' } }] }] }, 'input'],
  ] as const)('%s with %j is refused by name', (model, more, param) =>
    expect(() => embed(model, more as Partial<EmbedRequest>)).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param })),
  );
  it.each(['', '{', '[]', '{}', '{"embedding":[]}', '{"embedding":["a"]}', '{"embeddings":[{}]}'])('an answer %j without vectors is a bad response', (body) => {
    for (const model of ['amazon.titan-embed-text-v2:0', 'amazon.nova-2-multimodal-embeddings-v1:0'])
      expect(() => read(model, body)).toThrow(expect.objectContaining({ code: 'upstream_bad_response' }));
  });
  it('an answer without a count is marked as an estimate', () =>
    expect(read('cohere.embed-english-v3', { embeddings: [[1]] })).toMatchObject({ usage: { input: 0, estimated: true } }));
});
