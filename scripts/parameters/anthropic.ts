import type { ParameterTable } from './sample.ts';

const input_schema = { type: 'object', properties: { city: { type: 'string' } } };
const weather = { name: 'get_weather', description: 'Weather of a city.', input_schema };
const clock = { name: 'get_time', input_schema: { type: 'object', properties: {} } };
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
const tools = [weather, clock];
const user = { role: 'user', content: 'Hello' };
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const PDF = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64');
const asked = (...content: readonly object[]) => ({ messages: [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, ...content] }] });

/** Parameters of messages. */
export const anthropic: ParameterTable = {
  title: 'Messages (`/anthropic/{instance}/v1/messages`)',
  path: (instance) => `/anthropic/${instance}/v1/messages`,
  base: (model) => ({ model, max_tokens: 4_000, messages: [user] }),
  samples: {
    billing_policy: { value: { type: 'billing_policy' } },
    cache_control: { value: { type: 'ephemeral' } },
    compaction: { value: { type: 'summarize' } },
    context_management: { value: { edits: [{ type: 'clear_tool_uses_20250919' }] } },
    diagnostics: { value: { previous_message_id: 'msg_1' } },
    fallback_credit_token: { value: 'token' },
    fallbacks: { value: [{ model: 'claude-haiku-4-5' }] },
    inference_geo: { value: 'us' },
    max_tokens: { value: 300 },
    'messages: cache_control': {
      with: asked({ type: 'text', text: 'A long text.' }),
      body: asked({ type: 'text', text: 'A long text.', cache_control: { type: 'ephemeral' } }),
      name: 'messages',
    },
    'messages: document': {
      with: asked(),
      body: asked({ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: PDF } }),
      name: 'messages',
    },
    'messages: image': { with: asked(), body: asked({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } }), name: 'messages' },
    'messages: tool_use and tool_result': {
      name: 'messages',
      with: { tools },
      body: {
        messages: [
          user,
          { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Oslo' } }] },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'snow' }] },
        ],
      },
    },
    mcp_servers: { value: [{ type: 'url', name: 'files', url: 'https://mcp.example.com' }] },
    metadata: { value: { user_id: 'hash-of-a-user' } },
    'output_config: effort': { body: { output_config: { effort: 'low' } }, name: 'output_config' },
    'output_config: format': { body: { output_config: { format: { type: 'json_schema', schema } } }, name: 'output_config' },
    output_format: { value: { type: 'json_schema', schema } },
    service_tier: { value: 'standard_only' },
    speed: { value: 'fast' },
    stop_sequences: { value: ['END'] },
    stream: { value: true },
    system: { value: 'Be terse.' },
    'system: cache_control': {
      with: { system: [{ type: 'text', text: 'Be terse.' }] },
      value: [{ type: 'text', text: 'Be terse.', cache_control: { type: 'ephemeral' } }],
      name: 'system',
    },
    temperature: { value: 0.4 },
    thinking: { value: { type: 'enabled', budget_tokens: 2_000 } },
    'thinking: adaptive': { value: { type: 'adaptive' }, name: 'thinking' },
    'thinking: disabled': { value: { type: 'disabled' }, name: 'thinking' },
    thread: { value: { type: 'create' } },
    'tool_choice: any': { body: { tool_choice: { type: 'any' } }, name: 'tool_choice', with: { tools } },
    'tool_choice: auto': { body: { tool_choice: { type: 'auto' } }, name: 'tool_choice', with: { tools }, unchanged: 'the default' },
    'tool_choice: disable_parallel_tool_use': {
      body: { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
      name: 'tool_choice',
      with: { tools },
    },
    'tool_choice: none': { body: { tool_choice: { type: 'none' } }, name: 'tool_choice', with: { tools } },
    'tool_choice: tool': { body: { tool_choice: { type: 'tool', name: 'get_weather' } }, name: 'tool_choice', with: { tools } },
    'tools: cache_control': { with: { tools }, body: { tools: [weather, { ...clock, cache_control: { type: 'ephemeral' } }] }, name: 'tools' },
    'tools: client': { body: { tools }, name: 'tools' },
    'tools: server': { body: { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, name: 'tools' },
    top_k: { value: 20 },
    top_p: { value: 0.9 },
  },
};
