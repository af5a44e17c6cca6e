import type { ParameterTable, Sample } from './sample.ts';

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
const weather = { type: 'function', name: 'get_weather', description: 'Weather of a city.', parameters, strict: false };
const tools = [weather, { type: 'function', name: 'get_time', parameters: { type: 'object', properties: {} }, strict: false }];
const user = { role: 'user', content: 'Hello' };
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const PDF = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64');
const items = (...input: readonly object[]): Sample => ({ body: { input }, name: 'input' });
const asked = (...content: readonly object[]): Sample => items({ role: 'user', content: [{ type: 'input_text', text: 'What is this?' }, ...content] });
const choice = (value: unknown, more: Sample = {}): Sample => ({ with: { tools }, value, name: 'tool_choice', ...more });
const tool = (...value: readonly object[]): Sample => ({ value, name: 'tools' });

/** Parameters of a response. */
export const responses: ParameterTable = {
  title: 'Responses (`/openai/{instance}/v1/responses`)',
  path: (instance) => `/openai/${instance}/v1/responses`,
  base: (model) => ({ model, input: 'Hello' }),
  samples: {
    access_programs: { value: {} },
    background: { value: true },
    context_management: { value: [{ type: 'compaction', compact_threshold: 10_000 }] },
    conversation: { value: 'conv_1' },
    image: { value: {} },
    'include: message.output_text.logprobs': { value: ['message.output_text.logprobs'], name: 'include' },
    'include: reasoning.encrypted_content': { value: ['reasoning.encrypted_content'], name: 'include' },
    'input: developer': items({ role: 'developer', content: 'Be terse.' }, user),
    'input: function_call and function_call_output': {
      name: 'input',
      with: { tools },
      body: {
        input: [
          user,
          { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' },
          { type: 'function_call_output', call_id: 'call_1', output: 'snow' },
        ],
      },
    },
    'input: input_file': asked({ type: 'input_file', filename: 'a.pdf', file_data: `data:application/pdf;base64,${PDF}` }),
    'input: input_image': asked({ type: 'input_image', image_url: `data:image/png;base64,${PIXEL}`, detail: 'auto' }),
    instructions: { value: 'Be terse.' },
    max_output_tokens: { value: 300 },
    max_tool_calls: { value: 3 },
    metadata: { value: { team: 'a' } },
    moderation: { value: { model: 'omni-moderation-latest' } },
    parallel_tool_calls: { with: { tools }, value: false },
    previous_response_id: { value: 'resp_1' },
    prompt: { value: { id: 'pmpt_1' } },
    prompt_cache_key: { value: 'team-a' },
    prompt_cache_options: { value: { mode: 'explicit' } },
    prompt_cache_retention: { value: '24h' },
    'reasoning: context': { value: { context: 'all_turns' }, name: 'reasoning' },
    'reasoning: effort': { value: { effort: 'low' }, name: 'reasoning' },
    'reasoning: summary': {
      value: { effort: 'low', summary: 'auto' },
      with: { reasoning: { effort: 'low' } },
      name: 'reasoning',
      unchanged: 'the default',
    },
    safety_identifier: { value: 'hash-of-a-user' },
    service_tier: { value: 'flex' },
    'store: false': { value: false, name: 'store', unchanged: 'the default' },
    'store: true': { value: true, name: 'store' },
    stream: { value: true },
    stream_options: { with: { stream: true }, value: { include_obfuscation: true } },
    temperature: { value: 0.4 },
    'text: format json_object': {
      with: { input: 'Answer in JSON.' },
      value: { format: { type: 'json_object' } },
      name: 'text',
    },
    'text: format json_schema': { value: { format: { type: 'json_schema', name: 'place', strict: true, schema: parameters } }, name: 'text' },
    'text: verbosity': { value: { verbosity: 'low' }, name: 'text' },
    'tool_choice: allowed_tools': choice({ type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'get_time' }] }),
    'tool_choice: auto': choice('auto', { unchanged: 'the default' }),
    'tool_choice: none': choice('none'),
    'tool_choice: one function': choice({ type: 'function', name: 'get_weather' }),
    'tool_choice: required': choice('required'),
    'tools: custom': tool({ type: 'custom', name: 'shell', description: 'Runs a command.' }),
    'tools: function': tool(...tools),
    'tools: function, strict': tool({ ...weather, strict: true }),
    'tools: mcp': tool({ type: 'mcp', server_label: 'a', server_url: 'https://mcp.example.com' }),
    'tools: web_search': tool({ type: 'web_search' }),
    top_logprobs: { value: 2 },
    top_p: { value: 0.9 },
    truncation: { value: 'auto' },
    user: { value: 'ann' },
  },
};
