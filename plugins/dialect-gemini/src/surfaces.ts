import type { AnySurface, Seal } from '@llm-proxy-auth/plugin';
import { count } from './count/surface.ts';
import { embed } from './embed/one.ts';
import { predict } from './embed/predict.ts';
import { batchEmbed } from './embed/several.ts';
import { generate } from './generate/surface.ts';
import { models } from './models/surface.ts';
import { rank } from './rank.ts';

/** What Google's GenAI SDKs call, in both their modes, and what ranks for Vertex AI. `seal` closes what other vendors signed. */
export const surfaces = (seal: Seal): readonly AnySurface[] => Object.freeze([generate(seal), count(seal), embed, batchEmbed, predict, rank, models]);
