import type { ChatCompletion, ChatCompletionMessageParam, ChatCompletionTool, ChatCompletionToolChoiceOption } from 'openai/resources/chat/completions';
import { expect } from 'vitest';
import { completion } from './support/answers.ts';
import { chat, conformance, lastSent, MODEL, thrown, user } from './support/conformance.ts';

const line = conformance();

const weather: ChatCompletionTool = {
  type: 'function',
  function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false } },
};
const time: ChatCompletionTool = { type: 'function', function: { name: 'get_time', parameters: { type: 'object', properties: {} } } };
const tools = [weather, time];
const callsOf = (answer: ChatCompletion) =>
  (answer.choices[0]?.message.tool_calls ?? []).map((call) => (call.type === 'function' ? call.function : { name: call.custom.name, arguments: '' }));
const said = (answer: ChatCompletion) => answer.choices[0]?.message.content;

line('18', 'a minimal call has every required member', async ({ client }) => {
  const answer = await client().chat.completions.create(chat('Hello'));
  expect(answer).toMatchObject({ object: 'chat.completion', model: MODEL, choices: [{ index: 0, message: { role: 'assistant' } }] });
  expect(answer.id).not.toBe('');
  expect(Number.isInteger(answer.created)).toBe(true);
});

line('19', 'content and refusal are there, null when unused', async ({ client }) => {
  const spoken = await client().chat.completions.create(chat('Hello'));
  expect(spoken.choices[0]?.message).toMatchObject({ content: 'You said: Hello', refusal: null });
  const calling = await client().chat.completions.create({ ...chat('call get_time'), tools });
  expect(calling.choices[0]?.message).toMatchObject({ content: null, refusal: null });
});

line('20', 'usage adds up and cached tokens are part of the prompt', async ({ bench, client, repaired }) => {
  const { usage } = await client().chat.completions.create(chat('Hello'));
  expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
  // As a third-party model behind the same API reported it: more cached than prompt.
  const odd = { prompt_tokens: 347, completion_tokens: 5, total_tokens: 352, prompt_tokens_details: { cached_tokens: 403 } };
  bench.simulator.script({ body: completion({}, { usage: odd }) });
  const answer = await client().chat.completions.create(chat('x'));
  const cached = answer.usage?.prompt_tokens_details?.cached_tokens;
  expect(cached).toBe(repaired ? 347 : 403);
});

line('21', 'details of usage are integers, never null', async ({ bench, client, repaired }) => {
  const details = { prompt_tokens_details: { cached_tokens: null, audio_tokens: 0 }, completion_tokens_details: { reasoning_tokens: null } };
  bench.simulator.script({ body: completion({}, { usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11, ...details } }) });
  const answer = await client().chat.completions.create(chat('x'));
  if (!repaired) return expect(answer.usage).toMatchObject(details);
  const members = [answer.usage?.prompt_tokens_details, answer.usage?.completion_tokens_details].flatMap((one) => Object.values(one ?? {}));
  expect(members.every(Number.isInteger)).toBe(true);
});

const REASONS = [
  ['stop', 'stop'],
  ['length', 'length'],
  ['content_filter', 'content_filter'],
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['eos', 'stop'],
  ['COMPLETE', 'stop'],
  ['max_tokens', 'length'],
  ['model_length', 'length'],
  ['tool_use', 'stop'],
  ['safety', 'content_filter'],
  ['pause_turn', 'stop'],
  ['something_new', 'stop'],
  [null, 'stop'],
] as const;
line('22', 'finish_reason is one of the five legal values', async ({ bench, client, repaired }) => {
  for (const [wire, legal] of REASONS) {
    bench.simulator.script({ body: completion({ finish_reason: wire }) });
    const answer = await client().chat.completions.create(chat('x'));
    expect(answer.choices[0]?.finish_reason, String(wire)).toBe(repaired ? legal : wire);
  }
});

line('23', 'a tool call has reason, unique ids and arguments as a string', async ({ client }) => {
  const answer = await client().chat.completions.create({ ...chat('call get_weather and get_time'), tools });
  expect(answer.choices[0]?.finish_reason).toBe('tool_calls');
  const ids = (answer.choices[0]?.message.tool_calls ?? []).map(({ id }) => id);
  expect(ids.every((id) => id.length > 0)).toBe(true);
  expect(new Set(ids).size).toBe(2);
  for (const { arguments: input } of callsOf(answer)) expect(typeof JSON.parse(input)).toBe('object');
});

line('24', 'a tool reason without calls is stop and has no tool_calls', async ({ bench, client, repaired }) => {
  for (const message of [{ content: 'hi' }, { content: 'hi', tool_calls: [] }]) {
    bench.simulator.script({ body: completion({ finish_reason: 'tool_calls', message: { role: 'assistant', refusal: null, ...message } }) });
    const [choice] = (await client().chat.completions.create(chat('x'))).choices;
    if (!repaired) expect(choice).toMatchObject({ finish_reason: 'tool_calls', message });
    else expect([choice?.finish_reason, Object.hasOwn(choice?.message ?? {}, 'tool_calls')]).toEqual(['stop', false]);
  }
});

