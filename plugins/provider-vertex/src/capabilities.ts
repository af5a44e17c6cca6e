import { type Capabilities, type ModelData, modelCapabilities } from '@llm-proxy-auth/plugin';
import { claudeOf } from '@llm-proxy-auth/plugin/claude';
import data from './facts.json' with { type: 'json' };

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
  webSearch: true,
});
const there = modelCapabilities(data as ModelData);

export const claude = (id: string): Capabilities => {
  const family = claudeOf(id);
  return {
    ...GEMINI,
    audioIn: false,
    webSearch: false,
    choices: 1,
    logprobs: 0,
    cache: true,
    stopSequences: 8_191,
    sampling: family !== undefined && family.sampling !== 'none',
    forcedTool: family?.forced ?? true,
    ...there(id),
  };
};
/** The OpenAI-compatible endpoint and the vendors that speak the same. */
export const OPENAI: Capabilities = Object.freeze({ ...GEMINI, webSearch: false, audioIn: false, documents: false, choices: 1, logprobs: 0, stopSequences: 4 });
