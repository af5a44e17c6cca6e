import { EMBEDDERS, type ParameterTable } from './sample.ts';

/** Parameters of embeddings. */
export const embeddings: ParameterTable = {
  title: 'Embeddings (`/openai/{instance}/v1/embeddings`)',
  path: (instance) => `/openai/${instance}/v1/embeddings`,
  base: (model) => ({ model, input: 'Hello' }),
  columns: EMBEDDERS,
  samples: {
    auto_truncate: { value: false },
    dimensions: { value: 512 },
    'encoding_format: base64': { body: { encoding_format: 'base64' }, name: 'encoding_format', unchanged: 'by the gateway' },
    'input: texts': { body: { input: ['Hello', 'World'] }, name: 'input', unchanged: 'a call each' },
    'input: tokens': { body: { input: [15339, 11] }, name: 'input' },
    'input_type: document': { body: { input_type: 'document' }, name: 'input_type', unchanged: 'the default' },
    'input_type: query': { body: { input_type: 'query' }, name: 'input_type' },
    task_type: { value: 'CLUSTERING' },
    title: { with: { input_type: 'document' }, value: 'A page' },
    'truncate: end': { body: { truncate: 'END' }, name: 'truncate', unchanged: 'the default' },
    'truncate: none': { body: { truncate: 'NONE' }, name: 'truncate', unchanged: 'the default' },
    'truncate: start': { body: { truncate: 'START' }, name: 'truncate' },
    user: { value: 'ann' },
  },
};
