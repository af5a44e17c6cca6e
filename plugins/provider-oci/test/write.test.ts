import type { ChatRequest } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { asking, type Format, type Note, user, written } from './support.ts';

const schema = {
  type: 'object',
  properties: { city: { type: 'string', description: 'C' }, n: { type: 'integer' }, of: { type: 'string', enum: ['a', 'b'] } },
  required: ['city'],
};
const tool = (name: string, more: object = {}) => ({ kind: 'function' as const, name, schema, ...more });
const history = (results: readonly [id: string, text: string][]): ChatRequest['turns'] => [
  { role: 'system', parts: [{ kind: 'text', text: 'Be kind.' }] },
  user('go'),
  {
    role: 'assistant',
    parts: [
      { kind: 'text', text: 'I will.' },
      { kind: 'toolCall', id: 'a', name: 'get-weather', input: { json: '{"city":"Oslo"}' } },
      { kind: 'toolCall', id: 'b', name: 'f', input: { json: '' } },
    ],
  },
  { role: 'user', parts: results.map(([id, text]) => ({ kind: 'toolResult', id, parts: [{ kind: 'text', text }], failed: false })) },
];
const RESULTS: readonly [string, string][] = [
  ['a', 'snow'],
  ['b', 'noon'],
];
const noted = (notes: readonly Note[]): readonly string[] => notes.map(({ kind, param }) => `${kind} ${param}`);
const chat = (format: Format, more: Partial<ChatRequest> = {}, model?: string) => written(format, asking(more), model === undefined ? {} : { model });

