import type { Call, Json } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { readStream } from '../src/chat/read-stream.ts';
import { completions } from '../src/completions/surface.ts';
import { fitProfile } from '../src/profile.ts';
import { readError } from '../src/read-error.ts';
import { callOf, chatClient, chatProvider, ledger } from './support.ts';

const body: Json = {
  model: 'gpt-4o',
  stream: true,
  stream_options: { include_usage: true },
  max_completion_tokens: 5,
  messages: [
    { role: 'developer', content: 'be brief' },
    { role: 'user', content: 'hi' },
  ],
};
const through = (profile: string | undefined): { readonly fitted: Readonly<Record<string, Json>>; readonly notes: readonly string[] } => {
  const notes = ledger();
  const plain = callOf(body);
  const fitted = fitProfile(body as Readonly<Record<string, Json>>, { ...plain, ledger: notes, endpoint: { ...plain.endpoint, profile } });
  return { fitted, notes: notes.notes.map(({ kind, param }) => `${kind}=${param}`) };
};
const rolesOf = (fitted: Readonly<Record<string, Json>>): readonly Json[] => (fitted.messages as readonly { readonly role: Json }[]).map(({ role }) => role);

describe('variants of the API', () => {
  it.each([undefined, 'azure', 'unheard-of'])('%s takes the body as it is', (profile) => {
    expect(through(profile)).toEqual({ fitted: body, notes: [] });
  });
  it('before December 2024 there is no role developer', () => {
    const { fitted, notes } = through('azure-before-2024-12');
    expect(rolesOf(fitted)).toEqual(['system', 'user']);
    expect([fitted.max_completion_tokens, fitted.stream_options, notes]).toEqual([5, { include_usage: true }, ['emulated=turns.role']]);
  });
  it.each(['azure-before-2024-12', 'azure-before-2024-09'])('%s takes no effort, of which clients of others are told', (profile) => {
    const fitted = (own: boolean) => {
      const notes = ledger();
      const asked = { ...(body as object), reasoning_effort: 'low' };
      const plain = callOf(own ? asked : body);
      const { reasoning_effort: effort } = fitProfile(asked, { ...plain, ledger: notes, endpoint: { ...plain.endpoint, profile } });
      return [effort, notes.notes.some(({ kind, param }) => kind === 'ignored' && param === 'reasoning')];
    };
    expect([fitted(true), fitted(false)]).toEqual([
      ['low', false],
      [undefined, true],
    ]);
  });
  it('before September 2024 there is one limit, and streams tell no usage', () => {
    const { fitted, notes } = through('azure-before-2024-09');
    expect([fitted.max_tokens, fitted.max_completion_tokens, fitted.stream_options]).toEqual([5, undefined, undefined]);
    expect(notes).toEqual(['emulated=turns.role', 'ignored=stream_options']);
  });
  it.each([
    ['no options of a stream that the client did not write', undefined],
    ['those that it wrote', { include_usage: true }],
  ])('a search of the caller’s own data is sent %s', (_what, options) => {
    const asked = { model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }], data_sources: [{ type: 'azure_search' }], stream_options: options };
    const plain = callOf(JSON.parse(JSON.stringify(asked)));
    const call: Call = { ...plain, stream: true, endpoint: { ...plain.endpoint, profile: 'azure' } };
    expect(chatProvider.write(chatClient.read(plain.inbound, plain.ledger), call).body).toMatchObject({ data_sources: asked.data_sources });
    expect((chatProvider.write(chatClient.read(plain.inbound, plain.ledger), call).body as Readonly<Record<string, Json>>).stream_options).toEqual(options);
  });
  it('holds for text completions too', () => {
    const asked = { model: 'm', prompt: 'hi', stream: true };
    const plain = callOf(asked);
    const call: Call = { ...plain, endpoint: { ...plain.endpoint, profile: 'azure-before-2024-09' } };
    const request = completions.client?.read(plain.inbound, plain.ledger);
    const written = request === undefined ? undefined : completions.provider?.write(request, call);
    expect(written?.body).toMatchObject({ prompt: 'hi', stream: true });
    expect(written?.body).not.toHaveProperty('stream_options');
  });
});

