import type { Response, ResponseInputItem, ResponseStreamEvent } from 'openai/resources/responses/responses';
import { expect } from 'vitest';
import { all, conformance, MODEL, thrown, type Under } from './support/conformance.ts';

const line = conformance(['passing', 'translated', 'emulated']);
const WIRE = { wire: true } as const;

const tools = [
  {
    type: 'function' as const,
    name: 'get_weather',
    strict: true,
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
  },
];
type Event = ResponseStreamEvent & { readonly sequence_number: number };
/** The events of a stream with the names on their `event:` lines. */
const eventsOf = async ({ post }: Under, body: object): Promise<{ readonly name: string; readonly event: Event }[]> => {
  const text = await (await post('/responses', { model: MODEL, ...body, stream: true })).text();
  return text
    .split('\n\n')
    .filter((block) => block.startsWith('event: '))
    .map((block) => ({ name: block.slice(7, block.indexOf('\n')), event: JSON.parse(block.slice(block.indexOf('\ndata: ') + 7)) }));
};
/** The same events with runs of one type written once. */
const order = (events: readonly { readonly name: string }[]): string[] => events.map(({ name }) => name).filter((name, at, names) => name !== names[at - 1]);

line('90', 'a text is answered with status, text and every detail of usage', async ({ client }) => {
  const answer = await client().responses.create({ model: MODEL, input: 'Hello' });
  expect([answer.status, answer.output_text, answer.object]).toEqual(['completed', 'You said: Hello', 'response']);
  expect(answer.usage).toMatchObject({ input_tokens_details: { cached_tokens: 0 }, output_tokens_details: { reasoning_tokens: 0 } });
  expect(answer.usage?.total_tokens).toBe((answer.usage?.input_tokens ?? 0) + (answer.usage?.output_tokens ?? 0));
  const members =
    'id created_at status error incomplete_details instructions max_output_tokens model output parallel_tool_calls previous_response_id reasoning store temperature text tool_choice tools top_p truncation usage metadata';
  expect(Object.keys(answer)).toEqual(expect.arrayContaining(members.split(' ')));
});