describe('GENERIC', () => {
  it('has messages with lists of parts, flat calls and results by id', () => {
    expect(chat('generic', { turns: history(RESULTS), tools: [tool('get-weather')] }).chat.messages).toEqual([
      { role: 'SYSTEM', content: [{ type: 'TEXT', text: 'Be kind.' }] },
      { role: 'USER', content: [{ type: 'TEXT', text: 'go' }] },
      {
        role: 'ASSISTANT',
        content: [{ type: 'TEXT', text: 'I will.' }],
        toolCalls: [
          { type: 'FUNCTION', id: 'a', name: 'get-weather', arguments: '{"city":"Oslo"}' },
          { type: 'FUNCTION', id: 'b', name: 'f', arguments: '' },
        ],
      },
      { role: 'TOOL', toolCallId: 'a', content: [{ type: 'TEXT', text: 'snow' }] },
      { role: 'TOOL', toolCallId: 'b', content: [{ type: 'TEXT', text: 'noon' }] },
    ]);
  });
  it('says nothing where an answer is calls alone, and a point to Gemini, which fails otherwise', () => {
    const turns = [user('go'), { role: 'assistant' as const, parts: [{ kind: 'toolCall' as const, id: 'a', name: 'f', input: { json: '{}' } }] }, user('on')];
    const content = (model?: string) => (chat('generic', { turns }, model).chat.messages as readonly Record<string, unknown>[])[1]?.content;
    expect(content()).toBeNull();
    expect(content('google.gemini-2.5-flash')).toEqual([{ type: 'TEXT', text: '.' }]);
  });
  it.each([
    ['auto', { type: 'AUTO' }],
    ['none', { type: 'NONE' }],
    ['required', { type: 'REQUIRED' }],
    [{ name: 'f' }, { type: 'FUNCTION', name: 'f' }],
  ] as const)('chooses tools by %j', (toolChoice, wanted) => {
    const made = chat('generic', { tools: [tool('f', { description: 'F' })], toolChoice }).chat;
    expect([made.toolChoice, made.tools]).toEqual([wanted, [{ type: 'FUNCTION', name: 'f', description: 'F', parameters: schema }]]);
  });
  it('has every parameter under its own name', () => {
    const sampling = { temperature: 0.5, topP: 0.5, topK: 5, seed: 1, frequencyPenalty: -1, presencePenalty: 1, logitBias: { 5: 1 } };
    const output = { schema, name: 'place', strict: true, description: 'D' };
    const made = chat('generic', {
      sampling,
      stop: ['x'],
      choices: 2,
      logprobs: 3,
      reasoning: { effort: 'low' },
      tier: 'priority',
      output,
      parallelTools: true,
      tools: [tool('f')],
    });
    expect(made.chat).toMatchObject({
      ...sampling,
      stop: ['x'],
      numGenerations: 2,
      logProbs: 3,
      reasoningEffort: 'LOW',
      serviceTier: 'PRIORITY',
      maxTokens: 50,
      isParallelToolCalls: true,
      responseFormat: { type: 'JSON_SCHEMA', jsonSchema: { name: 'place', description: 'D', schema, isStrict: true } },
    });
    expect(made.notes).toEqual([]);
  });
  it('steers in words of its own, and says what it has no word for', () => {
    const webSearch = { size: 'medium', location: { city: 'Oslo', country: 'NO' } };
    const made = chat('generic', { verbosity: 'low', metadata: { a: 'b' }, prediction: 'x', webSearch });
    expect(made.notes).toEqual([]);
    expect(made.chat).toMatchObject({
      verbosity: 'LOW',
      metadata: { a: 'b' },
      prediction: { type: 'CONTENT', content: [{ type: 'TEXT', text: 'x' }] },
      webSearchOptions: { searchContextSize: 'MEDIUM', userLocation: { city: 'Oslo', country: 'NO' } },
    });
    const odd = chat('generic', { verbosity: 'wordy', webSearch: { size: 'huge' } });
    expect(noted(odd.notes).toSorted()).toEqual(['ignored verbosity', 'ignored webSearch.size']);
    expect([odd.chat.verbosity, odd.chat.webSearchOptions]).toEqual([undefined, {}]);
    for (const format of ['cohere', 'coherev2'] as const) {
      expect(noted(chat(format, { verbosity: 'low', metadata: { a: 'b' }, prediction: 'x' }).notes).toSorted()).toEqual(
        ['metadata', 'prediction', 'verbosity'].map((name) => `ignored ${name}`),
      );
      expect(() => chat(format, { webSearch })).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param: 'webSearch' }));
    }
  });
  it('always says a limit, under the name that the model takes', () => {
    const limit = (model: string, maxTokens?: number) => {
      const { chat: made, notes } = written('generic', { ...asking(), maxTokens }, { model });
      return [made.maxTokens, made.maxCompletionTokens, noted(notes)];
    };
    expect(limit('meta.llama-3.3-70b-instruct')).toEqual([4000, undefined, ['defaulted maxTokens']]);
    expect(limit('openai.gpt-oss-120b', 9)).toEqual([9, undefined, []]);
    expect(limit('openai.gpt-5', 9)).toEqual([undefined, 9, []]);
    expect(limit('openai.gpt-5')).toEqual([undefined, 16_384, ['defaulted maxTokens']]);
  });
  it('says what it cannot carry', () => {
    const made = chat('generic', { reasoning: { budget: 9000 }, tier: 'flex', user: 'u', logprobs: 0, tools: [tool('f', { strict: true })] });
    expect(noted(made.notes).toSorted()).toEqual(['emulated reasoning.budget', 'ignored tier', 'ignored tools.strict', 'ignored user']);
    expect(made.chat).toMatchObject({ reasoningEffort: 'MEDIUM', logProbs: 1 });
    expect(noted(chat('generic', { reasoning: { effort: 'xhigh' } }).notes)).toEqual(['clamped reasoning.effort']);
    expect(noted(chat('generic', { reasoning: { off: false } }).notes)).toEqual(['defaulted reasoning.off']);
    expect(noted(chat('generic', { parallelTools: true, tools: [tool('f')] }, 'google.gemini-2.5-flash').notes)).toEqual(['clamped parallelTools']);
  });
  it('shows media by data URL or address, and refuses what another vendor stores', () => {
    const parts = [
      { kind: 'image' as const, media: { base64: 'AAAA', type: 'image/png' }, detail: 'high' },
      { kind: 'image' as const, media: { url: 'https://x.example/a.png', type: 'image/png' } },
      { kind: 'document' as const, media: { base64: 'AAAA', type: 'application/pdf' } },
      { kind: 'audio' as const, media: { base64: 'AAAA', type: 'audio/wav' } },
      { kind: 'video' as const, media: { base64: 'AAAA', type: 'video/mp4' } },
    ];
    expect((chat('generic', { turns: [{ role: 'user', parts }] }).chat.messages as readonly Record<string, unknown>[])[0]?.content).toEqual([
      { type: 'IMAGE', imageUrl: { url: 'data:image/png;base64,AAAA', detail: 'HIGH' } },
      { type: 'IMAGE', imageUrl: { url: 'data:image/png;uri,https://x.example/a.png' } },
      { type: 'DOCUMENT', documentUrl: { url: 'data:application/pdf;base64,AAAA' } },
      { type: 'AUDIO', audioUrl: { url: 'data:audio/wav;base64,AAAA' } },
      { type: 'VIDEO', videoUrl: { url: 'data:video/mp4;base64,AAAA' } },
    ]);
    expect(() => chat('generic', { turns: [{ role: 'user', parts: [{ kind: 'image', media: { file: 'f' } }] }] })).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter' }),
    );
  });
});

