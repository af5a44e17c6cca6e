import type { GenerateContentResponse } from '@google/genai';
import { anthropicSimulator } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { geminiClient } from './support/cells/gemini.ts';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';

const model = 'gemini-3-flash-preview';
const HELLO = {
  contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
  safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_ONLY_HIGH' }],
};
const piece = (text: string, more: object = {}): object => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, ...more }],
  modelVersion: model,
  responseId: 'R',
});
const END = { ...piece('b', { finishReason: 'STOP' }), usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 } };
const sse = (...pieces: readonly object[]): string => pieces.map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`).join('');

describe.each([
  ['bytes pass', true],
  ['passing switched off', false],
])('a Gemini client to Vertex AI, %s', (_title, pass) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'vertex', pass, sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const post = (query: string, body: object = HELLO, operation = 'streamGenerateContent'): Promise<Response> =>
    fetch(`${bench.url}/gemini/main/v1beta/models/${model}:${operation}${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-goog-api-key': bench.key },
      body: JSON.stringify(body),
    });
  const scripted = (body: string, more: object = {}): void => void bench.simulator.script({ body, headers: { 'content-type': 'text/event-stream' }, ...more });
  const sent = (): unknown => bench.simulator.requests.findLast(({ method }) => method === 'POST')?.json();

  test('sends what it asked, as it asked it', async () => {
    const { text } = await geminiClient(bench).models.generateContent({ model, contents: 'Hello', config: { temperature: 0.5, labels: undefined } as never });
    expect(text).toBe('You said: Hello');
    expect(sent()).toEqual({ contents: [{ parts: [{ text: 'Hello' }], role: 'user' }], generationConfig: { temperature: 0.5 } });
    expect((await (await post('', HELLO, 'generateContent')).json()) as GenerateContentResponse).toMatchObject({ candidates: [{ finishReason: 'STOP' }] });
    expect(sent()).toEqual(HELLO);
  });
  test('gets every event, the last with what it cost', async () => {
    scripted(sse(piece('a'), END));
    const events = (await (await post('?alt=sse')).text()).split(/\r?\n\r?\n/).filter((event) => event !== '');
    expect(events.map((event) => (JSON.parse(event.slice(6)) as GenerateContentResponse).candidates?.[0]?.content?.parts?.[0]?.text).slice(0, 2)).toEqual([
      'a',
      'b',
    ]);
    expect(JSON.parse(events.at(-1)?.slice(6) ?? '')).toMatchObject({ candidates: [{ finishReason: 'STOP' }], usageMetadata: { totalTokenCount: 5 } });
  });
  test('gets an array where it asked for one', async () => {
    scripted(sse(piece('a'), END));
    const pieces = (await (await post('')).json()) as GenerateContentResponse[];
    expect(pieces.map(({ candidates }) => candidates?.[0]?.content?.parts?.map(({ text }) => text).join('') ?? '').join('')).toBe('ab');
  });
  test('takes a reason to end for an end only when nothing follows it', async () => {
    scripted(sse(piece('a', { finishReason: 'STOP' }), piece('b')));
    expect(await (await post('?alt=sse')).text()).toContain('UPSTREAM_STREAM_TRUNCATED');
    scripted(sse(piece('a', { finishReason: 'STOP' }), piece('b', { finishReason: 'RECITATION' })));
    const text = await (await post('?alt=sse')).text();
    expect(text).toContain('RECITATION');
    expect(text).not.toContain('error');
  });
  test.each(['fin', 'rst'] as const)('is told of a cut (%s) by an error event, never by an end', async (how) => {
    const body = sse(piece('a'), piece('a'), END);
    scripted(body, { cut: { at: body.indexOf('finishReason') - 20, how } });
    const text = await (await post('?alt=sse')).text();
    expect(
      JSON.parse(
        text
          .trimEnd()
          .split(/\r?\n\r?\n/)
          .at(-1)
          ?.slice(6) ?? '',
      ),
    ).toMatchObject({ error: { code: 502, details: [{ reason: 'UPSTREAM_STREAM_TRUNCATED' }] } });
  });
  test.each(['?alt=sse', ''])('a stream that is cut at any byte is never taken for whole (query "%s")', async (query) => {
    const body = sse(piece('a'), END);
    const whole: number[] = [];
    for (let at = 1; at < body.length; at += 3) {
      scripted(body, { cut: { at, how: at % 2 === 0 ? 'fin' : 'rst' } });
      const answer = await post(query);
      const text = await answer.text();
      if (answer.status === 200 && !text.includes('UPSTREAM_STREAM_TRUNCATED')) whole.push(at);
      if (answer.status === 200 && query === '') JSON.parse(text);
    }
    expect(whole).toEqual([]);
  });
  test('an error before the first piece is an HTTP status', async () => {
    scripted(sse({ error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } }));
    expect((await post('?alt=sse')).status).toBe(503);
  });
  const limit = { error: { code: 429, message: 'Resource exhausted.', status: 'RESOURCE_EXHAUSTED' } };
  test.each([
    ['a list in an event', `data: ${JSON.stringify([limit])}\r\n\r\n`],
    ['a list that is no event', JSON.stringify([limit], undefined, 2)],
    ['an object that is no event', `${JSON.stringify(limit)}\n`],
    ['an event without its blank line', `data: ${JSON.stringify(limit)}`],
    ['a list within an event', `data: ${JSON.stringify({ error: [limit.error] })}\r\n\r\n`],
    ['one of a list in an event', `data: ${JSON.stringify([{ usageMetadata: {} }, limit])}\n\n`],
    ['a status without its number', `data: ${JSON.stringify({ error: { message: 'x', status: 'RESOURCE_EXHAUSTED' } })}\r\n\r\n`],
  ])('an error that is %s has its own class', async (_name, error) => {
    scripted(error);
    const first = await post('?alt=sse');
    expect([first.status, first.headers.get('x-lpa-code')]).toEqual([429, 'upstream_rate_limited']);
    scripted(sse(piece('a')) + error);
    const later = await (await post('?alt=sse')).text();
    expect(later).toContain('RESOURCE_EXHAUSTED');
    expect(later).not.toContain('UPSTREAM_STREAM_TRUNCATED');
    // Google's own client takes any other form for an answer that says nothing, and the end behind it for a good one.
    const behind = /\n\r?\n$/.test(error) ? sse(END) : '';
    scripted(sse(piece('a')) + error + behind, { rechunk: { size: sse(piece('a')).length }, delayChunk: 30 });
    const heard: unknown[] = [];
    await expect(
      (async () => {
        for await (const one of await geminiClient(bench).models.generateContentStream({ model, contents: 'Hello' })) heard.push(one.text);
      })(),
    ).rejects.toMatchObject({ status: 429 });
    expect(heard).toEqual(['a']);
  });
  test('counts tokens', async () => {
    expect((await geminiClient(bench).models.countTokens({ model, contents: 'Hello' })).totalTokens).toBeGreaterThan(0);
    expect(sent()).toEqual({ contents: [{ parts: [{ text: 'Hello' }], role: 'user' }] });
  });
  test('counts a request that the Gemini API takes whole in the members that Vertex AI has', async () => {
    const prompt = { systemInstruction: { parts: [{ text: 'Be terse.' }] }, tools: [{ functionDeclarations: [{ name: 'f' }] }] };
    const steering = { toolConfig: { functionCallingConfig: { mode: 'ANY' } }, serviceTier: 'flex', labels: { a: 'b' } };
    const request = { ...HELLO, ...prompt, ...steering, model: `models/${model}`, generationConfig: { topK: 3 } };
    const answer = await post('', { generateContentRequest: request }, 'countTokens');
    expect([answer.status, answer.headers.get('x-lpa-fidelity')]).toEqual([200, null]);
    expect(sent()).toEqual({ contents: HELLO.contents, ...prompt, generationConfig: { topK: 3 } });
    const told = await post('', { generate_content_request: { ...HELLO, futureMember: 1 } }, 'countTokens');
    expect(told.headers.get('x-lpa-fidelity')).toBe('ignored=generateContentRequest.futureMember');
    expect(sent()).toEqual({ contents: HELLO.contents });
  });
});

