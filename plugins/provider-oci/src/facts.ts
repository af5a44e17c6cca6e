import { type ModelData, modelFacts } from '@llm-proxy-auth/plugin';
import data from './facts.json' with { type: 'json' };

/**
 * What is known of models in on-demand mode, by name. Where Oracle counts characters, four are taken for a token. A model that is not
 * here, or one of a dedicated cluster, is served all the same, and has no price.
 */
export const facts = modelFacts(data as ModelData);
