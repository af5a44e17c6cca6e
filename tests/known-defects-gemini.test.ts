import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { chunk, completion, sse, stream, usageChunk } from './support/answers.ts';
import { type Bench, openBench } from './support/gateway.ts';

// Each test is named after a defect that users reported of gateways between Gemini's API and others.
type Fields = Record<string, unknown>;
const model = 'gpt-4o-mini';
let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ plugins: ['@llm-proxy-auth/dialect-gemini'], sections: { retry: { attempts: 1 } } });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());

const post = (body: Fields, operation = 'generateContent', more = ''): Promise<Response> =>
  fetch(`${bench.url}/gemini/main/v1beta/models/${model}:${operation}${more}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-goog-api-key': bench.key },
    body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hello' }] }], ...body }),
  });
interface Answer {
  readonly candidates: readonly { readonly content: { readonly parts: readonly Fields[] }; readonly finishReason: string }[];
  readonly usageMetadata: Fields;
}
const ask = async (body: Fields): Promise<{ readonly answer: Answer; readonly fidelity: string; readonly sent: Fields }> => {
  const reply = await post(body);
  const answer = (await reply.json()) as Answer;
  const sent = bench.simulator.requests.findLast(({ method }) => method === 'POST')?.json() as Fields;
  return { answer, fidelity: reply.headers.get('x-lpa-fidelity') ?? '', sent };
};
const streamed = async (): Promise<readonly Answer[]> =>
  (await (await post({}, 'streamGenerateContent', '?alt=sse')).text())
    .split(/\r?\n\r?\n/)
    .filter((event) => event.startsWith('data: '))
    .map((event) => JSON.parse(event.slice(6)) as Answer);
/** Parts of a stream; the piece that tells the end has one that says nothing, for chats of the vendor's SDK. */
const saidIn = (pieces: readonly Answer[]): readonly Fields[] => {
  const parts = pieces.flatMap(({ candidates }) => candidates[0]?.content?.parts ?? []);
  expect(parts.at(-1)).toEqual({ text: '' });
  return parts.slice(0, -1);
};

describe('Gemini clients to OpenAI', () => {
  test('types in capitals, nullable members and counts in text are JSON Schema there', async () => {
    const parameters = {
      type: 'OBJECT',
      properties: { a: { type: 'STRING', nullable: true }, b: { type: 'ARRAY', items: { type: 'INTEGER' }, minItems: '1' } },
      required: ['b'],
    };
    const { sent } = await ask({ tools: [{ functionDeclarations: [{ name: 'f', parameters }] }] });
    expect((sent.tools as readonly { function: Fields }[])[0]?.function.parameters).toEqual({
      type: 'object',
      properties: { a: { type: ['string', 'null'] }, b: { type: 'array', items: { type: 'integer' }, minItems: 1 } },
      required: ['b'],
    });
  });
  test('calls and results without ids are told apart, two of one name too', async () => {
    const { sent } = await ask({
      tools: [{ functionDeclarations: [{ name: 'f' }] }],
      contents: [
        { role: 'user', parts: [{ text: 'a' }] },
        { role: 'model', parts: [{ functionCall: { name: 'f', args: { n: 1 } } }, { functionCall: { name: 'f', args: { n: 2 } } }] },
        {
          role: 'user',
          parts: [{ functionResponse: { name: 'f', response: { output: 'one' } } }, { functionResponse: { name: 'f', response: { ok: true } } }],
        },
      ],
    });
    const messages = sent.messages as readonly Fields[];
    const ids = ((messages[1]?.tool_calls ?? []) as readonly { id: string }[]).map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    expect(messages.slice(2).map(({ tool_call_id, content }) => [tool_call_id, content])).toEqual([
      [ids[0], 'one'],
      [ids[1], '{"ok":true}'],
    ]);
  });
  test('members spelt with underscores are read', async () => {
    const { sent } = await ask({
      system_instruction: { parts: [{ text: 'Be terse.' }] },
      generation_config: { max_output_tokens: 7, stop_sequences: ['END'] },
    });
    expect(sent).toMatchObject({ messages: [{ role: 'system', content: 'Be terse.' }, { role: 'user' }], stop: ['END'] });
  });
  test('what asks for nothing is no loss', async () => {
    const { sent, fidelity } = await ask({
      generationConfig: {
        responseMimeType: 'text/plain',
        responseModalities: ['TEXT'],
        mediaResolution: 'MEDIA_RESOLUTION_UNSPECIFIED',
        audioTimestamp: false,
        stopSequences: [],
      },
      toolConfig: { functionCallingConfig: { mode: 'AUTO' } },
      serviceTier: 'SERVICE_TIER_UNSPECIFIED',
      labels: {},
      cachedContent: '',
    });
    expect([fidelity, sent]).toEqual(['', { model: expect.any(String), messages: [{ role: 'user', content: 'Hello' }] }]);
  });
  test.each([['AUDIO'], ['TEXT', 'IMAGE']])('an answer that is more than text is refused rather than left out: %s', async (...responseModalities) => {
    const { answer } = await ask({ generationConfig: { responseModalities } });
    expect(answer).toMatchObject({ error: { code: 400, status: 'INVALID_ARGUMENT' } });
  });
  test('of several functions that may be called alone, no other is shown', async () => {
    const functions = { functionDeclarations: ['a', 'b', 'c'].map((name) => ({ name })) };
    const { sent, fidelity } = await ask({ tools: [functions], toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['a', 'c'] } } });
    expect([(sent.tools as { function: Fields }[]).map(({ function: { name } }) => name), sent.tool_choice, fidelity]).toEqual([
      ['a', 'c'],
      'required',
      'emulated=toolConfig.functionCallingConfig',
    ]);
  });
  test('what Gemini alone has is named, not dropped', async () => {
    const { fidelity } = await ask({ safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }] });
    expect(fidelity).toContain('safetySettings');
  });
  test('tokens of thoughts stand beside those of the candidates, and add up', async () => {
    const usage = { prompt_tokens: 10, completion_tokens: 25, total_tokens: 35, completion_tokens_details: { reasoning_tokens: 20 } };
    bench.simulator.script({ body: completion({}, { usage }) });
    expect((await ask({})).answer.usageMetadata).toMatchObject({ promptTokenCount: 10, candidatesTokenCount: 5, thoughtsTokenCount: 20, totalTokenCount: 35 });
  });
  test('an answer that calls ends with STOP, arguments are an object, and calls have ids', async () => {
    const tool_calls = [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '' } }];
    bench.simulator.script({ body: completion({ message: { role: 'assistant', content: null, tool_calls }, finish_reason: 'tool_calls' }) });
    expect((await ask({})).answer.candidates[0]).toMatchObject({
      finishReason: 'STOP',
      content: { parts: [{ functionCall: { id: 'call_1', name: 'f', args: {} } }] },
    });
  });
  test('a call that the limit cut is no call, whole or streamed', async () => {
    const begun = { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '{"n":' } };
    bench.simulator.script({ body: completion({ message: { role: 'assistant', content: 'I look.', tool_calls: [begun] }, finish_reason: 'length' }) });
    const { answer, fidelity } = await ask({});
    expect(answer.candidates).toMatchObject([{ finishReason: 'MAX_TOKENS', content: { parts: [{ text: 'I look.' }] } }]);
    expect(fidelity).toContain('ignored=candidates[].content.parts[]');
    stream(bench.simulator, sse(chunk({ content: 'I look.' }), chunk({ tool_calls: [begun] }), chunk({}, 'length'), usageChunk, '[DONE]'));
    const pieces = await streamed();
    expect(saidIn(pieces)).toEqual([{ text: 'I look.' }]);
    expect(pieces.at(-1)?.candidates[0]?.finishReason).toBe('MAX_TOKENS');
  });
  test('what a model calls with that is no JSON is not lost, and told', async () => {
    const odd = { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: 'n=1' } };
    stream(bench.simulator, sse(chunk({ tool_calls: [odd] }), chunk({}, 'tool_calls'), usageChunk, '[DONE]'));
    const parts = saidIn(await streamed());
    expect(parts).toEqual([{ functionCall: { id: 'a', name: 'f', args: { input: 'n=1' } } }]);
  });
  test('Google’s own examples leave out the brackets of one content, one part and one tool, and write roles in capitals', async () => {
    const { sent } = await ask({
      contents: { role: 'USER', parts: { text: 'Hello' } },
      system_instruction: { parts: { text: 'Be terse.' } },
      tools: { function_declarations: { name: 'f', parameters: { type: 'OBJECT', properties: { parts: { type: 'STRING' } } } } },
    });
    expect(sent).toMatchObject({
      messages: [
        { role: 'system', content: 'Be terse.' },
        { role: 'user', content: 'Hello' },
      ],
      tools: [{ function: { name: 'f', parameters: { properties: { parts: { type: 'string' } } } } }],
    });
  });
  test.each([
    ['countTokens', { contents: undefined, generateContentRequest: { model: 'models/another', contents: [{ parts: [{ text: 'x' }] }] } }],
    ['embedContent', { contents: undefined, model: 'models/another', content: { parts: [{ text: 'x' }] } }],
    ['batchEmbedContents', { contents: undefined, requests: [{ model: 'models/another', content: { parts: [{ text: 'x' }] } }] }],
  ])('a model that is another than the path’s is not answered by the path’s: %s', async (operation, body) => {
    const reply = await post(body, operation);
    expect([reply.status, reply.headers.get('x-lpa-code')]).toEqual([400, 'invalid_request']);
    const named = JSON.parse(JSON.stringify(body).replaceAll('another', model)) as Fields;
    expect((await post(named, operation)).headers.get('x-lpa-code')).not.toBe('invalid_request');
  });
  test('an answer in one of several words is not asked of who gives free text', async () => {
    const generationConfig = { responseMimeType: 'text/x.enum', responseSchema: { type: 'STRING', enum: ['yes', 'no'] } };
    const reply = await post({ generationConfig });
    expect([reply.status, reply.headers.get('x-lpa-code')]).toEqual([400, 'unsupported_parameter']);
    expect(await reply.text()).toContain('"generationConfig.responseMimeType"');
  });
  test('calls that stream beside one another are whole, one after the other', async () => {
    const piece = (index: number, more: object) => chunk({ tool_calls: [{ index, ...more }] });
    stream(
      bench.simulator,
      sse(
        piece(0, { id: 'a', type: 'function', function: { name: 'f', arguments: '{"n"' } }),
        piece(1, { id: 'b', type: 'function', function: { name: 'g', arguments: '' } }),
        piece(0, { function: { arguments: ':1}' } }),
        chunk({}, 'tool_calls'),
        usageChunk,
        '[DONE]',
      ),
    );
    const parts = saidIn(await streamed());
    expect(parts).toEqual([{ functionCall: { id: 'a', name: 'f', args: { n: 1 } } }, { functionCall: { id: 'b', name: 'g', args: {} } }]);
  });
  test('usage comes once, with the end', async () => {
    const pieces = await streamed();
    expect(pieces.flatMap(({ usageMetadata }, at) => (usageMetadata?.totalTokenCount === undefined ? [] : [at]))).toEqual([pieces.length - 1]);
    expect(pieces.at(-1)?.candidates[0]?.finishReason).toBe('STOP');
  });
  test('what was filtered is SAFETY, and never an empty list of candidates', async () => {
    bench.simulator.script({ body: completion({ message: { role: 'assistant', content: '', refusal: null }, finish_reason: 'content_filter' }) });
    expect((await ask({})).answer.candidates).toMatchObject([{ finishReason: 'SAFETY' }]);
  });
  test('a wait is told where Gemini’s clients look for it', async () => {
    bench.simulator.script({ status: 429, headers: { 'retry-after': '7' } });
    const { error } = (await (await post({})).json()) as { readonly error: { readonly status: string; readonly details: readonly Fields[] } };
    expect(error.status).toBe('RESOURCE_EXHAUSTED');
    expect(error.details).toContainEqual({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7s' });
  });
  test('an empty list of contents is a 400 in words that name it', async () => {
    const reply = await post({ contents: [] });
    expect([reply.status, ((await reply.json()) as { error: Fields }).error.message]).toEqual([400, 'contents is not specified']);
  });
});

describe('Gemini at Vertex AI to clients of others', () => {
  let vertex: Bench;
  const at = 'gemini-3-pro-preview';
  beforeAll(async () => {
    vertex = await openBench({ vendor: 'vertex', plugins: ['@llm-proxy-auth/dialect-converse'], sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => vertex.simulator.clear());
  afterAll(() => vertex.close());
  const signed = [
    ['text and signature', [{ text: 'a', thoughtSignature: 'c2lnbmF0dXJl' }]],
    ['a signature behind the text', [{ text: 'a' }, { text: '', thoughtSignature: 'c2lnbmF0dXJl' }]],
  ] as const;
  const hello = { messages: [{ role: 'user', content: 'x' }] };
  const clients = [
    ['anthropic', () => '/anthropic/main/v1/messages', { model: at, max_tokens: 9, ...hello }, 'redacted_thinking'],
    ['chat', () => '/openai/main/v1/chat/completions', { model: at, ...hello }, 'thinking_blocks'],
    ['completions', () => '/openai/main/v1/completions', { model: at, prompt: 'x' }, undefined, 'choices'],
    ['responses', () => '/openai/main/v1/responses', { model: at, input: 'x', store: false }, undefined, 'output'],
    [
      'converse',
      (stream: boolean) => `/converse/main/model/${at}/converse${stream ? '-stream' : ''}`,
      { messages: [{ role: 'user', content: [{ text: 'x' }] }] },
      'redactedContent',
    ],
  ] as const;
  const cells = clients.flatMap(([name, path, body, carrier, member]) =>
    signed.flatMap(([how, parts]) => [false, true].map((stream) => ({ name, path, body, carrier, member, how, parts, stream }))),
  );
  test.each(cells)(
    'row 5: $how of Gemini 3 is not lost in silence to $name, streamed: $stream',
    async ({ name, path, body, carrier, member, parts, stream }) => {
      const answer = { candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 3, totalTokenCount: 4 } };
      const type = stream ? 'text/event-stream' : 'application/json';
      vertex.simulator.script({ headers: { 'content-type': type }, body: stream ? sse(answer) : JSON.stringify(answer) });
      const before = vertex.lines.length;
      const reply = await fetch(`${vertex.url}${path(stream)}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${vertex.key}`, 'anthropic-version': '2023-06-01' },
        body: JSON.stringify(stream && name !== 'converse' ? { ...body, stream } : body),
      });
      const said = Buffer.from(await reply.arrayBuffer()).toString();
      const line = await vertex.line((one) => one.msg === 'request' && vertex.lines.indexOf(one) >= before);
      expect(reply.status).toBe(200);
      if (carrier !== undefined) expect(said).toContain(carrier);
      const lost = member === undefined ? [] : [`ignored=${member}`];
      expect(String(line.fidelity ?? '').split(',')).toEqual(expect.arrayContaining(lost));
      expect(String(line.fidelity ?? '')).not.toContain(carrier === undefined ? 'nothing' : 'ignored=c');
    },
  );
});
