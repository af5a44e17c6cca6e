import type { Dialect, ProviderHalf, Surface } from '@llm-proxy-auth/plugin';
import { cohere } from './cohere.ts';
import { error, NAME, readError } from './error.ts';
import { nova } from './nova.ts';
import { amazonRerank, cohereRerank } from './rerank.ts';
import { invokeTap } from './tap.ts';
import { titan } from './titan.ts';

/** A family of InvokeModel that is reached, not spoken by clients. */
const REACHED = { routes: [], body: ['json'], governed: { model: 'path', stream: 'route' }, reach: { class: 'inference' }, framing: 'json' } as const;
const embedding = (name: string, provider: ProviderHalf<'embeddings'>): Surface<'embeddings'> =>
  Object.freeze({ ...REACHED, name, operation: 'embeddings', provider } satisfies Surface<'embeddings'>);
const ranking = (name: string, provider: ProviderHalf<'rerank'>): Surface<'rerank'> =>
  Object.freeze({ ...REACHED, name, operation: 'rerank', provider } satisfies Surface<'rerank'>);

/** What bounds an answer, by the families' own names. */
const BOUNDS = {
  output: [
    ['max_tokens'],
    ['max_completion_tokens'],
    ['maxTokens'],
    ['max_gen_len'],
    ['textGenerationConfig', 'maxTokenCount'],
    ['inferenceConfig', 'maxTokens'],
    ['inferenceConfig', 'max_new_tokens'],
  ],
  choices: [['n'], ['num_generations'], ['numResults'], ['imageGenerationConfig', 'numberOfImages']],
  prompts: [['prompt']],
} as const;
/** Every other family: bytes pass in transparent mode, and what was used is read. */
const invoke: Surface<'opaque'> = Object.freeze({
  name: 'invoke',
  operation: 'opaque',
  routes: [],
  body: ['json'],
  governed: { model: 'path', stream: 'route', ...BOUNDS },
  reach: { class: 'inference' },
  framing: 'aws-eventstream',
  tap: invokeTap,
} satisfies Surface<'opaque'>);

/** Bodies of InvokeModel that are no dialect of their own. */
export const invokeDialect: Dialect = Object.freeze({
  name: NAME,
  surfaces: [
    invoke,
    embedding('titan-embed', titan),
    embedding('nova-embed', nova),
    embedding('cohere-embed', cohere),
    ranking('cohere-rerank', cohereRerank),
    ranking('amazon-rerank', amazonRerank),
  ],
  error,
  readError,
});
