import { type ParameterTable, type Sample, within } from './sample.ts';

const spec = (name: string, properties: object, more: object = {}) => ({ toolSpec: { name, inputSchema: { json: { type: 'object', properties } }, ...more } });
const weather = spec('get_weather', { city: { type: 'string' } }, { description: 'Weather of a city.' });
const tools = [weather, spec('get_time', {})];
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
const user = { role: 'user', content: [{ text: 'Hello' }] };
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const PDF = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64');
const question = (...content: readonly object[]) => ({ messages: [{ role: 'user', content: [{ text: 'What is this?' }, ...content] }] });
const asked = (...content: readonly object[]): Sample => ({ with: question(), body: question(...content), name: 'messages' });
const choice = (toolChoice: object, more: Sample = {}): Sample => ({
  with: { toolConfig: { tools } },
  value: { tools, toolChoice },
  name: 'toolConfig',
  ...more,
});
const tool = (...more: readonly object[]): Sample => ({ value: { tools: [...more] }, name: 'toolConfig' });

/** Parameters of Converse. */
export const converse: ParameterTable = {
  title: 'Converse (`/converse/{instance}/model/{modelId}/converse`)',
  path: (instance, model) => `/converse/${instance}/model/${encodeURIComponent(model)}/converse`,
  base: () => ({ messages: [user] }),
  samples: {
    'additionalModelRequestFields: thinking': {
      value: { thinking: { type: 'enabled', budget_tokens: 2_000 } },
      with: { inferenceConfig: { maxTokens: 4_000 } },
      name: 'additionalModelRequestFields',
    },
    'additionalModelRequestFields: thinking adaptive': {
      value: { thinking: { type: 'adaptive' } },
      with: { inferenceConfig: { maxTokens: 4_000 } },
      name: 'additionalModelRequestFields',
    },
    'additionalModelRequestFields: top_k': { value: { top_k: 20 }, name: 'additionalModelRequestFields' },
    additionalModelResponseFieldPaths: { value: ['/stop_sequence'] },
    guardrailConfig: { value: { guardrailIdentifier: 'gr-1', guardrailVersion: '1' } },
    ...within('inferenceConfig', { maxTokens: 300, stopSequences: ['END'], temperature: 0.4, topP: 0.9 }),
    'messages: audio': asked({ audio: { format: 'wav', source: { bytes: 'AAAA' } } }),
    'messages: cachePoint': asked({ cachePoint: { type: 'default' } }),
    'messages: document': asked({ document: { format: 'pdf', name: 'a', source: { bytes: PDF } } }),
    'messages: guardContent': asked({ guardContent: { text: { text: 'A claim.' } } }),
    'messages: image': asked({ image: { format: 'png', source: { bytes: PIXEL } } }),
    'messages: toolUse and toolResult': {
      name: 'messages',
      with: { toolConfig: { tools } },
      body: {
        messages: [
          user,
          { role: 'assistant', content: [{ toolUse: { toolUseId: 'tooluse_1', name: 'get_weather', input: { city: 'Oslo' } } }] },
          { role: 'user', content: [{ toolResult: { toolUseId: 'tooluse_1', content: [{ text: 'snow' }] } }] },
        ],
      },
    },
    'messages: video': asked({ video: { format: 'mp4', source: { bytes: 'AAAA' } } }),
    'outputConfig: textFormat': {
      value: { textFormat: { type: 'json_schema', structure: { jsonSchema: { schema: JSON.stringify(schema), name: 'place' } } } },
      name: 'outputConfig',
    },
    performanceConfig: { value: { latency: 'optimized' } },
    promptVariables: { value: { city: { text: 'Oslo' } } },
    requestMetadata: { value: { team: 'a' } },
    serviceTier: { value: { type: 'flex' } },
    'system: cachePoint': { with: { system: [{ text: 'Be terse.' }] }, value: [{ text: 'Be terse.' }, { cachePoint: { type: 'default' } }], name: 'system' },
    'system: text': { value: [{ text: 'Be terse.' }], name: 'system' },
    'toolConfig: toolChoice any': choice({ any: {} }),
    'toolConfig: toolChoice auto': choice({ auto: {} }, { unchanged: 'the default' }),
    'toolConfig: toolChoice tool': choice({ tool: { name: 'get_weather' } }),
    'toolConfig: tools cachePoint': { with: { toolConfig: { tools } }, value: { tools: [...tools, { cachePoint: { type: 'default' } }] }, name: 'toolConfig' },
    'toolConfig: tools systemTool': tool({ systemTool: { name: 'nova_grounding' } }),
    'toolConfig: tools toolSpec': { value: { tools }, name: 'toolConfig' },
    'toolConfig: tools toolSpec strict': tool(spec('get_weather', schema.properties, { strict: true })),
  },
};
