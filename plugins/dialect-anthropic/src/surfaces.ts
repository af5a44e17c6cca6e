import type { AnySurface, Seal } from '@llm-proxy-auth/plugin';
import { countTokens } from './count-tokens/surface.ts';
import { messages } from './messages/surface.ts';
import { models } from './models/surface.ts';

/** Everything an Anthropic SDK can call, below `/anthropic/{instance}` and below the model-routed `/anthropic`. */
export const surfaces = (seal: Seal): readonly AnySurface[] => Object.freeze([messages(seal), countTokens(seal), models]);
