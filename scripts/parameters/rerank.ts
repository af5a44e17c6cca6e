import type { ParameterTable } from './sample.ts';

/** Parameters of rerank. */
export const rerank: ParameterTable = {
  title: 'Rerank (`/openai/{instance}/v1/rerank`)',
  path: (instance) => `/openai/${instance}/v1/rerank`,
  base: (model) => ({ model, query: 'red fish', documents: ['a blue bird', 'a red fish'] }),
  columns: [
    ['Compatible servers', 'compatible', 'bge-reranker-v2-m3'],
    ['Bedrock', 'bedrock', 'cohere.rerank-v3-5:0'],
    ['Vertex', 'ranking', 'semantic-ranker-default@latest'],
    ['watsonx', 'watsonx', 'cross-encoder/ms-marco-minilm-l-12-v2'],
    ['OCI', 'oci', 'cohere.rerank-v3-5'],
  ],
  samples: {
    'documents: objects': { body: { documents: [{ title: 'a', text: 'b' }, { text: 'c' }] }, name: 'documents' },
    max_tokens_per_doc: { value: 512 },
    rank_fields: {
      with: {
        documents: [
          { title: 'a', text: 'b' },
          { title: 'c', text: 'd' },
        ],
      },
      value: ['text'],
    },
    return_documents: { value: true, unchanged: 'by the gateway' },
    top_n: { value: 1 },
  },
};
