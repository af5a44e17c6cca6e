import type { ChatEvent, ChatReply, ErrorLike, Part, Usage } from '@llm-proxy-auth/plugin';
import { collect, eventsOf, parseJson } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { callOf, client, ledger, provider, readEvents, streams, type WireEvent, wireEvents, writeStream } from './responses-support.ts';

const body = { model: 'the-model', input: 'hi', stream: true };
const usage: Usage = { input: 9, output: 4, cacheRead: 2, cacheWrite: 0, reasoning: 1, estimated: false };
const failure: ErrorLike = { code: 'upstream_stream_truncated', status: 502, message: 'The provider went away.' };
const reply = (parts: readonly Part[], finish: ChatReply['choices'][number]['finish'] = 'stop'): ChatReply => ({
  id: 'resp_1',
  model: 'claude-x',
  created: 1_790_000_000,
  choices: [{ index: 0, parts, finish }],
  usage,
});
const write = (answer: ChatReply): string => writeStream(eventsOf(answer), callOf(body, { stream: true }));
const typesOf = (events: readonly WireEvent[]): readonly unknown[] => events.map(({ data }) => data.type);
const lastResponse = (text: string): Record<string, unknown> => wireEvents(text).at(-1)?.data.response as Record<string, unknown>;
const dataOf = (text: string, type: string): readonly Record<string, unknown>[] =>
  wireEvents(text)
    .filter(({ event }) => event === type)
    .map(({ data }) => data);

const text = (value: string): Part => ({ kind: 'text', text: value });
const call = (id: string, json: string): Part => ({ kind: 'toolCall', id, name: 'lookup', input: { json } });
const MIXED = reply(
  [
    { kind: 'thinking', text: 'Let me see.', redacted: false },
    text('I look it up.'),
    call('call_a', '{"q":"a"}'),
    { kind: 'toolCall', id: 'call_b', name: 'free', input: { text: 'any text' } },
    { kind: 'refusal', text: 'Not that.' },
    { kind: 'text', text: 'See there.', citations: [{ start: 0, end: 3, url: 'https://a.example/', title: 'A' }] },
  ],
  'tool',
);

describe('the order of events', () => {
  it('for one text is the one that SDK helpers demand', () => {
    expect(typesOf(wireEvents(write(reply([text('hello')]))))).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
  });
  it('for a tool call opens the item first and ends with the whole arguments', () => {
    const wrote = write(reply([call('call_a', '{"q":1}')], 'tool'));
    expect(typesOf(wireEvents(wrote)).slice(2, -1)).toEqual([
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
    ]);
    const [added] = dataOf(wrote, 'response.output_item.added');
    const [done] = dataOf(wrote, 'response.function_call_arguments.done');
    expect(added?.item).toMatchObject({ type: 'function_call', call_id: 'call_a', name: 'lookup', arguments: '', status: 'in_progress' });
    expect(done).toMatchObject({ arguments: '{"q":1}', name: 'lookup', item_id: (added?.item as { id: string } | undefined)?.id });
  });
  it('for thinking is that of a reasoning summary', () => {
    expect(typesOf(wireEvents(write(reply([{ kind: 'thinking', text: 'hm', redacted: false }])))).slice(2, -1)).toEqual([
      'response.output_item.added',
      'response.reasoning_summary_part.added',
      'response.reasoning_summary_text.delta',
      'response.reasoning_summary_text.done',
      'response.reasoning_summary_part.done',
      'response.output_item.done',
    ]);
  });
  it('numbers every event from 0 without a gap and names it twice', () => {
    for (const [index, { event, data }] of wireEvents(write(MIXED)).entries()) {
      expect(data.sequence_number).toBe(index);
      expect(event).toBe(data.type);
    }
  });
  it('has neither [DONE] nor id nor retry lines', () => expect(write(MIXED)).not.toMatch(/\[DONE\]|^id:|^retry:/m));
});

