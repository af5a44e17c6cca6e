import { type PluginFacts, secretOf } from '@llm-proxy-auth/contract-tests';

const reply = (status: number, body: object) => ({ status, headers: ['content-type', 'application/json'], body: Buffer.from(JSON.stringify(body)) });

export const facts: PluginFacts = {
  providers: {
    azure: {
      config: {
        endpoint: 'https://acme.openai.azure.com',
        apiKey: secretOf('0123456789abcdef0123456789abcdef', 'AZURE_OPENAI_API_KEY'),
        deployments: { 'gpt-4o': 'chat-prod' },
      },
      native: [
        { method: 'POST', path: '/openai/v1/chat/completions', bodyModel: 'chat-prod', class: 'inference' },
        { method: 'POST', path: '/openai/v1/responses', bodyModel: 'chat-prod', class: 'inference' },
        { method: 'POST', path: '/openai/deployments/chat-prod/chat/completions', query: 'api-version=2024-10-21', class: 'inference', model: 'chat-prod' },
        { method: 'POST', path: '/openai/deployments/whisper/audio/transcriptions', query: 'api-version=2024-10-21', class: 'inference', model: 'whisper' },
        { method: 'POST', path: '/openai/responses', query: 'api-version=2025-04-01-preview', bodyModel: 'chat-prod', class: 'inference' },
        { method: 'POST', path: '/models/chat/completions', query: 'api-version=2024-05-01-preview', bodyModel: 'grok-4', class: 'inference' },
        { method: 'GET', path: '/openai/v1/models', class: 'models' },
        { method: 'GET', path: '/openai/models/gpt-4o', query: 'api-version=2024-10-21', class: 'models', model: 'gpt-4o' },
        { method: 'GET', path: '/openai/v1/files', query: 'limit=2', class: 'stateful' },
        { method: 'GET', path: '/openai/files/file-1/content', query: 'api-version=2024-10-21', class: 'stateful' },
        { method: 'POST', path: '/openai/v1/batches/batch_1/cancel', class: 'stateful' },
        { method: 'GET', path: '/openai/v1/responses/resp_1', class: 'stateful' },
        { method: 'POST', path: '/openai/v1/fine_tuning/jobs', class: 'control' },
      ],
      rejections: [
        { reply: reply(401, { error: { code: '401', message: 'Access denied due to invalid subscription key or wrong API endpoint.' } }), is: 'credential' },
        { reply: reply(403, { error: { code: '403', message: 'Access denied due to Virtual Network/Firewall rules.' } }), is: 'credential' },
        {
          reply: reply(403, {
            error: { code: '403', message: 'Your resource has been temporarily blocked because we detected behavior that may violate our content policy.' },
          }),
          is: undefined,
        },
      ],
    },
  },
};
