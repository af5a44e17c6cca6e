import { type Capabilities, type ModelData, modelCapabilities, NO_CHAT } from '@llm-proxy-auth/plugin';
import data from './facts.json' with { type: 'json' };
import type { ApiFormat } from './model-id.ts';

/** What each format can say; whether a model can is the service's to say, in its own words. */
const FORMATS: Readonly<Record<ApiFormat, Capabilities>> = Object.freeze({
  GENERIC: {
    tools: true,
    parallelTools: true,
    forcedTool: true,
    images: true,
    documents: true,
    audioIn: true,
    audioOut: false,
    jsonSchema: 'native',
    sampling: true,
    choices: 128,
    logprobs: 20,
    reasoning: true,
    cache: false,
    stopSequences: 16,
    webSearch: true,
  },
  COHERE: {
    tools: true,
    parallelTools: true,
    forcedTool: false,
    images: false,
    documents: true,
    audioIn: false,
    audioOut: false,
    jsonSchema: 'native',
    sampling: true,
    choices: 1,
    logprobs: 0,
    reasoning: false,
    cache: false,
    stopSequences: 5,
  },
  COHEREV2: {
    tools: true,
    parallelTools: true,
    forcedTool: true,
    images: true,
    documents: true,
    audioIn: false,
    audioOut: false,
    jsonSchema: 'native',
    sampling: true,
    choices: 1,
    logprobs: 0,
    reasoning: true,
    cache: false,
    stopSequences: 5,
  },
  OPENAI: {
    tools: true,
    parallelTools: true,
    forcedTool: true,
    images: true,
    documents: true,
    audioIn: true,
    audioOut: false,
    jsonSchema: 'native',
    sampling: true,
    choices: 128,
    logprobs: 20,
    reasoning: true,
    cache: true,
    stopSequences: 4,
  },
});
const there = modelCapabilities(data as ModelData);
export const capabilitiesOf = (format: ApiFormat, model: string): Capabilities => ({ ...FORMATS[format], ...there(model) });
/** Embeddings and rerank; images can be embedded. */
export const EMBEDDING: Capabilities = Object.freeze({ ...NO_CHAT, images: true });
