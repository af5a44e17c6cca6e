import { fakeHost, ledger } from '@llm-proxy-auth/contract-tests';
import { type ChatReply, type ChatRequest, collect, isGatewayError, type Part, type Turn } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { packCallId } from '../src/call-ids.ts';
import { UNSIGNED } from '../src/carried.ts';
import { answered, type CallWanted, eventsOf, type Fields, read, readRequest, sse, through, written } from './support.ts';

const text = (said: string): Part => ({ kind: 'text', text: said });
const user = (...parts: readonly Part[]): Turn => ({ role: 'user', parts });
const model = (...parts: readonly Part[]): Turn => ({ role: 'assistant', parts });
const call = (id: string, json = '{}'): Part => ({ kind: 'toolCall', id, name: 'f', input: { json } });
const result = (id: string, ...parts: readonly Part[]): Part => ({ kind: 'toolResult', id, parts, failed: false });
const png: Part = { kind: 'image', media: { base64: 'AAEC', type: 'image/png' } };
const asking = (more: Partial<ChatRequest> = {}): ChatRequest => ({ turns: [user(text('Hello'))], tools: [], choices: 1, ...more });
const config = (request: Partial<ChatRequest>, wanted: CallWanted = {}): Fields => (written(asking(request), wanted).body.generationConfig ?? {}) as Fields;
const contents = (turns: readonly Turn[], wanted: CallWanted = {}): readonly { readonly role: string; readonly parts: readonly Fields[] }[] =>
  written(asking({ turns }), wanted).body.contents as never;
const notes = (request: Partial<ChatRequest>, wanted: CallWanted = {}): readonly string[] =>
  written(asking(request), wanted).notes.map(({ kind, param }) => `${kind}=${param}`);
const lookup = { kind: 'function', name: 'f', schema: { type: 'object', properties: { a: { type: 'string' } } } } as const;

describe('reasoning', () => {
  it.each([
    ['gemini-2.5-flash', { effort: 'minimal' }, { thinkingBudget: 512 }],
    ['gemini-2.5-flash', { effort: 'high' }, { thinkingBudget: 24_576 }],
    ['gemini-2.5-flash', { off: true }, { thinkingBudget: 0 }],
    ['gemini-2.5-pro', { off: true }, { thinkingBudget: 128 }],
    ['gemini-2.5-pro', { budget: 40_000 }, { thinkingBudget: 32_768 }],
    ['gemini-2.5-pro', { budget: 2048, effort: 'low' }, { thinkingBudget: 2048 }],
    ['gemini-2.5-flash-preview-03', { effort: 'low' }, { thinkingBudget: 1024 }],
    ['gemini-3-pro-preview', { effort: 'minimal' }, { thinkingLevel: 'LOW' }],
    ['gemini-3-flash-preview', { effort: 'minimal' }, { thinkingLevel: 'MINIMAL' }],
    ['gemini-3.7-flash', { effort: 'minimal' }, { thinkingLevel: 'LOW' }],
    ['gemini-3.1-pro-preview', { budget: 9000 }, { thinkingLevel: 'HIGH' }],
    ['gemini-3-pro-preview', { effort: 'xhigh', summary: 'auto' }, { includeThoughts: true, thinkingLevel: 'HIGH' }],
    ['gemini-3-pro-preview', { off: true }, { thinkingLevel: 'LOW' }],
    ['gemini-flash-latest', { effort: 'medium' }, { thinkingLevel: 'MEDIUM' }],
    ['gemini-3-pro-preview', { effort: 'medium' }, { thinkingLevel: 'HIGH' }],
    ['gemini-3.1-pro-preview', { effort: 'medium' }, { thinkingLevel: 'MEDIUM' }],
    ['gemini-3-pro-image-preview', { effort: 'high' }, { thinkingBudget: 24_576 }],
  ])('%s takes %j as %j, never a budget and a level', (name, reasoning, expected) => {
    expect(config({ reasoning }, { model: name }).thinkingConfig).toEqual(expected);
  });
  it('is left out, and told, for models that do not think', () => {
    expect(config({ reasoning: { effort: 'low' } }, { model: 'gemini-2.0-flash' })).not.toHaveProperty('thinkingConfig');
    expect(notes({ reasoning: { off: false } }, { model: 'gemini-2.0-flash' })).toContain('ignored=reasoning');
    expect(notes({ reasoning: { effort: 'low' } }, { model: 'gemini-2.0-flash' })).toContain('ignored=reasoning');
  });
});