test('a conversation that Claude began goes on at Gemini, without what Claude signed', async () => {
  const claude = await anthropicSimulator({ keys: [PROVIDER_KEY] });
  const bench = await openBench({
    vendor: 'vertex',
    plugins: ['@llm-proxy-auth/provider-anthropic'],
    instances: { claude: { provider: 'anthropic', baseUrl: claude.url, insecureUpstream: true, apiKey: PROVIDER_KEY } },
  });
  try {
    const config = {
      maxOutputTokens: 9000,
      thinkingConfig: { thinkingBudget: 2000, includeThoughts: true },
      tools: [{ functionDeclarations: [{ name: 'get_time', parametersJsonSchema: { type: 'object', properties: {} } }] }],
    };
    const begun = { role: 'user', parts: [{ text: 'call get_time' }] };
    const asked = await geminiClient(bench, false, 'claude').models.generateContent({ model: 'claude-sonnet-4-6', contents: [begun], config });
    const [call] = asked.functionCalls ?? [];
    const results = { role: 'user', parts: [{ functionResponse: { id: call?.id ?? '', name: 'get_time', response: { output: 'noon' } } }] };
    const answer = await geminiClient(bench).models.generateContent({ model, contents: [begun, asked.candidates?.[0]?.content ?? {}, results], config });
    expect(answer.text).toBe('The tool said: noon');
    const sent = bench.simulator.requests.at(-1)?.body.toString() ?? '';
    expect(sent).toContain('skip_thought_signature_validator');
    expect(sent).not.toMatch(/bHBhMDEu|"thought":true/);
  } finally {
    await bench.close();
    await claude.close();
  }
});

test('what is predicted and is no vector of text passes: pictures of the SDK, vectors of media', async () => {
  const bench = await openBench({ vendor: 'vertex' });
  const answer = (predictions: object): void =>
    void bench.simulator.script({ status: 200, body: JSON.stringify({ predictions: [predictions] }), headers: { 'content-type': 'application/json' } });
  const last = () => bench.simulator.requests.findLast(({ method }) => method === 'POST');
  try {
    answer({ mimeType: 'image/png', bytesBase64Encoded: 'AAAA' });
    const { generatedImages } = await geminiClient(bench, true).models.generateImages({ model: 'imagen-4.0-generate-001', prompt: 'a cat' });
    expect(generatedImages?.[0]?.image?.imageBytes).toBe('AAAA');
    expect(last()?.path).toMatch(/\/publishers\/google\/models\/imagen-4\.0-generate-001:predict$/);
    answer({ imageEmbedding: [0.5] });
    const body = JSON.stringify({ instances: [{ image: { bytesBase64Encoded: 'AAAA' } }], parameters: { dimension: 128 } });
    const path = '/gemini/main/v1/projects/p/locations/l/publishers/google/models/multimodalembedding@001:predict';
    const told = await fetch(bench.url + path, { method: 'POST', headers: { 'content-type': 'application/json', 'x-goog-api-key': bench.key }, body });
    expect([told.status, await told.json(), last()?.body.toString()]).toEqual([200, { predictions: [{ imageEmbedding: [0.5] }] }, body]);
  } finally {
    await bench.close();
  }
});
