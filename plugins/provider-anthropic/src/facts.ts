import { modelFacts } from '@llm-proxy-auth/plugin';
import data from './facts.json' with { type: 'json' };

/**
 * What is known of models, by id. Writes to a cache cost those of five minutes. A model that is not here is served all the same, and
 * has no price.
 */
export const facts = modelFacts(data);