const empty = { id: '', object: '', created: 0, model: '' };
const ofPrompt = [{ prompt_index: 0, content_filter_results: { hate: { filtered: false, severity: 'safe' } } }];
const piece = (choice: object, more: object = {}): Json => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 7,
  model: 'gpt-4o-2024-08-06',
  choices: [{ index: 0, ...choice }],
  ...more,
});
const late = (found: object, reason: string | null = null): Json => ({
  ...empty,
  choices: [{ index: 0, finish_reason: reason, content_filter_results: found, content_filter_offsets: { check_offset: 2, start_offset: 0, end_offset: 2 } }],
});
const safe = { violence: { filtered: false, severity: 'safe' } };
const found = { violence: { filtered: true, severity: 'high' } };
/** What a client of chat is sent of these chunks, and what the ledger says. */
const shown = (
  chunks: readonly Json[],
): { readonly events: readonly Readonly<Record<string, Json>>[]; readonly notes: readonly string[]; readonly text: string } => {
  const notes = ledger();
  const plain = callOf({ model: 'm', stream: true, messages: [] });
  const call: Call = { ...plain, ledger: notes, endpoint: { ...plain.endpoint, profile: 'azure' } };
  const writer = chatClient.stream?.(call);
  let text = '';
  const reader = readStream(call, (e) => {
    text += String(writer?.event(e));
  });
  for (const chunk of chunks) reader.event('', JSON.stringify(chunk));
  reader.event('', '[DONE]');
  const events = [...text.matchAll(/^data: (.+)$/gm)].map(([, data = '']) => JSON.parse(data) as Readonly<Record<string, Json>>);
  return { events, notes: notes.notes.map(({ kind, param }) => `${kind}=${param}`), text };
};
const answer = [
  { ...empty, choices: [], prompt_filter_results: ofPrompt },
  piece({ delta: { role: 'assistant', content: '' }, finish_reason: null, content_filter_results: {} }),
  piece({ delta: { content: 'Hi' }, finish_reason: null, content_filter_results: safe }),
];

it('a stream takes along what the client says to providers of its dialect, and nothing else', () => {
  const plain = callOf({ model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] });
  const inbound = { ...plain.inbound, headers: ['openai-beta', 'x=1', 'cookie', 'c', 'idempotency-key', 'k'] };
  const headersOf = (profile: string | undefined) => {
    const call: Call = { ...plain, inbound, endpoint: { ...plain.endpoint, profile } };
    return chatProvider.write(chatClient.read(inbound, ledger()), call).headers;
  };
  expect(headersOf('azure')).toEqual(['openai-beta', 'x=1', 'idempotency-key', 'k']);
  expect(headersOf(undefined)).toBeUndefined();
});

