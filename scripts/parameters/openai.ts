import type { ParameterTable } from './sample.ts';

const weather = {
  type: 'function',
  function: { name: 'get_weather', description: 'Weather of a city.', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};
const clock = { type: 'function', function: { name: 'get_time', parameters: { type: 'object', properties: {} } } };
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
const tools = [weather, clock];
const user = { role: 'user', content: 'Hello' };
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const PDF = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64');
const asked = (...content: readonly object[]) => ({ messages: [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, ...content] }] });

/** Parameters of a chat completion. */
export const openai: ParameterTable = {
  title: 'Chat Completions (`/openai/{instance}/v1/chat/completions`)',
  path: (instance) => `/openai/${instance}/v1/chat/completions`,
  base: (model) => ({ model, messages: [user] }),
  samples: {
    audio: { value: { voice: 'alloy', format: 'mp3' } },
    data_sources: { value: [{ type: 'azure_search', parameters: { endpoint: 'https://acme.search.windows.net', index_name: 'i' } }] },
    frequency_penalty: { value: 0.5 },
    function_call: { with: { functions: [weather.function] }, value: { name: 'get_weather' } },
    functions: { value: [weather.function] },
    logit_bias: { value: { 50256: -100 } },
    logprobs: { value: true },
    max_completion_tokens: { value: 300 },
    max_tokens: { value: 300 },
    'messages: assistant and tool': {
      name: 'messages',
      with: { tools },
      body: {
        messages: [
          user,
          {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } }],
          },
          { role: 'tool', tool_call_id: 'call_1', content: 'snow' },
        ],
      },
    },
    'messages: developer': { name: 'messages', body: { messages: [{ role: 'developer', content: 'Be terse.' }, user] } },
    'messages: file': {
      name: 'messages',
      with: asked(),
      body: asked({ type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${PDF}` } }),
    },
    'messages: image': { name: 'messages', with: asked(), body: asked({ type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } }) },
    'messages: input_audio': { name: 'messages', with: asked(), body: asked({ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }) },
    'messages: name': { name: 'messages', body: { messages: [{ ...user, name: 'ann' }] } },
    'messages: prompt_cache_breakpoint': {
      name: 'messages',
      with: asked({ type: 'text', text: 'A long text.' }),
      body: asked({ type: 'text', text: 'A long text.', prompt_cache_breakpoint: { mode: 'explicit' } }),
    },
    'messages: system': { name: 'messages', body: { messages: [{ role: 'system', content: 'Be terse.' }, user] } },
    metadata: { value: { team: 'a' } },
    'modalities: audio': { body: { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'mp3' } }, name: 'modalities' },
    moderation: { value: { model: 'omni-moderation-latest' } },
    n: { value: 2 },
    parallel_tool_calls: { with: { tools }, value: false },
    prediction: { value: { type: 'content', content: 'Hello there' } },
    presence_penalty: { value: 0.5 },
    prompt_cache_key: { value: 'team-a' },
    prompt_cache_options: { value: { mode: 'explicit' } },
    prompt_cache_retention: { value: '24h' },
    reasoning_effort: { value: 'low' },
    'reasoning_effort: none': { value: 'none', name: 'reasoning_effort' },
    'response_format: json_object': {
      body: { messages: [{ role: 'user', content: 'Answer in JSON.' }], response_format: { type: 'json_object' } },
      name: 'response_format',
    },
    'response_format: json_schema': {
      body: { response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema } } },
      name: 'response_format',
    },
    safety_identifier: { value: 'hash-of-a-user' },
    seed: { value: 7 },
    service_tier: { value: 'flex' },
    stop: { value: ['END'] },
    store: { value: true },
    stream: { value: true },
    stream_options: { with: { stream: true }, value: { include_usage: true }, unchanged: 'by the gateway' },
    temperature: { value: 0.4 },
    'tool_choice: allowed_tools': {
      body: { tools, tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'get_time' } }] } } },
      name: 'tool_choice',
      with: { tools },
    },
    'tool_choice: auto': { body: { tools, tool_choice: 'auto' }, name: 'tool_choice', with: { tools }, unchanged: 'the default' },
    'tool_choice: none': { body: { tools, tool_choice: 'none' }, name: 'tool_choice', with: { tools } },
    'tool_choice: required': { body: { tools, tool_choice: 'required' }, name: 'tool_choice', with: { tools } },
    'tool_choice: one function': {
      body: { tools, tool_choice: { type: 'function', function: { name: 'get_weather' } } },
      name: 'tool_choice',
      with: { tools },
    },
    'tools: custom': { body: { tools: [{ type: 'custom', custom: { name: 'shell', description: 'Runs a command.' } }] }, name: 'tools' },
    'tools: function': { body: { tools }, name: 'tools' },
    'tools: strict': { body: { tools: [{ type: 'function', function: { ...weather.function, parameters: schema, strict: true } }] }, name: 'tools' },
    top_logprobs: { with: { logprobs: true }, value: 2 },
    top_p: { value: 0.9 },
    user: { value: 'ann' },
    verbosity: { value: 'low' },
    web_search_options: { value: { search_context_size: 'low' } },
  },
};
