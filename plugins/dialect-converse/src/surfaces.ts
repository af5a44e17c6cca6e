import type { AnySurface, Seal } from '@llm-proxy-auth/plugin';
import { converse } from './converse.ts';
import { countTokens } from './count-tokens.ts';

/** What the AWS SDK calls below `/converse/{instance}` and the model-routed `/converse`. `seal` closes what other vendors signed. */
export const surfaces = (seal: Seal): readonly AnySurface[] => Object.freeze([converse(seal), countTokens(seal)]);
