import { type PluginFacts, type SurfaceSamples, secretOf } from '@llm-proxy-auth/contract-tests';
import { type Recording, recordings } from '@llm-proxy-auth/simulators';

const good = (operation: string): readonly Recording[] =>
  recordings({ provider: 'watsonx', operation }).filter(({ response }) => response.status === 200 && response.body !== undefined);
/** Format specifiers of its source stand in it, and no JSON. */
const BROKEN = 'watsonx/text-generation-stream-plain-m-d2760a.json';
/** It begins with an error: nothing can follow, which its own test says. */
const FAILED = 'watsonx/text-chat-stream-stream-exception-llama-54aeae.json';
const bodies = (operation: string): readonly string[] =>
  good(operation).flatMap(({ file, response }) => (file === BROKEN || file === FAILED ? [] : (response.body ?? [])));
/** Their sources cut the line breaks at their ends off. */
const streams = (operation: string): readonly Buffer[] => bodies(operation).map((body) => Buffer.from(`${body.trimEnd()}\n\n`));
const MESSAGES = [{ role: 'user', content: 'hi' }];
const chat: SurfaceSamples = {
  requests: [JSON.stringify({ model_id: 'ibm/granite-4-h-small', messages: MESSAGES, max_completion_tokens: 0 })],
  replies: bodies('text/chat'),
  streams: streams('text/chat_stream'),
};
const generation: SurfaceSamples = {
  requests: [JSON.stringify({ model_id: 'google/flan-ul2', input: 'What is 1 + 1?', parameters: {} })],
  replies: [...bodies('text/generation'), ...bodies('v1-beta/generation/text')],
  streams: streams('text/generation_stream'),
};
const refusal = (status: number, code: string) => ({
  status,
  headers: ['content-type', 'application/json'],
  body: Buffer.from(JSON.stringify({ errors: [{ code, message: 'no' }], trace: 't', status_code: status })),
});

export const facts: PluginFacts = {
  dialects: {
    watsonx: {
      chat,
      generation,
      embeddings: { requests: [JSON.stringify({ model_id: 'ibm/slate', inputs: ['a', 'b'] })], replies: bodies('text/embeddings') },
      rerank: { requests: [JSON.stringify({ model_id: 'm', inputs: [{ text: 'a' }], query: 'q' })], replies: bodies('text/rerank') },
      tokenization: { requests: [JSON.stringify({ model_id: 'm', input: 'a b' })], replies: [JSON.stringify({ model_id: 'm', result: { token_count: 2 } })] },
    },
  },
  providers: {
    watsonx: {
      config: { projectId: 'project-1', credentials: { type: 'token', token: secretOf('watsonx-token-0123456789abcdef', 'WATSONX_AI_BEARER_TOKEN') } },
      native: [
        { method: 'POST', path: '/ml/v1/text/chat', bodyModel: 'ibm/granite-4-h-small', class: 'inference' },
        { method: 'POST', path: '/ml/v1/text/chat_stream', query: 'version=2025-02-11', bodyModel: 'ibm/granite-4-h-small', class: 'inference' },
        { method: 'POST', path: '/ml/v1/text/generation', bodyModel: 'google/flan-ul2', class: 'inference' },
        { method: 'POST', path: '/ml/v1/text/generation_stream', bodyModel: 'google/flan-ul2', class: 'inference' },
        { method: 'POST', path: '/ml/v1/deployments/my_granite/text/chat', class: 'inference', model: 'deployment/my_granite' },
        { method: 'POST', path: '/ml/v1/deployments/my_granite/text/generation_stream', class: 'inference', model: 'deployment/my_granite' },
        { method: 'POST', path: '/ml/v1/text/embeddings', bodyModel: 'ibm/slate', class: 'inference' },
        { method: 'POST', path: '/ml/v1/text/rerank', bodyModel: 'm', class: 'inference' },
        { method: 'POST', path: '/ml/v1/text/tokenization', bodyModel: 'm', class: 'inference' },
        { method: 'GET', path: '/ml/v1/foundation_model_specs', query: 'limit=10', class: 'models' },
        { method: 'GET', path: '/ml/v1/foundation_model_specs/ibm%2Fgranite-4-h-small', class: 'models', model: 'ibm/granite-4-h-small' },
      ],
      rejections: [
        { reply: refusal(401, 'authentication_token_not_valid'), is: 'credential' },
        { reply: refusal(403, 'authorization_rejected'), is: 'credential' },
        { reply: refusal(403, 'user_authorization_failed'), is: 'credential' },
        { reply: refusal(403, 'token_quota_reached'), is: undefined },
        { reply: refusal(403, 'no_associated_service_instance_error'), is: undefined },
      ],
    },
  },
};
