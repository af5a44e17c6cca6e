import type { Ask, Capabilities, Endpoint, Operation } from '@llm-proxy-auth/plugin';
import type { Deployments } from './deployments.ts';
import { DEPLOYMENT } from './dialect/chat/request.ts';
import { WATSONX } from './dialect/words.ts';

/** What chat can say; whether a model can is IBM's to say. */
const CHAT: Capabilities = Object.freeze({
  tools: true,
  parallelTools: true,
  forcedTool: true,
  images: true,
  documents: false,
  audioIn: true,
  audioOut: false,
  jsonSchema: 'native',
  sampling: true,
  choices: 128,
  logprobs: 20,
  reasoning: true,
  cache: false,
  stopSequences: 6,
});
/** Generations, embeddings, rerank and counts. */
const TEXT: Capabilities = Object.freeze({
  ...CHAT,
  tools: false,
  forcedTool: false,
  images: false,
  audioIn: false,
  jsonSchema: 'none',
  choices: 1,
  logprobs: 0,
  reasoning: false,
});
/** Most inputs of one call for embeddings. */
const BATCH = 1_000;
const TEXTS: Readonly<Partial<Record<Operation, readonly [surface: string, path: string]>>> = Object.freeze({
  embeddings: ['embeddings', 'embeddings'],
  rerank: ['rerank', 'rerank'],
  countTokens: ['tokenization', 'tokenization'],
});

export interface EndpointOptions {
  readonly version: string;
  readonly account: Readonly<Record<string, string>>;
  readonly deployments: Deployments;
}
/** Which path of watsonx.ai serves an operation for a model. A model of the foundation needs an account to be charged. */
export const endpoints = ({ version, account, deployments }: EndpointOptions): ((ask: Ask) => Endpoint | undefined) => {
  const charged = Object.keys(account).length > 0;
  const at = (surface: string, path: string, capabilities: Capabilities): Endpoint => ({
    dialect: WATSONX,
    surface,
    method: 'POST',
    path: `/ml/v1/${path}?version=${version}`,
    capabilities,
  });
  return (ask) => {
    const id = deployments.idOf(ask.model);
    const own = id === undefined ? { members: account } : { profile: DEPLOYMENT };
    if (id === undefined && !charged) return undefined;
    if (ask.operation === 'chat') {
      // A legacy completion is one text, which only the older API of text takes.
      const [surface, path, capabilities] = ask.surface === 'completions' ? (['generation', 'generation', TEXT] as const) : (['chat', 'chat', CHAT] as const);
      const where = id === undefined ? '' : `deployments/${encodeURIComponent(id)}/`;
      return { ...at(surface, `${where}text/${path}${ask.stream ? '_stream' : ''}`, capabilities), ...own };
    }
    const found = TEXTS[ask.operation];
    if (found === undefined || id !== undefined) return undefined;
    const [surface, path] = found;
    return { ...at(surface, `text/${path}`, TEXT), ...own, ...(ask.operation === 'embeddings' ? { batch: BATCH } : {}) };
  };
};