describe('ids of calls', () => {
  const turns = (id: string): readonly Turn[] => [user(text('a')), model(call(id)), user(result(id, text('b')))];
  const ids = (id: string, name: string): readonly unknown[] =>
    contents(turns(id), { model: name })
      .flatMap(({ parts }) => parts.flatMap((part) => [part.functionCall, part.functionResponse]))
      .flatMap((one) => (one === undefined ? [] : [(one as Fields).id]));
  it('of other vendors are on both sides for newer models, and on none for older ones', () => {
    expect(ids('call_1', 'gemini-3-pro-preview')).toEqual(['call_1', 'call_1']);
    expect(ids('call_1', 'gemini-2.5-pro')).toEqual([undefined, undefined]);
  });
  it('that a newer model issued go back to newer ones as they were, and not to older ones, which refuse them', () => {
    const id = packCallId({ native: 'a:1', signature: undefined }, '') ?? '';
    expect(ids(id, 'gemini-3-pro-preview')).toEqual(['a:1', 'a:1']);
    expect(ids(id, 'gemini-2.5-pro')).toEqual([undefined, undefined]);
  });
  it('are none where the model issued none', () => {
    expect(ids(packCallId({ native: undefined, signature: 's' }, 'call_req_0') ?? '', 'gemini-2.5-flash')).toEqual([undefined, undefined]);
  });
});

describe('signatures', () => {
  const signatures = (turns: readonly Turn[], wanted: CallWanted = {}): readonly unknown[] =>
    contents(turns, wanted).flatMap(({ parts }) => parts.flatMap((part) => (part.functionCall === undefined ? [] : [part.thoughtSignature])));
  it('stand for the first call of each step of the current turn, and for no other', () => {
    const step = (id: string): readonly Turn[] => [model(call(id), call(`${id}b`)), user(result(id, text('r')), result(`${id}b`, text('r')))];
    const turns = [user(text('old')), ...step('a'), user(text('new')), ...step('b'), ...step('c')];
    expect(signatures(turns)).toEqual([undefined, undefined, UNSIGNED, undefined, UNSIGNED, undefined]);
    expect(signatures(turns, { model: 'gemini-2.5-pro' })).toEqual(Array.from({ length: 6 }, () => undefined));
  });
  it('come back in the ids of calls, each to its own', () => {
    const id = packCallId({ native: 'n', signature: 'UzE=' }, '') ?? '';
    expect(signatures([user(text('a')), model(call(id), call('other')), user(result(id, text('r')), result('other', text('r')))])).toEqual(['UzE=', undefined]);
  });
  it('are not sent where the instance says so', () => {
    const id = packCallId({ native: 'n', signature: 'UzE=' }, '') ?? '';
    expect(signatures([user(text('a')), model(call(id)), user(result(id, text('r')))], { profile: 'vertex-dummy' })).toEqual([UNSIGNED]);
  });
  it('of another vendor go round through a Gemini client, sealed, and nobody can make one', () => {
    const origin = { dialect: 'anthropic', model: 'claude', payload: { json: '{"signature":"EqMBCk"}' } };
    const reply: ChatReply = {
      id: 'r',
      model: 'claude',
      choices: [
        {
          index: 0,
          parts: [{ kind: 'thinking', text: 'Hm.', redacted: false, origin }, { kind: 'thinking', text: '', redacted: true, origin }, text('So.')],
          finish: 'stop',
        },
      ],
      usage: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false },
    };
    const wire = answered(reply) as { readonly candidates: readonly { readonly content: Fields }[] };
    const content = wire.candidates[0]?.content ?? {};
    const [turn] = readRequest({ contents: [content] }).turns;
    expect(turn?.parts).toMatchObject([{ kind: 'thinking', text: 'Hm.', redacted: false, origin }, { kind: 'thinking', redacted: true, origin }, text('So.')]);
    const [first] = content.parts as readonly Fields[];
    const forged = { ...first, thoughtSignature: `${String(first?.thoughtSignature).slice(0, -4)}AAAA` };
    expect(refusal(() => readRequest({ contents: [{ role: 'model', parts: [forged] }] }))).toBe('invalid_request contents[0].parts[0].thoughtSignature');
  });
  it('of another vendor never reach this one: its calls are marked, its thinking is left out', () => {
    const origin = { dialect: 'anthropic', model: 'claude', payload: { json: '{"signature":"EqMBCk"}' } };
    const request = readRequest({
      contents: [
        { role: 'user', parts: [{ text: 'a' }] },
        { role: 'model', parts: [{ text: 'Hm.', thought: true }, { functionCall: { id: 'c', name: 'f', args: {} } }] },
      ],
    });
    const signed = {
      ...request,
      turns: request.turns.map((turn) => ({ ...turn, parts: turn.parts.map((part) => (part.kind === 'text' ? part : ({ ...part, origin } as Part))) })),
    };
    const { body, notes: told } = written(signed);
    expect((body.contents as readonly Fields[])[1]?.parts).toEqual([{ functionCall: { id: 'c', name: 'f', args: {} }, thoughtSignature: UNSIGNED }]);
    expect(told.map(({ param }) => param)).toEqual(expect.arrayContaining(['turns.parts.thinking', 'turns.parts.origin']));
  });
  it('of the vendor are byte for byte what they were, on the part they came with', () => {
    const parts = [
      { text: 'Hm.', thought: true, thoughtSignature: 'A+/=' },
      { text: 'a', thoughtSignature: 'B' },
      { functionCall: { name: 'f', args: {} }, thoughtSignature: 'C' },
    ];
    expect(through({ contents: [{ role: 'model', parts }] })).toEqual({ contents: [{ role: 'model', parts }] });
    expect(answered(read({ candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }] }))).toMatchObject({
      candidates: [{ content: { parts } }],
    });
  });
});
const refusal = (work: () => unknown): string | undefined => {
  try {
    work();
  } catch (e) {
    if (isGatewayError(e)) return `${e.code} ${e.param ?? ''}`;
    throw e;
  }
  return undefined;
};

