import { type Capabilities, type ModelData, modelCapabilities, NO_CHAT } from '@llm-proxy-auth/plugin';
import { claudeOf } from '@llm-proxy-auth/plugin/claude';
import data from './facts.json' with { type: 'json' };
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
/** By family, over Converse. Whether a model of the family can is AWS's to say. */
const there = modelCapabilities(data as ModelData);
/** Of Claude, what its family refuses wherever it runs. */
const claude = (base: string): Partial<Capabilities> => {
  const family = claudeOf(base);
  if (family === undefined) return {};
  const { sampling, forced, structured } = family;
  return { sampling: sampling !== 'none', forcedTool: forced, jsonSchema: structured ? 'native' : 'tool' };
};

/** What an endpoint of a model can carry. */
export const capabilitiesOf = ({ family, base = '' }: ModelId): Capabilities => ({
  ...CONVERSE,
  ...(family === 'anthropic' ? claude(base) : {}),
  ...there(base),
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
