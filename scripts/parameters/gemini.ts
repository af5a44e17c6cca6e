import { EMBEDDERS, type ParameterTable, type Sample, within } from './sample.ts';

const parameters = { type: 'OBJECT', properties: { city: { type: 'STRING' } } };
const weather = { name: 'get_weather', description: 'Weather of a city.', parameters };
const tools = [{ functionDeclarations: [weather, { name: 'get_time' }] }];
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
const user = { role: 'user', parts: [{ text: 'Hello' }] };
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const PDF = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64');
const asked = (...parts: readonly object[]): Sample => ({
  body: { contents: [{ role: 'user', parts: [{ text: 'What is this?' }, ...parts] }] },
  name: 'contents',
});
const generation = (members: Readonly<Record<string, unknown>>): Readonly<Record<string, Sample>> => within('generationConfig', members);
const json = { responseMimeType: 'application/json' };
const choice = (functionCallingConfig: object, more: Sample = {}): Sample => ({
  with: { tools },
  value: { functionCallingConfig },
  name: 'toolConfig',
  ...more,
});
const tool = (one: object): Sample => ({ value: [one], name: 'tools' });

/** Parameters of content generation. */
export const gemini: ParameterTable = {
  title: 'Generate content (`/gemini/{instance}/v1beta/models/{model}:generateContent`)',
  path: (instance, model) => `/gemini/${instance}/v1beta/models/${encodeURIComponent(model)}:generateContent`,
  base: () => ({ contents: [user] }),
  samples: {
    cachedContent: { value: 'projects/acme/locations/us-central1/cachedContents/1' },
    'contents: document': asked({ inlineData: { mimeType: 'application/pdf', data: PDF } }),
    'contents: functionCall and functionResponse': {
      name: 'contents',
      with: { tools },
      body: {
        contents: [
          user,
          { role: 'model', parts: [{ functionCall: { name: 'get_weather', args: { city: 'Oslo' } } }] },
          { role: 'user', parts: [{ functionResponse: { name: 'get_weather', response: { output: 'snow' } } }] },
        ],
      },
    },
    'contents: image': asked({ inlineData: { mimeType: 'image/png', data: PIXEL } }),
    'contents: sound': asked({ inlineData: { mimeType: 'audio/wav', data: 'AAAA' } }),
    'contents: video': asked({ inlineData: { mimeType: 'video/mp4', data: 'AAAA' } }),
    continuationToken: { value: 'a-token' },
    ...generation({
      audioTimestamp: true,
      audioTranscriptionConfig: {},
      candidateCount: 2,
      enableAffectiveDialog: true,
      enableEnhancedCivicAnswers: true,
      frequencyPenalty: 0.5,
    }),
    ...generation({ imageConfig: { aspectRatio: '1:1' } }),
    'generationConfig.logprobs': {
      with: { generationConfig: { responseLogprobs: true } },
      value: { responseLogprobs: true, logprobs: 2 },
      name: 'generationConfig',
      // Told of with what it stands beside.
      unchanged: 'ignored',
    },
    ...generation({ maxOutputTokens: 300, mediaResolution: 'MEDIA_RESOLUTION_LOW', modelSelectionConfig: { featureSelectionPreference: 'BALANCED' } }),
    ...generation({ presencePenalty: 0.5, responseFormat: [{ text: { mimeType: 'APPLICATION_JSON', schema } }] }),
    'generationConfig.responseJsonSchema': {
      with: { generationConfig: json },
      value: { ...json, responseJsonSchema: schema },
      name: 'generationConfig',
    },
    ...generation({ responseLogprobs: true, ...json }),
    'generationConfig.responseModalities: AUDIO': { value: { responseModalities: ['AUDIO'] }, name: 'generationConfig' },
    'generationConfig.responseModalities: IMAGE': { value: { responseModalities: ['TEXT', 'IMAGE'] }, name: 'generationConfig' },
    'generationConfig.responseSchema': {
      with: { generationConfig: json },
      value: { ...json, responseSchema: parameters },
      name: 'generationConfig',
    },
    ...generation({ routingConfig: { autoMode: { modelRoutingPreference: 'BALANCED' } }, seed: 7 }),
    ...generation({ speechConfig: { languageCode: 'en-US' }, stopSequences: ['END'], temperature: 0.4 }),
    'generationConfig.thinkingConfig: includeThoughts': {
      value: { thinkingConfig: { includeThoughts: true } },
      name: 'generationConfig',
      unchanged: 'the default',
    },
    'generationConfig.thinkingConfig: thinkingBudget': { value: { thinkingConfig: { thinkingBudget: 2_000 } }, name: 'generationConfig' },
    'generationConfig.thinkingConfig: thinkingBudget -1': { value: { thinkingConfig: { thinkingBudget: -1 } }, name: 'generationConfig' },
    'generationConfig.thinkingConfig: thinkingLevel': { value: { thinkingConfig: { thinkingLevel: 'LOW' } }, name: 'generationConfig' },
    ...generation({ topK: 20, topP: 0.9, translationConfig: { targetLanguageCode: 'de' } }),
    outputConfig: { value: { outputGcsUri: 'gs://acme/answers' } },
    labels: { value: { team: 'a' } },
    modelArmorConfig: { value: { promptTemplateName: 'projects/acme/locations/us-central1/templates/a' } },
    safetySettings: { value: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_ONLY_HIGH' }] },
    serviceTier: { value: 'flex' },
    store: { value: true },
    systemInstruction: { value: { parts: [{ text: 'Be terse.' }] } },
    'toolConfig: ANY': choice({ mode: 'ANY' }),
    'toolConfig: AUTO': choice({ mode: 'AUTO' }, { unchanged: 'the default' }),
    'toolConfig: NONE': choice({ mode: 'NONE' }),
    'toolConfig: one function': choice({ mode: 'ANY', allowedFunctionNames: ['get_weather'] }),
    'tools: codeExecution': tool({ codeExecution: {} }),
    'tools: functionDeclarations': { value: tools, name: 'tools' },
    'tools: googleSearch': tool({ googleSearch: {} }),
    'tools: urlContext': tool({ urlContext: {} }),
  },
};

const TEXT = { content: { parts: [{ text: 'Hello' }] } };
/** Parameters of one embedding. */
export const embedContent: ParameterTable = {
  title: 'Embed content (`/gemini/{instance}/v1beta/models/{model}:embedContent`)',
  path: (instance, model) => `/gemini/${instance}/v1beta/models/${encodeURIComponent(model)}:embedContent`,
  base: () => TEXT,
  columns: EMBEDDERS,
  samples: {
    audioTrackExtraction: { value: true },
    autoTruncate: { value: false },
    'content: image': {
      body: { content: { parts: [{ inlineData: { mimeType: 'image/png', data: PIXEL } }] } },
      name: 'content',
    },
    documentOcr: { value: true },
    mimeType: { value: 'text/plain' },
    outputDimensionality: { value: 512 },
    'taskType: CLUSTERING': { value: 'CLUSTERING', name: 'taskType' },
    'taskType: RETRIEVAL_DOCUMENT': { value: 'RETRIEVAL_DOCUMENT', name: 'taskType', unchanged: 'the default' },
    'taskType: RETRIEVAL_QUERY': { value: 'RETRIEVAL_QUERY', name: 'taskType' },
    title: { with: { taskType: 'RETRIEVAL_DOCUMENT' }, value: 'A page' },
  },
};
