import type { AnySurface, Seal } from '@llm-proxy-auth/plugin';
import { chat } from './chat/surface.ts';
import { completions } from './completions/surface.ts';
import { embeddings } from './embeddings/surface.ts';
import { models } from './models/surface.ts';
import { passingSurfaces } from './passing/surfaces.ts';
import { rerank } from './rerank/surface.ts';
import { responsesSurfaces } from './responses/index.ts';

/**
 * Everything an OpenAI SDK can call, below `/openai/{instance}` and below the model-routed `/openai` and `/`. `seal` closes
 * what other vendors signed and clients of chat and responses carry.
 */
export const surfaces = (seal: Seal): readonly AnySurface[] =>
  Object.freeze([chat(seal), ...responsesSurfaces(seal), completions, embeddings, rerank, models, ...passingSurfaces]);
