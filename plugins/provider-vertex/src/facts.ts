import { type ModelData, type ModelFacts, modelFacts } from '@llm-proxy-auth/plugin';
import data from './facts.json' with { type: 'json' };
import { type Home, readModelName } from './model-name.ts';

const known = modelFacts(data as ModelData);
const nameOf = (model: string, home: Home): readonly string[] => {
  try {
    const { publisher, id, endpoint } = readModelName(model, home);
    if (endpoint) return [];
    // A name without a version means its newest, which the table has without one too.
    return [id, `${publisher}/${id}`, id.replace(/@(?:default|latest)$/, '')];
  } catch {
    return [];
  }
};

/**
 * What is known of models: at the global endpoint, or in a location, where some cost more. A model that is not here, or an own
 * endpoint, is served all the same, and has no price.
 */
export const factsAt =
  (home: Home): ((model: string) => ModelFacts | undefined) =>
  (model) => {
    const places = home.location === 'global' ? [] : ['regional'];
    for (const name of nameOf(model, home)) {
      const found = known(name, places);
      if (found !== undefined) return found;
    }
    return undefined;
  };
