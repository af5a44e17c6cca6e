import { type Capabilities, NO_CHAT } from '@llm-proxy-auth/plugin';
import { claudeOf } from '@llm-proxy-auth/plugin/claude';
import type { ModelId } from './model-id.ts';

/** What Converse can say; what a family lacks is taken away below. */
const CONVERSE: Capabilities = Object.freeze({
  tools: true,
  parallelTools: true,
  forcedTool: true,
  images: true,
  documents: true,
  audioIn: true,
  audioOut: false,
  jsonSchema: 'native',
  sampling: true,
  choices: 1,
  logprobs: 0,
  reasoning: true,
  cache: false,
  stopSequences: 2500,
});
/** By vendor, over Converse. Whether a model of the family can is AWS's to say. */
const FAMILIES: Readonly<Record<string, Partial<Capabilities>>> = Object.freeze({
  anthropic: { audioIn: false, cache: true },
  amazon: { cache: true },
  meta: { forcedTool: false, audioIn: false },
  ai21: { forcedTool: false, audioIn: false, images: false, reasoning: false },
  cohere: { forcedTool: false, audioIn: false, images: false, reasoning: false },
});

/**
 * Claude that keeps to schemas at its vendor and not here: the copy of its checks at Bedrock refuses `output_config.format` and strict
 * tools. By the provider of the AI SDK for Bedrock (@ai-sdk/amazon-bedrock 4.0).
 */
const WITHOUT_SCHEMAS = /claude-(?:opus-4-[78]|(?:opus|sonnet|fable)-5(?!-\d))/;
const claude = (base: string): Partial<Capabilities> => {
  const family = claudeOf(base);
  if (family === undefined) return {};
  const { sampling, forced, structured } = family;
  return { sampling: sampling !== 'none', forcedTool: forced, jsonSchema: structured && !WITHOUT_SCHEMAS.test(base) ? 'native' : 'tool' };
};

/** What an endpoint of a model can carry. */
export const capabilitiesOf = (model: ModelId): Capabilities => ({
  ...CONVERSE,
  ...FAMILIES[model.family],
  ...(model.family === 'anthropic' && model.base !== undefined ? claude(model.base) : {}),
});
/** OpenAI's own API at Bedrock. */
export const OPENAI: Capabilities = Object.freeze({
  ...CONVERSE,
  audioOut: false,
  audioIn: false,
  choices: 1,
  logprobs: 0,
  cache: false,
  stopSequences: 4,
});
/** Embeddings and rerank; images can be embedded. */
export const EMBEDDING: Capabilities = Object.freeze({ ...NO_CHAT, images: true });