line('25', 'parallel calls keep their order', async ({ client }) => {
  const answer = await client().chat.completions.create({ ...chat('call get_weather with {"city":"Oslo"} and get_time'), tools });
  expect(callsOf(answer)).toEqual([
    { name: 'get_weather', arguments: '{"city":"Oslo"}' },
    { name: 'get_time', arguments: '{}' },
  ]);
});

line('26', 'every tool_choice reaches the provider', async ({ bench, client }) => {
  const choices: ChatCompletionToolChoiceOption[] = [
    'none',
    'auto',
    'required',
    { type: 'function' as const, function: { name: 'get_time' } },
    { type: 'allowed_tools' as const, allowed_tools: { mode: 'required' as const, tools: [{ type: 'function', function: { name: 'get_time' } }] } },
  ];
  const called: string[][] = [];
  for (const tool_choice of choices) {
    const answer = await client().chat.completions.create({ ...chat('call get_weather and get_time'), tools, tool_choice });
    called.push(callsOf(answer).map(({ name }) => name));
  }
  expect(called).toEqual([[], ['get_weather', 'get_time'], ['get_weather', 'get_time'], ['get_time'], ['get_time']]);
  expect(bench.simulator.requests.map((request) => (request.json() as { tool_choice?: unknown }).tool_choice)).toEqual(choices);
});

line('27', 'without parallel calls there is at most one', async ({ client }) => {
  const answer = await client().chat.completions.create({ ...chat('call get_weather and get_time'), tools, parallel_tool_calls: false });
  expect(callsOf(answer)).toHaveLength(1);
});

line('28', 'an assistant turn with calls and results comes back as it was sent', async ({ bench, client, path }) => {
  const first = await client().chat.completions.create({ ...chat('call get_time'), tools });
  const [choice] = first.choices;
  if (choice === undefined) throw new Error('no choice');
  const id = choice.message.tool_calls?.[0]?.id ?? '';
  const extras = { parsed: null, annotations: [], reasoning_content: 'thought' };
  const messages = [...user('call get_time'), { ...choice.message, ...extras }, { role: 'tool', tool_call_id: id, content: 'noon' }];
  const second = await client().chat.completions.create({ model: MODEL, tools, messages: messages as ChatCompletionMessageParam[] });
  expect(said(second)).toBe('The tool said: noon');
  const sent = lastSent(bench);
  expect(sent.messages[1]?.tool_calls).toEqual(choice.message.tool_calls);
  if (path === 'passing') expect(sent.messages).toEqual(JSON.parse(JSON.stringify(messages)));
});

line('29', 'tool results in any order, as text and as parts', async ({ bench, client }) => {
  const call = (id: string, name: string) => ({ id, type: 'function' as const, function: { name, arguments: '{}' } });
  const messages: ChatCompletionMessageParam[] = [
    { role: 'user', content: 'both' },
    { role: 'assistant', content: null, tool_calls: [call('call_1', 'get_weather'), call('call_2', 'get_time')] },
    { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: 'noon' }] },
    { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
  ];
  expect(said(await client().chat.completions.create({ model: MODEL, tools, messages }))).toBe('The tool said: sunny');
  const sent = lastSent(bench);
  expect(sent.messages.slice(2).map(({ tool_call_id, content }) => [tool_call_id, content])).toEqual([
    ['call_2', [{ type: 'text', text: 'noon' }]],
    ['call_1', 'sunny'],
  ]);
});

line('30', 'developer and system messages keep their order', async ({ bench, client }) => {
  for (const role of ['system', 'developer'] as const) {
    const messages: ChatCompletionMessageParam[] = [
      { role, content: 'First rule.' },
      { role, content: [{ type: 'text', text: 'Second rule.' }] },
      ...user('Hello'),
      { role, content: 'Third rule.' },
      ...user('Again'),
    ];
    expect(said(await client().chat.completions.create({ model: MODEL, messages }))).toBe('You said: Again');
    const sent = bench.simulator.requests.at(-1)?.json() as { messages: { role: string; content: unknown }[] };
    expect(sent.messages).toEqual(messages);
  }
});

line('31', 'images by URL and as data; other media is 400 with its place', async ({ bench, client, Sdk, repaired }) => {
  const image = (url: string) => ({
    model: MODEL,
    messages: [
      {
        role: 'user' as const,
        content: [
          { type: 'text' as const, text: 'look' },
          { type: 'image_url' as const, image_url: { url } },
        ],
      },
    ],
  });
  for (const url of ['https://images.example/cat.png', 'data:image/png;base64,iVBORw0KGgo=']) {
    expect(said(await client().chat.completions.create(image(url)))).toBe('You said: look [image]');
    expect(bench.simulator.requests.at(-1)?.body.toString()).toContain(url);
  }
  const refusal = { message: 'Invalid URL', type: 'invalid_request_error', param: 'messages.[0].content.[1].image_url.url', code: 'invalid_value' };
  if (!repaired) bench.simulator.script({ status: 400, body: { error: refusal } });
  const error = await thrown(client().chat.completions.create(image('ftp://images.example/cat.png')));
  expect(error).toBeInstanceOf(Sdk.BadRequestError);
  expect(error.param).toMatch(/^messages\.?\[0\]\.content\.?\[1\]\.image_url\.url$/);
});