line(
  '91',
  'events come in their order, numbered without a gap, each named as its type',
  async (under) => {
    const events = await eventsOf(under, { input: 'Hello' });
    expect(order(events)).toEqual([
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
    expect(events.map(({ event }) => event.sequence_number)).toEqual(events.map((_, index) => index));
    expect(events.every(({ name, event }) => name === event.type)).toBe(true);
  },
  WIRE,
);

const VARYING: ReadonlySet<string> = new Set('id call_id created_at completed_at _request_id parsed parsed_arguments output_parsed'.split(' '));
/** What two answers to the same question have in common. */
const comparable = (answer: Response): unknown => JSON.parse(JSON.stringify(answer, (key, value) => (VARYING.has(key) ? undefined : value)));
line('92', '.stream() ends in the object that a whole answer is', async ({ client }) => {
  for (const input of ['Hello', 'call get_weather', 'please refuse']) {
    const whole = await client().responses.create({ model: MODEL, input, tools });
    const final = await client().responses.stream({ model: MODEL, input, tools }).finalResponse();
    expect(comparable(final)).toEqual(comparable(whole));
  }
});

line(
  '93',
  'a call is opened before its pieces, keeps its id and ends with all arguments',
  async (under) => {
    const events = (await eventsOf(under, { input: 'call get_weather with {"city":"Oslo"}', tools })).map(({ event }) => event);
    const types = events.map(({ type }) => type);
    const opened = events.find((event) => event.type === 'response.output_item.added');
    if (opened?.type !== 'response.output_item.added' || opened.item.type !== 'function_call') throw new Error('no call was opened');
    const { id, call_id } = opened.item;
    expect(opened.item).toMatchObject({ name: 'get_weather', arguments: '', status: 'in_progress' });
    expect(types.indexOf('response.output_item.added')).toBeLessThan(types.indexOf('response.function_call_arguments.delta'));
    const deltas = events.flatMap((event) => (event.type === 'response.function_call_arguments.delta' ? [event] : []));
    expect(deltas.map(({ delta }) => delta).join('')).toBe('{"city":"Oslo"}');
    expect(new Set(deltas.map(({ item_id }) => item_id))).toEqual(new Set([id]));
    expect(events).toContainEqual(expect.objectContaining({ type: 'response.function_call_arguments.done', item_id: id, arguments: '{"city":"Oslo"}' }));
    const closed = events.find((event) => event.type === 'response.output_item.done');
    expect(closed).toMatchObject({ item: { id, call_id, arguments: '{"city":"Oslo"}', status: 'completed' } });
  },
  WIRE,
);

line(
  '94',
  'only what was opened is closed, and nothing is opened twice',
  async (under) => {
    for (const input of ['Hello', 'call get_weather', 'please refuse', 'trip the filter', 'write 40 words']) {
      const open = new Set<string>();
      const seen = new Set<string>();
      for (const { event } of await eventsOf(under, { input, tools, max_output_tokens: 20 })) {
        if (event.type === 'response.output_item.added') {
          expect(seen.has(event.item.id ?? '')).toBe(false);
          seen.add(event.item.id ?? '');
          open.add(event.item.id ?? '');
        } else if (event.type === 'response.output_item.done') expect(open.delete(event.item.id ?? ''), event.type).toBe(true);
        else if ('item_id' in event) expect(open.has(event.item_id), event.type).toBe(true);
      }
      expect(seen.size).toBeGreaterThan(0);
      expect([...open]).toEqual([]);
    }
  },
  WIRE,
);

line('95', 'a call and its result go round with the whole input', async ({ client }) => {
  const input: ResponseInputItem[] = [{ role: 'user', content: 'call get_weather' }];
  const first = await client().responses.create({ model: MODEL, input, tools, store: false });
  const call = first.output.find((item) => item.type === 'function_call');
  if (call?.type !== 'function_call') throw new Error('no call');
  const result: ResponseInputItem = { type: 'function_call_output', call_id: call.call_id, output: 'sunny' };
  const second = await client().responses.create({ model: MODEL, input: [...input, ...(first.output as ResponseInputItem[]), result], tools, store: false });
  expect(second.output_text).toBe('The tool said: sunny');
});

line(
  '96',
  'state that an emulated provider does not keep is 400 with its param',
  async ({ client, Sdk }) => {
    const states = [{ previous_response_id: 'resp_1' }, { conversation: 'conv_1' }, { background: true }, { prompt: { id: 'pmpt_1' } }];
    for (const state of states) {
      const error = await thrown(client().responses.create({ model: MODEL, input: 'Hello', ...state }));
      expect(error).toBeInstanceOf(Sdk.BadRequestError);
      expect([error.code, error.param]).toEqual(['unsupported_parameter', Object.keys(state)[0]]);
    }
  },
  { on: ['emulated'] },
);

line('97', 'an answer cut by length is incomplete, whole and streamed', async (under) => {
  const body = { input: 'write 40 words', max_output_tokens: 16 };
  const whole = await under.client().responses.create({ model: MODEL, ...body });
  expect([whole.status, whole.incomplete_details?.reason]).toEqual(['incomplete', 'max_output_tokens']);
  const last = (await eventsOf(under, body)).at(-1);
  expect(last?.event).toMatchObject({ type: 'response.incomplete', response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } } });
});

line('98', 'a failure in the middle is response.failed and error', async (under) => {
  const { bench, client, sdk, Sdk } = under;
  const cut = () => bench.simulator.script({ rechunk: { size: 700 }, cut: { at: 4_000, how: 'rst' }, delayChunk: 5 });
  cut();
  const events = await eventsOf(under, { input: 'write 60 words' });
  expect(order(events).slice(-2)).toEqual(['response.failed', 'error']);
  const [failed, error] = events.slice(-2).map(({ event }) => event);
  expect(failed).toMatchObject({ type: 'response.failed', response: { status: 'failed', error: { code: 'server_error' } } });
  expect(error).toMatchObject({ type: 'error', code: 'upstream_stream_truncated', message: expect.any(String), param: null });
  cut();
  const raw = client()
    .responses.create({ model: MODEL, input: 'write 60 words', stream: true })
    .then((stream) => all(stream));
  // The older SDK hands a flat error event out, the newer throws it.
  if (sdk === 'openai 6') expect((await raw).at(-1)?.type).toBe('error');
  else expect(await thrown(raw)).toBeInstanceOf(Sdk.APIError);
});
