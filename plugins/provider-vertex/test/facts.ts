import { type PluginFacts, secretOf } from '@llm-proxy-auth/contract-tests';
import type { Ask } from '@llm-proxy-auth/plugin';

export const HOME = '/v1/projects/my-project/locations/us-central1';
const GOOGLE = `${HOME}/publishers/google/models`;
const CLAUDE = `${HOME}/publishers/anthropic/models`;
const json = (status: number, body: unknown) => ({
  status,
  headers: ['content-type', 'application/json; charset=UTF-8'],
  body: Buffer.from(JSON.stringify(body)),
});
/** `{error:{…}}` as Google writes it, with an ErrorInfo. */
export const refusal = (code: number, status: string, message: string, reason?: string) =>
  json(code, {
    error: {
      code,
      message,
      status,
      ...(reason === undefined ? {} : { details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' }] }),
    },
  });
const ask = (dialect: string, surface: string, operation: Ask['operation'], route: string, model: string, stream = false): Ask => ({
  dialect,
  surface,
  operation,
  route,
  stream,
  method: 'POST',
  model,
});

export const facts: PluginFacts = {
  providers: {
    vertex: {
      config: {
        project: 'my-project',
        location: 'us-central1',
        credentials: { type: 'token', token: secretOf('ya29.canary-0123456789abcdefghijklmnopqrstuvwxyz', 'GOOGLE_OAUTH_ACCESS_TOKEN') },
      },
      native: [
        { method: 'POST', path: `${GOOGLE}/gemini-2.5-pro:generateContent`, class: 'inference', model: 'gemini-2.5-pro' },
        { method: 'POST', path: `${GOOGLE}/gemini-3-pro-preview:streamGenerateContent`, query: 'alt=sse', class: 'inference', model: 'gemini-3-pro-preview' },
        { method: 'POST', path: `${GOOGLE}/gemini-2.5-flash:countTokens`, class: 'inference', model: 'gemini-2.5-flash' },
        { method: 'POST', path: `${GOOGLE}/text-embedding-005:predict`, class: 'inference', model: 'text-embedding-005' },
        { method: 'POST', path: `${CLAUDE}/claude-haiku-4-5@20251001:rawPredict`, class: 'inference', model: 'claude-haiku-4-5@20251001' },
        { method: 'POST', path: `${CLAUDE}/claude-opus-4-7:streamRawPredict`, class: 'inference', model: 'claude-opus-4-7' },
        { method: 'POST', path: `${HOME}/publishers/mistralai/models/mistral-medium-3:rawPredict`, class: 'inference', model: 'mistral-medium-3' },
        { method: 'POST', path: `${HOME}/endpoints/1234567890:generateContent`, class: 'inference', model: '1234567890' },
        { method: 'POST', path: `${HOME}/cachedContents`, class: 'stateful' },
        { method: 'GET', path: `${HOME}/cachedContents/987`, class: 'stateful' },
        { method: 'POST', path: `${HOME}/batchPredictionJobs/987:cancel`, class: 'stateful' },
        { method: 'GET', path: '/v1beta1/publishers/google/models', query: 'pageSize=10', class: 'models' },
        { method: 'GET', path: '/v1beta1/publishers/google/models/gemini-2.5-pro', class: 'models', model: 'gemini-2.5-pro' },
        { method: 'GET', path: `${HOME}/tuningJobs`, class: 'control' },
      ],
      asks: [
        ask('gemini', 'generate', 'chat', '/{version}/models/{model}:generateContent', 'gemini-2.5-pro'),
        ask('gemini', 'generate', 'chat', '/{version}/models/{model}:streamGenerateContent', 'gemini-2.5-pro', true),
        ask('anthropic', 'messages', 'chat', '/v1/messages', 'claude-opus-4-7', true),
        ask('anthropic', 'count_tokens', 'countTokens', '/v1/messages/count_tokens', 'claude-haiku-4-5-20251001'),
        ask('openai', 'chat', 'chat', '/chat/completions', 'meta/llama-4-maverick-17b-128e-instruct-maas'),
        ask('openai', 'embeddings', 'embeddings', '/embeddings', 'text-embedding-005'),
        ask('openai', 'embeddings', 'embeddings', '/embeddings', 'gemini-embedding-2'),
      ],
      rejections: [
        { reply: refusal(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.', 'ACCESS_TOKEN_EXPIRED'), is: 'credential' },
        {
          reply: refusal(
            403,
            'PERMISSION_DENIED',
            "Permission 'aiplatform.endpoints.predict' denied on resource '//aiplatform.googleapis.com/x'",
            'IAM_PERMISSION_DENIED',
          ),
          is: 'credential',
        },
        {
          reply: refusal(403, 'PERMISSION_DENIED', 'Vertex AI API has not been used in project my-project before or it is disabled.', 'SERVICE_DISABLED'),
          is: 'credential',
        },
        {
          reply: json(403, [{ error: { code: 403, status: 'PERMISSION_DENIED', message: 'x', details: [{ reason: 'CONSUMER_INVALID' }] } }]),
          is: 'credential',
        },
        { reply: refusal(403, 'PERMISSION_DENIED', 'Publisher Model `claude-opus-4-7` is not available to this organization.'), is: undefined },
        { reply: json(403, { type: 'error', error: { type: 'permission_error', message: 'Not for this region.' } }), is: undefined },
      ],
    },
  },
};
