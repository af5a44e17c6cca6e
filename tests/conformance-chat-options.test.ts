import { zodFunction, zodResponseFormat } from 'openai/helpers/zod';
import type { ChatCompletion } from 'openai/resources/chat/completions';
import { zodFunction as zodFunction6, zodResponseFormat as zodResponseFormat6 } from 'openai6/helpers/zod';
import { expect } from 'vitest';
import { z } from 'zod';
import { completion } from './support/answers.ts';
import { chat, conformance, lastSent, MODEL, thrown, user } from './support/conformance.ts';

const line = conformance(['passing', 'translated', 'emulated']);
const chats = { on: ['passing', 'translated'] } as const;

const Place = z.object({ city: z.string(), days: z.number().int() });
const format = (sdk: string) => (sdk === 'openai 7' ? zodResponseFormat : (zodResponseFormat6 as typeof zodResponseFormat))(Place, 'place');
const tool = (sdk: string) => (sdk === 'openai 7' ? zodFunction : (zodFunction6 as unknown as typeof zodFunction));
const said = (answer: ChatCompletion) => answer.choices[0]?.message.content;

line(
  '32',
  'json_schema is kept to and .parse() gives the object',
  async ({ client, sdk }) => {
    const answer = await client().chat.completions.parse({ ...chat('a place'), response_format: format(sdk) });
    expect(Place.parse(JSON.parse(said(answer) ?? ''))).toEqual(answer.choices[0]?.message.parsed);
    expect(answer.choices[0]?.message.parsed).toEqual({ city: 'text', days: expect.any(Number) });
  },
  chats,
);

line(
  '33',
  'json_object brings JSON without fences',
  async ({ client }) => {
    const answer = await client().chat.completions.create({ ...chat('json please'), response_format: { type: 'json_object' } });
    expect(JSON.parse(said(answer) ?? '')).toEqual({ said: 'You said: json please' });
  },
  chats,
);

line(
  '34',
  '.parse() of a text cut by length throws LengthFinishReasonError',
  async ({ client, sdk }) => {
    const error = await thrown(client().chat.completions.parse({ ...chat('a place'), max_completion_tokens: 2, response_format: format(sdk) }));
    expect(error.constructor.name).toBe('LengthFinishReasonError');
  },
  chats,
);

line(
  '35',
  '.parse() of filtered text throws ContentFilterFinishReasonError',
  async ({ client, sdk }) => {
    const error = await thrown(client().chat.completions.parse({ ...chat('trip the filter'), response_format: format(sdk) }));
    expect(error.constructor.name).toBe('ContentFilterFinishReasonError');
  },
  chats,
);

line(
  '36',
  'a refusal is in its own member and parses to null',
  async ({ client, sdk }) => {
    const answer = await client().chat.completions.parse({ ...chat('please refuse'), response_format: format(sdk) });
    expect(answer.choices[0]?.message).toMatchObject({ content: null, refusal: "I'm sorry, I can't help with that.", parsed: null });
  },
  chats,
);

line(
  '37',
  'max_tokens and max_completion_tokens both count, the newer before the older',
  async ({ client }) => {
    const ask = async (limits: object) => said(await client().chat.completions.create({ ...chat('write 9 words'), ...limits, stream: false }));
    expect(await ask({ max_tokens: 2 })).toBe('word1 word2');
    expect(await ask({ max_completion_tokens: 3 })).toBe('word1 word2 word3');
    expect(await ask({ max_tokens: 2, max_completion_tokens: 3 })).toBe('word1 word2 word3');
  },
  chats,
);

line(
  '38',
  'null is taken for every optional field',
  async ({ client }) => {
    const names =
      'frequency_penalty logit_bias logprobs max_tokens max_completion_tokens metadata n presence_penalty reasoning_effort response_format seed service_tier stop store stream stream_options temperature tool_choice tools top_logprobs top_p user';
    const body = Object.fromEntries(names.split(' ').map((name) => [name, null]));
    const answer = (await client().chat.completions.create({ ...chat('Hello'), ...body } as never)) as ChatCompletion;
    expect(said(answer)).toBe('You said: Hello');
  },
  chats,
);

line(
  '39',
  'n brings as many choices, in order',
  async ({ client }) => {
    const answer = await client().chat.completions.create({ ...chat('x'), n: 2 });
    expect(answer.choices.map(({ index, message }) => [index, message.content])).toEqual([
      [0, 'You said: x'],
      [1, '(2) You said: x'],
    ]);
  },
  chats,
);

line(
  '40',
  'what cannot be carried over is named, or refused where nothing may be lost',
  async ({ client, Sdk }) => {
    const ask = (headers: Record<string, string>) => client().responses.create({ model: MODEL, input: 'Hello', max_tool_calls: 3 }, { headers }).withResponse();
    const dropped = await ask({});
    expect(dropped.data.output_text).toBe('You said: Hello');
    expect(dropped.response.headers.get('x-lpa-fidelity')?.split(',')).toContain('ignored=max_tool_calls');
    const error = await thrown(ask({ 'x-lpa-fidelity': 'reject' }));
    expect(error).toBeInstanceOf(Sdk.BadRequestError);
    expect([error.code, error.param]).toEqual(['unsupported_parameter', 'max_tool_calls']);
  },
  { on: ['emulated'] },
);