describe('turns', () => {
  it('system turns are one prompt in their order, wherever they stand', () => {
    const turns: readonly Turn[] = [
      { role: 'system', parts: [text('one')] },
      { role: 'system', parts: [text('two')] },
      user(text('a')),
      { role: 'system', parts: [text('three')] },
    ];
    expect(written(asking({ turns })).body.systemInstruction).toEqual({ parts: [{ text: 'one' }, { text: 'two' }, { text: 'three' }] });
    expect(notes({ turns })).toContain('emulated=turns');
  });
  it('an answer at the end is sent, and it is told that nobody promises to go on with it', () => {
    expect(notes({ turns: [user(text('a')), model(text('b'))] })).toContain('emulated=turns');
    expect(contents([user(text('a')), model(text('b'))]).at(-1)).toEqual({ role: 'model', parts: [{ text: 'b' }] });
  });
  it('results stand in a content of their own, in the order of their calls, with the names of those', () => {
    const turns = [user(text('a')), model(text('Checking.'), call('x'), call('y')), user(result('y', text('2')), result('x', text('1')), text('go on'))];
    expect(contents(turns).map(({ role, parts }) => [role, parts.map((part) => Object.keys(part)[0])])).toEqual([
      ['user', ['text']],
      ['model', ['text', 'functionCall', 'functionCall']],
      ['user', ['functionResponse', 'functionResponse']],
      ['user', ['text']],
    ]);
    expect(contents(turns)[2]?.parts.map(({ functionResponse }) => functionResponse)).toMatchObject([
      { name: 'f', response: { output: '1' } },
      { name: 'f', response: { output: '2' } },
    ]);
  });
  it('media of results stand in them, or behind them for older models', () => {
    const turns = [user(text('a')), model(call('x')), user(result('x', text('see'), png))];
    expect(contents(turns).at(-1)?.parts).toMatchObject([{ functionResponse: { parts: [{ inlineData: { mimeType: 'image/png' } }] } }]);
    expect(
      contents(turns, { model: 'gemini-2.5-pro' })
        .slice(-2)
        .map(({ parts }) => Object.keys(parts[0] ?? {})[0]),
    ).toEqual(['functionResponse', 'inlineData']);
  });
  it('arguments are an object: none for nothing, and broken ones are refused by name', () => {
    const args = (json: string): unknown => {
      const [, answer] = contents([user(text('a')), model(call('x', json)), user(result('x', text('b')))]) as readonly {
        readonly parts: readonly { readonly functionCall?: Fields }[];
      }[];
      return answer?.parts[0]?.functionCall?.args;
    };
    expect([args(''), args('{"a":1}'), args('[1]')]).toEqual([{}, { a: 1 }, { input: '[1]' }]);
    expect(refusal(() => args('{"a":'))).toBe('unsupported_parameter turns.parts.input');
  });
  it('media types are spelt as the vendor knows them, and files elsewhere are refused', () => {
    expect(contents([user({ kind: 'image', media: { base64: 'AAEC', type: 'image/jpg' } })])[0]?.parts).toEqual([
      { inlineData: { mimeType: 'image/jpeg', data: 'AAEC' } },
    ]);
    expect(contents([user({ kind: 'audio', media: { url: 'gs://b/a.mp3' } })])[0]?.parts).toEqual([
      { fileData: { mimeType: 'audio/mpeg', fileUri: 'gs://b/a.mp3' } },
    ]);
    expect(refusal(() => contents([user({ kind: 'document', media: { file: 'file-1' } })]))).toBe('unsupported_parameter turns.parts.media');
  });
});

