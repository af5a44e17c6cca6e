import { type Capabilities, NO_CHAT } from '@llm-proxy-auth/plugin';
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

interface ClaudeRule {
  readonly has: RegExp;
  readonly sampling: boolean;
  readonly forcedTool: boolean;
}
/**
 * Claude by model, first match counts; one that no rule knows is taken for the newest. Forced tools and sampling are refused by the
 * models that think by themselves. https://platform.claude.com/docs/en/about-claude/models
 */
const CLAUDE: readonly ClaudeRule[] = Object.freeze([
  { has: /claude-(?:sonnet|opus)-5-5|claude-(?:fable|mythos)-5-[1-9]/, sampling: false, forcedTool: false },
  { has: /claude-(?:[a-z]+)-[5-9]|claude-opus-4-[78]/, sampling: false, forcedTool: true },
  { has: /claude-(?:[a-z]+)-4|claude-3|claude-v?2|claude-instant/, sampling: true, forcedTool: true },
]);
const NEWEST = Object.freeze({ sampling: false, forcedTool: true });

const claude = (base: string): Partial<Capabilities> => {
  const { sampling, forcedTool } = CLAUDE.find((rule) => rule.has.test(base)) ?? NEWEST;
  return { sampling, forcedTool };
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
