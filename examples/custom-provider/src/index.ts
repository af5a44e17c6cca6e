import { BaseUrl, type Capabilities, define, type Host, type NativeHead, type Plugin, type Provider, Secret } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';

const Config = Type.Object(
  {
    baseUrl: BaseUrl({ description: 'What comes before /chat/completions, such as https://echo.example/v1.' }),
    token: Secret({ description: 'Sent as x-echo-token.' }),
  },
  { additionalProperties: false },
);
const capabilities: Capabilities = {
  tools: true,
  parallelTools: true,
  forcedTool: true,
  images: false,
  documents: false,
  audioIn: false,
  audioOut: false,
  jsonSchema: 'none',
  sampling: true,
  choices: 1,
  logprobs: 0,
  reasoning: false,
  cache: false,
  stopSequences: 4,
};
const native = ({ method, path, bodyModel }: NativeHead): ReturnType<Provider['native']> =>
  method === 'POST' && path === '/v1/chat/completions'
    ? { operation: 'chat', dialect: 'openai', surface: 'chat', model: bodyModel, stream: false, modelIn: 'body', framing: 'sse', reach: { class: 'inference' } }
    : { refuse: 'operation_not_allowed', message: 'Only POST /v1/chat/completions can be reached here.' };

const create = ({ baseUrl, token }: Static<typeof Config>, host: Host): Provider => {
  const { origin, pathname } = new URL(baseUrl);
  return {
    base: { origin, path: pathname.replace(/\/+$/, ''), prefix: '/v1' },
    region: 'global',
    errors: 'openai',
    endpoint: ({ operation }) =>
      operation === 'chat' ? { dialect: 'openai', surface: 'chat', method: 'POST', path: '/chat/completions', capabilities } : undefined,
    native,
    signs: 'head',
    async sign(request) {
      const value = await host.secret(token);
      const others = request.headers.filter((_, index, all) => all[index - (index % 2)] !== 'x-echo-token');
      request.headers.splice(0, request.headers.length, ...others, 'x-echo-token', value);
    },
  };
};

const plugin: Plugin = {
  name: '@acme/provider-echo',
  api: 1,
  providers: { echo: define<Provider>()({ summary: 'Any server that speaks OpenAI chat and takes its token in x-echo-token', config: Config, create }) },
};
export default plugin;
