import { afterEach, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});
const DIALECTS = ['openai', 'anthropic', 'converse', 'gemini'].map((name) => `@llm-proxy-auth/dialect-${name}`);
const open = async (vendor: 'vertex' | 'azure' | 'openai'): Promise<Bench> => {
  bench = await openBench({ vendor, plugins: DIALECTS, sections: { retry: { attempts: 1 } } });
  return bench;
};
const post = (of: Bench, path: string, body: object): Promise<Response> =>
  fetch(`${of.url}${path}`, { method: 'POST', headers: { authorization: `Bearer ${of.key}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
const events = (text: string): readonly Record<string, unknown>[] =>
  text.split('\n').flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice(6)) as Record<string, unknown>] : []));
const scripted = (of: Bench, stream: boolean, body: object): void => {
  of.simulator.script(stream ? { body: `data: ${JSON.stringify(body)}\n\n`, headers: { 'content-type': 'text/event-stream' } } : { body });
};
const GEMINI = {
  candidates: [{ content: { role: 'model', parts: [{ text: 'a' }] }, finishReason: 'STOP', index: 0 }],
  usageMetadata: {
    promptTokenCount: 10,
    candidatesTokenCount: 6,
    thoughtsTokenCount: 4,
    totalTokenCount: 25,
    toolUsePromptTokenCount: 5,
    cachedContentTokenCount: 3,
    promptTokensDetails: [
      { modality: 'TEXT', tokenCount: 1 },
      { modality: 'AUDIO', tokenCount: 6 },
      { modality: 'IMAGE', tokenCount: 3 },
      { modality: 'VIDEO', tokenCount: 2 },
      { modality: 'DOCUMENT', tokenCount: 1 },
    ],
    candidatesTokensDetails: [
      { modality: 'AUDIO', tokenCount: 2 },
      { modality: 'IMAGE', tokenCount: 1 },
    ],
  },
  modelVersion: 'gemini-2.5-flash',
  responseId: 'r',
};

describe('tokens of sound, images, videos and documents', () => {
  test.each([false, true])('that Gemini counts are counted in a chat of OpenAI (stream: %s)', async (stream) => {
    const of = await open('vertex');
    scripted(of, stream, GEMINI);
    const asked = {
      model: 'gemini-2.5-flash',
      messages: [{ role: 'user', content: 'Hello' }],
      stream,
      ...(stream ? { stream_options: { include_usage: true } } : {}),
    };
    const answer = await post(of, '/openai/main/v1/chat/completions', asked);
    const text = await answer.text();
    const told = answer.headers.get('x-lpa-fidelity')?.split(',') ?? [];
    if (!stream) expect(told).toEqual(expect.arrayContaining(['ignored=usage.image', 'ignored=usage.video', 'ignored=usage.document']));
    const { usage } = stream ? (events(text).at(-1) ?? {}) : (JSON.parse(text) as Record<string, unknown>);
    expect(usage).toEqual({
      prompt_tokens: 15,
      completion_tokens: 10,
      total_tokens: 25,
      prompt_tokens_details: { cached_tokens: 3, cache_write_tokens: 0, audio_tokens: 6, image_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 4, audio_tokens: 2 },
    });
  });
  test('that Gemini counts of a video alone are told of a stream in the log', async () => {
    const of = await open('vertex');
    const promptTokensDetails = [{ modality: 'VIDEO', tokenCount: 5 }];
    scripted(of, true, { ...GEMINI, usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 1, totalTokenCount: 6, promptTokensDetails } });
    await (
      await post(of, '/openai/main/v1/chat/completions', { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'Hello' }], stream: true })
    ).text();
    expect((await of.line(({ msg }) => msg === 'request')).fidelity).toBe('ignored=usage');
  });
  test.each(['openai', 'azure'] as const)('that %s counts are counted for a Gemini client', async (vendor) => {
    const of = await open(vendor);
    of.simulator.script({
      body: {
        id: 'c',
        object: 'chat.completion',
        created: 1,
        model: 'gpt-4o',
        choices: [{ index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }],
        usage: {
          prompt_tokens: 9,
          completion_tokens: 5,
          total_tokens: 14,
          prompt_tokens_details: { audio_tokens: 3, image_tokens: 2, cached_tokens: 1 },
          completion_tokens_details: { audio_tokens: 1, reasoning_tokens: 2 },
        },
      },
    });
    const answer = await post(of, '/gemini/main/v1beta/models/gpt-4o:generateContent', { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] });
    expect(((await answer.json()) as { usageMetadata: object }).usageMetadata).toEqual({
      promptTokenCount: 9,
      candidatesTokenCount: 3,
      totalTokenCount: 14,
      cachedContentTokenCount: 1,
      thoughtsTokenCount: 2,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 4 },
        { modality: 'AUDIO', tokenCount: 3 },
        { modality: 'IMAGE', tokenCount: 2 },
      ],
      candidatesTokensDetails: [
        { modality: 'TEXT', tokenCount: 2 },
        { modality: 'AUDIO', tokenCount: 1 },
      ],
    });
  });
  test.each([
    ['/anthropic/main/v1/messages', { model: 'gemini-2.5-flash', max_tokens: 9, messages: [{ role: 'user', content: 'Hello' }] }],
    ['/openai/main/v1/responses', { model: 'gemini-2.5-flash', input: 'Hello' }],
    ['/converse/main/model/gemini-2.5-flash/converse', { messages: [{ role: 'user', content: [{ text: 'Hello' }] }] }],
  ])('have no place in %s, and the answer says so', async (path, body) => {
    const of = await open('vertex');
    scripted(of, false, GEMINI);
    const answer = await post(of, path, body);
    const told = answer.headers.get('x-lpa-fidelity')?.split(',') ?? [];
    for (const kind of ['audio', 'image', 'video', 'document'])
      expect([kind, answer.status, told.includes(`ignored=usage.${kind}`)]).toEqual([kind, 200, true]);
  });
});

describe('an error in a stream under 200', () => {
  const chat = { model: 'gpt-4o', stream: true, messages: [{ role: 'user', content: 'Hello' }] };
  test.each([
    [{ code: 'ServiceUnavailable', message: 'busy' }, 503, 'upstream_overloaded'],
    [{ code: '429', message: 'wait' }, 429, 'upstream_rate_limited'],
    [{ code: 'RateLimitReached', message: 'wait' }, 429, 'upstream_rate_limited'],
    [{ code: 'content_filter', message: 'filtered', innererror: { code: 'ResponsibleAIPolicyViolation' } }, 400, 'content_filtered'],
    [{ code: 'Timeout', message: 'slow' }, 504, 'upstream_timeout'],
  ] as const)('%j of Azure is answered with status %d', async (error, status, code) => {
    const of = await open('azure');
    for (const [path, body] of [
      ['/openai/main/v1/chat/completions', chat],
      ['/openai/main/v1/responses', { model: 'gpt-4o', stream: true, input: 'Hello' }],
      ['/anthropic/main/v1/messages', { ...chat, max_tokens: 9 }],
    ] as const) {
      scripted(of, true, { error });
      const answer = await post(of, path, body);
      await answer.arrayBuffer();
      expect([path, answer.status, answer.headers.get('x-lpa-code')]).toEqual([path, status, code]);
    }
  });
});

describe('what xAI thinks, which it counts beside what it says', () => {
  test.each([false, true])('is in the output of an answer for another client (stream: %s)', async (stream) => {
    const of = await open('openai');
    const usage = { prompt_tokens: 32, completion_tokens: 9, total_tokens: 135, completion_tokens_details: { reasoning_tokens: 94 } };
    const head = { id: 'c', created: 1, model: 'grok-4' };
    const [choice, piece] = [
      { index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' },
      { index: 0, delta: { role: 'assistant', content: 'a' }, finish_reason: 'stop' },
    ];
    const chunks = [{ choices: [piece] }, { choices: [], usage }].map((chunk) => ({ ...head, object: 'chat.completion.chunk', ...chunk }));
    if (stream) {
      const body = [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]'].map((data) => `data: ${data}\n\n`).join('');
      of.simulator.script({ body, headers: { 'content-type': 'text/event-stream' } });
    } else of.simulator.script({ body: { ...head, object: 'chat.completion', choices: [choice], usage } });
    const answer = await post(of, '/anthropic/main/v1/messages', {
      model: 'gpt-4o-mini',
      max_tokens: 200,
      messages: [{ role: 'user', content: 'Hello' }],
      stream,
    });
    const text = await answer.text();
    const told = stream ? events(text).find(({ type }) => type === 'message_delta') : (JSON.parse(text) as Record<string, unknown>);
    expect(told?.usage).toMatchObject({ input_tokens: 32, output_tokens: 103 });
    expect(await of.line(({ outputTokens }) => outputTokens !== undefined)).toMatchObject({ outputTokens: 103 });
  });
});