line(
  '41',
  'stop as text and as a list, and the stop text is not in the answer',
  async ({ client }) => {
    for (const stop of [' word3', ['nowhere', ' word3']]) {
      const answer = await client().chat.completions.create({ ...chat('write 9 words'), stop });
      expect([said(answer), answer.choices[0]?.finish_reason]).toEqual(['word1 word2', 'stop']);
    }
  },
  chats,
);

line(
  '42',
  'logprobs have their shape',
  async ({ client }) => {
    const answer = await client().chat.completions.create({ ...chat('hé'), logprobs: true, top_logprobs: 2 });
    const logprobs = answer.choices[0]?.logprobs;
    expect(logprobs?.refusal).toBeNull();
    expect(logprobs?.content?.map(({ token }) => token).join('')).toBe('You said: hé');
    for (const one of logprobs?.content ?? []) {
      expect(one).toEqual({ token: expect.any(String), logprob: expect.any(Number), bytes: [...Buffer.from(one.token)], top_logprobs: expect.any(Array) });
      expect(one.top_logprobs.map((top) => Object.keys(top).sort())).toEqual([
        ['bytes', 'logprob', 'token'],
        ['bytes', 'logprob', 'token'],
      ]);
    }
  },
  chats,
);

line(
  '43',
  'emoji, right-to-left text, lone surrogates and NUL survive',
  async ({ bench, client }) => {
    const text = 'say exactly: 👩‍👩‍👧 مرحبا \u202eabc \u0000 \ud83d end';
    const answer = await client().chat.completions.create(chat(text));
    expect(lastSent(bench).messages[0]?.content).toBe(text);
    bench.simulator.script({ body: JSON.stringify(completion({ message: { role: 'assistant', content: text, refusal: null } })) });
    expect(said(await client().chat.completions.create(chat('x')))).toBe(text);
    expect(said(answer)?.startsWith('👩‍👩‍👧 مرحبا')).toBe(true);
  },
  chats,
);

line(
  '44',
  'numbers in tool arguments are text and stay as they are',
  async ({ bench, client }) => {
    const input = '{"big":12345678901234567890123,"float":1.10,"exp":1E400,"neg":-0.0}';
    const calls = [{ id: 'call_1', type: 'function', function: { name: 'get_time', arguments: input } }];
    bench.simulator.script({
      body: completion({ finish_reason: 'tool_calls', message: { role: 'assistant', content: null, refusal: null, tool_calls: calls } }),
    });
    const answer = await client().chat.completions.create(chat('x'));
    expect(answer.choices[0]?.message.tool_calls).toEqual(calls);
    const replayed = [...user('x'), { role: 'assistant', content: null, tool_calls: calls }, { role: 'tool', tool_call_id: 'call_1', content: 'ok' }];
    await client().chat.completions.create({ model: MODEL, messages: replayed } as never);
    expect(lastSent(bench).messages[1]?.tool_calls).toEqual(calls);
  },
  chats,
);

line(
  '45',
  'runTools with a zod tool goes round twice and stops',
  async ({ bench, client, sdk }) => {
    const seen: unknown[] = [];
    const place = tool(sdk)({ name: 'get_weather', parameters: Place, function: (input) => (seen.push(input) > 0 ? 'sunny' : '') });
    const runner = client().chat.completions.runTools({ ...chat('call get_weather with {"city":"Oslo","days":2}'), tools: [place] });
    expect(await runner.finalContent()).toBe('The tool said: sunny');
    expect(seen).toEqual([{ city: 'Oslo', days: 2 }]);
    expect(bench.simulator.requests).toHaveLength(2);
  },
  chats,
);

line(
  '46',
  'runTools goes on when the model names a tool that does not exist',
  async ({ bench, client, sdk }) => {
    const calls = [{ id: 'call_1', type: 'function', function: { name: 'no_such_tool', arguments: '{}' } }];
    bench.simulator.script({
      body: completion({ finish_reason: 'tool_calls', message: { role: 'assistant', content: null, refusal: null, tool_calls: calls } }),
    });
    const place = tool(sdk)({ name: 'get_weather', parameters: Place, function: () => 'sunny' });
    const text = await client()
      .chat.completions.runTools({ ...chat('x'), tools: [place] })
      .finalContent();
    expect(text).toMatch(/^The tool said: .*no_such_tool/);
  },
  chats,
);

line(
  '47',
  'service_tier is there only when the provider said it',
  async ({ bench, client }) => {
    expect((await client().chat.completions.create({ ...chat('x'), service_tier: 'flex' })).service_tier).toBe('flex');
    bench.simulator.script({ body: completion({}) });
    expect(Object.hasOwn(await client().chat.completions.create(chat('x')), 'service_tier')).toBe(false);
  },
  chats,
);