describe('parameters', () => {
  it('tools are declared by JSON Schema, or in the vendor’s form for older models', () => {
    const declared = (name: string): unknown =>
      (written(asking({ tools: [lookup] }), { model: name }).body.tools as readonly { functionDeclarations: readonly Fields[] }[])[0]?.functionDeclarations[0];
    expect(declared('gemini-2.5-pro')).toEqual({ name: 'f', parametersJsonSchema: lookup.schema });
    expect(declared('gemini-2.0-flash')).toEqual({ name: 'f', parameters: { type: 'OBJECT', properties: { a: { type: 'STRING' } }, propertyOrdering: ['a'] } });
  });
  it.each([
    ['auto', undefined, { mode: 'AUTO' }],
    ['none', undefined, { mode: 'NONE' }],
    ['required', undefined, { mode: 'ANY' }],
    [{ name: 'f' }, undefined, { mode: 'ANY', allowedFunctionNames: ['f'] }],
    ['auto', true, { mode: 'VALIDATED' }],
  ] as const)('the choice %j (strict: %s) is %j', (toolChoice, strict, expected) => {
    const tools = [{ ...lookup, ...(strict === undefined ? {} : { strict }) }];
    expect(written(asking({ tools, toolChoice })).body.toolConfig).toEqual({ functionCallingConfig: expected });
  });
  it('names that the vendor does not take are changed, and answers say the client’s own', () => {
    const tools = [{ ...lookup, name: '1-look/up' }];
    const { body, memo } = written(asking({ tools }));
    const [
      {
        functionDeclarations: [declared],
      } = { functionDeclarations: [] },
    ] = body.tools as readonly { functionDeclarations: readonly Fields[] }[];
    expect(declared?.name).toMatch(/^[A-Za-z_][A-Za-z0-9_.:-]*$/);
    const reply = read({ candidates: [{ content: { parts: [{ functionCall: { name: declared?.name, args: {} } }] }, finishReason: 'STOP' }] }, memo);
    expect(reply.choices[0]).toMatchObject({ finish: 'tool', parts: [{ kind: 'toolCall', name: '1-look/up' }] });
  });
  it('the form of an answer stands beside functions for newer models, and is asked for in the prompt of older ones', () => {
    const output = { schema: { type: 'object' }, name: 'response', strict: false };
    expect(config({ output, tools: [lookup] })).toEqual({ responseMimeType: 'application/json', responseJsonSchema: { type: 'object' } });
    const older = written(asking({ output, tools: [lookup] }), { model: 'gemini-2.5-flash' });
    expect([older.body.generationConfig, JSON.stringify(older.body.systemInstruction)]).toEqual([undefined, expect.stringContaining('JSON schema')]);
  });
  it('what it has not or not as much of is told', () => {
    expect(config({ sampling: { temperature: 3, seed: 2 ** 40 + 5 }, choices: 9, logprobs: 30 })).toEqual({
      temperature: 2,
      seed: 5,
      candidateCount: 8,
      responseLogprobs: true,
      logprobs: 20,
    });
    expect(notes({ sampling: { temperature: 3, seed: 2 ** 40, logitBias: { a: 1 } }, choices: 9, user: 'u', parallelTools: false })).toEqual(
      expect.arrayContaining([
        'clamped=sampling.temperature',
        'clamped=sampling.seed',
        'clamped=choices',
        'ignored=sampling.logitBias',
        'ignored=user',
        'ignored=parallelTools',
      ]),
    );
  });
  const searching = (more: Partial<ChatRequest>, model: string) => written(asking({ webSearch: {}, ...more }), { model }).body;
  it('a search is the vendor’s own, beside functions for newer models alone', () => {
    expect(searching({}, 'gemini-2.5-flash').tools).toEqual([{ googleSearch: {} }]);
    expect(notes({ webSearch: {} })).toEqual(['emulated=webSearch', 'emulated=tools']);
    expect(() => searching({ tools: [lookup] }, 'gemini-2.5-flash')).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param: 'webSearch' }));
    expect(notes({ webSearch: {}, tools: [lookup], toolChoice: 'none' }, { model: 'gemini-2.5-flash' })).toEqual(['ignored=webSearch']);
    const both = searching({ tools: [lookup] }, 'gemini-3-flash-preview');
    expect([both.tools, both.toolConfig]).toEqual([
      [expect.objectContaining({ functionDeclarations: expect.any(Array) }), { googleSearch: {} }],
      { functionCallingConfig: { mode: 'VALIDATED' } },
    ]);
    expect(notes({ webSearch: { size: 'high', location: { city: 'Oslo' } } })).toEqual(
      expect.arrayContaining(['ignored=webSearch.size', 'ignored=webSearch.location']),
    );
  });
  it('what is filed with a call is its labels on Vertex, where all of it fits', () => {
    const labels = (metadata: Readonly<Record<string, string>>, wanted: CallWanted = { profile: 'vertex' }) =>
      written(asking({ metadata }), wanted).body.labels;
    expect(labels({ team: 'a-1', cost_centre: '' })).toEqual({ team: 'a-1', cost_centre: '' });
    expect(notes({ metadata: { team: 'a' } }, { profile: 'vertex' })).toEqual([]);
    for (const metadata of [{ Team: 'a' }, { team: 'A' }, { team: 'a b' }, { '1': 'a' }, { team: 'a'.repeat(64) }, { ok: 'a', [`k${'k'.repeat(63)}`]: 'a' }]) {
      expect(labels(metadata as never)).toBeUndefined();
      expect(notes({ metadata: metadata as never }, { profile: 'vertex' })).toEqual(['ignored=metadata']);
    }
    expect(labels({ team: 'a' }, {})).toBeUndefined();
    expect(readRequest({ contents: [{ parts: [{ text: 'a' }] }], labels: { team: 'a' } }).metadata).toEqual({ team: 'a' });
  });
  it('a turn of empty text keeps its place', () => {
    expect(contents([user(text('')), model(text('a')), user(text('b'))]).map(({ parts }) => parts)).toEqual([
      [{ text: ' ' }],
      [{ text: 'a' }],
      [{ text: 'b' }],
    ]);
  });
  it('the tier is a member, and on Vertex a header', () => {
    expect(written(asking({ tier: 'flex' })).body.serviceTier).toBe('flex');
    const vertex = written(asking({ tier: 'priority' }), { profile: 'vertex' });
    expect([vertex.body.serviceTier, vertex.headers]).toEqual([undefined, ['x-vertex-ai-llm-shared-request-type', 'priority']]);
  });
});

