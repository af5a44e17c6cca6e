import type { Dialect, ProviderHalf, Surface } from '@llm-proxy-auth/plugin';
import { cohere } from './cohere.ts';
import { error, NAME, readError } from './error.ts';
import { nova } from './nova.ts';
import { invokeTap } from './tap.ts';
import { titan } from './titan.ts';

/** A family of InvokeModel that is reached, not spoken by clients. */
const embedding = (name: string, provider: ProviderHalf<'embeddings'>): Surface<'embeddings'> =>
  Object.freeze({
    name,
    operation: 'embeddings',
    routes: [],
    body: ['json'],
    governed: { model: 'path', stream: 'route' },
    reach: { class: 'inference' },
    framing: 'json',
    provider,
  } satisfies Surface<'embeddings'>);

/** Every other family: bytes pass in transparent mode, and what was used is read. */
const invoke: Surface<'opaque'> = Object.freeze({
  name: 'invoke',
  operation: 'opaque',
  routes: [],
  body: ['json'],
  governed: { model: 'path', stream: 'route' },
  reach: { class: 'inference' },
  framing: 'aws-eventstream',
  tap: invokeTap,
} satisfies Surface<'opaque'>);

/** Bodies of InvokeModel that are no dialect of their own. */
export const invokeDialect: Dialect = Object.freeze({
  name: NAME,
  surfaces: [invoke, embedding('titan-embed', titan), embedding('nova-embed', nova), embedding('cohere-embed', cohere)],
  error,
  readError,
});
