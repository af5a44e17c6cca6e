import { type Model, type Models, models as openaiModels } from '../../openai/models.ts';
import { refuse } from './refusal.ts';

/** Models that Azure has beside OpenAI's. */
const others: readonly Model[] = [
  { id: 'Cohere-embed-v3-english', kind: 'embeddings', created: 1_715_367_049, ownedBy: 'cohere', reasoning: false, dimensions: 1024, shortens: false },
];
/** The models behind the deployments. Throws Azure's refusals. */
export const models = (chat: readonly string[]): Models => {
  const all = openaiModels(['grok-4-1-fast-non-reasoning', ...chat]);
  const find = (id: string): Model | undefined => others.find((one) => one.id === id) ?? all.find(id);
  return {
    list: () => [...all.list(), ...others],
    find,
    require: (id, kind) => {
      const model = find(id);
      if (model === undefined) throw refuse.deployment();
      if (model.kind !== kind) throw refuse.operation(kind, id);
      return model;
    },
  };
};
