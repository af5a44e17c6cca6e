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
      models: recorded('models'),
    },
  },
};
