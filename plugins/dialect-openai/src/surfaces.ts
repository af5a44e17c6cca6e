import type { AnySurface } from '@llm-proxy-auth/plugin';
import { chat } from './chat/surface.ts';
import { passingSurfaces } from './passing/surfaces.ts';

/** Everything an OpenAI SDK can call, below `/openai/{instance}` and below the model-routed `/openai` and `/`. */
export const surfaces: readonly AnySurface[] = Object.freeze([chat, ...passingSurfaces]);
