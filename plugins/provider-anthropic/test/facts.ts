import { type PluginFacts, secretOf } from '@llm-proxy-auth/contract-tests';

const reply = (status: number, type: string, message: string) => ({
  status,
  headers: ['content-type', 'application/json'],
  body: Buffer.from(JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_1' })),
});

export const facts: PluginFacts = {
  providers: {
    anthropic: {
      config: { apiKey: secretOf('sk-ant-api03-0123456789abcdef0123456789abcdef', 'ANTHROPIC_API_KEY'), betas: ['context-1m-2025-08-07'] },
      clientChooses: ['anthropic-version'],
      native: [
        { method: 'POST', path: '/v1/messages', query: 'beta=true', bodyModel: 'claude-opus-4-8', class: 'inference' },
        { method: 'POST', path: '/v1/messages/count_tokens', bodyModel: 'claude-opus-4-8', class: 'inference' },
        { method: 'GET', path: '/v1/models', query: 'limit=5', class: 'models' },
        { method: 'GET', path: '/v1/models/claude-opus-4-8', model: 'claude-opus-4-8', class: 'models' },
        { method: 'POST', path: '/v1/messages/batches', class: 'stateful' },
        { method: 'GET', path: '/v1/messages/batches', query: 'limit=2', class: 'stateful' },
        { method: 'GET', path: '/v1/messages/batches/msgbatch_1/results', class: 'stateful' },
        { method: 'POST', path: '/v1/messages/batches/msgbatch_1/cancel', class: 'stateful' },
        { method: 'GET', path: '/v1/files', class: 'stateful' },
        { method: 'GET', path: '/v1/files/file_1/content', class: 'stateful' },
      ],
      asks: [
        {
          dialect: 'anthropic',
          surface: 'count_tokens',
          operation: 'countTokens',
          method: 'POST',
          route: '/v1/messages/count_tokens',
          model: 'claude-opus-4-8',
          stream: false,
        },
      ],
      rejections: [
        { reply: reply(401, 'authentication_error', 'invalid x-api-key'), is: 'credential' },
        { reply: reply(403, 'permission_error', 'Your API key does not have permission to use the specified resource.'), is: 'credential' },
        { reply: reply(403, 'permission_error', 'This organization has been disabled.'), is: 'credential' },
        { reply: reply(403, 'forbidden', 'Request not allowed'), is: undefined },
        { reply: reply(404, 'not_found_error', 'model: claude-x'), is: undefined },
      ],
    },
  },
};