describe('answers', () => {
  it('count as the vendor counts: thoughts beside the answer, tools beside the prompt, the cache inside it', () => {
    const usageMetadata = {
      promptTokenCount: 29,
      candidatesTokenCount: 15,
      thoughtsTokenCount: 1801,
      toolUsePromptTokenCount: 4,
      cachedContentTokenCount: 8,
      totalTokenCount: 1849,
    };
    const reply = read({ candidates: [{ content: { parts: [{ text: 'a' }] }, finishReason: 'STOP' }], usageMetadata });
    expect(reply.usage).toMatchObject({ input: 33, output: 1816, reasoning: 1801, cacheRead: 8 });
  });
  it.each([
    ['SAFETY', 'filter'],
    ['RECITATION', 'filter'],
    ['MODEL_ARMOR', 'filter'],
    ['MAX_TOKENS', 'length'],
    ['OTHER', 'stop'],
    ['A_NEW_REASON', 'stop'],
  ])('that end with %s are %s, and keep the word', (finishReason, finish) => {
    const wire = { candidates: [{ content: { role: 'model', parts: [{ text: 'a' }] }, finishReason }] };
    const reply = read(wire);
    expect(reply.choices[0]?.finish).toBe(finish);
    expect(answered(reply)).toMatchObject(wire);
  });
  it.each([undefined, null, ''])('without a reason to end (%s) are no answers for clients of other dialects', (finishReason) => {
    const wire = { candidates: [{ content: { role: 'model', parts: [{ text: 'a' }] }, finishReason }] };
    expect(() => read(wire, { mine: false, names: new Map(), free: new Set() })).toThrow(expect.objectContaining({ code: 'upstream_bad_response' }));
    expect(answered(read(wire))).toMatchObject({ candidates: [{ content: { parts: [{ text: 'a' }] } }] });
  });
  const beyond = (wire: Fields, streams: boolean) => {
    const notes = ledger();
    const memo = { mine: false, names: new Map<string, string>(), free: new Set<string>() };
    const { parts, finish } = (streams ? collect(eventsOf([sse([wire])], 'sse', memo, notes)) : read(wire, memo, notes)).choices[0] ?? {};
    return { parts, finish, notes: notes.notes.map(({ kind, param }) => `${kind}=${param}`).sort() };
  };
  it.each([false, true])('are told of as refused in the vendor’s words, where it gave no answer (streamed: %s)', (streams) => {
    const usageMetadata = { promptTokenCount: 1, totalTokenCount: 1 };
    const refused = { finish: 'filter', notes: [], parts: [{ kind: 'refusal', text: 'Not this.' }] };
    expect(beyond({ promptFeedback: { blockReason: 'SAFETY', blockReasonMessage: 'Not this.' }, usageMetadata }, streams)).toEqual(refused);
    expect(beyond({ candidates: [{ finishReason: 'MODEL_ARMOR', finishMessage: 'Not this.' }], usageMetadata }, streams)).toEqual(refused);
    expect(beyond({ promptFeedback: { blockReason: 'SAFETY' }, usageMetadata }, streams)).toEqual({ ...refused, parts: [] });
  });
  it.each([false, true])('name for clients of other dialects what those cannot be told (streamed: %s)', (streams) => {
    const said = { content: { role: 'model', parts: [{ text: 'a' }] }, avgLogprobs: -1, safetyRatings: [{ category: 'c', probability: 'NEGLIGIBLE' }] };
    expect(beyond({ candidates: [{ ...said, finishReason: 'STOP', groundingMetadata: { groundingChunks: [{}] } }] }, streams).notes).toEqual([]);
    const found = {
      ...said,
      safetyRatings: [{ category: 'c', probability: 'HIGH' }],
      groundingMetadata: { webSearchQueries: ['q'] },
      urlContextMetadata: { a: 1 },
    };
    expect(beyond({ candidates: [{ ...found, finishReason: 'OTHER', finishMessage: 'm' }], modelStatus: { a: 1 } }, streams).notes).toEqual([
      'emulated=choices.finish',
      'ignored=rest.fields.finishMessage',
      'ignored=rest.fields.groundingMetadata',
      'ignored=rest.fields.modelStatus',
      'ignored=rest.fields.safetyRatings',
      'ignored=rest.fields.urlContextMetadata',
    ]);
  });
  it.each([false, true])('name the mean of probabilities where those of tokens were asked for and did not come (streamed: %s)', (streams) => {
    const told = (asked: boolean, more: Fields): readonly string[] => {
      const notes = ledger();
      const memo = { mine: false, names: new Map<string, string>(), free: new Set<string>(), ...(asked ? { logprobs: true as const } : {}) };
      const wire = { candidates: [{ content: { role: 'model', parts: [{ text: 'a' }] }, finishReason: 'STOP', avgLogprobs: -1, ...more }] };
      if (streams) collect(eventsOf([sse([wire])], 'sse', memo, notes));
      else read(wire, memo, notes);
      return notes.notes.map(({ kind, param }) => `${kind}=${param}`).filter((note) => note.includes('ogprobs'));
    };
    const logprobsResult = { chosenCandidates: [{ token: 'a', logProbability: -1 }], topCandidates: [{ candidates: [] }] };
    expect([told(false, {}), told(true, { logprobsResult }), told(true, {})]).toEqual([[], [], ['ignored=rest.fields.avgLogprobs']]);
  });
  it('cite what they were grounded in, by characters', () => {
    const groundingMetadata = {
      groundingChunks: [{ web: { uri: 'https://a.example/', title: 'A' } }],
      groundingSupports: [{ segment: { startIndex: 0, endIndex: 5, text: 'ünï' }, groundingChunkIndices: [0] }],
    };
    const wire = { candidates: [{ content: { role: 'model', parts: [{ text: 'ünï und so' }] }, finishReason: 'STOP', groundingMetadata }] };
    const reply = read(wire);
    expect(reply.choices[0]?.parts[0]).toMatchObject({ citations: [{ start: 0, end: 3, url: 'https://a.example/', title: 'A', quote: 'ünï' }] });
    expect(answered(reply)).toMatchObject(wire);
    expect(answered(reply)).not.toHaveProperty('candidates.0.citationMetadata');
  });
  it('of the same request have the same ids of calls', () => {
    const wire = { candidates: [{ content: { parts: [{ functionCall: { name: 'f' } }, { functionCall: { name: 'f' } }] }, finishReason: 'STOP' }] };
    const ids = read(wire).choices[0]?.parts.map((part) => (part.kind === 'toolCall' ? part.id : ''));
    expect(new Set(ids).size).toBe(2);
    expect(read(wire).choices[0]?.parts).toEqual(read(wire).choices[0]?.parts);
  });
});

