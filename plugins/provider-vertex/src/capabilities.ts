import type { Capabilities } from '@llm-proxy-auth/plugin';
import { claudeOf } from '@llm-proxy-auth/plugin/claude';

/** What generateContent can say. Parallel calls cannot be switched off, and there is no cache hint in a request. */
export const GEMINI: Capabilities = Object.freeze({
  tools: true,
  parallelTools: true,
  forcedTool: true,
  images: true,
  documents: true,
  audioIn: true,
  audioOut: false,
  jsonSchema: 'native',
  sampling: true,
  choices: 8,
  logprobs: 20,
  reasoning: true,
  cache: false,
  stopSequences: 5,
});
/** Models before this had no structured output of their own here. */
const WITHOUT_SCHEMA = /claude-(?:3|[a-z]+-4(?:-[0-5])?(?:@|$))/;

export const claude = (id: string): Capabilities => {
  const family = claudeOf(id);
  return {
    ...GEMINI,
    audioIn: false,
    choices: 1,
    logprobs: 0,
    cache: true,
    stopSequences: 8_191,
    sampling: family !== undefined && family.sampling !== 'none',
    forcedTool: family?.forced ?? true,
    jsonSchema: WITHOUT_SCHEMA.test(id) ? 'tool' : 'native',
  };
};
/** The OpenAI-compatible endpoint and the vendors that speak the same. */
export const OPENAI: Capabilities = Object.freeze({ ...GEMINI, audioIn: false, documents: false, choices: 1, logprobs: 0, stopSequences: 4 });