describe('items', () => {
  it('are opened once, closed once with the same id, and stand in the terminal event in that order', () => {
    const wrote = write(MIXED);
    const opened = dataOf(wrote, 'response.output_item.added').map((e) => (e.item as { id: string }).id);
    const closed = dataOf(wrote, 'response.output_item.done').map((e) => (e.item as { id: string }).id);
    expect(new Set(opened).size).toBe(opened.length);
    expect([...closed].sort()).toEqual([...opened].sort());
    expect((lastResponse(wrote).output as { id: string }[]).map(({ id }) => id)).toEqual(opened);
  });
  it('are open while anything happens to them', () => {
    const open = new Set<unknown>();
    for (const { data } of wireEvents(write(MIXED))) {
      const item = data.item as { id: string } | undefined;
      if (data.type === 'response.output_item.added') open.add(item?.id);
      else if (data.type === 'response.output_item.done') expect(open.delete(item?.id)).toBe(true);
      else if (data.item_id !== undefined) expect(open.has(data.item_id)).toBe(true);
    }
    expect(open.size).toBe(0);
  });
  it('keep their ids when the same call is written twice', () => expect(write(MIXED)).toBe(write(MIXED)));
  it('stay apart when two calls come interleaved', () => {
    const part = (index: number, id: string): ChatEvent => ({ type: 'part', choice: 0, index, part: call(id, '') });
    const delta = (index: number, json: string): ChatEvent => ({ type: 'delta', choice: 0, index, field: 'input', text: json });
    const events: ChatEvent[] = [
      { type: 'start', id: 'x', model: 'm' },
      part(0, 'call_a'),
      part(1, 'call_b'),
      delta(0, '{"a"'),
      delta(1, '{"b"'),
      delta(0, ':1}'),
      delta(1, ':2}'),
      { type: 'part-end', choice: 0, index: 1 },
      { type: 'part-end', choice: 0, index: 0 },
      { type: 'finish', choice: 0, reason: 'tool' },
      { type: 'end' },
    ];
    expect(lastResponse(writeStream(events, callOf(body))).output).toMatchObject([
      { call_id: 'call_a', arguments: '{"a":1}' },
      { call_id: 'call_b', arguments: '{"b":2}' },
    ]);
  });
  it('of parts that their provider never ended are ended with the answer', () => {
    const events = eventsOf(MIXED).filter((e) => e.type !== 'part-end');
    expect(lastResponse(writeStream(events, callOf(body)))).toEqual(lastResponse(write(MIXED)));
  });
  it('of calls without arguments say {} as delta and as whole', () => {
    const wrote = write(reply([call('call_a', '')], 'tool'));
    expect(dataOf(wrote, 'response.function_call_arguments.delta').map((e) => e.delta)).toEqual(['{}']);
    expect(lastResponse(wrote).output).toMatchObject([{ arguments: '{}' }]);
  });
});

describe('the terminal event', () => {
  it('is the answer that comes whole', () => {
    const whole = parseJson(String(client.write(MIXED, callOf(body)).body));
    expect(lastResponse(write(MIXED))).toEqual(whole);
  });
  it.each(['length', 'context'] as const)('of an answer cut by %s is incomplete', (finish) => {
    const wrote = write(reply([text('cut')], finish));
    expect(wireEvents(wrote).at(-1)?.event).toBe('response.incomplete');
    expect(lastResponse(wrote)).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ status: 'incomplete' }],
    });
  });
  it('of a filtered answer says so', () =>
    expect(lastResponse(write(reply([text('x')], 'filter')))).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'content_filter' } }));
});

