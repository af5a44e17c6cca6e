import { type PluginFacts, secretOf } from '@llm-proxy-auth/contract-tests';

const reply = (status: number, error: object) => ({ status, headers: ['content-type', 'application/json'], body: Buffer.from(JSON.stringify({ error })) });

export const facts: PluginFacts = {
  providers: {
    openai: {
      config: { apiKey: secretOf('sk-proj-0123456789abcdef0123456789abcdef', 'OPENAI_API_KEY'), organization: 'org-example', project: 'proj_example' },
      native: [
        { method: 'POST', path: '/v1/chat/completions', bodyModel: 'gpt-4.1-mini', class: 'inference' },
        { method: 'POST', path: '/v1/embeddings', bodyModel: 'text-embedding-3-small', class: 'inference' },
        { method: 'GET', path: '/v1/models', class: 'models' },
        { method: 'GET', path: '/v1/models/ft%3Agpt-4.1%3Aacme', model: 'ft:gpt-4.1:acme', class: 'models' },
        { method: 'GET', path: '/v1/files', query: 'limit=2', class: 'stateful' },
        { method: 'GET', path: '/v1/files/file-1/content', class: 'stateful' },
        { method: 'POST', path: '/v1/batches/batch_1/cancel', class: 'stateful' },
        { method: 'GET', path: '/v1/responses/resp_1', class: 'stateful' },
        { method: 'POST', path: '/v1/fine_tuning/jobs', class: 'control' },
      ],
      rejections: [
        {
          reply: reply(401, { message: 'Incorrect API key provided: sk-x.', type: 'invalid_request_error', param: null, code: 'invalid_api_key' }),
          is: 'credential',
        },
        {
          reply: reply(403, {
            message: 'Country, region, or territory not supported',
            type: 'request_forbidden',
            param: null,
            code: 'unsupported_country_region_territory',
          }),
          is: undefined,
        },
        { reply: reply(403, { message: 'You have insufficient permissions for this operation. Missing scopes: model.request.' }), is: 'credential' },
      ],
    },
  },
};