describe('requests of Gemini clients', () => {
  it('pair calls and results without ids by order and name', () => {
    const { turns } = readRequest({
      contents: [
        { role: 'user', parts: [{ text: 'a' }] },
        {
          role: 'model',
          parts: [{ functionCall: { name: 'f', args: { n: 1 } } }, { functionCall: { name: 'g' } }, { functionCall: { name: 'f', args: { n: 2 } } }],
        },
        {
          role: 'user',
          parts: [
            { functionResponse: { name: 'f', response: { output: '1' } } },
            { functionResponse: { name: 'f', response: { output: '2' } } },
            { functionResponse: { name: 'g', response: { ok: true } } },
          ],
        },
      ],
    });
    const ids = (at: number): readonly string[] => (turns[at]?.parts ?? []).map((part) => ('id' in part ? (part.id ?? '') : ''));
    const [first, other, second] = ids(1);
    expect(ids(2)).toEqual([first, second, other]);
  });
  it('may be spelt with underscores, but for what the client named itself', () => {
    const request = readRequest({
      contents: [{ role: 'model', parts: [{ function_call: { name: 'f', args: { snake_case: 1, inline_data: 2 } } }] }],
      system_instruction: { parts: [{ text: 's' }] },
      generation_config: { max_output_tokens: 5, top_p: 0.5 },
      tools: [{ function_declarations: [{ name: 'f', parameters: { type: 'OBJECT', properties: { top_k: { type: 'STRING' } } } }] }],
    });
    expect(request).toMatchObject({ maxTokens: 5, sampling: { topP: 0.5 }, tools: [{ schema: { properties: { top_k: { type: 'string' } } } }] });
    expect(request.turns[1]?.parts[0]).toMatchObject({ input: { json: '{"snake_case":1,"inline_data":2}' } });
  });
  it('say by name what only this vendor knows', () => {
    const request = readRequest({
      contents: [{ parts: [{ text: 'a' }] }],
      safetySettings: [{}],
      labels: { a: 1 },
      cachedContent: 'c',
      generationConfig: { speechConfig: {} },
    });
    expect(Object.keys(request.rest?.fields ?? {}).sort()).toEqual(['cachedContent', 'generationConfig.speechConfig', 'labels', 'safetySettings']);
  });
  it.each([
    [{}, 'contents'],
    [{ contents: [{ role: 'system', parts: [] }] }, 'contents[0].role'],
    [{ contents: [{ parts: [{ functionCall: { name: 'f', args: [] } }] }] }, 'contents[0].parts[0].functionCall.args'],
    [{ contents: [{ parts: [] }], generationConfig: { temperature: 'hot' } }, 'generationConfig.temperature'],
    [{ contents: [{ parts: [] }], tools: [{ functionDeclarations: [{}] }] }, 'tools[0].functionDeclarations[0].name'],
  ])('that make no sense are refused by name: %j', (body, param) => {
    expect(refusal(() => readRequest(body, ledger()))).toBe(`invalid_request ${param}`);
  });
});
it('what is sealed is sealed for this dialect alone', () => {
  expect(fakeHost().seal.open('gemini.signature', fakeHost().seal.seal('converse.reasoning', Buffer.from('x')))).toBeUndefined();
});