describe('streams with filter results', () => {
  it('show no chunk without choices or delta, and each names its answer', () => {
    const { events } = shown([...answer, late(safe), piece({ delta: {}, finish_reason: 'stop', content_filter_results: {} }), late(safe)]);
    for (const event of events) {
      const [choice] = event.choices as readonly Readonly<Record<string, Json>>[];
      expect([event.id, event.object, event.created, typeof choice?.delta]).toEqual(['chatcmpl-1', 'chat.completion.chunk', 7, 'object']);
    }
  });
  it('keep what was found, of the prompt and of the answer, in the last chunk', () => {
    const { events } = shown([...answer, piece({ delta: {}, finish_reason: 'stop', content_filter_results: {} })]);
    expect(events.at(-1)).toMatchObject({
      prompt_filter_results: ofPrompt,
      choices: [{ finish_reason: 'stop', content_filter_results: safe }],
    });
  });
  it('end once, by what a filter found that came after the end', () => {
    const { events } = shown([...answer, piece({ delta: {}, finish_reason: 'stop' }), late(found, 'content_filter')]);
    const reasons = events.flatMap((event) => (event.choices as readonly { readonly finish_reason: Json }[]).map(({ finish_reason: reason }) => reason));
    expect(reasons.filter((reason) => reason !== null)).toEqual(['content_filter']);
    expect(events.at(-1)).toMatchObject({ choices: [{ content_filter_results: found, content_filter_offsets: { check_offset: 2 } }] });
  });
  it('carry what was found in the caller’s own data; reasoning, which the API does not know, is told', () => {
    const context = { citations: [{ content: 'a page', title: 'T', chunk_id: '0' }], intent: '["q"]' };
    const { events, notes } = shown([
      piece({ delta: { role: 'assistant', context }, finish_reason: null }),
      piece({ delta: { reasoning_content: 'Look it up.' }, finish_reason: null }),
      piece({ delta: { content: 'Hi [doc1]' }, finish_reason: null }),
      piece({ delta: {}, finish_reason: 'stop' }),
    ]);
    const deltas = events.map((event) => (event.choices as readonly { readonly delta: Json }[])[0]?.delta);
    expect(deltas).toEqual([{ role: 'assistant', content: '', refusal: null }, { context }, { content: 'Hi [doc1]' }, {}]);
    expect(notes).toEqual(['ignored=thinking']);
  });
  it('are truncated without a reason to end', () => {
    const failures: Json[] = [];
    const plain = callOf({ model: 'm', stream: true, messages: [] });
    const reader = readStream({ ...plain, endpoint: { ...plain.endpoint, profile: 'azure' } }, (e) => {
      if (e.type === 'error') failures.push(e.error.code);
    });
    for (const chunk of [...answer, late(safe)]) reader.event('', JSON.stringify(chunk));
    reader.event('', '[DONE]');
    expect(failures).toEqual(['upstream_stream_truncated']);
  });
});

describe('errors', () => {
  const reply = (status: number, wire: object, headers: readonly string[] = []) => ({ status, headers, body: Buffer.from(JSON.stringify(wire)) });
  const limit = { error: { code: '429', message: 'Requests to the ChatCompletions_Create Operation have exceeded token rate limit.' } };
  it.each([
    ['a bare number of seconds', ['x-ratelimit-reset-tokens', '55'], 55_000],
    ['the other spelling', ['x-rate-limit-reset-tokens', '55'], 55_000],
    ['seconds within the period', ['x-ratelimit-reset-requests', '1', 'x-ratelimit-renewalperiod-requests', '60'], 1_000],
    ['more than the period, which are milliseconds', ['x-ratelimit-reset-requests', '500', 'x-ratelimit-renewalperiod-requests', '60'], 500],
    ['the larger of two waits', ['retry-after', '1', 'retry-after-ms', '0'], 1_000],
  ] as const)('say when to come back by %s', (_how, headers, ms) => expect(readError(reply(429, limit, headers)).retryAfterMs).toBe(ms));
  it('say it in the message when no header does', () => {
    const spoken = { error: { code: '429', message: 'You have exceeded the token rate limit. Please retry after 86400 seconds.' } };
    expect(readError(reply(429, spoken)).retryAfterMs).toBe(86_400_000);
  });
  it.each([
    [429, limit.error, 'upstream_rate_limited', 'rate_limit_exceeded'],
    [429, { code: 'RateLimitReached', message: 'm' }, 'upstream_rate_limited', 'rate_limit_exceeded'],
    [404, { code: 'DeploymentNotFound', message: 'm' }, 'model_not_found', 'model_not_found'],
    [404, { code: '404', message: 'Resource not found' }, 'upstream_rejected', null],
    [
      400,
      { code: 'content_filter', type: null, param: 'prompt', message: 'm', innererror: { code: 'ResponsibleAIPolicyViolation' } },
      'content_filtered',
      'content_filter',
    ],
    [400, { code: 'OperationNotSupported', message: 'm' }, 'upstream_rejected', 'OperationNotSupported'],
  ] as const)('%i %j is %s, to clients %s', (status, error, code, word) => {
    const read = readError(reply(status, { error }));
    expect([read.code, read.status]).toEqual([code, status]);
    const shownBody = JSON.parse(read.vendor?.body.json ?? '{}') as { readonly error: Readonly<Record<string, unknown>> };
    expect([typeof shownBody.error.type, shownBody.error.code]).toEqual(['string', word]);
    if ('innererror' in error) expect(shownBody.error.innererror).toEqual(error.innererror);
  });
});
