import { modelFacts } from '@llm-proxy-auth/plugin';
import data from './facts.json' with { type: 'json' };

/** What is known of the foundation models, by id. A model that is not here, or a deployment, is served all the same, and has no price. */
export const facts = modelFacts(data);
