import { modelFacts } from '@llm-proxy-auth/plugin';
import data from './facts.json' with { type: 'json' };

/**
 * What is known of OpenAI's models, by id, and by the region that keeps the data (`eu`, `us`). Prices are those of the standard tier.
 * A model that is not here is served all the same, and has no price.
 */
export const facts = modelFacts(data);
