import { type ModelFacts, type ModelNames, modelFacts } from '@llm-proxy-auth/plugin';
import data from './facts.json' with { type: 'json' };

const known = modelFacts(data);
/**
 * What is known of models in global standard deployments, by name; a deployment is known by the model that the configuration says it
 * serves. Others are served all the same, and have no price.
 */
export const factsOf =
  (names: ModelNames): ((model: string) => ModelFacts | undefined) =>
  (model) =>
    known(names.model(model));
