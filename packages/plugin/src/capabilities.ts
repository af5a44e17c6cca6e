import type { Capabilities } from './provider.ts';

/** Of an endpoint that is asked for no conversation: embeddings, rerank. */
export const NO_CHAT: Capabilities = Object.freeze({
  tools: false,
  parallelTools: false,
  forcedTool: false,
  images: false,
  documents: false,
  audioIn: false,
  audioOut: false,
  jsonSchema: 'none',
  sampling: false,
  choices: 1,
  logprobs: 0,
  reasoning: false,
  cache: false,
  stopSequences: 0,
});