describe('COHERE', () => {
  it('has results of the last turn beside an empty message, and the rest as history', () => {
    const made = chat('cohere', { turns: history(RESULTS), tools: [tool('get-weather'), tool('f')] });
    const calls = [
      { name: 'get_weather', parameters: { city: 'Oslo' } },
      { name: 'f', parameters: {} },
    ];
    expect(made.chat).toMatchObject({
      message: '',
      preambleOverride: 'Be kind.',
      chatHistory: [
        { role: 'USER', message: 'go' },
        { role: 'CHATBOT', message: 'I will.', toolCalls: calls },
      ],
      toolResults: [
        { call: calls[0], outputs: [{ output: 'snow' }] },
        { call: calls[1], outputs: [{ output: 'noon' }] },
      ],
    });
    expect((made.memo as { names: ReadonlyMap<string, string> }).names.get('get_weather')).toBe('get-weather');
  });
  it('has results of an older turn in the history, and a system turn where it stood', () => {
    const turns = [...history(RESULTS), { role: 'system' as const, parts: [{ kind: 'text' as const, text: 'Now be brief.' }] }, user('and now?')];
    const made = chat('cohere', { turns }).chat;
    expect([made.message, made.toolResults, (made.chatHistory as readonly { role: string }[]).map(({ role }) => role)]).toEqual([
      'and now?',
      undefined,
      ['USER', 'CHATBOT', 'TOOL', 'SYSTEM'],
    ]);
  });
  it('describes parameters in the words of Python, and in words what those cannot say', () => {
    const { chat: made, notes } = chat('cohere', { tools: [tool('f', { description: 'F' })] });
    expect(made.tools).toEqual([
      {
        name: 'f',
        description: 'F',
        parameterDefinitions: {
          city: { type: 'str', description: 'C', isRequired: true },
          n: { type: 'int', isRequired: false },
          of: { type: 'str', description: 'JSON Schema: {"type":"string","enum":["a","b"]}', isRequired: false },
        },
      },
    ]);
    expect(noted(notes)).toEqual(['emulated tools.schema']);
  });
  it.each([
    ['int', { type: ['integer', 'null'] }],
    ['int', { anyOf: [{ type: 'integer' }, { type: 'null' }] }],
    ['list[float]', { oneOf: [{ type: 'null' }, { type: 'array', items: { anyOf: [{ type: 'number' }, { type: 'null' }] } }] }],
    ['dict', { anyOf: [{ type: ['object', 'null'] }] }],
    ['list', { type: 'array', items: { type: ['string', 'integer'] } }],
    ['list[str]', { type: 'array', items: { type: 'string' } }],
    ['list', { type: 'array', items: {} }],
    ['str', { type: ['integer', 'boolean'] }],
    ['str', {}],
  ])('says %s for the type of %j', (type, schema) => {
    const asked = { kind: 'function', name: 'f', schema: { type: 'object', properties: { a: schema } } } as const;
    const [made] = chat('cohere', { tools: [asked] }).chat.tools as readonly { readonly parameterDefinitions: { readonly a: { readonly type: string } } }[];
    expect(made?.parameterDefinitions.a.type).toBe(type);
  });
  it('gives tools whose names become one name two', () => {
    const names = (chat('cohere', { tools: [tool('a-b'), tool('a.b'), tool('1x')] }).chat.tools as readonly { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(['a_b', 'a_b_2', '_1x']);
  });
  it('has documents beside the conversation', () => {
    const part = { kind: 'document' as const, name: 'a.txt', media: { base64: Buffer.from('words').toString('base64'), type: 'text/plain' } };
    const { chat: made, notes } = chat('cohere', { turns: [{ role: 'user', parts: [part, { kind: 'text', text: 'what?' }] }] });
    expect([made.documents, made.message, noted(notes)]).toEqual([[{ title: 'a.txt', snippet: 'words' }], 'what?', ['emulated turns.parts.document']]);
  });
  it.each([
    ['several answers', { choices: 2 }, 'choices'],
    ['probabilities', { logprobs: 1 }, 'logprobs'],
    ['a forced tool', { tools: [tool('f')], toolChoice: 'required' as const }, 'toolChoice'],
    ['an answer that is begun', { turns: [user('a'), { role: 'assistant' as const, parts: [{ kind: 'text' as const, text: 'b' }] }] }, 'turns'],
    ['a result of no call', { turns: history([['z', 'x']]) }, 'turns.parts.id'],
    [
      'a picture',
      { turns: [{ role: 'user' as const, parts: [{ kind: 'image' as const, media: { base64: 'AAAA', type: 'image/png' } }] }] },
      'turns.parts.media',
    ],
  ])('refuses %s', (_what, more, param) => {
    expect(() => chat('cohere', more)).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param }));
  });
  it('clamps penalties, and leaves tools out that must not be called', () => {
    const made = chat('cohere', { sampling: { frequencyPenalty: -1, presencePenalty: 0.5 }, tools: [tool('f')], toolChoice: 'none' });
    expect([made.chat.frequencyPenalty, made.chat.presencePenalty, made.chat.tools]).toEqual([0, 0.5, undefined]);
    expect(noted(made.notes)).toContain('clamped sampling.frequencyPenalty');
  });
});

