import { type ModelFacts, modelFacts } from '@llm-proxy-auth/plugin';

const fact = (commit: string, name: string, date: string, facts: Pick<ModelFacts, 'context' | 'output' | 'price'>): ModelFacts => ({
  ...facts,
  source: `https://github.com/anomalyco/models.dev/blob/${commit}/providers/anthropic/models/${name}.toml`,
  date,
});
const page = (facts: Pick<ModelFacts, 'context' | 'output' | 'price'>): ModelFacts => ({
  ...facts,
  source: 'https://docs.anthropic.com/en/docs/about-claude/pricing',
  date: '2026-11-26',
});
const OPUS = Object.freeze({ input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 });
const EARLIER_OPUS = Object.freeze({ input: 15, output: 75, cacheRead: 1.5, cacheWrite: 18.75 });
const SONNET = Object.freeze({ input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 });

/**
 * What is known of models, by id; a beginning stands for its dated ids. Prices are those of the first tier of context, writes to a
 * cache those of five minutes. A model that is not here is served all the same, and has no price.
 */
export const facts = modelFacts({
  'claude-haiku-4-5*': fact('482fb019a4847290b37990da929dc707d9243dca', 'claude-haiku-4-5', '2026-10-03', {
    price: { input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 },
  }),
  'claude-opus-4-5*': fact('7fbe22429db68bfe4b3219fd7d8604105a7419d1', 'claude-opus-4-5', '2026-11-26', { context: 200_000, output: 64_000, price: OPUS }),
  'claude-opus-4-6': fact('7fbe22429db68bfe4b3219fd7d8604105a7419d1', 'claude-opus-4-6', '2026-11-26', { context: 1_000_000, output: 128_000, price: OPUS }),
  'claude-sonnet-4-5*': fact('179029e9a90fac95bd0b3ae225f1ebdaaa1a70c3', 'claude-sonnet-4-5', '2026-11-26', { output: 64_000, price: SONNET }),
  'claude-sonnet-4-6': fact('7fbe22429db68bfe4b3219fd7d8604105a7419d1', 'claude-sonnet-4-6', '2026-11-26', {
    context: 1_000_000,
    output: 64_000,
    price: SONNET,
  }),
  'claude-opus-4-1*': page({ price: EARLIER_OPUS }),
  'claude-opus-4-0': page({ price: EARLIER_OPUS }),
  'claude-opus-4-20250514': page({ price: EARLIER_OPUS }),
  'claude-sonnet-4-0': page({ price: SONNET }),
  'claude-sonnet-4-20250514': page({ price: SONNET }),
  'claude-3-7-sonnet*': page({ price: SONNET }),
  'claude-3-5-haiku*': page({ price: { input: 0.8, output: 4, cacheRead: 0.08, cacheWrite: 1 } }),
  'claude-3-haiku*': page({ price: { input: 0.25, output: 1.25, cacheRead: 0.03, cacheWrite: 0.3 } }),
});
