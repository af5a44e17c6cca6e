import { type ChatEvent, collect } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { readEvents } from './responses-support.ts';

type Data = Readonly<Record<string, unknown>>;
const response = (more: Data = {}): Data => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1_790_000_000,
  status: 'in_progress',
  model: 'm',
  output: [],
  ...more,
});
const stream = (...events: readonly Data[]): readonly ChatEvent[] => readEvents([Buffer.from(events.map((e) => `data: ${JSON.stringify(e)}\n\n`).join(''))]);
const created = { type: 'response.created', response: response() };
const completed = (output: readonly Data[], more: Data = {}): Data => ({
  type: 'response.completed',
  response: response({ status: 'completed', output, ...more }),
});
const message = (content: readonly Data[]): Data => ({ type: 'message', id: 'msg_1', status: 'completed', role: 'assistant', content });
const at = { output_index: 0, content_index: 0, item_id: 'msg_1' };
const errorOf = (events: readonly ChatEvent[]): ChatEvent | undefined => events.find((e) => e.type === 'error');

describe('pieces', () => {
  it('of a refusal become a refusal', () => {
    const item = message([{ type: 'refusal', refusal: 'I cannot.' }]);
    const events = stream(
      created,
      { type: 'response.output_item.added', output_index: 0, item: message([]) },
      { type: 'response.content_part.added', ...at, part: { type: 'refusal', refusal: '' } },
      { type: 'response.refusal.delta', ...at, delta: 'I can' },
      { type: 'response.refusal.delta', ...at, delta: 'not.' },
      { type: 'response.output_item.done', output_index: 0, item },
      completed([item]),
    );
    expect(collect(events).choices).toMatchObject([{ finish: 'stop', parts: [{ kind: 'refusal', text: 'I cannot.' }] }]);
  });
  it('of a custom tool call become free text', () => {
    const item = { type: 'custom_tool_call', id: 'ctc_1', status: 'completed', call_id: 'call_1', name: 'free', input: 'SELECT 1' };
    const events = stream(
      created,
      { type: 'response.output_item.added', output_index: 0, item: { ...item, input: '' } },
      { type: 'response.custom_tool_call_input.delta', output_index: 0, item_id: 'ctc_1', delta: 'SELECT ' },
      { type: 'response.custom_tool_call_input.delta', output_index: 0, item_id: 'ctc_1', delta: '1' },
      { type: 'response.output_item.done', output_index: 0, item },
      completed([item]),
    );
    expect(collect(events).choices).toMatchObject([{ finish: 'tool', parts: [{ kind: 'toolCall', id: 'call_1', name: 'free', input: { text: 'SELECT 1' } }] }]);
  });
  it('of a reasoning summary are joined as the whole item joins them, and the item is the origin', () => {
    const item = {
      type: 'reasoning',
      id: 'rs_1',
      summary: [
        { type: 'summary_text', text: 'One.' },
        { type: 'summary_text', text: 'Two.' },
      ],
      encrypted_content: 'gAAA',
    };
    const delta = (summary_index: number, text: string): Data => ({
      type: 'response.reasoning_summary_text.delta',
      output_index: 0,
      item_id: 'rs_1',
      summary_index,
      delta: text,
    });
    const events = stream(
      created,
      { type: 'response.output_item.added', output_index: 0, item: { type: 'reasoning', id: 'rs_1', summary: [] } },
      delta(0, 'One.'),
      delta(1, 'Two.'),
      { type: 'response.output_item.done', output_index: 0, item },
      completed([item]),
    );
    expect(collect(events).choices[0]?.parts).toEqual([
      { kind: 'thinking', text: 'One.\n\nTwo.', redacted: false, rest: { id: 'rs_1' }, origin: { dialect: 'openai', payload: { json: JSON.stringify(item) } } },
    ]);
  });
  it('that were never sent are taken from the finished item', () => {
    const item = message([
      {
        type: 'output_text',
        text: 'all at once',
        annotations: [{ type: 'url_citation', start_index: 0, end_index: 3, url: 'https://a.example/', title: 'A' }],
        logprobs: [],
      },
    ]);
    const events = stream(created, { type: 'response.output_item.done', output_index: 0, item }, completed([item]));
    expect(collect(events).choices[0]?.parts).toMatchObject([{ text: 'all at once', citations: [{ url: 'https://a.example/' }] }]);
  });
  it('of items that only the terminal event has are read from it', () => {
    const call = { type: 'function_call', id: 'fc_1', status: 'completed', call_id: 'call_1', name: 'f', arguments: '{"a":1}' };
    expect(collect(stream(completed([call])))).toMatchObject({
      id: 'resp_1',
      choices: [{ finish: 'tool', parts: [{ id: 'call_1', input: { json: '{"a":1}' } }] }],
    });
  });
  it('carry their log probabilities', () => {
    const logprobs = [{ token: 'hi', logprob: -0.5, bytes: [104, 105], top_logprobs: [{ token: 'ho', logprob: -1, bytes: [104, 111] }] }];
    const item = message([{ type: 'output_text', text: 'hi', annotations: [], logprobs }]);
    const events = stream(
      created,
      { type: 'response.output_text.delta', ...at, delta: 'hi', logprobs },
      { type: 'response.output_item.done', output_index: 0, item },
      completed([item]),
    );
    expect(collect(events).choices[0]?.parts).toMatchObject([{ logprobs: [{ token: 'hi', logprob: -0.5, top: [{ token: 'ho' }] }] }]);
  });
});

