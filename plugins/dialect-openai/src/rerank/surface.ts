import type { Surface } from '@llm-proxy-auth/plugin';
import { INFERENCE, route } from '../routes.ts';
import * as reply from './reply.ts';
import * as request from './request.ts';
import { rerankTap } from './tap.ts';

/**
 * `POST /rerank`. OpenAI has none; servers that speak its API have it in the form of Cohere and Jina: `model`, `query`,
 * `documents` (text or objects), `top_n`, `return_documents`, `max_tokens_per_doc`, `rank_fields` → `id`, `model`, `results` of
 * `index`, `relevance_score` and, where asked for, `document`, with `usage` or `meta`.
 */
export const rerank: Surface<'rerank'> = Object.freeze({
  name: 'rerank',
  operation: 'rerank',
  routes: route('POST', '/rerank', { stream: false }),
  body: ['json'],
  governed: { model: ['model'], stream: 'route' },
  reach: INFERENCE,
  framing: 'json',
  client: { names: request.names, read: request.read, write: reply.write },
  provider: { write: request.write, read: reply.read },
  tap: rerankTap,
} satisfies Surface<'rerank'>);