describe('COHEREV2', () => {
  it('has nested calls, pictures, documents, and thinking again', () => {
    const turns: ChatRequest['turns'] = [
      {
        role: 'user',
        parts: [
          { kind: 'image', media: { base64: 'AAAA', type: 'image/png' } },
          { kind: 'document', title: 'T', media: { base64: 'YQ==', type: 'text/plain' } },
        ],
      },
      {
        role: 'assistant',
        parts: [
          { kind: 'thinking', text: 'hm', redacted: false },
          { kind: 'thinking', text: 'plan', redacted: false, origin: { dialect: 'oci', payload: { json: '{"member":"toolPlan"}' } } },
          { kind: 'toolCall', id: 'a', name: 'f', input: { json: '{}' } },
        ],
      },
      { role: 'user', parts: [{ kind: 'toolResult', id: 'a', parts: [{ kind: 'text', text: 'x' }], failed: false }] },
    ];
    expect(chat('coherev2', { turns }).chat.messages).toEqual([
      {
        role: 'USER',
        content: [
          { type: 'IMAGE_URL', imageUrl: { url: 'data:image/png;base64,AAAA' } },
          { type: 'DOCUMENT', document: { title: 'T', snippet: 'a' } },
        ],
      },
      {
        role: 'ASSISTANT',
        content: [{ type: 'THINKING', thinking: 'hm' }],
        toolPlan: 'plan',
        toolCalls: [{ id: 'a', type: 'FUNCTION', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'TOOL', toolCallId: 'a', content: [{ type: 'TEXT', text: 'x' }] },
    ]);
  });
  it.each([
    ['required', ['f', 'g'], 'REQUIRED'],
    ['none', ['f', 'g'], 'NONE'],
    ['auto', ['f', 'g'], undefined],
    [{ name: 'g' }, ['g'], 'REQUIRED'],
  ] as const)('chooses tools by %j', (toolChoice, names, wanted) => {
    const made = chat('coherev2', { tools: [tool('f'), tool('g')], toolChoice }).chat;
    expect([made.toolsChoice, (made.tools as readonly { function: { name: string } }[]).map((one) => one.function.name)]).toEqual([wanted, [...names]]);
  });
  it('thinks by a budget, or not', () => {
    expect(chat('coherev2', { reasoning: { budget: 100 } }).chat.thinking).toEqual({ type: 'ENABLED', tokenBudget: 100 });
    expect(chat('coherev2', { reasoning: { off: true } }).chat.thinking).toEqual({ type: 'DISABLED' });
    expect(chat('coherev2', { reasoning: { off: false } }).chat.thinking).toEqual({ type: 'ENABLED' });
    const made = chat('coherev2', { reasoning: { effort: 'low' }, logprobs: 2, tools: [tool('f', { strict: true })] });
    expect([made.chat.thinking, made.chat.isLogProbsEnabled, made.chat.isStrictToolsEnabled, noted(made.notes)]).toEqual([
      { type: 'ENABLED', tokenBudget: 2048 },
      true,
      true,
      ['clamped logprobs', 'emulated reasoning.effort'],
    ]);
  });
});

describe('a schema with definitions', () => {
  const place = { type: 'object', properties: { city: { type: 'string' } } };
  const referring = {
    type: 'object',
    properties: { at: { $ref: '#/$defs/place', description: 'where' }, all: { type: 'array', items: { $ref: '#/$defs/place' } } },
    $defs: { place },
  };
  const plain = { type: 'object', properties: { at: { ...place, description: 'where' }, all: { type: 'array', items: place } } };
  it('has them where they are referred to, and the client’s own is left alone', () => {
    const before = JSON.stringify(referring);
    for (const format of ['generic', 'coherev2'] as const) {
      const { chat: made, notes } = chat(format, { tools: [{ kind: 'function', name: 'f', schema: referring }] });
      const [one] = made.tools as readonly { readonly parameters?: object; readonly function?: { readonly parameters: object } }[];
      expect([one?.parameters ?? one?.function?.parameters, noted(notes)]).toEqual([plain, ['emulated tools.schema']]);
    }
    expect(JSON.stringify(referring)).toBe(before);
    const output = { schema: referring, name: 'x', strict: true };
    expect(chat('generic', { output }).chat.responseFormat).toMatchObject({ jsonSchema: { schema: plain } });
  });
  it.each([
    [
      'holds itself',
      { type: 'object', properties: { next: { $ref: '#/$defs/node' } }, $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } } },
    ],
    ['refers to nothing', { type: 'object', properties: { next: { $ref: '#/$defs/gone' } } }],
    ['refers elsewhere', { type: 'object', properties: { next: { $ref: 'https://x.example/schema' } } }],
  ])('that %s stays as it is', (_what, schemaOf) => {
    const made = chat('generic', { tools: [{ kind: 'function', name: 'f', schema: schemaOf }] });
    expect([(made.chat.tools as readonly { readonly parameters: object }[])[0]?.parameters, made.notes]).toEqual([schemaOf, []]);
  });
});
