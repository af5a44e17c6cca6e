import type { PluginFacts, SurfaceSamples } from '@llm-proxy-auth/contract-tests';
import { type Recording, recordings } from '@llm-proxy-auth/simulators';

const good = (operation: string): readonly Recording[] =>
  recordings({ operation }).filter(({ provider, response }) => provider === 'openai' && response.status === 200 && response.body !== undefined);
const bodies = (list: readonly Recording[]): readonly string[] => list.flatMap(({ response }) => response.body ?? []);
/** What OpenAI's service answered and clients sent, for one operation. */
const recorded = (operation: string): SurfaceSamples => ({
  requests: good(operation).flatMap(({ request }) => (request.body === null ? [] : JSON.stringify(request.body))),
  replies: bodies(good(operation).filter(({ stream }) => !stream)),
  streams: bodies(good(operation).filter(({ stream }) => stream)).map((body) => Buffer.from(body)),
});
/** No embedding of OpenAI is recorded: this is what its SDK sends and its reference documents. */
const embeddings: SurfaceSamples = {
  requests: [
    '{"input":"one","model":"text-embedding-3-small","encoding_format":"base64"}',
    '{"input":["one","two"],"model":"text-embedding-3-large","dimensions":256,"user":"u"}',
    '{"input":[[1,2],[3]],"model":"m"}',
  ],
  replies: [
    '{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-0.25,0.125]}],"model":"m","usage":{"prompt_tokens":2,"total_tokens":2}}',
  ],
};

/** OpenAI has no rerank: what the documentation of servers that speak its API shows (Cohere v1 and v2, Jina, vLLM). */
const rerank: SurfaceSamples = {
  requests: [
    '{"model":"rerank-v3.5","query":"capital of France","documents":["Paris is.","Berlin is not."],"top_n":2,"max_tokens_per_doc":512}',
    '{"model":"rerank-english-v3.0","query":"q","documents":[{"text":"one"},{"title":"two","text":"2"}],"rank_fields":["title","text"],"return_documents":true,"max_chunks_per_doc":10}',
    '{"documents":[{"text":"one"},"two"],"query":"","model":"BAAI/bge-reranker-base","top_n":0,"truncate_prompt_tokens":512}',
  ],
  replies: [
    '{"id":"07734bd2-2473-4f07-94e1-0d9f0e6843cf","results":[{"index":3,"relevance_score":0.999071},{"index":4,"relevance_score":0.78678}],"meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}}}',
    '{"model":"jina-reranker-v2-base-multilingual","usage":{"total_tokens":815},"results":[{"index":0,"document":{"text":"one"},"relevance_score":0.87},{"index":2,"document":{"text":"three"},"relevance_score":0.76}]}',
    '{"id":"rerank-b389becfb1070107","model":"mxbai-rerank-base-v2","usage":{"prompt_tokens":56,"total_tokens":56},"results":[{"index":1,"document":{"text":"Paris","multi_modal":null},"relevance_score":0.99},{"index":0,"document":{"text":"Berlin","multi_modal":null},"relevance_score":0.0005859603406861424}]}',
  ],
};

/** Only a stream of OpenAI's completions is recorded; the whole answer is the one of its reference. */
const completions: SurfaceSamples = {
  ...recorded('completions'),
  replies: [
    '{"id":"cmpl-1","object":"text_completion","created":1759118173,"choices":[{"text":" four","index":0,"logprobs":{"tokens":[" four"],"token_logprobs":[-0.5],"top_logprobs":[{" four":-0.5,"4":-1.25}],"text_offset":[0]},"finish_reason":"length"}],"model":"babbage-002","usage":{"prompt_tokens":4,"completion_tokens":1,"total_tokens":5}}',
  ],
};

export const facts: PluginFacts = {
  dialects: {
    openai: {
      chat: recorded('chat/completions'),
      completions,
      responses: recorded('responses'),
      embeddings,
      rerank,
      models: recorded('models'),
    },
  },
};