describe('a failure', () => {
  const upTo = eventsOf(reply([text('half')])).slice(0, 3);
  it('after content is response.failed with everything so far, then a flat error', () => {
    const writer = client.stream?.(callOf(body));
    const events = wireEvents(`${upTo.map((e) => writer?.event(e)).join('')}${writer?.error(failure)}${writer?.end()}`);
    const [failed, flat] = events.slice(-2);
    expect(failed?.data).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_error' }, output: [{ status: 'incomplete', content: [{ text: 'half' }] }] },
    });
    expect(flat?.data).toEqual({ type: 'error', sequence_number: events.length - 1, code: 'upstream_stream_truncated', message: failure.message, param: null });
  });
  it('before anything still begins with response.created', () => {
    expect(typesOf(wireEvents(String(client.stream?.(callOf(body)).error(failure))))).toEqual([
      'response.created',
      'response.in_progress',
      'response.failed',
      'error',
    ]);
  });
  it('is the last thing that is written', () => {
    const writer = client.stream?.(callOf(body));
    writer?.error(failure);
    expect(
      eventsOf(MIXED)
        .map((e) => writer?.event(e))
        .join(''),
    ).toBe('');
  });
  it('of the same vendor keeps its words', () => {
    const vendor = { dialect: 'openai', status: 400, body: { json: '{"error":{"message":"m","type":"t","param":null,"code":"bio_policy"}}' } };
    const wrote = String(client.stream?.(callOf(body)).error({ ...failure, code: 'content_filtered', vendor }));
    expect(
      wireEvents(wrote)
        .slice(-2)
        .map(({ data }) => data.code ?? (data.response as { error: { code: string } }).error.code),
    ).toEqual(['bio_policy', 'bio_policy']);
  });
});

describe('parts that no item can hold', () => {
  it('go to the ledger, alike whole and streamed', () => {
    const odd = reply([{ kind: 'opaque', origin: { dialect: 'acme', payload: { json: '{}' } } }, text('hi')]);
    const [whole, streamed] = [ledger(), ledger()];
    const unary = parseJson(String(client.write(odd, callOf(body, { ledger: whole })).body));
    expect(lastResponse(writeStream(eventsOf(odd), callOf(body, { ledger: streamed })))).toEqual(unary);
    expect(whole.notes).toEqual([{ kind: 'ignored', param: 'choices.parts.opaque' }]);
    expect(streamed.notes).toEqual(whole.notes);
  });
});

describe.each(streams)('the recorded stream $name', ({ body: recorded, request }) => {
  const whole = readEvents([Buffer.from(recorded)]);
  const terminal = wireEvents(recorded).at(-1)?.data.response as Record<string, unknown>;
  it('gives the answer of its terminal event', () => {
    const unary = provider.read({ status: 200, headers: [], body: Buffer.from(JSON.stringify(terminal)) }, callOf({}), undefined);
    const { tier: _late, ...streamed } = collect(whole);
    const { tier, ...rest } = unary;
    expect(streamed).toEqual(rest);
    expect(tier).toBe(terminal.service_tier);
  });
  it('opens every part before it grows and ends it once', () => {
    const ends: number[] = [];
    let next = 0;
    for (const e of whole) {
      if (e.type === 'part') expect(e.index).toBe(next++);
      else if ('index' in e) expect(e.index < next && !ends.includes(e.index)).toBe(true);
      if (e.type === 'part-end') ends.push(e.index);
    }
    expect(ends.length).toBe(next);
  });
  it('is read alike in any pieces', () => {
    const bytes = Buffer.from(recorded);
    for (const size of [1, 7, 1000]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
      expect(readEvents(pieces)).toEqual(whole);
    }
  });
  it('is never whole when it is cut', () => {
    const events = wireEvents(recorded).length;
    const frames = recorded.split('\n\n').slice(0, events - 1);
    for (let length = 0; length < frames.length; length++) {
      const cut = readEvents([
        Buffer.from(
          frames
            .slice(0, length)
            .map((frame) => `${frame}\n\n`)
            .join(''),
        ),
      ]);
      expect(cut.filter((e) => e.type === 'end')).toEqual([]);
    }
  });
  it('is written again with the same response at its start and its end', () => {
    const model = String(terminal.model);
    const wrote = wireEvents(writeStream(whole, callOf(request ?? {}, { stream: true, model })));
    const sent = wireEvents(recorded);
    expect(wrote[0]?.data.response).toEqual(sent[0]?.data.response);
    expect(wrote.at(-1)?.data.response).toEqual(terminal);
    expect(wrote.map(({ data }) => data.sequence_number)).toEqual(wrote.map((_, index) => index));
    const known = new Set(sent.map(({ data }) => data.type));
    for (const { data } of wrote) if (!known.has(data.type)) expect(String(data.type)).toMatch(/^response\.(reasoning_summary_|custom_tool_call)/);
  });
});
