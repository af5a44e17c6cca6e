import { type ModelFacts, modelFacts } from '@llm-proxy-auth/plugin';

type Known = Pick<ModelFacts, 'context' | 'output' | 'price'>;
const fact = (commit: string, name: string, facts: Known): ModelFacts => ({
  ...facts,
  source: `https://github.com/anomalyco/models.dev/blob/${commit}/providers/openai/models/${name}.toml`,
  date: '2026-11-26',
});
/** A table of what OpenAI's price page said. */
const page = (facts: Known): ModelFacts => ({ ...facts, source: 'https://docs.rs/crate/openai-models/0.1.1/source/src/lib.rs', date: '2026-11-26' });
const GPT5 = Object.freeze({ context: 400_000, output: 128_000 });
/** A model and its dated ids. */
const dated = (name: string, facts: ModelFacts): Readonly<Record<string, ModelFacts>> => ({ [name]: facts, [`${name}-20*`]: facts });

/**
 * What is known of OpenAI's models, by id. Prices are those of the standard tier. A model that is not here is served all the same, and
 * has no price.
 */
export const facts = modelFacts({
  ...dated('gpt-5', fact('0760ceffd3e02115e6480d9a0be7992c330c2f35', 'gpt-5', { ...GPT5, price: { input: 1.25, output: 10, cacheRead: 0.125 } })),
  ...dated('gpt-5-mini', fact('8734c00cd030e035b6aa2ebd3cf9ec98b54026bf', 'gpt-5-mini', { ...GPT5, price: { input: 0.25, output: 2, cacheRead: 0.025 } })),
  ...dated('gpt-5-nano', fact('0760ceffd3e02115e6480d9a0be7992c330c2f35', 'gpt-5-nano', { ...GPT5, price: { input: 0.05, output: 0.4, cacheRead: 0.005 } })),
  ...dated('gpt-5.1', fact('0760ceffd3e02115e6480d9a0be7992c330c2f35', 'gpt-5.1', { ...GPT5, price: { input: 1.25, output: 10, cacheRead: 0.125 } })),
  ...dated('gpt-5.2', fact('ecee1e6258445b5bc7b6159247fba74257b7f28e', 'gpt-5.2', { ...GPT5, price: { input: 1.75, output: 14, cacheRead: 0.175 } })),
  ...dated('o3', fact('8734c00cd030e035b6aa2ebd3cf9ec98b54026bf', 'o3', { context: 200_000, output: 100_000, price: { input: 2, output: 8, cacheRead: 0.5 } })),
  ...dated(
    'o4-mini',
    fact('0760ceffd3e02115e6480d9a0be7992c330c2f35', 'o4-mini', { context: 200_000, output: 100_000, price: { input: 1.1, output: 4.4, cacheRead: 0.275 } }),
  ),
  ...dated('gpt-4o', page({ price: { input: 2.5, output: 10, cacheRead: 1.25 } })),
  ...dated('gpt-4o-mini', page({ price: { input: 0.15, output: 0.6, cacheRead: 0.075 } })),
});
