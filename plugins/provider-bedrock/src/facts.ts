import { type ModelData, type ModelFacts, modelFacts } from '@llm-proxy-auth/plugin';
import data from './facts.json' with { type: 'json' };
import { readModelId } from './model-id.ts';

const known = modelFacts(data as ModelData);
/** What an ARN of AWS's own names: the part after its last slash. */
const nameOf = (model: string): string => {
  const { base, geography } = readModelId(model);
  return base === undefined ? model : geography === undefined ? base : `${geography}.${base}`;
};

/**
 * What is known of models, by id and by profile of a geography: on demand, in the region of the instance where it costs something else
 * there. A profile that is not told costs what its model does. A model that is not here, or a thing of one's own account, is served all
 * the same, and has no price.
 */
export const factsAt = (region: string, mantle: boolean): ((model: string) => ModelFacts | undefined) => {
  const places = mantle ? [`mantle/${region}`, 'mantle', region] : [region];
  return (model) => {
    const name = nameOf(model);
    return known(name, places) ?? known(readModelId(name).base ?? name, places);
  };
};