describe('an answer that ends', () => {
  it.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'filter'],
    ['steered', 'pause'],
  ])('incomplete because of %s finishes as %s', (reason, finish) => {
    const events = stream(created, { type: 'response.incomplete', response: response({ status: 'incomplete', incomplete_details: { reason } }) });
    expect(events.find((e) => e.type === 'finish')).toMatchObject({ reason: finish });
  });
  it('with usage of 0 after text counts as unknown', () => {
    const zero = {
      input_tokens: 0,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 0,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 0,
    };
    expect(collect(stream(created, completed([message([{ type: 'output_text', text: 'x', annotations: [] }])], { usage: zero }))).usage).toMatchObject({
      output: 0,
      estimated: true,
    });
  });
});

describe('a failure', () => {
  const failed = { type: 'response.failed', response: response({ status: 'failed', error: { code: 'server_error', message: 'It broke.' } }) };
  it('is told by response.failed when nothing follows', () =>
    expect(stream(created, failed).filter((e) => e.type === 'error' || e.type === 'end')).toMatchObject([
      { type: 'error', error: { code: 'upstream_bad_response', message: 'It broke.' } },
    ]));
  it('is told by the error event that follows and knows why', () => {
    const events = stream(created, failed, { type: 'error', code: 'content_filter', message: 'The policy says no.', param: null });
    expect(events.filter((e) => e.type === 'error')).toMatchObject([{ error: { code: 'content_filtered', status: 400, message: 'The policy says no.' } }]);
  });
  it('is told by an error event alone, flat or nested', () => {
    expect(errorOf(stream({ type: 'error', code: 'rate_limit_exceeded', message: 'Slow down.' }))).toMatchObject({
      error: { code: 'upstream_rate_limited', status: 429 },
    });
    expect(errorOf(stream({ type: 'error', error: { code: 'rate_limit_exceeded', message: 'Slow down.' } }))).toMatchObject({
      error: { code: 'upstream_rate_limited', message: 'Slow down.' },
    });
  });
  it('ends the reading', () => expect(stream({ type: 'error', code: 'x', message: 'm' }, completed([])).filter((e) => e.type !== 'error')).toEqual([]));
  it('is an event that is not JSON, and an item that cannot be read', () => {
    expect(readEvents([Buffer.from('data: {"x":\n\n')])).toMatchObject([{ type: 'error', error: { code: 'upstream_bad_response' } }]);
    expect(errorOf(stream(created, completed([{ type: 'function_call', name: 'f' }])))).toMatchObject({ error: { code: 'upstream_bad_response' } });
  });
});
